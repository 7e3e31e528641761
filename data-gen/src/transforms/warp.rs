//! Bijections of one side that are not coordinate-wise: no column of the image is a function of one column, and the MI
//! stays.

use nalgebra::DMatrix;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::mixing::haar;
use crate::ground::sample::Side;

/// The kinds of [`Warp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarpKind {
    /// [`Warp::Spiral`] in ⌊d/2⌋ or fewer planes of a random orientation.
    Spiral,
    /// [`Warp::Spiral`] of the benchmark of Czyż et al.: one coordinate plane, the first and second column of X, the
    /// second and third of Y; θ = ‖v‖²/d. Sides of less than three columns stay as they are.
    PlaneSpiral,
    /// [`Warp::Flow`] of two to four random layers.
    Flow,
    /// [`Warp::Shear`].
    Shear,
}

impl WarpKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Spiral, Self::PlaneSpiral, Self::Flow, Self::Shear];

    /// Those that no list holds out; what a family with `warp` draws by default.
    pub const TRAINED: [Self; 2] = [Self::Spiral, Self::Flow];

    /// The name, as in configurations and in family names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spiral => "spiral",
            Self::PlaneSpiral => "plane_spiral",
            Self::Flow => "flow",
            Self::Shear => "shear",
        }
    }

    /// Draws the parameters for a side of `dim` columns; none for a single column, of which all bijections that are
    /// continuous are coordinate-wise maps.
    pub fn draw<R: Rng + ?Sized>(self, side: Side, dim: usize, rng: &mut R) -> Option<Warp> {
        if dim < 2 {
            return None;
        }
        match self {
            Self::Spiral => {
                let planes = rng.random_range(1..=dim / 2);
                let planes = (0..planes).map(|p| (2 * p, 2 * p + 1, rng.random_range(-1.5..1.5) / dim as f64));
                Some(Warp::Spiral { planes: planes.collect(), orientation: Some(haar(dim, rng)) })
            }
            Self::PlaneSpiral if dim < 3 => None,
            Self::PlaneSpiral => {
                let (first, second) = if side == Side::X { (0, 1) } else { (1, 2) };
                Some(Warp::Spiral { planes: vec![(first, second, 1.0 / dim as f64)], orientation: None })
            }
            Self::Flow => {
                let layers = rng.random_range(2..=4);
                Some(Warp::Flow((0..layers).map(|i| Coupling::draw(dim, i % 2 == 1, rng)).collect()))
            }
            Self::Shear => {
                let waves = (1..dim).map(|_| Wave {
                    height: rng.random_range(0.5..1.5),
                    omega: rng.random_range(1.0..3.0),
                    phase: rng.random_range(0.0..std::f64::consts::TAU),
                });
                Some(Warp::Shear(waves.collect()))
            }
        }
    }
}

/// A bijection of the rows of one side.
#[derive(Debug, Clone, PartialEq)]
pub enum Warp {
    /// Rows are turned by angles that grow with their length: with v the row in the given orientation, the plane
    /// (i, j) is turned by θ = s ‖v‖². As ‖v‖ stays, turning back undoes it; θ depends on all columns.
    Spiral {
        /// (i, j, s), no column in two of them.
        planes: Vec<(usize, usize, f64)>,
        /// Orthogonal Q: rows are multiplied by Q before, and by its transpose afterwards.
        orientation: Option<DMatrix<f64>>,
    },
    /// Coupling layers, one after the other (Dinh, Sohl-Dickstein and Bengio 2017).
    Flow(Vec<Coupling>),
    /// Column j + 1 gets a wave of the (changed) column j added, from the first to the last.
    Shear(Vec<Wave>),
}

/// One half of the columns is scaled and shifted by functions of the other half, which stays.
///
/// v_b ↦ v_b exp(a tanh(⟨w_s, v_a⟩)) + h sin(⟨w_t, v_a⟩ + φ), the functions of bounded range, so that heavy tails stay
/// what they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    /// Whether the second half drives the first, instead of the other way round.
    second_drives: bool,
    driven: Vec<Driven>,
}

