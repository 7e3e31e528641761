//! Mutual information as a function with a gradient, for use as a loss in other candle models.
//!
//! The estimator ranks its data and counts neighbours, neither of which has a gradient. Here both are smoothed: a rank by a
//! kernel over the values around it, a count of neighbours by a kernel over the distances around its radius. The network is
//! frozen, gradients reach the data.
//!
//! ```
//! use mist_infer::candle_core::{Device, Tensor, Var};
//! use mist_infer::{Estimator, soft};
//!
//! let estimator = Estimator::embedded()?;
//! let noise = |rate: f64| (0..200).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<f64>>();
//! let x = Var::from_tensor(&Tensor::from_vec(noise(0.7), (200, 1), &Device::Cpu)?)?;
//! let y = (x.as_tensor().detach() + Tensor::from_vec(noise(2.9), (200, 1), &Device::Cpu)?)?;
//!
//! let mi = soft::mutual_information(&estimator, &x, &y, &soft::Options::default())?;
//! let gradient = mi.backward()?.get(&x).unwrap().clone();
//! assert_eq!(gradient.dims(), [200, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is chosen once per call and has no gradient is a [`Fixed`]: signs of columns, tie groups, widths and radii of the
//! kernels. A call of [`mutual_information`] chooses it at the data that it gets; a `Fixed` of one's own may serve for several
//! steps, or for a check of gradients.

mod fixed;
mod quantile;
mod terms;
mod widths;

pub use fixed::{Answer, Fixed};

use crate::{EstimateError, Estimator};
use candle_core::Tensor;

/// How smooth the answer is in the data, and what of it has a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Width of the kernels, in (0, 1]. A rank is smoothed over this share of the rows, on each side of its value; a count of
    /// neighbours over this share of its radius times [`Options::RADIUS`], at most the radius.
    pub temperature: f64,
    /// Whether the value is that of [`Estimator::estimate`] at any temperature, so that the kernels shape its gradient alone.
    /// Otherwise the network sees smoothed ranks and counts, and the value approaches that answer as the temperature falls.
    pub anchored: bool,
    /// Whether the terms of nearest neighbours have a gradient; otherwise they stay what they are at the data.
    pub neighbours: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { temperature: 0.1, anchored: true, neighbours: true }
    }
}

impl Options {
    /// The share of its radius over which a count of neighbours is smoothed, over the temperature.
    pub const RADIUS: f64 = 5.0;

    fn check(&self) -> Result<(), EstimateError> {
        if self.temperature > 0.0 && self.temperature <= 1.0 {
            return Ok(());
        }
        let what = format!("temperature `{}` is out of range, expected more than 0 and at most 1", self.temperature);
        Err(EstimateError::Soft { what })
    }
}

/// The mutual information of X and Y in nats, the median of the answer, with a gradient to the data.
///
/// Neither cut at 0, where a loss would lose its gradient (below 0 means 0), nor kept within the entropy of a discrete side.
/// Where a side is constant it is 0, with a gradient of 0.
///
/// # Shapes
/// `x` (n, `dim_x`), `y` (n, `dim_y`), on the device of the estimator, in single or double precision → (), in the precision of
/// the estimator. Work and, on a device other than the CPU, memory grow with the square of n: take batches of some hundred rows.
///
/// # Errors
/// Sides that do not fit each other, fewer than [`MIN_ROWS`](crate::MIN_ROWS) rows or more than one pass of the network takes,
/// more columns than in training, values that are not finite, another device; a checkpoint of the published network, which
/// takes other inputs.
pub fn mutual_information(
    estimator: &Estimator,
    x: &Tensor,
    y: &Tensor,
    options: &Options,
) -> Result<Tensor, EstimateError> {
    Ok(Fixed::at(estimator, x, y, options)?.answer(x, y)?.mi_nats)
}

/// The pointwise mutual information of every row in nats, as the row head of the network says it, with a gradient to the data.
/// Its mean is a loss as well.
///
/// # Shapes
/// As [`mutual_information`], but → (n).
///
/// # Errors
/// As [`mutual_information`].
pub fn pointwise(estimator: &Estimator, x: &Tensor, y: &Tensor, options: &Options) -> Result<Tensor, EstimateError> {
    Ok(Fixed::at(estimator, x, y, options)?.answer(x, y)?.pointwise)
}
