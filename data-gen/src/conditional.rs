//! Tasks of known *conditional* mutual information I(X;Y|Z), with one column of X and of Y, and up to four of Z.
//!
//! They calibrate and measure conditional answers; no network is trained on them.
//!
//! - Linear and normal: chains X → Z → Y, confounders X ← Z → Y, colliders X → Z ← Y, with or without a link of their own,
//!   and any mixture. With the covariance Σ of all columns
//!   I(X;Y|Z) = ½ ln(det Σ_xz det Σ_yz / (det Σ_z det Σ)) (Cover and Thomas 2006, theorem 8.4.1 and the chain rule).
//! - Curved: X = f(Z) + a E, Y = g(Z) + b F with (E, F) normal of correlation ρ and independent of Z: given Z, only the noise is
//!   left, so I(X;Y|Z) = −½ ln(1 − ρ²), whatever f and g are.
//! - Discrete: a table of probabilities, drawn at random or of a noisy exclusive or, and the sum
//!   Σ p(x,y,z) ln(p(z) p(x,y,z) / (p(x,z) p(y,z))).
//!
//! ```
//! use mist_data_gen::conditional::ConditionalDraw;
//! use mist_data_gen::{Seeds, Split};
//!
//! let draw = ConditionalDraw::new(&Seeds { root: 1 }, Split::Scratch, 0);
//! assert!(draw.x.len() == draw.y.len() && draw.z.iter().all(|z| z.len() == draw.x.len()));
//! assert!(draw.mi_nats >= 0.0);
//! ```

use crate::{Seeds, Split};
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// Rows of a draw.
const ROWS: (f64, f64) = (50.0, 4_000.0);
/// Columns of Z at most.
const MOST_Z: usize = 4;

/// A sample of a task, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalDraw {
    /// Its kind of dependence.
    pub family: &'static str,
    /// Whether the columns are codes of categories.
    pub discrete: bool,
    /// X.
    pub x: Vec<f64>,
    /// Y.
    pub y: Vec<f64>,
    /// The columns of Z.
    pub z: Vec<Vec<f64>>,
    /// I(X;Y|Z) in nats.
    pub mi_nats: f64,
}

/// The families, in the order in which draws take them in turn.
pub const FAMILIES: [&str; 7] = ["chain", "confounder", "collider", "linear", "curved", "table", "exclusive-or"];

impl ConditionalDraw {
    /// Draw `index` of a split: the families take turns, the number of rows is log-uniform from 50 to 4,000.
    pub fn new(seeds: &Seeds, split: Split, index: u64) -> Self {
        let mut rng = seeds.rng(split, index);
        let family = FAMILIES[(index % FAMILIES.len() as u64) as usize];
        let n = rng.random_range(ROWS.0.ln()..ROWS.1.ln()).exp() as usize;
        match family {
            "curved" => curved(family, n, &mut rng),
            "table" | "exclusive-or" => discrete(family, n, &mut rng),
            _ => linear(family, n, &mut rng),
        }
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Columns from the rows that `row` draws.
fn columns(n: usize, dim: usize, mut row: impl FnMut(&mut [f64])) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(n); dim];
    let mut cells = vec![0.0; dim];
    for _ in 0..n {
        row(&mut cells);
        columns.iter_mut().zip(&cells).for_each(|(column, cell)| column.push(*cell));
    }
    columns
}

/// X, Y and Z, from columns in this order.
fn draw(family: &'static str, discrete: bool, mut columns: Vec<Vec<f64>>, mi_nats: f64) -> ConditionalDraw {
    let z = columns.split_off(2);
    let y = columns.pop().unwrap_or_default();
    let x = columns.pop().unwrap_or_default();
    ConditionalDraw { family, discrete, x, y, z, mi_nats }
}

/// Rows of X, Y and the columns of Z are these loadings times independent standard normals.
fn linear(family: &'static str, n: usize, rng: &mut impl Rng) -> ConditionalDraw {
    let dim = 2 + rng.random_range(1..=MOST_Z);
    let loadings = loadings(family, dim, rng);
    let mi_nats = normal_conditional_mi(&(&loadings * loadings.transpose()));
    let rows = columns(n, dim, |cells| {
        let noise: Vec<f64> = (0..dim).map(|_| normal(rng)).collect();
        for (i, cell) in cells.iter_mut().enumerate() {
            *cell = (0..dim).map(|k| loadings[(i, k)] * noise[k]).sum();
        }
    });
    draw(family, false, rows, mi_nats)
}

