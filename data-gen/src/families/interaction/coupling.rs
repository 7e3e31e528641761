//! Couplings that no pair of columns shows, or hardly.

use rand::Rng;
use rand_distr::StandardNormal;

use super::von_mises;
use crate::ground::{domain::Domain, error::ParameterError};

/// A dependence between columns of X and columns of Y. Z, N, E stand for independent standard normals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coupling {
    /// X_1 .. X_m and Y_1 are standard normal; the sign of Y_1 is the product of the signs of X_1 .. X_m, flipped with
    /// probability e. I = ln 2 − H(e), with H the entropy of a coin. For m = 1 the pair shows it.
    Sign {
        /// m in [`Coupling::FACTORS`].
        factors: usize,
        /// e in [`Coupling::FLIP`].
        flip: f64,
    },
    /// The same with columns of 0 and 1, fair coins, and their exclusive or.
    Xor {
        /// m in [`Coupling::FACTORS`].
        factors: usize,
        /// e in [`Coupling::FLIP`].
        flip: f64,
    },
    /// Y_1 = X_1 X_2 + σ E, the X normal; where X has one column, Y_1 = |X_1| + σ E: then the other factor is its sign.
    /// I = h(Y_1) − h(σ E) by quadrature, within 1e-8 nats.
    Product {
        /// σ in [`Coupling::PRODUCT_NOISE_SD`].
        noise_sd: f64,
    },
    /// X = exp(s Z) u and Y = exp(t Z′) v with directions u, v uniform on the spheres of all columns of a side (a sign,
    /// if it has one) and (Z, Z′) of correlation ρ. X tells Z and u, so I = −½ ln(1 − ρ²).
    Radial {
        /// ρ in [`Coupling::RHO`].
        rho: f64,
        /// (s, t), each in [`Coupling::SPREAD`].
        spread: (f64, f64),
    },
    /// X = r (cos a, sin a), Y = r′ (cos b, sin b) with b = m a + d, a uniform, d von Mises of mean 0, and r, r′ the
    /// lengths of independent standard normal pairs; a side of one column is the angle alone, in (−π, π]. X tells a and
    /// r, so I = ln 2π − h(d) = κ A(κ) − ln I₀(κ) with A = I₁/I₀. Held out of training.
    Angle {
        /// m in [`Coupling::HARMONIC`].
        harmonic: u32,
        /// κ in [`Coupling::KAPPA`].
        kappa: f64,
    },
    /// (S, S′) is normal with correlation ρ. X_1 = (S + Σ N_j)/√(1 + b²), with one N_j of variance b²/(d − 1) for each of
    /// the other columns, which show them (each less exactly by l E_j): noise that only a linear combination takes
    /// away. So for Y with S′. A side of one column is S alone. X tells S with noise of variance
    /// v = (d − 1) (1/Var N_j + l⁻²)⁻¹, so I = −½ ln(1 − ρ² / ((1 + v) (1 + v′))).
    Suppressor {
        /// ρ in [`Coupling::RHO`].
        rho: f64,
        /// b in [`Coupling::ROTOR_NOISE_SD`].
        noise_sd: f64,
        /// l in [`Coupling::LEAK`].
        leak: f64,
    },
}

impl Coupling {
    /// Domain of the number of signs or bits that are multiplied.
    pub const FACTORS: Domain = Domain::whole_from(1);

    /// Domain of the probability of a flip.
    pub const FLIP: Domain = Domain::closed(0.0, 0.5);

    /// Domain of the noise of [`Coupling::Product`].
    pub const PRODUCT_NOISE_SD: Domain = Domain::closed(0.005, 100.0);

    /// Domain of correlations.
    pub const RHO: Domain = Domain::below(0.0, 1.0);

    /// Domain of the spreads of logarithms of lengths.
    pub const SPREAD: Domain = Domain::above(0.0, 2.0);

    /// Domain of the harmonic.
    pub const HARMONIC: Domain = Domain::whole_from(1);

    /// Domain of the concentration of angles.
    pub const KAPPA: Domain = Domain::closed(0.0, 1000.0);

    /// Domain of the noise of [`Coupling::Suppressor`].
    pub const ROTOR_NOISE_SD: Domain = Domain::above(0.0, 100.0);

    /// Domain of what is not shown of that noise.
    pub const LEAK: Domain = Domain::closed(0.0, 10.0);

