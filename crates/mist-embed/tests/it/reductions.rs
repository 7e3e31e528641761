//! Principal components and random subspaces.

use mist_embed::{Embeddings, Reduction};

/// Numbers without pattern between -1 and 1.
fn noise(i: usize) -> f64 {
    let z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / (1u64 << 63) as f64 - 1.0
}

/// Rows in `d` columns with standard deviations in proportion to 1, 1/2, 1/3 and so on, turned so that every column has of all.
fn rows(n: usize, d: usize) -> Embeddings {
    let value = |r: usize, c: usize| {
        let parts = (0..d).map(|k| {
            // A reflection, which is its own inverse: 1 − 2vvᵀ with equal parts.
            let turn = f64::from(u8::from(k == c)) - 2.0 / d as f64;
            turn * noise(r * d + k) / (k + 1) as f64
        });
        (parts.sum::<f64>() + 5.0) as f32
    };
    Embeddings::new((0..n).flat_map(|r| (0..d).map(move |c| value(r, c))).collect(), d)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

#[test]
fn components_are_white_and_ordered() {
    // More rows than columns, and fewer: two ways, one answer.
    for (n, d) in [(400, 12), (30, 40), (3000, 5)] {
        let rows = rows(n, d);
        let reduced = Reduction::Pca { columns: 4 }.reduce(&rows).unwrap();
        assert_eq!(reduced.columns.len(), 4);
        for (i, a) in reduced.columns.iter().enumerate() {
            assert!((a.iter().sum::<f64>() / n as f64).abs() < 1e-9);
            for (j, b) in reduced.columns.iter().enumerate() {
                let expected = f64::from(u8::from(i == j));
                assert!((dot(a, b) - expected).abs() < 1e-6, "{n} × {d}, {i}, {j}: {}", dot(a, b));
            }
        }
        let kept = |columns| Reduction::Pca { columns }.reduce(&rows).unwrap().variance_kept;
        assert!(kept(1) < kept(2) && kept(2) < kept(4) && kept(4) < 1.0);
        assert!((kept(d) - 1.0).abs() < 1e-9);
        // The first component of these rows has 1 of 1 + 1/4 + 1/9 + … of the variance, but for chance.
        let share = 1.0 / (1..=d).map(|k| 1.0 / (k * k) as f64).sum::<f64>();
        assert!((kept(1) - share).abs() < 0.15, "{n} × {d}: {} and {share}", kept(1));
    }
}

#[test]
fn components_find_the_line_that_rows_lie_on() {
    let line: Vec<f64> = (0..50).map(noise).collect();
    let rows = Embeddings::new(line.iter().flat_map(|v| [3.0 * v + 1.0, -4.0 * v, 2.0]).map(|v| v as f32).collect(), 3);
    let reduced = Reduction::Pca { columns: 3 }.reduce(&rows).unwrap();
    assert_eq!(reduced.columns.len(), 1, "the rows span one dimension");
    assert!((reduced.variance_kept - 1.0).abs() < 1e-9);
    // The largest loading, −4, is made positive: the component falls as the line rises.
    let deviation = dot(&line, &line) - (line.iter().sum::<f64>() / 50.0).powi(2);
    assert!((dot(&reduced.columns[0], &line) + deviation.sqrt()).abs() < 1e-6);
}

#[test]
fn random_subspaces_come_back_with_their_seed() {
    let rows = rows(200, 10);
    let reduce = |columns, seed| Reduction::Random { columns, seed }.reduce(&rows).unwrap();
    assert_eq!(reduce(3, 1), reduce(3, 1));
    assert_ne!(reduce(3, 1), reduce(3, 2));
    let (few, many, all) = (reduce(2, 7), reduce(5, 7), reduce(10, 7));
    for (a, b) in few.columns.iter().zip(&many.columns) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9), "the first columns stay");
    }
    assert!(few.variance_kept < many.variance_kept && many.variance_kept < 1.0);
    assert!((all.variance_kept - 1.0).abs() < 1e-9);
    assert_eq!(reduce(99, 7), all, "there are no more than ten");
    // On average over orientations each dimension keeps its share.
    let mean = (0..200).map(|seed| reduce(2, seed).variance_kept).sum::<f64>() / 200.0;
    assert!((mean - 0.2).abs() < 0.03, "{mean}");
}

#[test]
fn no_order_of_rows_matters() {
    let rows = rows(60, 7);
    let order: Vec<usize> = (0..60).map(|i| (i * 37) % 60).collect();
    let turned = rows.select(order.iter().copied());
    for reduction in [Reduction::Pca { columns: 3 }, Reduction::Random { columns: 3, seed: 5 }] {
        let (a, b) = (reduction.reduce(&rows).unwrap(), reduction.reduce(&turned).unwrap());
        assert!((a.variance_kept - b.variance_kept).abs() < 1e-9);
        for (a, b) in a.columns.iter().zip(&b.columns) {
            assert!(order.iter().zip(b).all(|(from, b)| (a[*from] - b).abs() < 1e-6));
        }
    }
}

#[test]
fn words_and_what_is_refused() {
    assert_eq!("random:3".parse::<Reduction>().unwrap(), Reduction::Random { columns: 3, seed: 0 });
    for text in ["pca", "pca:0", "pca:x", "tsne:2", "pca:5000", "pca:-1", ""] {
        let error = text.parse::<Reduction>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`, expected `pca:COUNT`")), "{error}");
    }
    let error = |rows: &Embeddings| Reduction::Pca { columns: 2 }.reduce(rows).unwrap_err().to_string();
    assert!(error(&Embeddings::new(vec![], 3)).contains("no rows"));
    assert!(error(&Embeddings::new(vec![0.0, 1.0, f32::NAN, 2.0], 2)).contains("row 1 (from 0) is not finite"));
    let same = Embeddings::new(vec![2.5; 12], 3);
    for reduction in [Reduction::Pca { columns: 2 }, Reduction::Random { columns: 2, seed: 0 }] {
        let reduced = reduction.reduce(&same).unwrap();
        assert_eq!((reduced.columns, reduced.variance_kept), (vec![vec![0.0; 4]], 1.0));
    }
}
