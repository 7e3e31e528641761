//! The terms of nearest neighbours as a function with a gradient.

use super::quantile::digamma;
use candle_core::{DType, Device, Result, Tensor};
use mist_model::ops::{PLACES, soft_counts};
use mist_model::scores::{TERMS, neighbour_places};
use statrs::function::gamma;

/// Bounds of the first term of each order, as in [`mist_model::scores::neighbour_terms`].
const BOUNDS: (f64, f64) = (-6.0, 16.0);

/// Difference of two ψ that is rounding alone: those of different counts of up to 10,000 rows differ by more.
const EQUAL: f64 = 1e-5;

/// Counts of neighbours within radii that are held fixed.
///
/// The ratio of densities that the counts stand for hardly depends on the radius, so nothing is lost by holding it; and a
/// count that varies takes its gradient from all rows near the radius, where a radius that varies takes it from one.
pub(super) struct Neighbours {
    dim_x: usize,
    /// (N, 3, K).
    radii: Tensor,
    softness: f64,
    /// Where the answer is anchored, ψ of the exact counts and of the smoothed ones at the data (N, 3, K).
    anchor: Option<(Tensor, Tensor)>,
    /// Which side has more rows within its radius (N, 1, K): 1 for X, −1 for Y, 0 for neither, where the third term has a kink
    /// and no gradient.
    larger: Tensor,
    /// ψ of each order (K), and of the number of rows.
    orders: Tensor,
    rows: f64,
}

impl Neighbours {
    /// Radii at the scores `z` (N, D).
    pub(super) fn at(z: &Tensor, dim_x: usize, orders: &[usize], softness: f64, anchored: bool) -> Result<Self> {
        let (n, d) = z.dims2()?;
        let (dtype, device) = (z.dtype(), z.device());
        let host: Vec<f32> = z.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        let places = neighbour_places(&host, d, dim_x, orders);
        let shape = (n, PLACES, orders.len());
        let tensor =
            |values: Vec<f64>, k| Tensor::from_vec(values, k, &Device::Cpu)?.to_dtype(dtype)?.to_device(device);
        let radii = Tensor::from_vec(places.radii, shape, device)?.to_dtype(dtype)?;
        let psi: Vec<f64> = orders.iter().map(|k| gamma::digamma(*k as f64)).collect();
        let orders = tensor(psi, (1, 1, orders.len()))?;
        let larger = Tensor::zeros((n, 1, shape.2), dtype, device)?;
        let mut out = Self { dim_x, radii, softness, anchor: None, larger, orders, rows: gamma::digamma(n as f64) };
        let mut psi = out.psi(&z.detach())?;
        if anchored {
            let exact = places.counts.iter().map(|c| gamma::digamma(f64::from(*c))).collect::<Vec<_>>();
            let exact = Tensor::from_vec(exact, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(device)?;
            out.anchor = Some((exact.clone(), psi));
            psi = exact;
        }
        let more = (psi.narrow(1, 1, 1)? - psi.narrow(1, 2, 1)?)?;
        out.larger = (more.sign()? * more.abs()?.gt(EQUAL)?.to_dtype(dtype)?)?;
        Ok(out)
    }

    /// ψ of the counts (N, 3, K).
    fn psi(&self, z: &Tensor) -> Result<Tensor> {
        let psi = digamma(&soft_counts(z, self.dim_x, &self.radii, self.softness)?)?;
        match &self.anchor {
            Some((exact, smoothed)) => exact + (psi - smoothed)?,
            None => Ok(psi),
        }
    }

    /// The first term of each order alone.
    ///
    /// # Shapes
    /// `z` (N, D) → (N, K).
    pub(super) fn first(&self, z: &Tensor) -> Result<Tensor> {
        let psi = self.psi(z)?;
        let place = |i| psi.narrow(1, i, 1)?.squeeze(1);
        ((place(0)? - (place(1)? + place(2)?)?)? + self.rows)?.clamp(BOUNDS.0, BOUNDS.1)
    }

    /// # Shapes
    /// `z` (N, D) → (N, 3·K), order after order.
    pub(super) fn terms(&self, z: &Tensor) -> Result<Tensor> {
        let psi = self.psi(z)?;
        let (n, _, k) = psi.dims3()?;
        let place = |i| psi.narrow(1, i, 1);
        let (both, x, y) = (place(0)?, place(1)?, place(2)?);
        let first = ((&both - (&x + &y)?)? + self.rows)?.clamp(BOUNDS.0, BOUNDS.1)?;
        let second = (both.broadcast_sub(&self.orders)? * 0.5)?;
        let third = (((x - y)? * &self.larger)? * 0.25)?;
        Tensor::cat(&[first, second, third], 1)?.transpose(1, 2)?.contiguous()?.reshape((n, TERMS * k))
    }
}

/// Neighbours in groups of columns. Which those are is held fixed as radii are: it comes from counts in bins, which have no
/// gradient.
pub(super) struct Groups {
    parts: Vec<(Tensor, Neighbours)>,
}

impl Groups {
    /// Radii at the scores `z` (N, D), for groups of its columns, those of X and those of Y.
    pub(super) fn at(
        z: &Tensor,
        groups: &[[Vec<usize>; 2]],
        orders: &[usize],
        softness: f64,
        anchored: bool,
    ) -> Result<Self> {
        let part = |group: &[Vec<usize>; 2]| {
            let columns: Vec<u32> = group.iter().flatten().map(|c| *c as u32).collect();
            let columns = Tensor::new(columns, z.device())?;
            let neighbours = Neighbours::at(&z.index_select(&columns, 1)?, group[0].len(), orders, softness, anchored)?;
            Ok((columns, neighbours))
        };
        Ok(Self { parts: groups.iter().map(part).collect::<Result<_>>()? })
    }

    /// The sum of the first terms.
    ///
    /// # Shapes
    /// `z` (N, D) → (N, K); `None` without groups.
    pub(super) fn terms(&self, z: &Tensor) -> Result<Option<Tensor>> {
        self.parts.iter().try_fold(None, |sum: Option<Tensor>, (columns, neighbours)| {
            let own = neighbours.first(&z.index_select(columns, 1)?)?;
            Ok(Some(match sum {
                Some(sum) => (sum + own)?,
                None => own,
            }))
        })
    }
}
