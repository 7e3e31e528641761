//! Couplings that no pair of columns shows, or hardly.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::coupling::Coupling;
use crate::ground::{error::ParameterError, joint::Joint, sample::Sample};

/// K independent [`Coupling`]s with the same parameters; further columns are N(0, 1), independent of all else.
///
/// I(X; Y) is K times the MI that the coupling states.
///
/// # Domain
/// K ≥ 1, and K times the columns of a coupling fit in `dims`.
///
/// # Source
/// Jakulin and Bratko, "Testing the significance of attribute interactions" (ICML 2004): interactions; Mardia and Jupp,
/// "Directional Statistics" (2000), section 3.5.4: the von Mises distribution; Conger, "A revised definition for
/// suppressor variables" (1974).
///
/// ```
/// use mist_data_gen::families::{Joint, interaction::{Coupling, Interaction}};
///
/// let sign = Interaction::new(Coupling::Sign { factors: 3, flip: 0.0 }, 2, (7, 2))?;
/// assert!((sign.mi_nats() - 2.0 * 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    coupling: Coupling,
    couplings: usize,
    dims: (usize, usize),
    mi_nats: f64,
}

impl Interaction {
    /// K = `couplings` times the same among `dims` columns.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(coupling: Coupling, couplings: usize, dims: (usize, usize)) -> Result<Self, ParameterError> {
        if dims.0 == 0 || dims.1 == 0 {
            return Err(ParameterError::new("dims", "at least one column a side", format!("{dims:?}")));
        }
        coupling.check()?;
        let (of_x, of_y) = coupling.columns(dims);
        if couplings == 0 || couplings * of_x > dims.0 || couplings * of_y > dims.1 {
            return Err(ParameterError::new("couplings", "at least 1, and as many as fit in dims", couplings));
        }
        let mi_nats = couplings as f64 * coupling.mi_nats(dims);
        Ok(Self { coupling, couplings, dims, mi_nats })
    }

    /// The coupling.
    #[must_use]
    pub fn coupling(&self) -> Coupling {
        self.coupling
    }

    /// K.
    #[must_use]
    pub fn couplings(&self) -> usize {
        self.couplings
    }
}

impl Joint for Interaction {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let mut x = DMatrix::from_fn(n, self.dims.0, |_, _| rng.sample(StandardNormal));
        let mut y = DMatrix::from_fn(n, self.dims.1, |_, _| rng.sample(StandardNormal));
        let (of_x, of_y) = self.coupling.columns(self.dims);
        let (mut row_x, mut row_y) = (vec![0.0; of_x], vec![0.0; of_y]);
        for k in 0..self.couplings {
            for row in 0..n {
                // A coupling turns independent normals into its own columns.
                (0..of_x).for_each(|i| row_x[i] = x[(row, k * of_x + i)]);
                (0..of_y).for_each(|i| row_y[i] = y[(row, k * of_y + i)]);
                self.coupling.couple(&mut row_x, &mut row_y, rng);
                (0..of_x).for_each(|i| x[(row, k * of_x + i)] = row_x[i]);
                (0..of_y).for_each(|i| y[(row, k * of_y + i)] = row_y[i]);
            }
        }
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        self.coupling.pointwise_mi(self.couplings, &sample.x, &sample.y)
    }
}