    /// Columns of X and of Y that one coupling takes among `dims`.
    #[must_use]
    pub fn columns(&self, dims: (usize, usize)) -> (usize, usize) {
        match *self {
            Self::Sign { factors, .. } | Self::Xor { factors, .. } => (factors, 1),
            Self::Product { .. } => (dims.0.min(2), 1),
            Self::Angle { .. } => (dims.0.min(2), dims.1.min(2)),
            Self::Radial { .. } | Self::Suppressor { .. } => dims,
        }
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        match *self {
            Self::Sign { factors, flip } | Self::Xor { factors, flip } => {
                Self::FACTORS.check("factors", factors as f64)?;
                Self::FLIP.check("flip", flip)?;
            }
            Self::Product { noise_sd } => {
                Self::PRODUCT_NOISE_SD.check("noise_sd", noise_sd)?;
            }
            Self::Radial { rho, spread: (s, t) } => {
                Self::RHO.check("rho", rho)?;
                Self::SPREAD.check("spread", s)?;
                Self::SPREAD.check("spread", t)?;
            }
            Self::Angle { harmonic, kappa } => {
                Self::HARMONIC.check("harmonic", harmonic.into())?;
                Self::KAPPA.check("kappa", kappa)?;
            }
            Self::Suppressor { rho, noise_sd, leak } => {
                Self::RHO.check("rho", rho)?;
                Self::ROTOR_NOISE_SD.check("noise_sd", noise_sd)?;
                Self::LEAK.check("leak", leak)?;
            }
        }
        Ok(())
    }
}

impl Coupling {
    /// Turns a row of independent standard normals into a row of X and Y.
    pub(super) fn couple<R: Rng + ?Sized>(&self, x: &mut [f64], y: &mut [f64], rng: &mut R) {
        match *self {
            Self::Sign { flip, .. } => {
                let negative = x.iter().filter(|v| **v < 0.0).count() % 2 == 1;
                y[0] = if negative != rng.random_bool(flip) { -y[0].abs() } else { y[0].abs() };
            }
            Self::Xor { flip, .. } => {
                x.iter_mut().for_each(|v| *v = f64::from(*v < 0.0));
                let odd = x.iter().sum::<f64>() % 2.0 == 1.0;
                y[0] = f64::from(odd != rng.random_bool(flip));
            }
            Self::Product { noise_sd } => {
                let signal = if x.len() == 1 { x[0].abs() } else { x[0] * x[1] };
                y[0] = signal + noise_sd * y[0];
            }
            Self::Radial { rho, spread } => {
                let z: f64 = rng.sample(StandardNormal);
                let other: f64 = rng.sample(StandardNormal);
                let lengths = [(spread.0 * z).exp(), (spread.1 * mixed(rho, z, other)).exp()];
                for (side, length) in [x, y].into_iter().zip(lengths) {
                    let scale = length / side.iter().map(|v| v * v).sum::<f64>().sqrt();
                    side.iter_mut().for_each(|v| *v *= scale);
                }
            }
            Self::Angle { harmonic, kappa } => {
                let a = std::f64::consts::PI * (2.0 * rng.random::<f64>() - 1.0);
                let b = f64::from(harmonic) * a + von_mises::sample(kappa, rng);
                for (side, angle) in [(x, a), (y, b)] {
                    let (sin, cos) = angle.sin_cos();
                    match side {
                        [first, second] => {
                            let length = first.hypot(*second);
                            (*first, *second) = (length * cos, length * sin);
                        }
                        side => side[0] = sin.atan2(cos),
                    }
                }
            }
            Self::Suppressor { rho, noise_sd, leak } => {
                y[0] = mixed(rho, x[0], y[0]);
                for side in [x, y] {
                    if let [first, others @ ..] = side
                        && !others.is_empty()
                    {
                        let each = noise_sd / (others.len() as f64).sqrt();
                        let shown = 1.0 / each.hypot(leak);
                        for v in others {
                            let noise = each * *v;
                            *first += noise;
                            let blur: f64 = if leak > 0.0 { rng.sample(StandardNormal) } else { 0.0 };
                            *v = (noise + leak * blur) * shown;
                        }
                        *first /= 1.0_f64.hypot(noise_sd);
                    }
                }
            }
        }
    }
}

/// ρ z + √(1 − ρ²) other.
fn mixed(rho: f64, z: f64, other: f64) -> f64 {
    rho * z + ((1.0 - rho) * (1.0 + rho)).sqrt() * other
}
