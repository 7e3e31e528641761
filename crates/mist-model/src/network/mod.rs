//! The networks behind one interface: which one it is, its description says.

mod config;

pub use config::NetworkConfig;

use crate::{Axial, Batch, Output, Reference};
use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

/// Least value of ln(1 + MI) that is taken from an output in nats: below −1 nat there is no logarithm, and anything below
/// 0 means 0.
const LEAST_NATS: f64 = -0.9;

/// A network of either kind. Cheap to clone: clones share their weights.
#[derive(Clone, Debug)]
pub enum Network {
    /// Ours.
    Axial(Axial),
    /// The published one.
    Reference(Reference),
}

/// What a network says of a batch.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Quantiles of ln(1 + MI), and pointwise values.
    Axial(Output),
    /// Quantiles in nats (B, T), in any order, or the mean alone (B, 1).
    Reference(Tensor),
}

impl Network {
    /// Builds the network from named parameters.
    ///
    /// # Errors
    /// A parameter that is missing or has another shape.
    pub fn new(config: &NetworkConfig, vb: VarBuilder) -> Result<Self> {
        Ok(match config {
            NetworkConfig::Axial(config) => Self::Axial(Axial::new(config, vb)?),
            NetworkConfig::Reference(config) => Self::Reference(Reference::new(config, vb)?),
        })
    }

    /// The answer to a batch.
    ///
    /// # Errors
    /// A batch that is not made for this network; tensor errors.
    pub fn forward(&self, batch: &Batch) -> Result<Answer> {
        Ok(match self {
            Self::Axial(network) => Answer::Axial(network.forward(batch)?),
            Self::Reference(network) => Answer::Reference(network.forward(batch)?),
        })
    }
}

impl Answer {
    /// Quantiles of ln(1 + MI) of each task, increasing, not cut at 0.
    ///
    /// Those of the published network may cross. They are put in order, which brings them nearer to the truth
    /// (Chernozhukov, Fernández-Val and Galichon 2010, "Quantile and probability curves without crossing").
    ///
    /// # Errors
    /// A device that failed.
    pub fn log1p(&self) -> Result<Vec<Vec<f64>>> {
        match self {
            Self::Axial(output) => output.quantiles.to_dtype(DType::F64)?.to_vec2(),
            Self::Reference(nats) => {
                let mut rows = nats.to_dtype(DType::F64)?.to_vec2::<f64>()?;
                for row in &mut rows {
                    row.iter_mut().for_each(|v| *v = v.clamp(LEAST_NATS, f64::INFINITY).ln_1p());
                    row.sort_unstable_by(f64::total_cmp);
                }
                Ok(rows)
            }
        }
    }

    /// The pointwise MI in nats of each row of each task, 0 in padding; empty lists from a network that has none.
    ///
    /// # Errors
    /// A device that failed.
    pub fn pointwise(&self) -> Result<Vec<Vec<f64>>> {
        match self {
            Self::Axial(output) => output.pointwise.to_dtype(DType::F64)?.to_vec2(),
            Self::Reference(nats) => Ok(vec![Vec::new(); nats.dim(0)?]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn crossing_quantiles_are_put_in_order() {
        let nats = Tensor::new(&[[0.2f32, -3.0, 0.1], [f32::NAN, 0.0, 1.0]], &Device::Cpu).unwrap();
        let rows = Answer::Reference(nats).log1p().unwrap();
        assert!(rows[0].is_sorted() && rows[0][0] == (-0.9f64).ln_1p() && (rows[0][2].exp_m1() - 0.2).abs() < 1e-7);
        assert!(rows[1].iter().any(|v| v.is_nan()), "what is no number stays none");
    }
}
