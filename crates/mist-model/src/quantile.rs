//! Monotone quantiles of `ln(1 + MI)`: head, loss, and interpolation between levels.

use candle_core::{D, Result, Tensor};

/// Shift of the increments before the softplus, in units of the standard error: a fresh head starts with eighteen steps
/// that span about two of it on each side.
const SHIFT: f64 = 1.5;

/// ln(1 + MI) up to which a quantile counts in nats: about 90 nats.
const LARGEST: f64 = 4.5;

/// Increasing quantiles around a centre: the one at index `median` lies at `centre` plus the first raw output times
/// `scale`, and every step between two levels is a softplus times `scale`.
///
/// # Shapes
/// `raw` (B, T), `centre` and `scale` (B, 1) → (B, T).
///
/// # Errors
/// Shapes that do not fit.
pub(crate) fn centred(raw: &Tensor, median: usize, centre: &Tensor, scale: &Tensor) -> Result<Tensor> {
    let t = raw.dim(1)?;
    let steps = softplus(&(raw.narrow(1, 1, t - 1)? - SHIFT)?)?.broadcast_mul(scale)?;
    let sums = steps.cumsum(1)?;
    let sums = Tensor::cat(&[sums.narrow(1, 0, 1)?.zeros_like()?, sums], 1)?;
    let middle = (centre + (raw.narrow(1, 0, 1)? * scale)?)?;
    sums.broadcast_sub(&sums.narrow(1, median, 1)?)?.broadcast_add(&middle)
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|).
///
/// # Errors
/// A device that failed.
pub(crate) fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// Pinball loss of the quantiles `q` of `ln(1 + mi)` of each task, averaged over levels, plus `nats` times the same in nats.
///
/// A quantile stays one under a monotone map, so either loss is least at the true quantiles. They differ in what they
/// spend effort on: the first on relative errors, the second on absolute ones, which the large MI dominate.
///
/// # Shapes
/// `q` (B, T), `mi_nats` (B), `taus` (T) → (B).
///
/// # Errors
/// Shapes that do not fit.
pub fn pinball(q: &Tensor, mi_nats: &Tensor, taus: &[f64], nats: f64) -> Result<Tensor> {
    let taus = Tensor::new(taus, q.device())?.to_dtype(q.dtype())?;
    let one_plus_mi = (mi_nats + 1.0)?.unsqueeze(D::Minus1)?;
    // max(τ·d, (τ − 1)·d) = τ·d + max(−d, 0)
    let loss = |error: Tensor| (error.broadcast_mul(&taus)? + error.neg()?.relu()?)?.mean(1);
    let relative = loss(one_plus_mi.log()?.broadcast_sub(q)?)?;
    if nats == 0.0 {
        return Ok(relative);
    }
    // Beyond any MI in nats that matters the exponential would drown, and in the end overflow, all else.
    let bounded = (q - (q - LARGEST)?.relu()?)?;
    relative + (loss(one_plus_mi.broadcast_sub(&bounded.exp()?)?)? * nats)?
}

/// The quantile function of MI in nats, read off the network's levels.
///
/// Values below 0 mean 0: mutual information is never negative, so the part of the predicted distribution below 0
/// is an atom at 0. Between levels the function is linear in `ln(1 + MI)`; outside the outermost levels it is flat.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileFunction {
    taus: Vec<f64>,
    values: Vec<f64>,
}

impl QuantileFunction {
    /// From the levels and the network's outputs on the scale `ln(1 + MI)`.
    ///
    /// # Panics
    /// If the two lengths differ or are 0.
    pub fn new(taus: &[f64], log1p_mi: &[f64]) -> Self {
        assert!(taus.len() == log1p_mi.len() && !taus.is_empty(), "one value per level");
        Self { taus: taus.to_vec(), values: log1p_mi.iter().map(|v| v.max(0.0)).collect() }
    }

    /// The network's levels, increasing.
    pub fn levels(&self) -> &[f64] {
        &self.taus
    }

    /// Whether it is known at one level alone: a point estimate, without intervals.
    pub fn is_point(&self) -> bool {
        self.taus.len() == 1
    }

