//! Images of whose halves it is known what they share.

use crate::support::{Tables, noise, numbers};

/// Images whose halves share one factor, or none; the rest is noise.
fn images(shared: bool) -> Tables {
    let tables = Tables::new();
    tables.digits((0..300).map(|row| {
        // What a half has of its own, so that the MI is no matter of the noise of single pixels.
        let own = |right: bool| noise(row, 1001 + usize::from(right));
        let factor = |right: bool| if shared { noise(row, 1000) + 0.7 * own(right) } else { own(right) };
        let pixel = |i: usize| 8.0 + 3.0 * factor(i % 8 >= 4) + 0.5 * noise(row, i);
        ((0..64).map(pixel).collect(), row % 10)
    }));
    tables
}

#[test]
fn halves_share_their_factor_and_nothing_else() {
    let args = ["--components", "1,2"];
    let run = images(true).run("image-halves", &args);
    assert_eq!(run.rows.len(), 2, "{}{}", run.stdout, run.stderr);
    for row in &run.rows {
        // A correlation of 0.67 that the leading component of each half shows nearly as it is.
        let (mist, ksg) = (numbers(&row["mist"]), numbers(&row["KSG"]));
        assert!(mist[0] > 0.2 && (mist[0] - ksg[0]).abs() < 0.2, "{row:?}");
        let (truth, twin) = (numbers(&row["twin: truth"])[0], numbers(&row["twin: mist"]));
        assert!(truth > 0.2 && (twin[0] - truth).abs() < 0.2, "{row:?}");
    }
    let apart = images(false).run("image-halves", &args);
    for row in &apart.rows {
        assert!(numbers(&row["mist"])[0] < 0.1, "{row:?}");
    }
}
