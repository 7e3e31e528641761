//! `mist plot`.

use crate::support::{Folder, table};

/// Has a head for what each row contributes.
const POINTWISE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../checkpoints/mist-2026-12-start.safetensors");

#[test]
fn a_pair_with_its_answer() {
    let folder = Folder::new();
    folder.write("d.csv", table(90, ','));
    let circles = |name: &str| {
        let picture = std::fs::read_to_string(folder.path().join(name)).unwrap();
        let document = roxmltree::Document::parse(&picture).unwrap();
        let circles = document.descendants().filter(|node| node.has_tag_name("circle"));
        let colours: Vec<String> = circles.map(|c| c.attribute("fill").unwrap().to_owned()).collect();
        let title = document.descendants().any(|n| n.text().is_some_and(|t| t.trim().starts_with("I(X;Y) = ")));
        assert!(title, "{picture}");
        colours
    };
    let plain = folder.mist("plot d.csv --x a --y c --out plain.svg");
    assert_eq!(plain.code, Some(0), "{plain:?}");
    assert!(plain.stderr.contains("does not say what each row contributes"), "{plain:?}");
    let answer = folder.mist("estimate d.csv --x a --y c").stdout;
    assert_eq!(plain.stdout.lines().next(), answer.lines().next());
    let mut colours = circles("plain.svg");
    assert_eq!(colours.len(), 90);
    colours.dedup();
    assert_eq!(colours.len(), 1);

    let coloured = folder.mist(&format!("plot d.csv --x a,b --y c --out coloured.svg --checkpoint {POINTWISE}"));
    assert_eq!((coloured.code, coloured.stderr.as_str()), (Some(0), ""), "{coloured:?}");
    let mut colours = circles("coloured.svg");
    colours.sort();
    colours.dedup();
    assert!(colours.len() > 10, "{colours:?}");
}

#[test]
fn png_and_refusals() {
    let folder = Folder::new();
    folder.write("d.csv", table(40, ','));
    assert_eq!(folder.mist("plot d.csv --x a --y c --out p.png").code, Some(0));
    assert!(std::fs::read(folder.path().join("p.png")).unwrap().starts_with(b"\x89PNG"));
    folder.mist("plot d.csv --x a --y c --out p.gif").refused(&["cannot draw `p.gif`"]);
    let with = table(40, ',')
        .lines()
        .enumerate()
        .map(|(i, l)| format!("{l},{}\n", if i == 0 { "k" } else { ["u", "v", "w"][i % 3] }))
        .collect::<String>();
    folder.write("k.csv", with);
    folder.mist("plot k.csv --x a,k --y c --out p.svg").refused(&["column `k` is a category", "hint: plot it as"]);
    assert_eq!(folder.mist("plot k.csv --x k --y c --out p.svg").code, Some(0));
}
