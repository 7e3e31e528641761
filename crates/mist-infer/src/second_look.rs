//! A second look at an answer: what the nearest neighbours say by themselves.

use crate::Warning;
use mist_model::scores::TERMS;
use mist_model::{QuantileFunction, Scores};

/// Orders of the neighbours: the first, which tells a function from noise, and the one of the estimate of Kraskov et al.
pub(crate) const ORDERS: [usize; 2] = [1, 3];
/// Columns on both sides together up to which that estimate is worth a comparison.
const MOST_COLUMNS: usize = 4;
/// Rows from which on it is.
const FEWEST_ROWS: usize = 100;
/// Standard errors of its own by which it may lie outside of the interval.
const SIGMAS: f64 = 4.0;
/// Part of itself, and nats, by which it is biased where it is good.
const BIAS: (f64, f64) = (0.15, 0.05);
/// Nats below the largest value that the first neighbours can show, down to which Y looks like a function of X.
const FROM_LARGEST: f64 = 1.5;
/// Euler's constant: minus ψ(1).
const EULER: f64 = 0.577_215_664_901_532_9;

/// What the neighbours of the rows say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SecondLook {
    /// The estimate of Kraskov et al. with k = 3, in nats.
    pub ksg: f64,
    /// Its standard error by the spread of its terms.
    pub standard_error: f64,
    /// Whether each row's nearest neighbour is as near on one side as on both: one side is a function of the other as
    /// far as n rows can tell.
    pub functional: bool,
}

impl SecondLook {
    /// From the terms of the orders [`ORDERS`], which are among those that the scores have (`known`), or computed here;
    /// `None` for tables that it cannot judge.
    pub(crate) fn new(scores: &Scores, known: &[usize]) -> Option<Self> {
        if scores.n < FEWEST_ROWS || scores.dim_x + scores.dim_y > MOST_COLUMNS {
            return None;
        }
        let computed;
        let (terms, known) = match &scores.neighbours {
            Some(terms) if ORDERS.iter().all(|k| known.contains(k)) => (terms, known),
            _ => {
                computed = scores.clone().with_neighbours(&ORDERS).neighbours?;
                (&computed, &ORDERS[..])
            }
        };
        let places = ORDERS.map(|k| known.iter().position(|o| *o == k).unwrap_or(0));
        let n = scores.n as f64;
        let width = known.len() * TERMS;
        let of = |order: usize| terms.chunks_exact(width).map(move |row| f64::from(row[places[order] * TERMS]));
        let ksg = of(1).sum::<f64>() / n;
        let variance = of(1).map(|v| (v - ksg).powi(2)).sum::<f64>() / n;
        // ψ(n) − ψ(1), nearly.
        let largest = n.ln() + EULER;
        let ties = scores.ties.iter().any(|t| *t > 0.0);
        let functional = !ties && of(0).sum::<f64>() / n > largest - FROM_LARGEST;
        Some(Self { ksg, standard_error: (variance / n).sqrt(), functional })
    }

    /// What to warn of, given the answer.
    pub(crate) fn warnings(&self, quantiles: &QuantileFunction, discrete: bool) -> Option<Warning> {
        let (lower, upper) = (quantiles.at(0.05), quantiles.at(0.95));
        if self.functional {
            return Some(Warning::Functional { at_least_nats: lower });
        }
        let slack = SIGMAS * self.standard_error + BIAS.0 * self.ksg.abs() + BIAS.1;
        let outside = self.ksg - slack > upper || self.ksg + slack < lower;
        // With ties the terms are plug-in estimates, biased by as much as there are cells.
        (outside && !discrete)
            .then_some(Warning::Disagreement { ksg_nats: self.ksg.max(0.0), interval: (lower, upper) })
    }
}
