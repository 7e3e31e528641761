//! Closed forms of the MI that families share.

use nalgebra::DMatrix;

/// The ρ ≥ 0 of a bivariate normal with this MI in nats.
pub(crate) fn correlation_of(mi_nats: f64) -> f64 {
    (-(-2.0 * mi_nats).exp_m1()).sqrt()
}

/// Σ p_ij ln(p_ij/(p_i p_j)) of cells that sum to 1.
pub(crate) fn cells_mi_nats(cells: &DMatrix<f64>) -> f64 {
    let of_x: Vec<f64> = cells.row_iter().map(|row| row.sum()).collect();
    let sum: f64 = cells
        .column_iter()
        .map(|column| {
            let of_y = column.sum();
            let pairs = column.iter().zip(&of_x).filter(|(p, _)| **p > 0.0);
            pairs.map(|(p, of_x)| p * (p / of_x / of_y).ln()).sum::<f64>()
        })
        .sum();
    // Independence leaves rounding of either sign.
    sum.max(0.0)
}
