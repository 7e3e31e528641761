//! A bound as a loss for other networks, which carry its critic along.

use super::bound::{Bound, Past};
use super::critic::Critic;
use crate::BaselineError;
use candle_core::{Result, Tensor, Var};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A [`Bound`] with the critic that it is fitted by, for networks whose outputs are to share much information, or little.
///
/// Unlike [`Neural`](super::Neural) it takes columns as they are, and has no steps of its own: [`CriticLoss::loss`] is made
/// smaller by whatever optimizer holds [`CriticLoss::vars`].
pub struct CriticLoss {
    bound: Bound,
    critic: Critic,
    past: Past,
    rng: ChaCha8Rng,
}

impl CriticLoss {
    /// A critic with these hidden layers, whose weights and shuffles `seed` draws.
    ///
    /// # Errors
    /// A layer without units, or none; a side without columns.
    pub fn new(
        bound: Bound,
        (dim_x, dim_y): (usize, usize),
        hidden: &[usize],
        seed: u64,
    ) -> std::result::Result<Self, BaselineError> {
        if hidden.is_empty() || hidden.contains(&0) {
            return Err(BaselineError::parameter("hidden", "one or more layers, none empty", format!("{hidden:?}")));
        }
        if dim_x == 0 || dim_y == 0 {
            return Err(BaselineError::parameter("columns", "at least one a side", format!("{dim_x} and {dim_y}")));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let critic = Critic::new(dim_x, dim_y, hidden, &mut rng)?;
        Ok(Self { bound, critic, past: Past::default(), rng })
    }

    /// The parameters of the critic.
    pub fn vars(&self) -> Vec<Var> {
        self.critic.vars()
    }

    /// Minus what the bound makes large, with gradients to critic, `x` and `y`.
    ///
    /// # Shapes
    /// `x` (B, `dim_x`), `y` (B, `dim_y`), on the CPU in single precision → ().
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn loss(&mut self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let mut rows: Vec<u32> = (0..y.dim(0)? as u32).collect();
        rows.shuffle(&mut self.rng);
        let shuffled = y.index_select(&Tensor::new(rows, y.device())?, 0)?;
        self.bound.loss(&self.critic, x, y, &shuffled, &mut self.past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_nn::{AdamW, Optimizer};
    use rand::Rng;

    #[test]
    fn the_loss_falls_where_there_is_information_and_reaches_the_data() {
        let rng = &mut ChaCha8Rng::seed_from_u64(2);
        let x: Vec<f32> = (0..256).map(|_| rng.random_range(-1.7..1.7)).collect();
        let y: Vec<f32> = x.iter().map(|x| x + rng.random_range(-0.3..0.3)).collect();
        let x = Var::from_vec(x, (256, 1), &Device::Cpu).unwrap();
        let y = Tensor::from_vec(y, (256, 1), &Device::Cpu).unwrap();
        for bound in [Bound::Mine, Bound::InfoNce] {
            let mut loss = CriticLoss::new(bound, (1, 1), &[16, 8], 5).unwrap();
            let mut adam = AdamW::new_lr(loss.vars(), 0.01).unwrap();
            let mut values = Vec::new();
            for _ in 0..150 {
                let value = loss.loss(&x, &y).unwrap();
                let grads = value.backward().unwrap();
                assert!(grads.get(&x).is_some());
                adam.step(&grads).unwrap();
                values.push(value.to_scalar::<f32>().unwrap());
            }
            // MI is about 1.2 nats.
            assert!(values[149] < -0.5, "{bound:?}: from {} to {}", values[0], values[149]);
        }
        assert!(CriticLoss::new(Bound::Mine, (1, 1), &[], 0).is_err());
        assert!(CriticLoss::new(Bound::Mine, (0, 1), &[4], 0).is_err());
    }
}