    /// Outermost levels, between which the function is known.
    pub fn range(&self) -> (f64, f64) {
        (self.taus[0], self.taus[self.taus.len() - 1])
    }

    /// On the scale `ln(1 + MI)`.
    pub fn log1p_at(&self, tau: f64) -> f64 {
        let i = self.taus.partition_point(|t| *t < tau);
        if i == 0 {
            return self.values[0];
        }
        if i == self.taus.len() {
            return self.values[i - 1];
        }
        let w = (tau - self.taus[i - 1]) / (self.taus[i] - self.taus[i - 1]);
        self.values[i - 1] + w * (self.values[i] - self.values[i - 1])
    }

    /// MI in nats at level `tau`.
    pub fn at(&self, tau: f64) -> f64 {
        self.log1p_at(tau).exp_m1()
    }

    /// The median, the point estimate, in nats.
    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// Mean of MI in nats over the predicted distribution: the integral of the quantile function over its level.
    pub fn mean(&self) -> f64 {
        let mut sum = self.taus[0] * self.values[0].exp_m1();
        sum += (1.0 - self.range().1) * self.values[self.values.len() - 1].exp_m1();
        for i in 1..self.taus.len() {
            let (a, b) = (self.values[i - 1], self.values[i]);
            // ∫ e^q over a linear piece, minus 1
            let piece = if b - a > 1e-9 { (b.exp() - a.exp()) / (b - a) - 1.0 } else { a.exp_m1() };
            sum += (self.taus[i] - self.taus[i - 1]) * piece;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn interpolates_and_never_goes_below_zero() {
        let q = QuantileFunction::new(&[0.1, 0.5, 0.9], &[-0.2, 0.2, 1.0]);
        assert_eq!(q.at(0.05), 0.0);
        assert!((q.log1p_at(0.3) - 0.1).abs() < 1e-12);
        assert!((q.median() - 0.2f64.exp_m1()).abs() < 1e-12);
        assert!((q.at(0.95) - 1f64.exp_m1()).abs() < 1e-12);
        let steps = 200_000;
        let riemann: f64 = (0..steps).map(|i| q.at((i as f64 + 0.5) / steps as f64)).sum::<f64>() / steps as f64;
        assert!((q.mean() - riemann).abs() < 1e-6);
    }

    #[test]
    fn pinball_matches_its_definition() -> Result<()> {
        let (q, mi, taus) = ([[0.1f64, 0.9], [0.3, 0.4]], [0.5f64, 2.0], [0.25, 0.75]);
        for nats in [0.0, 0.3] {
            let got = pinball(&Tensor::new(&q, &Device::Cpu)?, &Tensor::new(&mi, &Device::Cpu)?, &taus, nats)?;
            let mut want = 0.0;
            for (q, mi) in q.iter().zip(mi) {
                for (q, tau) in q.iter().zip(taus) {
                    for (d, weight) in [(mi.ln_1p() - q, 1.0), (mi - q.exp_m1(), nats)] {
                        want += weight * (tau * d).max((tau - 1.0) * d) / 4.0;
                    }
                }
            }
            assert!((got.mean_all()?.to_scalar::<f64>()? - want).abs() < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn centred_quantiles_increase_around_their_centre() -> Result<()> {
        let dev = Device::Cpu;
        let raw = Tensor::new(&[[0.5f32, -50.0, 80.0, 0.0], [0.0, 1.0, -1.0, -90.0]], &dev)?;
        let (centre, scale) = (Tensor::new(&[[0.7f32], [0.2]], &dev)?, Tensor::new(&[[2f32], [0.1]], &dev)?);
        let q = centred(&raw, 1, &centre, &scale)?.to_vec2::<f32>()?;
        assert!(q.iter().all(|row| row.windows(2).all(|w| w[0] <= w[1]) && row.iter().all(|v| v.is_finite())));
        assert!((q[0][1] - 1.7).abs() < 1e-6 && (q[1][1] - 0.2).abs() < 1e-6, "{q:?}");
        Ok(())
    }
}
