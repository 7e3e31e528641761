//! Lower bounds of MI in terms of a critic f: what is fitted, and what is reported.

use super::critic::Critic;
use candle_core::{DType, Device, Result, Tensor};

/// The clip τ of SMILE.
const CLIP: f64 = 5.0;

/// The weight of the past in MINE's mean of e^f: 0.9 in benchmark-mi, with the same meaning.
const PAST: f64 = 0.9;

/// What stands for −∞ on the diagonal: e to it is 0, and it stays finite in products.
const NEVER: f64 = -1e30;

/// A lower bound of I(X; Y), for any critic f, with its maximum at I if f may be any function.
///
/// p is the mean over pairs of rows (x_i, y_i), q that over x_i and y_j, i ≠ j, B the batch:
///
/// | bound | reported | limit |
/// |---|---|---|
/// | MINE | p(f) − ln q(e^f) | its variance grows as e^I |
/// | InfoNCE | p(f − ln ⟨e^f(x_i, y_j)⟩_j), j = i included | at most ln B |
/// | NWJ | p(f) − q(e^(f−1)) | its variance grows as e^I |
/// | SMILE | p(f) − ln q(e^clip(f, −5, 5)) | no bound once f leaves the clip |
///
/// What is fitted is the same but for two: MINE takes the gradient of ln q with a running mean of e^f in its denominator,
/// q being one shuffle of the batch; SMILE maximises the Jensen–Shannon bound p(−ln(1 + e^−f)) − q(ln(1 + e^f)).
///
/// # Source
/// MINE: Belghazi et al., ICML 2018, equation 12. InfoNCE: van den Oord, Li and Vinyals 2018. NWJ: Nguyen, Wainwright and
/// Jordan, IEEE Transactions on Information Theory 56, 2010. SMILE: Song and Ermon, ICLR 2020, equation 17. Limits: Poole
/// et al., ICML 2019, and McAllester and Stratos, AISTATS 2020.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Donsker–Varadhan, fitted as in MINE.
    Mine,
    /// Contrastive.
    InfoNce,
    /// Nguyen, Wainwright and Jordan.
    Nwj,
    /// Donsker–Varadhan with a clipped ratio.
    Smile,
}

/// What MINE carries from step to step: ln of its running mean of e^f.
#[derive(Default)]
pub(super) struct Past(Option<f64>);

impl Bound {
    /// What to minimise on a batch; `shuffled` has the rows of `y` in random order.
    ///
    /// # Shapes
    /// (B, `dim_x`), (B, `dim_y`), (B, `dim_y`) → ().
    pub(super) fn loss(self, f: &Critic, x: &Tensor, y: &Tensor, shuffled: &Tensor, past: &mut Past) -> Result<Tensor> {
        let paired = f.paired(x, y)?;
        let joint = paired.mean_all()?;
        let gain = match self {
            Self::Mine => {
                let apart = f.paired(x, shuffled)?;
                let log_mean = (apart.log_sum_exp(0)? - (apart.elem_count() as f64).ln())?;
                let now = f64::from(log_mean.to_scalar::<f32>()?);
                // ln(w e^past + (1 − w) e^now)
                let running = past.0.map_or(now, |then| {
                    let top = then.max(now);
                    top + (PAST * (then - top).exp() + (1.0 - PAST) * (now - top).exp()).ln()
                });
                past.0 = Some(running);
                (joint - (log_mean * (now - running).exp())?)?
            }
            Self::InfoNce => contrast(&joint, &f.all(x, y)?)?,
            Self::Nwj => (joint - (log_mean_apart(&f.all(x, y)?)? - 1.0)?.exp()?)?,
            Self::Smile => {
                let apart = softplus(&f.all(x, y)?)?;
                let b = apart.dim(0)?;
                let off = Tensor::eye(b, DType::F32, &Device::Cpu)?.affine(-1.0, 1.0)?;
                let apart = ((apart * off)?.sum_all()? / (b * (b - 1)) as f64)?;
                (softplus(&paired.neg()?)?.mean_all()?.neg()? - apart)?
            }
        };
        gain.neg()
    }

    /// The bound on rows that are cut into batches, in nats.
    ///
    /// # Shapes
    /// each (B, `dim_x`), (B, `dim_y`).
    pub(super) fn value(self, f: &Critic, batches: &[(Tensor, Tensor)]) -> Result<f64> {
        let scalar = |t: Tensor| t.to_scalar::<f32>().map(f64::from);
        let (mut joint, mut apart) = (Vec::new(), Vec::new());
        for (x, y) in batches {
            let paired = f.paired(x, y)?.mean_all()?;
            let all = f.all(x, y)?;
            match self {
                Self::InfoNce => joint.push(scalar(contrast(&paired, &all)?)?),
                Self::Mine | Self::Nwj => apart.push(scalar(log_mean_apart(&all)?)?),
                Self::Smile => apart.push(scalar(log_mean_apart(&all.clamp(-CLIP, CLIP)?)?)?),
            }
            if self != Self::InfoNce {
                joint.push(scalar(paired)?);
            }
        }
        let joint = joint.iter().sum::<f64>() / joint.len() as f64;
        // ln of the mean over all batches.
        let top = apart.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log_mean = top + (apart.iter().map(|v| (v - top).exp()).sum::<f64>() / apart.len() as f64).ln();
        Ok(match self {
            Self::InfoNce => joint,
            Self::Mine | Self::Smile => joint - log_mean,
            Self::Nwj => joint - (log_mean - 1.0).exp(),
        })
    }
}

/// ⟨f(x_i, y_i) − ln ⟨e^f(x_i, y_j)⟩_j⟩, from the mean over pairs and all (B, B).
fn contrast(joint: &Tensor, all: &Tensor) -> Result<Tensor> {
    let log_mean = (all.log_sum_exp(1)?.mean_all()? - (all.dim(1)? as f64).ln())?;
    joint - log_mean
}

/// ln of the mean of e^f off the diagonal of (B, B).
fn log_mean_apart(all: &Tensor) -> Result<Tensor> {
    let b = all.dim(0)?;
    let never = (Tensor::eye(b, DType::F32, &Device::Cpu)? * NEVER)?;
    (all + never)?.flatten_all()?.log_sum_exp(0)? - ((b * (b - 1)) as f64).ln()
}

/// ln(1 + e^f) without overflow.
fn softplus(f: &Tensor) -> Result<Tensor> {
    f.relu()? + (f.abs()?.neg()?.exp()? + 1.0)?.log()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_off_the_diagonal_by_hand() {
        let all = Tensor::new(&[[50f32, 0.0, 1.0], [2.0, 60.0, -1.0], [0.5, -2.0, 70.0]], &Device::Cpu).unwrap();
        let mean: f64 = [0f64, 1.0, 2.0, -1.0, 0.5, -2.0].iter().map(|f| f.exp()).sum::<f64>() / 6.0;
        let got = f64::from(log_mean_apart(&all).unwrap().to_scalar::<f32>().unwrap());
        assert!((got - mean.ln()).abs() < 1e-6);
        let got = softplus(&Tensor::new(&[-200f32, 0.0, 1.0, 200.0], &Device::Cpu).unwrap()).unwrap();
        for (got, want) in got.to_vec1::<f32>().unwrap().iter().zip([0.0, 2f32.ln(), (1.0 + 1f32.exp()).ln(), 200.0]) {
            assert!((got - want).abs() < 1e-6);
        }
    }
}
