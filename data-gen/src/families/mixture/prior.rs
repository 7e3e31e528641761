//! The prior of mixtures: shapes with their ranges.

use std::f64::consts::{PI, TAU};

use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{
    component::{Column, Component},
    joint::Mixture,
};
use crate::ground::{
    draw::{even_mi, log_uniform, uniform},
    error::ConfigError,
    information::correlation_of,
    keys::{Keys, Written},
    prior::{Prior, drawn},
};

/// Pairs of columns that carry structure, at most: more would only make the components easier to tell apart.
const MOST_PAIRS: usize = 4;

/// The arrangements of components. P ~ U{1..min(dim, 4)} pairs of columns carry the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Two components with correlations ρ and −ρ, like an X: −½ Σ ln(1 − ρ²) from 0.01 to 3 nats within each.
    Cross,
    /// 2 to 8 random centres on both sides, at a distance of 0.3 to 6 standard deviations, with correlations that make
    /// up to 0.7 nats a pair; up to two unpaired columns a side show them, too.
    Clusters,
    /// 2 to 4 components around one centre, each exp(0.3) to exp(2) times as wide as the one before on both sides (or
    /// as narrow on the other): a joint change of scale.
    Concentric,
    /// A correlated core of 0.05 to 3 nats, and a part of 2 to 30 % that is independent and 2 to 8 times as wide.
    Outliers,
    /// An independent core, and a part of 20 to 70 % of 0.05 to 4 nats, 0.3 to 2 times as wide, off the centre.
    Inliers,
    /// Two spiral arms of three components each in a plane of one side; which arm and how far out shows in a column of
    /// the other side. If both sides have one column, the plane is projected on one.
    Galaxy,
    /// 5 to 10 clusters on a circle, one circle a pair: uncorrelated, yet dependent.
    Ring,
    /// 5 to 10 clusters along a sine, one phase a pair. Held out of training.
    Waves,
    /// Up to 48 clusters along half a circle or more, so close that they join; at most two pairs.
    Arc,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 9] = [
        Self::Cross,
        Self::Clusters,
        Self::Concentric,
        Self::Outliers,
        Self::Inliers,
        Self::Galaxy,
        Self::Ring,
        Self::Waves,
        Self::Arc,
    ];

    /// The default: all but the one [held out](crate::held_out), and without arcs.
    pub const TRAINED: [Self; 7] =
        [Self::Cross, Self::Clusters, Self::Concentric, Self::Outliers, Self::Inliers, Self::Galaxy, Self::Ring];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Clusters => "clusters",
            Self::Concentric => "concentric",
            Self::Outliers => "outliers",
            Self::Inliers => "inliers",
            Self::Galaxy => "galaxy",
            Self::Ring => "ring",
            Self::Waves => "waves",
            Self::Arc => "arc",
        }
    }

    /// Draws the components, for dims of at least 1; every column has mean 0 and variance 1.
    fn draw<R: Rng + ?Sized>(self, (dim_x, dim_y): (usize, usize), rng: &mut R) -> Vec<Component> {
        let pairs = rng.random_range(1..=dim_x.min(dim_y).min(MOST_PAIRS));
        let shared = |nats: f64| correlation_of(nats / pairs as f64);
        let mut components = match self {
            Self::Cross => {
                let rho = shared(even_mi(&[0.01, 3.0], rng));
                let first = uniform(&[0.25, 0.75], rng);
                [(first, rho), (1.0 - first, -rho)].map(|(w, rho)| plain(w, pairs, (0.0, 1.0), rho)).to_vec()
            }
            Self::Clusters => {
                let (in_x, in_y) = (unpaired(dim_x, pairs, rng), unpaired(dim_y, pairs, rng));
                let spread = log_uniform(&[0.3, 6.0], rng);
                (0..rng.random_range(2..=8))
                    .map(|_| {
                        let mut columns = |dim: usize| -> Vec<Column> {
                            (0..dim)
                                .map(|_| {
                                    let centre: f64 = rng.sample(StandardNormal);
                                    Column { mean: spread * centre, sd: log_uniform(&[0.5, 1.5], rng) }
                                })
                                .collect()
                        };
                        let (x, y) = (columns(in_x), columns(in_y));
                        let rho = (0..in_x.min(in_y)).map(|_| sign(rng) * correlation_of(uniform(&[0.0, 0.7], rng)));
                        Component { rho: rho.collect(), weight: uniform(&[0.2, 1.0], rng), x, y }
                    })
                    .collect()
            }
            Self::Concentric => {
                let (in_x, in_y) = (unpaired(dim_x, pairs, rng), unpaired(dim_y, pairs, rng));
                let count = rng.random_range(2..=4);
                let (step, reversed) = (uniform(&[0.3, 2.0], rng), rng.random::<bool>());
                (0..count)
                    .map(|k| {
                        let of_y = if reversed { count - 1 - k } else { k };
                        let wide = |k: i32| Column { mean: 0.0, sd: (step * f64::from(k)).exp() };
                        let weight = uniform(&[0.3, 1.0], rng);
                        uncorrelated(weight, vec![wide(k); in_x], vec![wide(of_y); in_y])
                    })
                    .collect()
            }
            Self::Outliers => {
                let rho = sign(rng) * shared(even_mi(&[0.05, 3.0], rng));
                let share = log_uniform(&[0.02, 0.3], rng);
                let wide = uniform(&[2.0, 8.0], rng);
                vec![plain(1.0 - share, pairs, (0.0, 1.0), rho), plain(share, pairs, (0.0, wide), 0.0)]
            }
            Self::Inliers => {
                let rho = sign(rng) * shared(even_mi(&[0.05, 4.0], rng));
                let share = uniform(&[0.2, 0.7], rng);
                let (mean, sd) = (uniform(&[0.0, 1.5], rng), log_uniform(&[0.3, 2.0], rng));
                vec![plain(1.0 - share, pairs, (0.0, 1.0), 0.0), plain(share, pairs, (mean, sd), rho)]
            }
            Self::Galaxy => galaxy((dim_x, dim_y), rng),
            Self::Ring => {
                let count = rng.random_range(5..=10);
                let sd = log_uniform(&[0.1, 0.9], rng);
                let phases: Vec<f64> = (0..pairs).map(|_| uniform(&[0.0, TAU], rng)).collect();
                (0..count)
                    .map(|k| {
                        let angle = TAU * f64::from(k) / f64::from(count);
                        let along =
                            |f: fn(f64) -> f64| phases.iter().map(|p| Column { mean: f(angle + p), sd }).collect();
                        uncorrelated(1.0, along(f64::cos), along(f64::sin))
                    })
                    .collect()
            }
            Self::Waves => {
                let count = rng.random_range(5..=10);
                let sd = log_uniform(&[0.1, 0.9], rng);
                let turns = uniform(&[0.5, 2.0], rng);
                let phases: Vec<f64> = (0..pairs).map(|_| uniform(&[0.0, TAU], rng)).collect();
                (0..count)
                    .map(|k| {
                        let along = 2.0 * f64::from(k) / f64::from(count - 1) - 1.0;
                        let wave = |p: &f64| Column { mean: (PI * turns * along + p).sin(), sd };
                        // Neighbours overlap along the wave, whatever its width.
                        let x = Column { mean: along, sd: 1.0 / f64::from(count) };
                        uncorrelated(1.0, vec![x; pairs], phases.iter().map(wave).collect())
                    })
                    .collect()
            }
            Self::Arc => {
                let sd = log_uniform(&[0.08, 0.5], rng);
                let turn = uniform(&[PI, TAU], rng);
                let count = (turn / (1.5 * sd)).ceil().min(48.0) as i32;
                let phases: Vec<f64> = (0..pairs.min(2)).map(|_| uniform(&[0.0, TAU], rng)).collect();
                (0..count)
                    .map(|k| {
                        let angle = turn * (f64::from(k) + 0.5) / f64::from(count);
                        let along =
                            |f: fn(f64) -> f64| phases.iter().map(|p| Column { mean: f(angle + p), sd }).collect();
                        uncorrelated(1.0, along(f64::cos), along(f64::sin))
                    })
                    .collect()
            }
        };
        standardise(&mut components);
        components
    }
}

