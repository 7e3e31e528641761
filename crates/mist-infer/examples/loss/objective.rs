//! The losses: what says how much information two batches share.

use crate::Outcome;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use mist_baselines::{Bound, CriticLoss};
use mist_infer::candle_core::Tensor;
use mist_infer::candle_core::backprop::GradStore;
use mist_infer::{Estimator, soft};

/// Hidden layers of the critics, and their learning rate.
const CRITIC: [usize; 2] = [32, 16];
const CRITIC_RATE: f64 = 5e-3;

/// A loss by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The median of the estimator's answer.
    Mist,
    /// The mean over rows of its pointwise answer.
    MistRows,
    /// A contrastive bound with a critic.
    InfoNce,
    /// The Donsker–Varadhan bound with a critic.
    Mine,
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mist, Self::MistRows, Self::InfoNce, Self::Mine];

    /// The one of that name.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    /// As tables call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mist => "mist",
            Self::MistRows => "mist rows",
            Self::InfoNce => "infonce",
            Self::Mine => "mine",
        }
    }
}

/// What is chosen for all examples.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The losses that are run.
    pub losses: Vec<Name>,
    /// Of the gradient of the estimator, see [`soft::Options`].
    pub temperature: f64,
    /// Learning rate of an encoder without a critic, as a multiple of that beside one: there are fewer steps then, and no critic
    /// has to follow.
    pub without_critic: f64,
    /// Factor of the learning rate of an encoder beside a critic.
    pub with_critic: f64,
    /// Rows of a batch of InfoNCE, at most: its critic looks at the square of them.
    pub contrasted: usize,
}

impl Default for Choices {
    fn default() -> Self {
        Self { losses: Name::ALL.to_vec(), temperature: 0.03, without_critic: 5.0, with_critic: 1.0, contrasted: 64 }
    }
}

impl Choices {
    /// Rows of a batch, where most losses have `rows`.
    pub fn batch(&self, name: Name, rows: usize) -> usize {
        if name == Name::InfoNce { rows.min(self.contrasted) } else { rows }
    }

    /// Learning rate of the encoder, where that is `rate` beside a critic.
    pub fn rate(&self, name: Name, rate: f64) -> f64 {
        rate * if matches!(name, Name::Mist | Name::MistRows) { self.without_critic } else { self.with_critic }
    }
}

/// The information of one pair of batches.
pub struct Information<'a> {
    name: Name,
    estimator: &'a Estimator,
    options: soft::Options,
    critic: Option<(CriticLoss, AdamW)>,
}

impl<'a> Information<'a> {
    /// Of batches with so many columns.
    pub fn new(
        name: Name,
        (estimator, choices): (&'a Estimator, &Choices),
        dims: (usize, usize),
        seed: u64,
    ) -> Outcome<Self> {
        let bound = match name {
            Name::Mist | Name::MistRows => None,
            Name::InfoNce => Some(Bound::InfoNce),
            Name::Mine => Some(Bound::Mine),
        };
        let critic = match bound {
            None => None,
            Some(bound) => {
                let loss = CriticLoss::new(bound, dims, &CRITIC, seed + 1000)?;
                let adam = adam(loss.vars(), CRITIC_RATE)?;
                Some((loss, adam))
            }
        };
        let options = soft::Options { temperature: choices.temperature, ..soft::Options::default() };
        Ok(Self { name, estimator, options, critic })
    }

    /// Information in nats, to be made large or small.
    pub fn of(&mut self, x: &Tensor, y: &Tensor) -> Outcome<Tensor> {
        Ok(match (&mut self.critic, self.name) {
            (Some((loss, _)), _) => loss.loss(x, y)?.neg()?,
            (None, Name::MistRows) => soft::pointwise(self.estimator, x, y, &self.options)?.mean_all()?,
            (None, _) => soft::mutual_information(self.estimator, x, y, &self.options)?,
        })
    }

    /// Steps of the critic alone, where there is one.
    pub fn fit(&mut self, x: &Tensor, y: &Tensor, steps: usize) -> Outcome<()> {
        let Some((loss, adam)) = &mut self.critic else { return Ok(()) };
        for _ in 0..steps {
            let grads = loss.loss(&x.detach(), &y.detach())?.backward()?;
            adam.step(&grads)?;
        }
        Ok(())
    }

    /// A step of the critic by gradients that make minus the information small.
    pub fn follow(&mut self, grads: &GradStore) -> Outcome<()> {
        if let Some((_, adam)) = &mut self.critic {
            adam.step(grads)?;
        }
        Ok(())
    }
}

/// Adam without weight decay.
pub fn adam(vars: Vec<mist_infer::candle_core::Var>, rate: f64) -> Outcome<AdamW> {
    Ok(AdamW::new(vars, ParamsAdamW { lr: rate, weight_decay: 0.0, ..ParamsAdamW::default() })?)
}
