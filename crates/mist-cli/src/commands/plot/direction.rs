//! The leading direction of each of two sides.

use mist_infer::Columns;
use mist_model::scores::ranks;
use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF, Normal};

/// What is added to the diagonal of each side's correlations: directions that hardly vary are no directions.
const RIDGE: f64 = 1e-3;

/// A number for each row and side.
#[derive(Debug)]
pub struct Directions {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
}

/// The first pair of canonical directions of the normal scores (Hotelling 1936), as values of the rows.
pub fn directions(x: &Columns, y: &Columns) -> Directions {
    let (x, y) = (scores(x), scores(y));
    let n = x.nrows() as f64;
    let (white_x, white_y) = (whitening(&x), whitening(&y));
    let cross = &white_x * (x.transpose() * &y / n) * white_y.transpose();
    let svd = cross.svd(true, true);
    let lead = svd.singular_values.imax();
    let of = |side: &DMatrix<f64>, white: &DMatrix<f64>, v: DVector<f64>| (side * (white.transpose() * v)).data.into();
    let (u, v) = (svd.u.expect("asked for"), svd.v_t.expect("asked for"));
    Directions { x: of(&x, &white_x, u.column(lead).into_owned()), y: of(&y, &white_y, v.row(lead).transpose()) }
}

/// Normal scores, a column each.
fn scores(side: &Columns) -> DMatrix<f64> {
    let (normal, n) = (Normal::standard(), side.n() as f64);
    let columns = side.iter().flat_map(|c| ranks(c).centred);
    DMatrix::from_iterator(side.n(), side.dim(), columns.map(|u| normal.inverse_cdf((u + n) / (2.0 * n))))
}

/// W with W C Wᵀ = 1 for the correlations C.
fn whitening(side: &DMatrix<f64>) -> DMatrix<f64> {
    let d = side.ncols();
    let covariance = side.transpose() * side / side.nrows() as f64 + DMatrix::identity(d, d) * RIDGE;
    let factor = covariance.cholesky().expect("the ridge makes it positive").l();
    factor.try_inverse().expect("a triangle with a positive diagonal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_that_both_sides_share() {
        let wave = |rate: f64| (0..400).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<f64>>();
        let (a, b, c, d) = (wave(0.7), wave(1.3), wave(2.9), wave(5.3));
        let sum = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p + q).collect::<Vec<f64>>();
        // Their sum is common, up to a little.
        let shared = sum(&a, &b);
        let y = sum(&shared, &c.iter().map(|v| 0.1 * v).collect::<Vec<_>>());
        let found = directions(&Columns::new(vec![a, b, c]), &Columns::new(vec![d, y]));
        let correlation = |p: &[f64], q: &[f64]| {
            let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
            dot(p, q) / (dot(p, p) * dot(q, q)).sqrt()
        };
        // The direction is one of ranks, which bend a wave.
        assert!(correlation(&found.x, &shared).abs() > 0.93, "{}", correlation(&found.x, &shared));
        assert!(correlation(&found.x, &found.y) > 0.95);
    }
}