/// Each variable has a noise of its own, k = its place, and passes on what it has.
fn loadings(family: &str, dim: usize, rng: &mut impl Rng) -> DMatrix<f64> {
    let mut own = DMatrix::zeros(dim, dim);
    let noise = |rng: &mut _| Rng::random_range(rng, 0.3..1.2);
    let weight = |rng: &mut _| {
        let size: f64 = Rng::random_range(rng, 0.3..1.5);
        if Rng::random_bool(rng, 0.5) { size } else { -size }
    };
    let add = |own: &mut DMatrix<f64>, to: usize, from: usize, w: f64| {
        let row = own.row(from) * w;
        let mut target = own.row_mut(to);
        target += row;
    };
    for i in 0..dim {
        own[(i, i)] = noise(rng);
    }
    let (x, y, z) = (0, 1, 2);
    match family {
        "chain" => {
            add(&mut own, z, x, weight(rng));
            add(&mut own, y, z, weight(rng));
        }
        "confounder" => {
            add(&mut own, x, z, weight(rng));
            add(&mut own, y, z, weight(rng));
        }
        "collider" => {
            add(&mut own, z, x, weight(rng));
            add(&mut own, z, y, weight(rng));
        }
        _ => {
            for cell in own.iter_mut() {
                *cell += 0.7 * normal(rng);
            }
        }
    }
    // A link of their own, and further columns of Z that hear of X or are noise.
    if matches!(family, "chain" | "confounder") && rng.random_bool(0.5) {
        add(&mut own, y, x, weight(rng));
    }
    for i in 3..dim {
        if family != "linear" && rng.random_bool(0.5) {
            let from = if rng.random_bool(0.5) { x } else { z };
            add(&mut own, i, from, weight(rng));
        }
    }
    own
}

/// I(X;Y|Z) of normal variables with this covariance, X first, Y second.
fn normal_conditional_mi(covariance: &DMatrix<f64>) -> f64 {
    let dim = covariance.nrows();
    let log_det = |keep: &[usize]| {
        let part = covariance.select_rows(keep).select_columns(keep);
        let factor = part.cholesky().expect("every variable has noise of its own");
        2.0 * factor.l_dirty().diagonal().iter().map(|v| v.ln()).sum::<f64>()
    };
    let z: Vec<usize> = (2..dim).collect();
    let with = |extra: &[usize]| log_det(&[extra, &z].concat());
    (0.5 * (with(&[0]) + with(&[1]) - with(&[]) - with(&[0, 1]))).max(0.0)
}

/// Curves of Z, and noise of correlation ρ.
fn curved(family: &'static str, n: usize, rng: &mut impl Rng) -> ConditionalDraw {
    let dim_z = rng.random_range(1..=2);
    let rho: f64 = if rng.random_bool(0.3) { 0.0 } else { rng.random_range(-0.95..0.95) };
    let noise = [rng.random_range(0.2..1.0), rng.random_range(0.2..1.0)];
    let curves = [rng.random_range(0..4), rng.random_range(0..4)];
    let curve = |which: i32, z: f64| match which {
        0 => z.abs(),
        1 => (2.0 * z).sin(),
        2 => z * z - 1.0,
        _ => z.tanh(),
    };
    let rows = columns(n, 2 + dim_z, |cells| {
        cells[2..].iter_mut().for_each(|z| *z = normal(rng));
        let e = normal(rng);
        let f = rho * e + (1.0 - rho * rho).sqrt() * normal(rng);
        let last = cells[cells.len() - 1];
        cells[0] = curve(curves[0], cells[2]) + noise[0] * e;
        cells[1] = curve(curves[1], last) + noise[1] * f;
    });
    draw(family, false, rows, -0.5 * (1.0 - rho * rho).ln())
}

/// Three categories with a table of probabilities.
fn discrete(family: &'static str, n: usize, rng: &mut impl Rng) -> ConditionalDraw {
    let table = if family == "table" { random_table(rng) } else { exclusive_or(rng.random_range(0.0..0.5)) };
    let total: f64 = table.cells.iter().sum();
    let cumulative: Vec<f64> = table
        .cells
        .iter()
        .scan(0.0, |sum, p| {
            *sum += p / total;
            Some(*sum)
        })
        .collect();
    let rows = columns(n, 3, |cells| {
        let u: f64 = rng.random();
        let cell = cumulative.partition_point(|c| *c <= u).min(cumulative.len() - 1);
        cells.copy_from_slice(&table.codes(cell).map(|code| code as f64));
    });
    draw(family, true, rows, table.conditional_mi())
}

/// Weights of the cells (x, y, z), z fastest.
struct Table {
    values: [usize; 3],
    cells: Vec<f64>,
}

impl Table {
    fn codes(&self, cell: usize) -> [usize; 3] {
        let [_, ny, nz] = self.values;
        [cell / (ny * nz), cell / nz % ny, cell % nz]
    }

