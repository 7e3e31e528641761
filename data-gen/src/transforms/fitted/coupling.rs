//! One layer of a fitted flow.

use nalgebra::{DMatrix, DVector};

use crate::ground::error::ParameterError;

/// How far `QᵀQ` may be from the identity.
const ORTHOGONAL_WITHIN: f64 = 1e-9;

/// A rotation, then one half of the columns scaled and shifted by functions of the other half, which stays.
///
/// With w = v Q and (w_a, w_b) its first ⌈d/2⌉ columns and the others,
///
/// h = tanh(w_a W + c),  s = S tanh(h U + u),  w_b ↦ w_b exp(s) + h T + t.
///
/// The logarithm of the Jacobian's determinant is the sum of s. As |s| ≤ S and h is bounded, far values stay far by the
/// same factor, in both directions.
///
/// # Source
/// Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), equations 7 and 8.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    /// Q, orthogonal, d × d.
    pub rotation: DMatrix<f64>,
    /// W, ⌈d/2⌉ × hidden.
    pub hidden: DMatrix<f64>,
    /// c, of as many values as W has columns.
    pub hidden_bias: DVector<f64>,
    /// U, hidden × ⌊d/2⌋.
    pub scale: DMatrix<f64>,
    /// u.
    pub scale_bias: DVector<f64>,
    /// T, hidden × ⌊d/2⌋.
    pub shift: DMatrix<f64>,
    /// t.
    pub shift_bias: DVector<f64>,
    /// S > 0, the largest logarithm of a factor.
    pub most_log_scale: f64,
}

impl Coupling {
    /// Columns that drive the others, of `dim`.
    #[must_use]
    pub fn driving(dim: usize) -> usize {
        dim.div_ceil(2)
    }

    /// Checks the shapes for a side of `dim` columns, and the domains.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn check(&self, dim: usize) -> Result<(), ParameterError> {
        let (driving, hidden) = (Self::driving(dim), self.hidden.ncols());
        let driven = dim - driving;
        let shapes = [
            ("rotation", self.rotation.shape(), (dim, dim)),
            ("hidden", self.hidden.shape(), (driving, hidden)),
            ("hidden_bias", self.hidden_bias.shape(), (hidden, 1)),
            ("scale", self.scale.shape(), (hidden, driven)),
            ("scale_bias", self.scale_bias.shape(), (driven, 1)),
            ("shift", self.shift.shape(), (hidden, driven)),
            ("shift_bias", self.shift_bias.shape(), (driven, 1)),
        ];
        for (name, got, expected) in shapes {
            if got != expected {
                return Err(ParameterError::new(name, format!("shape {expected:?}"), format!("{got:?}")));
            }
        }
        let matrices = [&self.rotation, &self.hidden, &self.scale, &self.shift];
        let vectors = [&self.hidden_bias, &self.scale_bias, &self.shift_bias];
        let mut values = matrices.iter().flat_map(|m| m.iter()).chain(vectors.iter().flat_map(|v| v.iter()));
        if let Some(bad) = values.find(|v| !v.is_finite()) {
            return Err(ParameterError::new("weights", "finite numbers", bad));
        }
        if !(self.most_log_scale > 0.0 && self.most_log_scale <= 10.0) {
            return Err(ParameterError::new("most_log_scale", "a number in (0, 10]", self.most_log_scale));
        }
        let off = (self.rotation.tr_mul(&self.rotation) - DMatrix::identity(dim, dim)).abs().max();
        if off > ORTHOGONAL_WITHIN {
            return Err(ParameterError::new(
                "rotation",
                "an orthogonal matrix",
                format!("one that is off by {off:.1e}"),
            ));
        }
        Ok(())
    }

    /// s and what is added, each n × ⌊d/2⌋, for rows whose driving columns are `driving`.
    fn of(&self, driving: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
        let affine = |input: &DMatrix<f64>, weights: &DMatrix<f64>, bias: &DVector<f64>| {
            let mut out = input * weights;
            for (mut column, bias) in out.column_iter_mut().zip(bias.iter()) {
                column.add_scalar_mut(*bias);
            }
            out
        };
        let mut hidden = affine(driving, &self.hidden, &self.hidden_bias);
        hidden.apply(|v| *v = v.tanh());
        let mut scale = affine(&hidden, &self.scale, &self.scale_bias);
        scale.apply(|v| *v = self.most_log_scale * v.tanh());
        (scale, affine(&hidden, &self.shift, &self.shift_bias))
    }

    /// From data towards the base, in place; adds the logarithm of the determinant of each row to `log_det`.
    pub(super) fn forward(&self, values: &mut DMatrix<f64>, log_det: &mut [f64]) {
        *values *= &self.rotation;
        let (driving, mut driven) = Self::halves(values);
        let (scale, shift) = self.of(&driving);
        for (row, sum) in log_det.iter_mut().enumerate() {
            *sum += scale.row(row).sum();
        }
        driven.zip_zip_apply(&scale, &shift, |v, s, t| *v = *v * s.exp() + t);
        values.columns_mut(driving.ncols(), driven.ncols()).copy_from(&driven);
    }

    /// Undoes [`Coupling::forward`].
    pub(super) fn inverse(&self, values: &mut DMatrix<f64>) {
        let (driving, mut driven) = Self::halves(values);
        let (scale, shift) = self.of(&driving);
        driven.zip_zip_apply(&scale, &shift, |v, s, t| *v = (*v - t) * (-s).exp());
        values.columns_mut(driving.ncols(), driven.ncols()).copy_from(&driven);
        *values *= self.rotation.transpose();
    }

    fn halves(values: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
        let dim = values.ncols();
        let driving = Self::driving(dim);
        (values.columns(0, driving).into_owned(), values.columns(driving, dim - driving).into_owned())
    }
}
