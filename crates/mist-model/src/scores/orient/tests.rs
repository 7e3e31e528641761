//! Orientation as a function of the table alone.

use super::super::{Ranks, ranks};
use super::correlations::{block_dot, dot};
use super::symmetry::sorted_rows;
use super::{Orientation, orientation};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::collections::BTreeSet;

type Columns = Vec<Vec<f64>>;

/// Small tables full of ties: equal correlations, correlations of 0, symmetric distributions.
const KINDS: [&str; 12] = [
    "balanced binary",
    "binary",
    "ternary",
    "permuted grids",
    "two-level factorial",
    "three-level factorial",
    "duplicated rows",
    "shifts of one column",
    "symmetric about 0",
    "symmetric about 0 in some columns",
    "products of signs",
    "balanced ternary",
];

fn shuffled(mut values: Vec<f64>, rng: &mut StdRng) -> Vec<f64> {
    values.shuffle(rng);
    values
}

fn table(kind: usize, n: usize, d: usize, rng: &mut StdRng) -> Columns {
    let grid = |levels: usize, n: usize| -> Vec<f64> { (0..n).map(|r| (r % levels) as f64).collect() };
    let free = |levels: usize, rng: &mut StdRng| (0..n).map(|_| rng.random_range(0..levels) as f64).collect();
    match kind {
        0 => (0..d).map(|_| shuffled(grid(2, n / 2 * 2), rng)).collect(),
        1 => (0..d).map(|_| free(2, rng)).collect(),
        2 => (0..d).map(|_| free(3, rng)).collect(),
        3 => (0..d).map(|_| shuffled(grid(n, n), rng)).collect(),
        4 => {
            // Walsh functions of the row's number.
            let (n, levels) = [(4usize, 4usize), (8, 8), (16, 16)][rng.random_range(0..3)];
            let walsh = |w: usize| (0..n).map(|r| ((r & w).count_ones() % 2) as f64).collect();
            (0..d).map(|_| walsh(rng.random_range(1..levels))).collect()
        }
        5 => {
            let forms = [(1, 0), (0, 1), (1, 1), (1, 2), (2, 1)];
            let column = |(a, b): (usize, usize)| (0..9).map(|r| ((a * (r / 3) + b * (r % 3)) % 3) as f64).collect();
            (0..d).map(|_| column(forms[rng.random_range(0..5)])).collect()
        }
        6 => {
            let half = table(rng.random_range(0..4), n / 2, d, rng);
            half.into_iter().map(|c| [c.clone(), c].concat()).collect()
        }
        7 => {
            let column: Vec<f64> = free([2, 3, n][rng.random_range(0..3)], rng);
            let shift = |k: usize| (0..n).map(|r| column[(r + k) % n]).collect();
            (0..d).map(|_| shift(rng.random_range(0..n))).collect()
        }
        8 | 9 => {
            let half = table(rng.random_range(1..4), n / 2, d, rng);
            let mirror = |c: Vec<f64>| {
                let keep = kind == 9 && rng.random();
                let other = c.iter().map(|v| if keep { *v } else { -1.0 - v }).collect();
                [c, other].concat()
            };
            half.into_iter().map(mirror).collect()
        }
        10 => {
            let mut columns = table(0, n, d, rng);
            for j in 2..d {
                let sign = |v: f64| 2.0 * v - 1.0;
                columns[j] = (0..columns[0].len())
                    .map(|r| (0..j).map(|i| sign(columns[i][r])).product::<f64>() / 2.0 + 0.5)
                    .collect();
            }
            columns
        }
        _ => (0..d).map(|_| shuffled(grid(3, n / 3 * 3), rng)).collect(),
    }
}

/// The tables that all alternatives orient, with the columns in the order `places`, as multisets of rows.
fn oriented(columns: &[Ranks], o: &Orientation, places: &[usize]) -> BTreeSet<Vec<Vec<i64>>> {
    let columns: Vec<Ranks> = places.iter().map(|p| columns[*p].clone()).collect();
    let back = |signs: Vec<i8>| -> Vec<i8> { places.iter().map(|p| signs[*p]).collect() };
    o.alternatives(1 << 12).into_iter().map(|s| sorted_rows(&columns, &back(s))).collect()
}