    fn conditional_mi(&self) -> f64 {
        let [nx, ny, nz] = self.values;
        let total: f64 = self.cells.iter().sum();
        let (mut xz, mut yz, mut z) = (vec![0.0; nx * nz], vec![0.0; ny * nz], vec![0.0; nz]);
        for (cell, weight) in self.cells.iter().enumerate() {
            let [i, j, k] = self.codes(cell);
            let p = weight / total;
            xz[i * nz + k] += p;
            yz[j * nz + k] += p;
            z[k] += p;
        }
        let term = |(cell, weight): (usize, &f64)| {
            let [i, j, k] = self.codes(cell);
            let p = weight / total;
            if p > 0.0 { p * (p * z[k] / (xz[i * nz + k] * yz[j * nz + k])).ln() } else { 0.0 }
        };
        self.cells.iter().enumerate().map(term).sum::<f64>().max(0.0)
    }
}

/// Two to four values each; given Z, X and Y are independent up to a random table.
fn random_table(rng: &mut impl Rng) -> Table {
    let values = [0; 3].map(|_| rng.random_range(2..=4));
    let strength: f64 = if rng.random_bool(0.3) { 0.0 } else { rng.random_range(0.1..1.0) };
    let mut weights = |count: usize| -> Vec<f64> { (0..count).map(|_| Exp1.sample(rng)).collect() };
    let [nx, ny, nz] = values;
    let (xz, yz, free) = (weights(nx * nz), weights(ny * nz), weights(nx * ny * nz));
    let mut table = Table { values, cells: Vec::new() };
    let cell = |(cell, free): (usize, &f64)| {
        let [i, j, k] = table.codes(cell);
        xz[i * nz + k] * yz[j * nz + k] * (1.0 - strength + strength * free)
    };
    table.cells = free.iter().enumerate().map(cell).collect();
    table
}

/// Z is the exclusive or of two fair coins, wrong with some probability: X and Y say nothing about each other until Z is
/// known.
fn exclusive_or(wrong: f64) -> Table {
    let mut table = Table { values: [2; 3], cells: vec![0.0; 8] };
    for cell in 0..8 {
        let [x, y, z] = table.codes(cell);
        table.cells[cell] = if x ^ y == z { 1.0 - wrong } else { wrong };
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // X ← Z → Y: nothing is left. X → Z ← Y with Z = X + Y + E, all of variance 1: corr(X, Y | Z) = −½.
        let confounder = DMatrix::from_row_slice(3, 3, &[2.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]);
        assert!(normal_conditional_mi(&confounder).abs() < 1e-12);
        let collider = DMatrix::from_row_slice(3, 3, &[1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 3.0]);
        assert!((normal_conditional_mi(&collider) + 0.5 * 0.75f64.ln()).abs() < 1e-12);
        // Given Z, X tells Y up to the error: ln 2 − H(wrong).
        let wrong: f64 = 0.1;
        let entropy = -wrong * wrong.ln() - (1.0 - wrong) * (1.0 - wrong).ln();
        assert!((exclusive_or(wrong).conditional_mi() - (2f64.ln() - entropy)).abs() < 1e-12);
    }

    #[test]
    fn samples_have_the_value_that_they_say() {
        // Normal tasks: partial correlations of large samples. Discrete ones: counts.
        for index in 0..70 {
            let draw = ConditionalDraw::new(&Seeds { root: 5 }, Split::Scratch, index);
            let n = draw.x.len();
            assert!((50..4_000).contains(&n) && (1..=MOST_Z).contains(&draw.z.len()), "{index}");
            if n < 1_000 || draw.family == "curved" {
                continue;
            }
            let all: Vec<&Vec<f64>> = [&draw.x, &draw.y].into_iter().chain(&draw.z).collect();
            let got = if draw.discrete {
                let mut table = Table { values: [4; 3], cells: vec![0.0; 64] };
                (0..n).for_each(|r| {
                    let [x, y, z] = [0, 1, 2].map(|c| all[c][r] as usize);
                    table.cells[16 * x + 4 * y + z] += 1.0;
                });
                table.conditional_mi()
            } else {
                let mean = |c: &[f64]| c.iter().sum::<f64>() / n as f64;
                let covariance = DMatrix::from_fn(all.len(), all.len(), |i, j| {
                    let (a, b) = (mean(all[i]), mean(all[j]));
                    all[i].iter().zip(all[j]).map(|(v, w)| (v - a) * (w - b)).sum::<f64>() / n as f64
                });
                normal_conditional_mi(&covariance)
            };
            // Five standard errors of a correlation, and the bias of counts.
            let tolerance = 5.0 / (n as f64).sqrt() * (0.2 + draw.mi_nats.sqrt()) + 40.0 / n as f64;
            assert!((got - draw.mi_nats).abs() < tolerance, "{index} {}: {got}, not {}", draw.family, draw.mi_nats);
        }
    }

    #[test]
    fn a_draw_is_a_function_of_its_address() {
        let draw = |index| ConditionalDraw::new(&Seeds { root: 6 }, Split::Scratch, index);
        for index in 0..7 {
            assert_eq!(draw(index), draw(index));
            assert_eq!(draw(index).family, FAMILIES[index as usize]);
            assert_ne!(draw(index).x, draw(index + 7).x);
        }
    }
}
