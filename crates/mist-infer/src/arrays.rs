//! Columns from `ndarray`.

use crate::Columns;
use ndarray::{ArrayBase, ArrayView, Data, Ix1, Ix2};

impl<A: Copy + Into<f64>, S: Data<Elem = A>> From<&ArrayBase<S, Ix1>> for Columns {
    fn from(array: &ArrayBase<S, Ix1>) -> Self {
        Self::new(vec![array.iter().map(|v| (*v).into()).collect()])
    }
}

impl<A: Copy + Into<f64>, S: Data<Elem = A>> From<&ArrayBase<S, Ix2>> for Columns {
    fn from(array: &ArrayBase<S, Ix2>) -> Self {
        Self::new(array.columns().into_iter().map(|c| c.iter().map(|v| (*v).into()).collect()).collect())
    }
}

impl<A: Copy + Into<f64>> From<ArrayView<'_, A, Ix1>> for Columns {
    fn from(view: ArrayView<A, Ix1>) -> Self {
        Self::from(&view)
    }
}

impl<A: Copy + Into<f64>> From<ArrayView<'_, A, Ix2>> for Columns {
    fn from(view: ArrayView<A, Ix2>) -> Self {
        Self::from(&view)
    }
}
