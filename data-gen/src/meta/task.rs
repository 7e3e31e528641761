//! A task: one joint distribution of (X, Y) with known MI.

use std::sync::Arc;

use nalgebra::DMatrix;
use rand::Rng;

use super::catalogue::Base;
use crate::{
    ground::{
        joint::Joint,
        sample::{Sample, Side},
    },
    transforms::{
        derived::Derived,
        fitted::FittedFlow,
        layout::Layout,
        maps::Map,
        mixing::Mixing,
        warp::{Warp, WarpKind},
    },
};

/// One joint distribution of (X, Y) with known MI.
///
/// Sampling runs base → mixing → coordinate-wise map → warp → fitted flow → derived columns → layout → swap. Each step after the base
/// is a bijection of one side, adds columns that say nothing new, or exchanges the sides, so the MI is that of the base.
///
/// ```
/// use mist_data_gen::{Base, Map, Seeds, Split, Task};
/// use mist_data_gen::families::elliptical::{Elliptical, dispersion::Dispersion};
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
    mixing: Option<(DMatrix<f64>, DMatrix<f64>)>,
    map: Map,
    warp: (Option<Warp>, Option<Warp>),
    flows: (Option<Arc<FittedFlow>>, Option<Arc<FittedFlow>>),
    derived: (Option<Derived>, Option<Derived>),
    layout: Option<(Layout, Layout)>,
    swapped: bool,
    mi_nats: f64,
}

impl Task {
    /// The base distribution as it is.
    pub fn new(family: impl Into<Arc<str>>, base: Base) -> Self {
        let mi_nats = base.mi_nats();
        Self {
            family: family.into(),
            base,
            mixing: None,
            map: Map::Identity,
            warp: (None, None),
            flows: (None, None),
            derived: (None, None),
            layout: None,
            swapped: false,
            mi_nats,
        }
    }

    /// Applies a coordinate-wise map to both sides.
    #[must_use]
    pub fn with_map(mut self, map: Map) -> Self {
        self.map = map;
        self
    }

    /// Multiplies each side by an invertible matrix of its own, drawn here, before the map.
    #[must_use]
    pub fn with_mixing<R: Rng + ?Sized>(mut self, mixing: Mixing, rng: &mut R) -> Self {
        let (dim_x, dim_y) = self.base.dims();
        self.mixing = mixing.draw(dim_x, rng).and_then(|of_x| Some((of_x, mixing.draw(dim_y, rng)?)));
        self
    }

    /// Bends each side, with parameters of its own drawn here, after the map.
    #[must_use]
    pub fn with_warp<R: Rng + ?Sized>(mut self, warp: WarpKind, rng: &mut R) -> Self {
        let (dim_x, dim_y) = self.base.dims();
        self.warp = (warp.draw(Side::X, dim_x, rng), warp.draw(Side::Y, dim_y, rng));
        self
    }

    /// Takes each side of the base through the inverse of a fitted flow, after the warp. Where that side is one of
    /// independent standard normals, it then looks like the data that the flow was fitted to.
    ///
    /// # Panics
    /// If a flow is of another number of columns than its side of the base.
    #[must_use]
    pub fn with_flows(mut self, flows: (Option<Arc<FittedFlow>>, Option<Arc<FittedFlow>>)) -> Self {
        let (dim_x, dim_y) = self.base.dims();
        let fits = |flow: &Option<Arc<FittedFlow>>, dim| flow.as_ref().is_none_or(|flow| flow.dim() == dim);
        assert!(fits(&flows.0, dim_x) && fits(&flows.1, dim_y), "a flow has as many columns as its side");
        self.flows = flows;
        self
    }

    /// Appends so many columns to the base's X and Y that are made from the others or are noise, drawn here, after the warp.
    ///
    /// # Panics
    /// After [`Task::with_layout`], which must know of all columns.
    #[must_use]
    pub fn with_derived<R: Rng + ?Sized>(mut self, (of_x, of_y): (usize, usize), rng: &mut R) -> Self {
        assert!(self.layout.is_none(), "columns are appended before they are put in order");
        let (dim_x, dim_y) = self.base.dims();
        let mut draw = |dim, count| (count > 0).then(|| Derived::draw(dim, count, rng));
        self.derived = (draw(dim_x, of_x), draw(dim_y, of_y));
        self
    }

    /// Puts the sum of a side's columns in place of its first appended one, on every side that has any.
    ///
    /// # Panics
    /// As [`Task::with_derived`].
    #[must_use]
    pub fn with_totals(mut self) -> Self {
        assert!(self.layout.is_none(), "columns are appended before they are put in order");
        let (dim_x, dim_y) = self.base.dims();
        self.derived.0 = self.derived.0.map(|derived| derived.with_total(dim_x));
        self.derived.1 = self.derived.1.map(|derived| derived.with_total(dim_y));
        self
    }

