//! A task: one joint distribution of (X, Y) with known MI.

use std::sync::Arc;

use nalgebra::DMatrix;
use rand::Rng;

use crate::{
    families::{additive::Additive, copula::Copulas, elliptical::Elliptical, independent::Independent, link::Link},
    layout::Layout,
    maps::{Map, Side},
    rotation::haar,
};

/// n paired rows of X and Y. Matrices are column-major: a column is a contiguous slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// n × `dim_x`.
    pub x: DMatrix<f64>,
    /// n × `dim_y`.
    pub y: DMatrix<f64>,
}

/// The distribution that a task starts from, before rotation, map and layout.
#[derive(Debug, Clone)]
pub enum Base {
    /// Multivariate normal or Student-t.
    Elliptical(Elliptical),
    /// Uniform with additive uniform noise.
    Additive(Additive),
    /// Independent sides.
    Independent(Independent),
    /// One-dimensional Y = f(X) + noise.
    Link(Link),
    /// Pairs with an Archimedean copula.
    Copulas(Copulas),
}

impl Base {
    /// Columns of X and of Y.
    #[must_use]
    pub fn dims(&self) -> (usize, usize) {
        match self {
            Self::Elliptical(base) => (base.dispersion().dim_x(), base.dispersion().dim_y()),
            Self::Additive(base) => (base.dim_x(), base.dim_y()),
            Self::Independent(base) => (base.x.dim(), base.y.dim()),
            Self::Link(_) => (1, 1),
            Self::Copulas(base) => base.dims(),
        }
    }

    /// The mutual information in nats.
    #[must_use]
    pub fn mi_nats(&self) -> f64 {
        match self {
            Self::Elliptical(base) => base.mi_nats(),
            Self::Additive(base) => base.mi_nats(),
            Self::Independent(_) => 0.0,
            Self::Link(base) => base.mi_nats(),
            Self::Copulas(base) => base.mi_nats(),
        }
    }

    /// n rows.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        match self {
            Self::Elliptical(base) => base.sample(n, rng),
            Self::Additive(base) => base.sample(n, rng),
            Self::Independent(base) => base.sample(n, rng),
            Self::Link(base) => base.sample(n, rng),
            Self::Copulas(base) => base.sample(n, rng),
        }
    }
}

/// One joint distribution of (X, Y) with known MI.
///
/// Sampling runs base → rotation → coordinate-wise map → layout → swap. Each step after the base is a
/// bijection of one side, or exchanges the sides, so the MI is that of the base.
///
/// ```
/// use mist_data_gen::{Base, Map, Seeds, Split, Task};
/// use mist_data_gen::families::{dispersion::Dispersion, elliptical::Elliptical};
///
/// let pair = Dispersion::dense(1, 1, 0.5)?;
/// let task = Task::new("pair", Base::Elliptical(Elliptical::normal(pair))).with_map(Map::Asinh);
/// assert!((task.mi_nats() - -0.5 * (1.0_f64 - 0.25).ln()).abs() < 1e-12);
/// let sample = task.sample(10, &mut Seeds { root: 0 }.rng(Split::Scratch, 0));
/// assert_eq!((sample.x.nrows(), sample.y.ncols()), (10, 1));
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Task {
    family: Arc<str>,
    base: Base,
    rotation: Option<(DMatrix<f64>, DMatrix<f64>)>,
    map: Map,
    layout: Option<(Layout, Layout)>,
    swapped: bool,
    mi_nats: f64,
}

impl Task {
    /// The base distribution as it is.
    pub fn new(family: impl Into<Arc<str>>, base: Base) -> Self {
        let mi_nats = base.mi_nats();
        Self { family: family.into(), base, rotation: None, map: Map::Base, layout: None, swapped: false, mi_nats }
    }

    /// Applies a coordinate-wise map to both sides.
    #[must_use]
    pub fn with_map(mut self, map: Map) -> Self {
        self.map = map;
        self
    }

    /// Multiplies each side by an orthogonal matrix of its own, drawn here, before the map.
    #[must_use]
    pub fn with_rotation<R: Rng + ?Sized>(mut self, rng: &mut R) -> Self {
        let (dim_x, dim_y) = self.base.dims();
        self.rotation = Some((haar(dim_x, rng), haar(dim_y, rng)));
        self
    }

    /// Permutes the columns of each side and flips their signs, as drawn here, after the map.
    #[must_use]
    pub fn with_layout<R: Rng + ?Sized>(mut self, permute: bool, flip: bool, rng: &mut R) -> Self {
        if permute || flip {
            let (dim_x, dim_y) = self.base.dims();
            self.layout = Some((Layout::draw(dim_x, permute, flip, rng), Layout::draw(dim_y, permute, flip, rng)));
        }
        self
    }

    /// Exchanges X and Y.
    #[must_use]
    pub fn with_swap(mut self, swapped: bool) -> Self {
        self.swapped = swapped;
        self
    }

    /// The name of the family, for example `normal-dense-base`.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// Columns of X.
    #[must_use]
    pub fn dim_x(&self) -> usize {
        let (x, y) = self.base.dims();
        if self.swapped { y } else { x }
    }

    /// Columns of Y.
    #[must_use]
    pub fn dim_y(&self) -> usize {
        let (x, y) = self.base.dims();
        if self.swapped { x } else { y }
    }

    /// I(X; Y) in nats.
    #[must_use]
    pub fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    /// Standard error of [`Task::mi_nats`]: 0 where that is closed or by quadrature.
    #[must_use]
    pub fn mi_standard_error(&self) -> f64 {
        0.0
    }

    /// The base distribution.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The coordinate-wise map.
    #[must_use]
    pub fn map(&self) -> Map {
        self.map
    }

    /// The orthogonal matrices (of X, of Y) that multiply the base from the right, if any.
    #[must_use]
    pub fn rotation(&self) -> Option<(&DMatrix<f64>, &DMatrix<f64>)> {
        self.rotation.as_ref().map(|(x, y)| (x, y))
    }

    /// Order and signs of the columns (of X, of Y), if they are not the base's.
    #[must_use]
    pub fn layout(&self) -> Option<(&Layout, &Layout)> {
        self.layout.as_ref().map(|(x, y)| (x, y))
    }

    /// Whether X and Y were exchanged.
    #[must_use]
    pub fn is_swapped(&self) -> bool {
        self.swapped
    }

    /// n rows of (X, Y).
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        self.transform(self.base.sample(n, rng))
    }

    /// What is applied to a sample of the base: rotation, map, layout, swap.
    #[must_use]
    pub fn transform(&self, base: Sample) -> Sample {
        let Sample { mut x, mut y } = base;
        if let Some((of_x, of_y)) = &self.rotation {
            x *= of_x;
            y *= of_y;
        }
        self.map.apply(Side::X, x.as_mut_slice());
        self.map.apply(Side::Y, y.as_mut_slice());
        if let Some((of_x, of_y)) = &self.layout {
            x = of_x.apply(x);
            y = of_y.apply(y);
        }
        if self.swapped {
            (x, y) = (y, x);
        }
        Sample { x, y }
    }
}
