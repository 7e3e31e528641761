//! The prior of scatter matrices: their structures, and the ranges of the parameters.

use rand::Rng;
use rand_distr::Exp1;
use serde::{Deserialize, Serialize};

use crate::ground::{
    domain::Domain,
    draw::{log_uniform, uniform},
    elliptical::{
        dispersion::{Dispersion, LvmParameters},
        scatter::{Canonical, Correlation, Scatter},
    },
    error::ConfigError,
    keys::{Keys, Range, Written},
    prior::drawn,
};

/// Structure of the scatter matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScatterKind {
    /// All correlations equal, ρ ~ U(`rho`).
    Dense,
    /// K ~ U{1..min dim} pairs, α = β = 0, λ = η ~ U(`lambda`).
    Sparse,
    /// K ~ U{1..min dim} pairs, α, β, λ, η ~ U(`alpha`), …
    Lvm,
    /// As sparse, with K = min(2, min dim).
    #[serde(rename = "2pair")]
    TwoPair,
    /// No correlation at all.
    Identity,
    /// K ~ U{1..min dim} pairs that share an MI with ln(1 + I) ~ U over `mi`, in shares E_i^p, E_i exponential,
    /// p ~ U(`power`), of 0 to 3 if nothing is said: from even to nearly all in one.
    Canonical,
    /// Any correlation matrix, ln η ~ U over `eta`: see [`Correlation::lkj`].
    Lkj,
    /// A factor model: see [`Correlation::factor_model`].
    Factor,
    /// Columns and totals of columns: see [`Correlation::totals`]. With one chance in two all correlations are equal, ρ log-uniform
    /// over `rho`; else there are K pairs, K log-uniform, as in lvm, β ~ U(`beta`).
    Totals,
}

impl ScatterKind {
    const EXPECTED: &'static str = "one of dense, sparse, lvm, 2pair, identity, canonical, lkj, factor, totals";

    /// The name, as in family names and configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
            Self::Lvm => "lvm",
            Self::TwoPair => "2pair",
            Self::Identity => "identity",
            Self::Canonical => "canonical",
            Self::Lkj => "lkj",
            Self::Factor => "factor",
            Self::Totals => "totals",
        }
    }
}

/// How unequal the shares of canonical pairs are, where nothing is said.
const POWER: Range = [0.0, 3.0];

/// The prior of a scatter matrix: its structure, and the ranges of the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScatterPrior {
    /// See [`ScatterKind::Dense`].
    Dense {
        /// Range of ρ.
        rho: Range,
    },
    /// See [`ScatterKind::Sparse`].
    Sparse {
        /// Range of λ = η.
        lambda: Range,
    },
    /// See [`ScatterKind::Lvm`].
    Lvm {
        /// Range of α.
        alpha: Range,
        /// Range of β.
        beta: Range,
        /// Range of λ.
        lambda: Range,
        /// Range of η.
        eta: Range,
    },
    /// See [`ScatterKind::TwoPair`].
    TwoPair {
        /// Range of λ = η.
        lambda: Range,
    },
    /// See [`ScatterKind::Identity`].
    Identity,
    /// See [`ScatterKind::Canonical`].
    Canonical {
        /// Range of the normal's MI.
        mi: Range,
        /// Range of p.
        power: Range,
    },
    /// See [`ScatterKind::Lkj`].
    Lkj {
        /// Range of η.
        eta: Range,
    },
    /// See [`ScatterKind::Factor`].
    Factor {
        /// Range of the number of factors.
        factors: [usize; 2],
        /// Range of the loadings' standard deviation.
        loading: Range,
    },
    /// See [`ScatterKind::Totals`].
    Totals {
        /// Range of ρ.
        rho: Range,
        /// Range of β.
        beta: Range,
    },
}

impl ScatterPrior {
    /// The structure.
    #[must_use]
    pub fn kind(&self) -> ScatterKind {
        match self {
            Self::Dense { .. } => ScatterKind::Dense,
            Self::Sparse { .. } => ScatterKind::Sparse,
            Self::Lvm { .. } => ScatterKind::Lvm,
            Self::TwoPair { .. } => ScatterKind::TwoPair,
            Self::Identity => ScatterKind::Identity,
            Self::Canonical { .. } => ScatterKind::Canonical,
            Self::Lkj { .. } => ScatterKind::Lkj,
            Self::Factor { .. } => ScatterKind::Factor,
            Self::Totals { .. } => ScatterKind::Totals,
        }
    }

