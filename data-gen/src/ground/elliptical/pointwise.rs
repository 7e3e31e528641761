//! The squared Mahalanobis distances of rows, which the pointwise MI of an elliptical distribution is a function of.

use nalgebra::DMatrix;
use statrs::function::gamma::ln_gamma;

use super::{
    dispersion::Dispersion,
    scatter::{Canonical, Correlation, Scatter},
};

/// Squared Mahalanobis distances of rows v = (x, y), with Σ their correlation matrix and Σ_X, Σ_Y its blocks.
pub(super) struct Distances {
    /// xᵀ Σ_X⁻¹ x.
    x: Vec<f64>,
    /// yᵀ Σ_Y⁻¹ y.
    y: Vec<f64>,
    /// vᵀ Σ⁻¹ v less the other two. It comes without a difference of large numbers where correlations are close to 1.
    excess: Vec<f64>,
    /// ½ (ln det Σ_X + ln det Σ_Y − ln det Σ).
    normal_mi_nats: f64,
}

/// ln p(x, y) − ln p(x) − ln p(y) of every row. With q the squared Mahalanobis distances, of the normal
///
/// I_normal − ½ (q_XY − q_X − q_Y),
///
/// and of the Student-t, with g(q, k) = −ln Γ((ν+k)/2) + (ν+k)/2 ln(1 + q/ν),
///
/// I_normal + ln Γ(ν/2) + g(q_X, d_x) + g(q_Y, d_y) − g(q_XY, d_x + d_y).
pub(super) fn pointwise_mi(scatter: &Scatter, nu: Option<f64>, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Vec<f64> {
    let Distances { x: of_x, y: of_y, excess, normal_mi_nats } = match scatter {
        Scatter::Factors(dispersion) => dispersion.distances(x, y),
        Scatter::Canonical(canonical) => canonical.distances(x, y),
        Scatter::Dense(correlation) => correlation.distances(x, y),
    };
    let Some(nu) = nu else {
        return excess.into_iter().map(|excess| normal_mi_nats - 0.5 * excess).collect();
    };
    let half = |columns: usize| 0.5 * (nu + columns as f64);
    let (of_dim_x, of_dim_y, of_both) = (half(x.ncols()), half(y.ncols()), half(x.ncols() + y.ncols()));
    let constant = normal_mi_nats + ln_gamma(0.5 * nu) + ln_gamma(of_both) - ln_gamma(of_dim_x) - ln_gamma(of_dim_y);
    let rows = of_x.into_iter().zip(of_y).zip(excess);
    rows.map(|((x, y), excess)| {
        // Rounding may take the sum below its parts, where one side tells all of the other.
        let both = (x + y + excess).max(x.max(y));
        constant + of_dim_x * (x / nu).ln_1p() + of_dim_y * (y / nu).ln_1p() - of_both * (both / nu).ln_1p()
    })
    .collect()
}

/// The columns of a matrix from `first` on, `count` of them.
fn part(side: &DMatrix<f64>, first: usize, count: usize) -> &[f64] {
    &side.as_slice()[first * side.nrows()..(first + count) * side.nrows()]
}

/// Adds the sum over some columns of f to a total for every row.
fn add(total: &mut [f64], side: &[f64], f: impl Fn(f64) -> f64) {
    for column in side.chunks_exact(total.len().max(1)) {
        for (total, &v) in total.iter_mut().zip(column) {
            *total += f(v);
        }
    }
}

/// The same over the columns of both sides that share an index.
fn add_pairs(total: &mut [f64], (x, y): (&[f64], &[f64]), f: impl Fn(usize, f64, f64) -> f64) {
    let n = total.len().max(1);
    for (i, (of_x, of_y)) in x.chunks_exact(n).zip(y.chunks_exact(n)).enumerate() {
        for ((total, &a), &b) in total.iter_mut().zip(of_x).zip(of_y) {
            *total += f(i, a, b);
        }
    }
}

impl Canonical {
    /// Sums over pairs: (b − ρa)²/(1 − ρ²) − b² is what the joint distance is more than those of the sides.
    fn distances(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Distances {
        let n = x.nrows();
        let (mut of_x, mut of_y, mut excess) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        add(&mut of_x, x.as_slice(), |v| v * v);
        add(&mut of_y, y.as_slice(), |v| v * v);
        let pairs = self.rho().len();
        // The variance that the sampler leaves to b: near ρ = 1 the rounding of ρ² counts.
        let rates: Vec<f64> = self.rho().iter().map(|rho| 1.0 / (1.0 - rho * rho)).collect();
        add_pairs(&mut excess, (part(x, 0, pairs), part(y, 0, pairs)), |i, a, b| {
            let rest = b - self.rho()[i] * a;
            rest * rest * rates[i] - b * b
        });
        Distances { x: of_x, y: of_y, excess, normal_mi_nats: self.normal_mi_nats() }
    }
}

impl Dispersion {
    /// The covariance of the columns before they are scaled to unit variance is D + B M Bᵀ: D has the 2 × 2 blocks of the
    /// pairs and the variances of the other columns, B tells X from Y, and M = [α² + β², α²; α², α² + β²]. So with
    /// w = Bᵀ D⁻¹ v and G = Bᵀ D⁻¹ B (Woodbury),
    ///
    /// vᵀ Σ⁻¹ v = vᵀ D⁻¹ v − wᵀ (I + M G)⁻¹ M w, det Σ = det D · det(I + M G).
    fn distances(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Distances {
        let parts = self.variances();
        let (n, pairs) = (x.nrows(), self.pairs());
        let (further_x, further_y) = (x.ncols() - pairs, y.ncols() - pairs);
        // Variance of a paired column, covariance with its partner, its variance once the partner is known.
        let (variance, covariance) = (parts.own + parts.pair, parts.pair);
        let given = parts.own * (parts.own + 2.0 * parts.pair) / variance;
        let regression = covariance / variance;
        let unpaired = parts.own + parts.unpaired;
        // Squares of the factors that undo the scaling, over variances.
        let paired_scale = variance + parts.global + parts.side;
        let unpaired_scale = unpaired + parts.global + parts.side;

        let zeros = || vec![0.0; n];
        let (mut of_x, mut of_y, mut excess) = (zeros(), zeros(), zeros());
        let coupled = (part(x, 0, pairs), part(y, 0, pairs));
        let further = (part(x, pairs, further_x), part(y, pairs, further_y));
        for (total, coupled, further) in [(&mut of_x, coupled.0, further.0), (&mut of_y, coupled.1, further.1)] {
            add(total, coupled, |v| paired_scale / variance * (v * v));
            add(total, further, |v| unpaired_scale / unpaired * (v * v));
        }
        add_pairs(&mut excess, coupled, |_, a, b| {
            let rest = b - regression * a;
            paired_scale * (rest * rest / given - b * b / variance)
        });
        let mut normal_mi_nats = 0.5 * pairs as f64 * (variance / given).ln();

        if parts.global > 0.0 || parts.side > 0.0 {
            let (mut sum_x, mut sum_y, mut rest_x, mut rest_y) = (zeros(), zeros(), zeros(), zeros());
            for (sum, rest, coupled, further) in
                [(&mut sum_x, &mut rest_x, coupled.0, further.0), (&mut sum_y, &mut rest_y, coupled.1, further.1)]
            {
                add(sum, coupled, |v| v);
                add(rest, further, |v| v);
                sum.iter_mut().for_each(|v| *v *= paired_scale.sqrt());
                rest.iter_mut().for_each(|v| *v *= unpaired_scale.sqrt() / unpaired);
            }
            let of_side = parts.global + parts.side;
            let count = pairs as f64;
            let (more_x, more_y) = (further_x as f64 / unpaired, further_y as f64 / unpaired);
            let (g_x, g_y) = (count / given + more_x, count / given + more_y);
            let g_xy = -count * regression / given;
            let (alone_x, alone_y) = (count / variance + more_x, count / variance + more_y);
            // I + M G, and H = (I + M G)⁻¹ M, which is symmetric.
            let [[a, b], [c, d]] = [
                [1.0 + of_side * g_x + parts.global * g_xy, of_side * g_xy + parts.global * g_y],
                [parts.global * g_x + of_side * g_xy, 1.0 + of_side * g_y + parts.global * g_xy],
            ];
            let det = a * d - b * c;
            let h_x = (d * of_side - b * parts.global) / det;
            let h_xy = (d * parts.global - b * of_side) / det;
            let h_y = (a * of_side - c * parts.global) / det;
            let (det_x, det_y) = (1.0 + of_side * alone_x, 1.0 + of_side * alone_y);
            normal_mi_nats += 0.5 * (det_x.ln() + det_y.ln() - det.ln());
            for row in 0..n {
                let w_x = (sum_x[row] - regression * sum_y[row]) / given + rest_x[row];
                let w_y = (sum_y[row] - regression * sum_x[row]) / given + rest_y[row];
                let less = h_x * w_x * w_x + 2.0 * h_xy * w_x * w_y + h_y * w_y * w_y;
                let (w_x, w_y) = (sum_x[row] / variance + rest_x[row], sum_y[row] / variance + rest_y[row]);
                let (less_x, less_y) = (of_side * w_x * w_x / det_x, of_side * w_y * w_y / det_y);
                of_x[row] -= less_x;
                of_y[row] -= less_y;
                excess[row] += less_x + less_y - less;
            }
        }
        Distances { x: of_x, y: of_y, excess, normal_mi_nats }
    }
}

impl Correlation {
    /// Forward substitution: the rows of L⁻¹ v are independent and of unit variance, those of X first.
    fn distances(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Distances {
        /// Rows that are taken together, so that they stay in the cache.
        const ROWS: usize = 256;
        let (dim_x, dim_y) = (x.ncols(), y.ncols());
        let factor = self.factor();
        let of_y_block = factor.rows(dim_x, dim_y);
        let factor_y = (of_y_block * of_y_block.transpose()).cholesky().expect("a block of what is positive definite");
        let factor_y = factor_y.unpack();
        let mut distances = Distances {
            x: Vec::with_capacity(x.nrows()),
            y: Vec::with_capacity(x.nrows()),
            excess: Vec::with_capacity(x.nrows()),
            normal_mi_nats: self.mi_nats(),
        };
        for from in (0..x.nrows()).step_by(ROWS) {
            let rows = ROWS.min(x.nrows() - from);
            let mut both = DMatrix::zeros(rows, dim_x + dim_y);
            both.columns_mut(0, dim_x).copy_from(&x.rows(from, rows));
            both.columns_mut(dim_x, dim_y).copy_from(&y.rows(from, rows));
            let mut alone = both.columns(dim_x, dim_y).into_owned();
            whiten(&mut both, factor);
            whiten(&mut alone, &factor_y);
            let squares = |side: &[f64]| {
                let mut total = vec![0.0; rows];
                add(&mut total, side, |v| v * v);
                total
            };
            let (given_x, of_y) = (squares(part(&both, dim_x, dim_y)), squares(alone.as_slice()));
            distances.excess.extend(given_x.iter().zip(&of_y).map(|(given, alone)| given - alone));
            distances.x.extend(squares(part(&both, 0, dim_x)));
            distances.y.extend(of_y);
        }
        distances
    }
}

/// Replaces every row v by L⁻¹ v.
fn whiten(side: &mut DMatrix<f64>, factor: &DMatrix<f64>) {
    let n = side.nrows();
    let values = side.as_mut_slice();
    for j in 0..factor.nrows() {
        let (before, rest) = values.split_at_mut(j * n);
        let column = &mut rest[..n];
        for (k, done) in before.chunks_exact(n).enumerate() {
            let weight = factor[(j, k)];
            column.iter_mut().zip(done).for_each(|(v, z)| *v -= weight * z);
        }
        let scale = 1.0 / factor[(j, j)];
        column.iter_mut().for_each(|v| *v *= scale);
    }
}
