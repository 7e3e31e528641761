//! Neural estimators: a critic fitted to one half of the rows, its bound on the other.

mod bound;
mod critic;
mod loss;

pub use bound::Bound;
pub use loss::CriticLoss;

use crate::{BaselineError, MiEstimator, data};
use bound::Past;
use candle_core::{Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use critic::Critic;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;

/// Rows below which a half is too small to fit or to test anything.
const MIN_ROWS: usize = 64;

/// Tests in a row without a better bound that end the training, as in benchmark-mi.
const PATIENCE: usize = 2;

/// An estimate of MI by the largest [`Bound`] on held-out rows while a small perceptron is fitted to the others.
///
/// Columns are standardised, and rows split in two halves at random. Each step of Adam takes a batch of the first half;
/// every `test_every` steps the bound is taken on the second, in batches. Training ends after `steps`, or after two tests
/// in a row without a better bound.
///
/// # Domain
/// At least 64 rows, and thousands for more than rough answers: the critic is fitted from nothing. Being the best of
/// several tests the estimate is a little too large close to independence, and on the whole it is too small, since
/// the critic is small and each bound has its limit. A batch is at most half of the rows, which caps InfoNCE at
/// ln(n / 2).
///
/// # Source
/// See [`Bound`]; layers, split and stopping are those of benchmark-mi 0.1.3, with a lower learning rate, and batches of
/// 128 for 256.
#[derive(Clone, Debug, PartialEq)]
pub struct Neural {
    /// The bound.
    pub bound: Bound,
    /// Outputs of each hidden layer. Default 16 and 8.
    pub hidden: Vec<usize>,
    /// Rows of a batch. Default 128.
    pub batch: usize,
    /// Most steps. Default 2000.
    pub steps: usize,
    /// Learning rate of Adam. Default 0.01.
    pub learning_rate: f64,
    /// Steps between tests. Default 100.
    pub test_every: usize,
    /// Seed of split, weights and batches. Default 0.
    pub seed: u64,
}

impl Neural {
    /// The default parameters.
    pub fn new(bound: Bound) -> Self {
        Self { bound, hidden: vec![16, 8], batch: 128, steps: 2000, learning_rate: 0.01, test_every: 100, seed: 0 }
    }

    fn check(&self) -> Result<(), BaselineError> {
        let rate = self.learning_rate;
        if self.hidden.is_empty() || self.hidden.contains(&0) {
            return Err(BaselineError::parameter(
                "hidden",
                "one or more layers, none empty",
                format!("{:?}", self.hidden),
            ));
        }
        if self.batch < 2 {
            return Err(BaselineError::parameter("batch", "at least 2", self.batch));
        }
        if self.test_every == 0 || self.test_every > self.steps {
            return Err(BaselineError::parameter("test_every", "between 1 and `steps`", self.test_every));
        }
        if !(rate.is_finite() && rate > 0.0) {
            return Err(BaselineError::parameter("learning_rate", "a finite number > 0", rate));
        }
        Ok(())
    }
}

impl MiEstimator for Neural {
    fn name(&self) -> &'static str {
        match self.bound {
            Bound::Mine => "mine",
            Bound::InfoNce => "infonce",
            Bound::Nwj => "nwj",
            Bound::Smile => "smile",
        }
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        self.check()?;
        let n = data::check(x, y, MIN_ROWS, "one half fits the critic, the other tests it")?;
        let (x, y) = data::sides(x, y, true)?;
        let rng = &mut ChaCha8Rng::seed_from_u64(self.seed);
        let mut rows: Vec<usize> = (0..n).collect();
        rows.shuffle(rng);
        let (train, test) = rows.split_at(n / 2);
        let batch = self.batch.min(train.len());
        // Whole batches only: the bounds depend on their size.
        let batches =
            |rows: &[usize]| -> candle_core::Result<(Tensor, Tensor)> { Ok((pick(&x, rows)?, pick(&y, rows)?)) };
        let tests = test.chunks_exact(batch).map(batches).collect::<candle_core::Result<Vec<_>>>()?;

        let critic = Critic::new(x.len(), y.len(), &self.hidden, rng)?;
        let adam = ParamsAdamW { lr: self.learning_rate, weight_decay: 0.0, ..ParamsAdamW::default() };
        let mut adam = AdamW::new(critic.vars(), adam)?;
        let mut past = Past::default();
        let (mut best, mut since) = (f64::NEG_INFINITY, 0);
        for step in 1..=self.steps {
            let mut rows: Vec<usize> = index::sample(rng, train.len(), batch).iter().map(|i| train[i]).collect();
            let (of_x, of_y) = batches(&rows)?;
            rows.shuffle(rng);
            let loss = self.bound.loss(&critic, &of_x, &of_y, &pick(&y, &rows)?, &mut past)?;
            adam.backward_step(&loss)?;
            if step % self.test_every == 0 {
                let value = self.bound.value(&critic, &tests)?;
                if !value.is_finite() {
                    return Err(BaselineError::Diverged { step });
                }
                since = if value > best { 0 } else { since + 1 };
                best = best.max(value);
                if since == PATIENCE {
                    break;
                }
            }
        }
        Ok(best)
    }
}

/// Rows of columns, as a tensor (rows, columns).
fn pick(columns: &[Vec<f64>], rows: &[usize]) -> candle_core::Result<Tensor> {
    let values: Vec<f32> = rows.iter().flat_map(|row| columns.iter().map(|c| c[*row] as f32)).collect();
    Tensor::from_vec(values, (rows.len(), columns.len()), &Device::Cpu)
}