    pub(crate) fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        const LAMBDA: Domain = Dispersion::WEIGHT.within(0.0, 1e3);
        Ok(match keys.required("dispersion", ScatterKind::EXPECTED)? {
            ScatterKind::Dense => {
                Self::Dense { rho: keys.range("rho", [0.0, 0.5], const { Dispersion::RHO.within(0.0, 0.9999) })? }
            }
            ScatterKind::Sparse => Self::Sparse { lambda: keys.range("lambda", [0.1, 5.0], LAMBDA)? },
            ScatterKind::TwoPair => Self::TwoPair { lambda: keys.range("lambda", [0.1, 5.0], LAMBDA)? },
            ScatterKind::Lvm => Self::Lvm {
                alpha: keys.range("alpha", [0.0, 1.0], LAMBDA)?,
                beta: keys.range("beta", [0.0, 1.5], LAMBDA)?,
                lambda: keys.range("lambda", [0.1, 3.0], LAMBDA)?,
                eta: keys.range("eta", [0.1, 5.0], LAMBDA)?,
            },
            ScatterKind::Identity => Self::Identity,
            ScatterKind::Canonical => Self::Canonical {
                mi: keys.range("mi", [0.0, 8.0], Canonical::MI_NATS)?,
                power: keys.range("power", POWER, const { Domain::closed(0.0, 10.0) })?,
            },
            ScatterKind::Lkj => {
                Self::Lkj { eta: keys.range("eta", [1.0, 50.0], const { Correlation::ETA.within(1.0, 1e4) })? }
            }
            ScatterKind::Factor => Self::Factor {
                factors: keys.whole_range("factors", [1, 4], Domain::whole(1, 64))?,
                loading: keys.range("loading", [0.1, 2.0], const { Correlation::LOADING.within(1e-3, 100.0) })?,
            },
            ScatterKind::Totals => Self::Totals {
                rho: keys.range("rho", [0.005, 0.9], const { Dispersion::RHO.within(1e-4, 0.9999) })?,
                beta: keys.range("beta", [0.0, 2.0], LAMBDA)?,
            },
        })
    }

    pub(crate) fn write(&self, keys: &mut Written) {
        keys.set("dispersion", self.kind());
        match self {
            Self::Dense { rho } => keys.set("rho", rho),
            Self::Sparse { lambda } | Self::TwoPair { lambda } => keys.set("lambda", lambda),
            Self::Lvm { alpha, beta, lambda, eta } => {
                keys.set("alpha", alpha).set("beta", beta).set("lambda", lambda).set("eta", eta)
            }
            Self::Identity => keys,
            // What is not said stays unsaid: configurations keep their hashes.
            Self::Canonical { mi, power } if *power == POWER => keys.set("mi", mi),
            Self::Canonical { mi, power } => keys.set("mi", mi).set("power", power),
            Self::Lkj { eta } => keys.set("eta", eta),
            Self::Factor { factors, loading } => keys.set("factors", factors).set("loading", loading),
            Self::Totals { rho, beta } => keys.set("rho", rho).set("beta", beta),
        };
    }

    pub(crate) fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Scatter {
        let (dim_x, dim_y) = dims;
        let smaller = dim_x.min(dim_y);
        drawn(match self {
            Self::Dense { rho } => Dispersion::dense(dim_x, dim_y, uniform(rho, rng)).map(Scatter::from),
            Self::Sparse { lambda } => {
                let pairs = rng.random_range(1..=smaller);
                Dispersion::sparse(dim_x, dim_y, pairs, uniform(lambda, rng)).map(Scatter::from)
            }
            Self::TwoPair { lambda } => {
                Dispersion::sparse(dim_x, dim_y, smaller.min(2), uniform(lambda, rng)).map(Scatter::from)
            }
            Self::Lvm { alpha, beta, lambda, eta } => {
                let pairs = rng.random_range(1..=smaller);
                let parameters = LvmParameters {
                    alpha: uniform(alpha, rng),
                    lambda: uniform(lambda, rng),
                    beta: uniform(beta, rng),
                    eta: uniform(eta, rng),
                };
                Dispersion::lvm(dim_x, dim_y, pairs, parameters).map(Scatter::from)
            }
            Self::Identity => Canonical::new(dims, Vec::new()).map(Scatter::from),
            Self::Canonical { mi, power } => {
                let pairs = rng.random_range(1..=smaller);
                let total = uniform(&mi.map(f64::ln_1p), rng).exp_m1();
                let power = uniform(power, rng);
                let shares: Vec<f64> = (0..pairs).map(|_| rng.sample::<f64, _>(Exp1).powf(power)).collect();
                Canonical::with_mi(dims, total, &shares).map(Scatter::from)
            }
            Self::Lkj { eta } => Correlation::lkj(dims, log_uniform(eta, rng), rng).map(Scatter::from),
            Self::Factor { factors: [least, most], loading } => {
                let factors = rng.random_range(*least..=*most);
                Correlation::factor_model(dims, factors, log_uniform(loading, rng), rng).map(Scatter::from)
            }
            Self::Totals { rho, beta } => {
                let sizes = [dim_x, dim_y].map(|dim| sizes(dim, rng));
                let [of_x, of_y] = [0, 1].map(|side: usize| sizes[side].iter().sum::<usize>());
                let columns = if rng.random() {
                    Dispersion::dense(of_x, of_y, log_uniform(rho, rng))
                } else {
                    let pairs = log_uniform(&[1.0, of_x.min(of_y) as f64 + 1.0], rng).floor() as usize;
                    let parameters = LvmParameters {
                        alpha: uniform(&[0.0, 0.5], rng),
                        lambda: log_uniform(&[0.3, 4.0], rng),
                        beta: uniform(beta, rng),
                        eta: uniform(&[0.1, 3.0], rng),
                    };
                    Dispersion::lvm(of_x, of_y, pairs.min(of_x.min(of_y)), parameters)
                };
                columns.and_then(|columns| Correlation::totals(&columns, &sizes, rng)).map(Scatter::from)
            }
        })
    }
}

/// Of every column of a side, how many it is the total of: 1 for a share of them that is drawn, else up to 24, and at most about
/// `MOST` of the side together.
fn sizes<R: Rng + ?Sized>(dim: usize, rng: &mut R) -> Vec<usize> {
    const MOST: usize = 120;
    let most = (MOST / dim).clamp(2, 24) as f64;
    let single: f64 = rng.random();
    let mut size = || if rng.random_bool(single) { 1 } else { log_uniform(&[2.0, most + 1.0], rng).floor() as usize };
    (0..dim).map(|_| size()).collect()
}
