//! The layers of a flow as tensors, in double precision.

use candle_core::{DType, Device, Result, Tensor, Var};
use mist_data_gen::{fitted::Coupling, mixing::haar};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::StandardNormal;

/// Coupling layers with gradients: those of [`Coupling`], whose formula it has.
pub(super) struct Couplings {
    layers: Vec<Layer>,
    dim: usize,
    most_log_scale: f64,
}

struct Layer {
    rotation: DMatrix<f64>,
    turn: Tensor,
    /// W, c, U, u, T, t.
    weights: [Var; 6],
}

impl Couplings {
    /// Layers that leave every row as it is but for a rotation: the last weights of each are 0.
    pub(super) fn new(
        dim: usize,
        (layers, hidden): (usize, usize),
        most_log_scale: f64,
        rng: &mut impl Rng,
    ) -> Result<Self> {
        let device = &Device::Cpu;
        let driving = Coupling::driving(dim);
        let driven = dim - driving;
        let layers = (0..layers)
            .map(|_| {
                let rotation = haar(dim, rng);
                let spread = 1.0 / (driving as f64).sqrt();
                let drawn = |rng: &mut dyn rand::RngCore, count: usize, spread: f64| -> Vec<f64> {
                    (0..count).map(|_| spread * rng.sample::<f64, _>(StandardNormal)).collect()
                };
                let zeros = |rows: usize| Var::zeros((rows, driven), DType::F64, device);
                let first = Tensor::from_vec(drawn(rng, driving * hidden, spread), (driving, hidden), device)?;
                let bias = Tensor::from_vec(drawn(rng, hidden, 0.5), (1, hidden), device)?;
                let weights = [
                    Var::from_tensor(&first)?,
                    Var::from_tensor(&bias)?,
                    zeros(hidden)?,
                    zeros(1)?,
                    zeros(hidden)?,
                    zeros(1)?,
                ];
                // nalgebra stores columns one after the other.
                let rows = rotation.transpose().as_slice().to_vec();
                Ok(Layer { turn: Tensor::from_vec(rows, (dim, dim), device)?, rotation, weights })
            })
            .collect::<Result<_>>()?;
        Ok(Self { layers, dim, most_log_scale })
    }

    /// All weights, for the optimizer.
    pub(super) fn vars(&self) -> Vec<Var> {
        self.layers.iter().flat_map(|layer| layer.weights.iter().cloned()).collect()
    }

    /// Mean of ½‖z‖² − ln|det| over the rows: their mean negative log-density, less ½ d ln 2π.
    ///
    /// # Shapes
    /// `rows` (N, d) → scalar.
    pub(super) fn loss(&self, rows: &Tensor) -> Result<Tensor> {
        let driving = Coupling::driving(self.dim);
        let (mut rows, mut log_det) = (rows.clone(), rows.zeros_like()?.sum(1)?);
        for Layer { turn, weights: [hidden, hidden_bias, scale, scale_bias, shift, shift_bias], .. } in &self.layers {
            let turned = rows.matmul(turn)?;
            let a = turned.narrow(1, 0, driving)?.contiguous()?;
            let b = turned.narrow(1, driving, self.dim - driving)?;
            let h = a.matmul(hidden)?.broadcast_add(hidden_bias)?.tanh()?;
            let s = (h.matmul(scale)?.broadcast_add(scale_bias)?.tanh()? * self.most_log_scale)?;
            let b = ((b * s.exp()?)? + h.matmul(shift)?.broadcast_add(shift_bias)?)?;
            rows = Tensor::cat(&[&a, &b], 1)?;
            log_det = (log_det + s.sum(1)?)?;
        }
        ((rows.sqr()?.sum(1)? * 0.5)? - log_det)?.mean_all()
    }

    /// The weights as numbers.
    pub(super) fn to_layers(&self) -> Result<Vec<Coupling>> {
        let matrix = |var: &Var| {
            let (rows, columns) = var.dims2()?;
            Ok::<_, candle_core::Error>(DMatrix::from_row_slice(rows, columns, &var.flatten_all()?.to_vec1::<f64>()?))
        };
        let vector = |var: &Var| Ok::<_, candle_core::Error>(DVector::from_vec(var.flatten_all()?.to_vec1::<f64>()?));
        let layer =
            |Layer { rotation, weights: [hidden, hidden_bias, scale, scale_bias, shift, shift_bias], .. }: &Layer| {
                Ok(Coupling {
                    rotation: rotation.clone(),
                    hidden: matrix(hidden)?,
                    hidden_bias: vector(hidden_bias)?,
                    scale: matrix(scale)?,
                    scale_bias: vector(scale_bias)?,
                    shift: matrix(shift)?,
                    shift_bias: vector(shift_bias)?,
                    most_log_scale: self.most_log_scale,
                })
            };
        self.layers.iter().map(layer).collect()
    }
}