/// Structured columns of a side: the pairs, and up to two more.
fn unpaired<R: Rng + ?Sized>(dim: usize, pairs: usize, rng: &mut R) -> usize {
    pairs + rng.random_range(0..=2.min(dim - pairs))
}

fn sign<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    if rng.random() { 1.0 } else { -1.0 }
}

/// The same normal in all columns, the same correlation in all pairs.
fn plain(weight: f64, pairs: usize, (mean, sd): (f64, f64), rho: f64) -> Component {
    let columns = vec![Column { mean, sd }; pairs];
    Component { weight, x: columns.clone(), y: columns, rho: vec![rho; pairs] }
}

fn uncorrelated(weight: f64, x: Vec<Column>, y: Vec<Column>) -> Component {
    let rho = vec![0.0; x.len().min(y.len())];
    Component { weight, x, y, rho }
}

/// Arms that start opposite of each other, half a radius out, and turn by up to one and a half right angles.
fn galaxy<R: Rng + ?Sized>((dim_x, dim_y): (usize, usize), rng: &mut R) -> Vec<Component> {
    const ALONG: i32 = 3;
    let plane = dim_x.max(dim_y).min(2);
    let start = uniform(&[0.0, TAU], rng);
    let turn = uniform(&[0.2, 0.75 * PI], rng);
    let sd = log_uniform(&[0.1, 0.6], rng);
    // Of the other side: between arms, and along an arm.
    let (apart, outwards) = (uniform(&[0.0, 1.5], rng), uniform(&[0.0, 1.5], rng));
    let noise = log_uniform(&[0.1, 2.0], rng);
    let mut components = Vec::new();
    for arm in [-1.0, 1.0] {
        for step in 0..ALONG {
            let out = f64::from(step) / f64::from(ALONG - 1);
            let (radius, angle) = (arm * (0.5 + out), start + turn * out);
            let centre = [radius * angle.cos(), radius * angle.sin()];
            let flat = centre[..plane].iter().map(|&mean| Column { mean, sd }).collect();
            let tells = vec![Column { mean: arm * apart + (out - 0.5) * outwards, sd: noise }];
            let (x, y) = if dim_x >= plane { (flat, tells) } else { (tells, flat) };
            components.push(uncorrelated(1.0, x, y));
        }
    }
    components
}

