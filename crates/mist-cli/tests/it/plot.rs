//! `mist plot`.

use crate::support::{Folder, table};

/// Says what each row contributes.
const POINTWISE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-infer/checkpoint/released.safetensors");

#[test]
fn a_pair_with_its_answer_in_colours() {
    let folder = Folder::new();
    folder.write("d.csv", table(90, ','));
    for (x, axis) in [("a", "a"), ("a,b", "leading direction of a, b")] {
        let sides = format!("d.csv --x {x} --y c --checkpoint {POINTWISE}");
        let out = folder.mist(&format!("plot {sides} --out p.svg"));
        assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""), "{out:?}");
        let answer = folder.mist(&format!("estimate {sides}")).stdout;
        assert_eq!(out.stdout.lines().next(), answer.lines().next());

        let picture = std::fs::read_to_string(folder.path().join("p.svg")).unwrap();
        let document = roxmltree::Document::parse(&picture).unwrap();
        let texts: Vec<&str> = document.descendants().filter_map(|n| n.text()).map(str::trim).collect();
        for text in [answer.lines().next().unwrap(), axis, "c", "row, nats"] {
            assert!(texts.contains(&text), "{text} is not among {texts:?}");
        }
        let circles = document.descendants().filter(|node| node.has_tag_name("circle"));
        let colours: Vec<&str> = circles.map(|circle| circle.attribute("fill").unwrap()).collect();
        assert_eq!(colours.len(), 90);
        assert!(colours.iter().collect::<std::collections::HashSet<_>>().len() > 10, "{colours:?}");
    }
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