#[test]
fn tied_tables_are_oriented_by_the_table_alone() {
    let mut rng = StdRng::seed_from_u64(31);
    // Tables by the number of free sets, for each kind.
    let mut counts = vec![[0usize; 6]; KINDS.len()];
    for case in 0..4800 {
        let kind = case % KINDS.len();
        let (dim_x, dim_y) = (rng.random_range(1..4), rng.random_range(1..4));
        let (n, d) = (rng.random_range(4..25), dim_x + dim_y);
        let data = table(kind, n, d, &mut rng);
        let n = data[0].len();
        let fixed: Vec<bool> = (0..d).map(|_| case % 5 == 0 && rng.random_range(0..3) == 0).collect();
        let columns: Vec<Ranks> = data.iter().map(|c| ranks(c)).collect();
        let o = orientation(&columns, &fixed);
        assert!(fixed.iter().zip(&o.signs).all(|(f, s)| !f || *s == 1));
        assert!(o.free.iter().flatten().all(|j| !fixed[*j]));
        counts[kind][o.free.len().min(5)] += 1;
        let all: Vec<usize> = (0..d).collect();
        let base = oriented(&columns, &o, &all);
        assert_eq!(base.len(), 1 << o.free.len(), "alternatives that are the same table");
        for _ in 0..3 {
            // Columns move within their side, and the sides change places.
            let (mut x, mut y) = (all[..dim_x].to_vec(), all[dim_x..].to_vec());
            x.shuffle(&mut rng);
            y.shuffle(&mut rng);
            let order = if rng.random() { [x, y].concat() } else { [y, x].concat() };
            let mut rows: Vec<usize> = (0..n).collect();
            rows.shuffle(&mut rng);
            let moved = |j: &usize| {
                let sign = if !fixed[*j] && rng.random() { -1.0 } else { 1.0 };
                ranks(&rows.iter().map(|r| sign * data[*j][*r]).collect::<Vec<_>>())
            };
            let columns: Vec<Ranks> = order.iter().map(moved).collect();
            let o = orientation(&columns, &order.iter().map(|j| fixed[*j]).collect::<Vec<_>>());
            let places: Vec<usize> = all.iter().map(|j| order.iter().position(|o| o == j).unwrap()).collect();
            assert_eq!(oriented(&columns, &o, &places), base, "{} ({case}), columns {order:?}", KINDS[kind]);
        }
    }
    for (kind, counts) in KINDS.iter().zip(&counts) {
        println!("{kind:34} {counts:?}");
    }
    let all = [0, 1, 2, 3, 4, 5].map(|k| counts.iter().map(|c| c[k]).sum::<usize>());
    println!("{:34} {all:?}", "all");
    // Measured: 4601, 179, 13, 7, 0, 0. Averages over at most 8 orientations are enough here.
    assert!(all[0] > 4500 && all[4] + all[5] == 0, "{all:?}");
}

#[test]
fn symmetric_designs() {
    let free = |columns: &[Vec<f64>]| {
        let columns: Vec<Ranks> = columns.iter().map(|c| ranks(c)).collect();
        let reversed: Vec<Ranks> = columns.iter().rev().cloned().collect();
        let d = columns.len();
        let (o, r) = (orientation(&columns, &vec![false; d]), orientation(&reversed, &vec![false; d]));
        let (places, back): (Vec<usize>, Vec<usize>) = ((0..d).collect(), (0..d).rev().collect());
        assert_eq!(oriented(&columns, &o, &places), oriented(&reversed, &r, &back));
        o.free.len()
    };
    // Sylvester: a flip is a translation of the rows.
    let sylvester =
        |n: usize| -> Columns { (1..n).map(|w| (0..n).map(|r| ((r & w).count_ones() % 2) as f64).collect()).collect() };
    assert_eq!([4, 8, 16, 32].map(|n| free(&sylvester(n))), [0; 4]);
    // Plackett & Burman (1946): squares modulo 11, and a row of ones. More than 32 alternatives.
    let up = |r: usize, j: usize| r == 11 || [1, 3, 4, 5, 9].contains(&((r + 11 - j) % 11));
    let design: Columns = (0..11).map(|j| (0..12).map(|r| f64::from(u8::from(up(r, j)))).collect()).collect();
    assert_eq!(free(&design), 10);
    // Two columns have nothing to contradict; three of equal, contradicting correlations are left with 4 tables.
    let triangle =
        [vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0], vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0], vec![1.0, 0.0, 1.0, 1.0, 0.0, 0.0]];
    assert_eq!((free(&triangle[..2]), free(&triangle)), (0, 2));
}

