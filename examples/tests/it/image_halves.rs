//! Images of whose halves it is known what they share.

use crate::support::{Tables, noise, numbers};

/// Images whose halves share one factor, or none; the rest is noise.
fn images(shared: bool) -> Tables {
    let tables = Tables::new();
    tables.digits((0..300).map(|row| {
        let factor = |right: bool| if shared || !right { noise(row, 1000) } else { noise(row, 1001) };
        let pixel = |i: usize| 8.0 + 3.0 * factor(i % 8 >= 4) + 0.5 * noise(row, i);
        ((0..64).map(pixel).collect(), row % 10)
    }));
    tables
}

#[test]
fn halves_share_their_factor_and_nothing_else() {
    let args = ["--components", "1,2"];
    let run = images(true).run("image-halves", &args);
    assert_eq!(run.rows.len(), 2, "{}", run.stdout);
    for row in &run.rows {
        // Nearest neighbours find it too: one factor that a leading component of each side shows nearly as it is.
        let (mist, ksg) = (numbers(&row["mist"]), numbers(&row["KSG"]));
        assert!(mist[0] > 1.5 && (mist[0] - ksg[0]).abs() < 0.8, "{row:?}");
        let (truth, twin) = (numbers(&row["twin: truth"])[0], numbers(&row["twin: mist"]));
        assert!(truth > 1.0 && (twin[0] - truth).abs() < 0.5, "{row:?}");
    }
    let apart = images(false).run("image-halves", &args);
    for row in &apart.rows {
        assert!(numbers(&row["mist"])[0] < 0.1, "{row:?}");
    }
}
