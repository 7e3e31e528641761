//! The critic: a small network that gives a number to a pair of rows.

use candle_core::{Device, Result, Tensor, Var};
use rand::Rng;

/// A perceptron on the columns of X and Y side by side, with ReLU between its layers.
///
/// The first layer is linear in (x, y), so that all pairs of a batch share the products of each side.
pub(super) struct Critic {
    first_x: Var,
    first_y: Var,
    first_bias: Var,
    /// Weights (in, out) and bias of each further layer; the last has one output.
    rest: Vec<(Var, Var)>,
}

impl Critic {
    /// Weights and biases uniform within ± 1/√(inputs of the layer).
    pub fn new(dim_x: usize, dim_y: usize, hidden: &[usize], rng: &mut impl Rng) -> Result<Self> {
        let mut uniform = |shape: &[usize], inputs: usize| {
            let reach = 1.0 / (inputs as f32).sqrt();
            let values = (0..shape.iter().product()).map(|_| rng.random_range(-reach..=reach)).collect();
            Var::from_vec::<_, f32>(values, shape, &Device::Cpu)
        };
        let inputs = dim_x + dim_y;
        let first_x = uniform(&[dim_x, hidden[0]], inputs)?;
        let first_y = uniform(&[dim_y, hidden[0]], inputs)?;
        let first_bias = uniform(&[hidden[0]], inputs)?;
        let outputs = hidden[1..].iter().copied().chain([1]);
        let rest = hidden.iter().zip(outputs);
        let rest = rest.map(|(i, o)| Ok((uniform(&[*i, o], *i)?, uniform(&[o], *i)?))).collect::<Result<_>>()?;
        Ok(Self { first_x, first_y, first_bias, rest })
    }

    /// All parameters.
    pub fn vars(&self) -> Vec<Var> {
        let rest = self.rest.iter().flat_map(|(w, b)| [w.clone(), b.clone()]);
        [&self.first_x, &self.first_y, &self.first_bias].into_iter().cloned().chain(rest).collect()
    }

    /// f(x_i, y_i).
    ///
    /// # Shapes
    /// (B, `dim_x`), (B, `dim_y`) → (B).
    pub fn paired(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let (x, y) = self.first(x, y)?;
        self.rest((x + y)?)
    }

    /// f(x_i, y_j).
    ///
    /// # Shapes
    /// (B, `dim_x`), (C, `dim_y`) → (B, C).
    pub fn all(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let shape = (x.dim(0)?, y.dim(0)?);
        let (x, y) = self.first(x, y)?;
        self.rest(x.unsqueeze(1)?.broadcast_add(&y.unsqueeze(0)?)?.flatten_to(1)?)?.reshape(shape)
    }

    fn first(&self, x: &Tensor, y: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((x.matmul(&self.first_x)?, y.matmul(&self.first_y)?.broadcast_add(&self.first_bias)?))
    }

    fn rest(&self, mut h: Tensor) -> Result<Tensor> {
        for (weights, bias) in &self.rest {
            h = h.relu()?.matmul(weights)?.broadcast_add(bias)?;
        }
        h.squeeze(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_diagonal_of_all_pairs_is_the_pairs() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let critic = Critic::new(2, 3, &[8, 4], rng).unwrap();
        let mut rows =
            |d| Var::from_vec((0..5 * d).map(|_| rng.random::<f32>()).collect(), (5, d), &Device::Cpu).unwrap();
        let (x, y) = (rows(2), rows(3));
        let paired = critic.paired(&x, &y).unwrap().to_vec1::<f32>().unwrap();
        let all = critic.all(&x, &y).unwrap().to_vec2::<f32>().unwrap();
        for (i, f) in paired.iter().enumerate() {
            assert!((all[i][i] - f).abs() < 1e-6);
        }
        assert!(paired.iter().any(|f| (f - paired[0]).abs() > 1e-4));
        assert_eq!(critic.vars().len(), 7);
    }
}