/// Shifts and scales every column to mean 0 and variance 1.
fn standardise(components: &mut [Component]) {
    let whole: f64 = components.iter().map(|c| c.weight).sum();
    let sides: [fn(&mut Component) -> &mut Vec<Column>; 2] = [|c| &mut c.x, |c| &mut c.y];
    for side in sides {
        for i in 0..side(&mut components[0]).len() {
            let (mut mean, mut square) = (0.0, 0.0);
            for component in components.iter_mut() {
                let share = component.weight / whole;
                let column = side(component)[i];
                mean += share * column.mean;
                square += share * (column.sd * column.sd + column.mean * column.mean);
            }
            let sd = (square - mean * mean).sqrt();
            for component in components.iter_mut() {
                let column = &mut side(component)[i];
                *column = Column { mean: (column.mean - mean) / sd, sd: column.sd / sd };
            }
        }
    }
}

/// The prior of a mixture of normals.
#[derive(Debug, Clone, PartialEq)]
pub struct MixturePrior {
    /// The shapes, equally likely.
    pub shapes: Vec<Shape>,
}

impl Prior for MixturePrior {
    type Joint = Mixture;

    const KIND: &'static str = "mixture";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { shapes: keys.some_of("shapes", "shape", &Shape::ALL, Shape::TRAINED.to_vec())? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shapes", &self.shapes);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.shapes.iter().map(|shape| shape.as_str()).collect()
    }

    fn has_light_tails(&self) -> bool {
        !self.shapes.iter().any(|shape| matches!(shape, Shape::Concentric | Shape::Outliers))
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let components = self.shapes[rng.random_range(0..self.shapes.len())].draw(dims, rng);
        drawn(Mixture::new(components, dims, rng))
    }
}