    /// Permutes the columns of each side and flips their signs, as drawn here, after the map.
    #[must_use]
    pub fn with_layout<R: Rng + ?Sized>(mut self, permute: bool, flip: bool, rng: &mut R) -> Self {
        if permute || flip {
            let (dim_x, dim_y) = self.dims_before_swap();
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
        let (x, y) = self.dims_before_swap();
        if self.swapped { y } else { x }
    }

    /// Columns of Y.
    #[must_use]
    pub fn dim_y(&self) -> usize {
        let (x, y) = self.dims_before_swap();
        if self.swapped { x } else { y }
    }

    fn dims_before_swap(&self) -> (usize, usize) {
        let (x, y) = self.base.dims();
        let count = |derived: &Option<Derived>| derived.as_ref().map_or(0, Derived::len);
        (x + count(&self.derived.0), y + count(&self.derived.1))
    }

    /// I(X; Y) in nats.
    #[must_use]
    pub fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    /// The standard error of [`Task::mi_nats`] where that is a Monte-Carlo mean; else 0.
    #[must_use]
    pub fn mi_standard_error(&self) -> f64 {
        self.base.mi_standard_error()
    }

    /// Which columns of X, and which of Y, are codes of categories.
    #[must_use]
    pub fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        let (mut x, mut y) = self.base.categories();
        let dims = self.dims_before_swap();
        x.resize(dims.0, false);
        y.resize(dims.1, false);
        if let Some((of_x, of_y)) = &self.layout {
            let arranged = |layout: &Layout, side: &[bool]| layout.order.iter().map(|&from| side[from]).collect();
            (x, y) = (arranged(of_x, &x), arranged(of_y, &y));
        }
        if self.swapped { (y, x) } else { (x, y) }
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

    /// The invertible matrices (of X, of Y) that multiply the base from the right, if any.
    #[must_use]
    pub fn mixing(&self) -> Option<(&DMatrix<f64>, &DMatrix<f64>)> {
        self.mixing.as_ref().map(|(x, y)| (x, y))
    }

    /// The warps of X and of Y.
    #[must_use]
    pub fn warp(&self) -> (Option<&Warp>, Option<&Warp>) {
        (self.warp.0.as_ref(), self.warp.1.as_ref())
    }

    /// The fitted flows whose inverses the sides of the base go through.
    #[must_use]
    pub fn flows(&self) -> (Option<&FittedFlow>, Option<&FittedFlow>) {
        (self.flows.0.as_deref(), self.flows.1.as_deref())
    }

    /// The columns that are appended to X and to Y.
    #[must_use]
    pub fn derived(&self) -> (Option<&Derived>, Option<&Derived>) {
        (self.derived.0.as_ref(), self.derived.1.as_ref())
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
        let base = self.base.sample(n, rng);
        self.transform(base, rng)
    }

    /// n rows of (X, Y), the same as those of [`Task::sample`], and the pointwise MI of each in nats.
    ///
    /// No step after the base adds or takes away what one side says about the other, so the values are those of the base's
    /// rows.
    pub fn sample_pointwise<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Sample, Vec<f64>) {
        let base = self.base.sample(n, rng);
        let pointwise = self.base.pointwise_mi(&base);
        (self.transform(base, rng), pointwise)
    }

    /// Applies mixing, map, warp, fitted flows, derived columns (whose noise comes from `rng`), layout and swap to a sample of the base.
    #[must_use]
    pub fn transform<R: Rng + ?Sized>(&self, base: Sample, rng: &mut R) -> Sample {
        let Sample { mut x, mut y } = base;
        if let Some((of_x, of_y)) = &self.mixing {
            x *= of_x;
            y *= of_y;
        }
        self.map.apply(Side::X, x.as_mut_slice());
        self.map.apply(Side::Y, y.as_mut_slice());
        for (warp, side) in [(&self.warp.0, &mut x), (&self.warp.1, &mut y)] {
            if let Some(warp) = warp {
                warp.apply(side);
            }
        }
        for (flow, side) in [(&self.flows.0, &mut x), (&self.flows.1, &mut y)] {
            if let Some(flow) = flow {
                flow.to_data(side);
            }
        }
        if let Some(derived) = &self.derived.0 {
            x = derived.apply(x, rng);
        }
        if let Some(derived) = &self.derived.1 {
            y = derived.apply(y, rng);
        }
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