/// Orientation along the maximum spanning tree (Prim) and by the third moment of the row sums.
fn along_the_tree(columns: &[Ranks]) -> Vec<i8> {
    let d = columns.len();
    let dot = |i: usize, j: usize| block_dot(&columns[i].centred, &columns[j].centred);
    let mut signs = vec![1i8; d];
    let mut best = vec![(-1.0f64, 1i8); d];
    let mut outside: Vec<usize> = (1..d).collect();
    let mut newest = 0;
    while !outside.is_empty() {
        for &j in &outside {
            let s = dot(newest, j);
            let scale = dot(newest, newest).sqrt() * dot(j, j).sqrt();
            let strength = if scale > 0.0 { s.abs() / scale } else { 0.0 };
            if strength > best[j].0 {
                best[j] = (strength, if s < 0.0 { -signs[newest] } else { signs[newest] });
            }
        }
        let (at, _) = (outside.iter().enumerate())
            .fold((0, -2.0), |m, (at, &j)| if best[j].0 > m.1 { (at, best[j].0) } else { m });
        newest = outside.swap_remove(at);
        signs[newest] = best[newest].1;
    }
    let row = |r: usize| columns.iter().zip(&signs).map(|(c, s)| c.centred[r] as i128 * i128::from(*s)).sum::<i128>();
    if (0..columns[0].centred.len()).map(|r| row(r).pow(3)).sum::<i128>() < 0 {
        signs.iter_mut().for_each(|s| *s = -*s);
    }
    signs
}

#[test]
fn untied_tables_follow_the_tree() {
    let mut rng = StdRng::seed_from_u64(32);
    let mut compared = 0;
    while compared < 300 {
        let (n, d) = (rng.random_range(30..301), rng.random_range(2..13));
        let common: Vec<f64> = (0..n).map(|_| rng.random::<f64>()).collect();
        let load = rng.random::<f64>();
        let column = |_| ranks(&common.iter().map(|c| load * c + rng.random::<f64>() - 0.5).collect::<Vec<_>>());
        let columns: Vec<Ranks> = (0..d).map(column).collect();
        let pairs = (0..d).flat_map(|j| (0..j).map(move |i| (i, j)));
        let sizes: BTreeSet<u64> =
            pairs.map(|(i, j)| block_dot(&columns[i].centred, &columns[j].centred).abs() as u64).collect();
        if sizes.len() < d * (d - 1) / 2 || sizes.contains(&0) {
            continue;
        }
        let o = orientation(&columns, &vec![false; d]);
        assert_eq!(o, Orientation { signs: along_the_tree(&columns), free: Vec::new() });
        compared += 1;
    }
}

#[test]
fn dot_products_are_exact_in_any_number_of_rows() {
    let mut rng = StdRng::seed_from_u64(33);
    // One block up to 208,000 rows; the sum of squares outgrows 2^53 at 300,000.
    for n in [207_000, 330_001] {
        let column = |rng: &mut StdRng| ranks(&(0..n).map(|_| rng.random::<f32>().into()).collect::<Vec<f64>>());
        let (a, b) = (column(&mut rng), column(&mut rng));
        for (a, b) in [(&a, &b), (&a, &a)] {
            let pairs = a.centred.iter().zip(&b.centred);
            assert_eq!(dot(&a.centred, &b.centred), pairs.map(|(a, b)| *a as i128 * *b as i128).sum::<i128>());
        }
    }
}