/// The parameters for one driven column, in the notation of [`Coupling`].
#[derive(Debug, Clone, PartialEq)]
struct Driven {
    /// a.
    stretch: f64,
    /// w_s.
    of_stretch: Vec<f64>,
    /// h.
    shift: f64,
    /// w_t.
    of_shift: Vec<f64>,
    /// φ.
    phase: f64,
}

/// h sin(ω v + φ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wave {
    height: f64,
    omega: f64,
    phase: f64,
}

impl Wave {
    fn at(self, v: f64) -> f64 {
        self.height * (self.omega * v + self.phase).sin()
    }
}

impl Coupling {
    fn draw<R: Rng + ?Sized>(dim: usize, second_drives: bool, rng: &mut R) -> Self {
        let half = dim / 2;
        let driving = if second_drives { dim - half } else { half };
        let spread = 1.0 / (driving as f64).sqrt();
        let weights = |most: f64, rng: &mut R| -> Vec<f64> {
            (0..driving).map(|_| most * spread * rng.random_range(-1.0..1.0)).collect()
        };
        let driven = (0..dim - driving)
            .map(|_| Driven {
                stretch: rng.random_range(0.0..1.0),
                of_stretch: weights(1.5, rng),
                shift: rng.random_range(0.0..1.5),
                of_shift: weights(3.0, rng),
                phase: rng.random_range(0.0..std::f64::consts::TAU),
            })
            .collect();
        Self { second_drives, driven }
    }

    /// Driving columns and driven ones.
    fn halves(&self, dim: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let half = dim / 2;
        if self.second_drives { (half..dim, 0..half) } else { (0..half, half..dim) }
    }

    fn apply(&self, values: &mut DMatrix<f64>, undo: bool) {
        let (driving, driven) = self.halves(values.ncols());
        for row in 0..values.nrows() {
            for (j, by) in driven.clone().zip(&self.driven) {
                let dot = |w: &[f64]| driving.clone().zip(w).map(|(i, w)| w * values[(row, i)]).sum::<f64>();
                let factor = (by.stretch * dot(&by.of_stretch).tanh()).exp();
                let added = by.shift * (dot(&by.of_shift) + by.phase).sin();
                let v = &mut values[(row, j)];
                *v = if undo { (*v - added) / factor } else { *v * factor + added };
            }
        }
    }
}

impl Warp {
    /// Applies it to every row.
    pub fn apply(&self, values: &mut DMatrix<f64>) {
        match self {
            Self::Spiral { planes, orientation } => turn(values, planes, orientation.as_ref(), 1.0),
            Self::Flow(layers) => layers.iter().for_each(|layer| layer.apply(values, false)),
            Self::Shear(waves) => {
                for (j, wave) in waves.iter().enumerate() {
                    for row in 0..values.nrows() {
                        values[(row, j + 1)] += wave.at(values[(row, j)]);
                    }
                }
            }
        }
    }

    /// Undoes [`Warp::apply`].
    pub fn undo(&self, values: &mut DMatrix<f64>) {
        match self {
            Self::Spiral { planes, orientation } => turn(values, planes, orientation.as_ref(), -1.0),
            Self::Flow(layers) => layers.iter().rev().for_each(|layer| layer.apply(values, true)),
            Self::Shear(waves) => {
                for (j, wave) in waves.iter().enumerate().rev() {
                    for row in 0..values.nrows() {
                        values[(row, j + 1)] -= wave.at(values[(row, j)]);
                    }
                }
            }
        }
    }
}

fn turn(values: &mut DMatrix<f64>, planes: &[(usize, usize, f64)], orientation: Option<&DMatrix<f64>>, direction: f64) {
    if let Some(q) = orientation {
        *values *= q;
    }
    for row in 0..values.nrows() {
        let square: f64 = values.row(row).iter().map(|v| v * v).sum();
        for &(i, j, speed) in planes {
            let (sin, cos) = (direction * speed * square).sin_cos();
            let (a, b) = (values[(row, i)], values[(row, j)]);
            values[(row, i)] = cos * a - sin * b;
            values[(row, j)] = sin * a + cos * b;
        }
    }
    if let Some(q) = orientation {
        *values *= q.transpose();
    }
}
