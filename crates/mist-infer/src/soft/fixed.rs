//! What a step holds fixed, and the answer as a function of the data.

use super::Options;
use super::quantile::normal_quantile;
use super::terms::{Groups, Neighbours};
use super::widths::widths;
use crate::blocks::rows_at_once;
use crate::prepared::ORIENTATIONS;
use crate::screen::{Kept, check, screen};
use crate::{Columns, EstimateError, Estimator, Side};
use candle_core::{D, DType, Device, Result as TensorResult, Tensor};
use mist_model::{Batch, Calibration, Network, Scores, TaskShape};

/// Narrowest kernel, where the largest distance in the column is 1.
const NARROWEST: f64 = 1e-30;

/// All that is chosen at some data and has no gradient: which columns vary, their signs, ties, the widths and radii of the
/// kernels, and the distance from smoothed to exact values where the answer is anchored.
///
/// With it the answer is a continuous function of the data near that data, and smooth almost everywhere: distances are a largest
/// of several, and where some are equal, as those between ranks often are, the gradient lies between the slopes to either side.
pub struct Fixed<'a> {
    estimator: &'a Estimator,
    n: usize,
    dims: [usize; 2],
    /// `None` where a side is constant: the answer is 0.
    table: Option<Table>,
}

/// The columns that vary, X first.
struct Table {
    /// Their places among the columns of X and of Y.
    kept: [Tensor; 2],
    /// One value to take from each column and one to multiply by (1, D).
    centres: Tensor,
    scales: Tensor,
    /// Of the kernels (N, D).
    widths: Tensor,
    /// Signs of the columns (A, 1, D), under each of the A orientations that tie.
    signs: Tensor,
    /// Where the answer is anchored, the smoothed scores at the data (N, D): the network sees the exact ones and how far the
    /// smoothed ones have moved from here. To the bit, since distances between ranks are often equal.
    anchor: Option<Tensor>,
    neighbours: Option<Neighbours>,
    /// Where the network wants what pairs say.
    groups: Option<Groups>,
    /// Where regressions or canonical directions say something, the first terms at the data (N, K) of the neighbours whose changes they follow: they are
    /// refitted at the next look, and till then what is said moves with what it is said of.
    regressions: Option<Tensor>,
    /// The exact scores and terms, of A tasks.
    exact: Batch,
    shape: TaskShape,
}

/// An answer with a gradient.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Mutual information in nats, not cut at 0: ().
    pub mi_nats: Tensor,
    /// Pointwise mutual information of each row in nats (n).
    pub pointwise: Tensor,
}

impl<'a> Fixed<'a> {
    /// Looks at the data.
    ///
    /// # Errors
    /// As [`super::mutual_information`].
    pub fn at(estimator: &'a Estimator, x: &Tensor, y: &Tensor, options: &Options) -> Result<Self, EstimateError> {
        options.check()?;
        if !matches!(estimator.network, Network::Axial(_)) {
            let what = "the published network takes values in place of ranks\nhint: use the embedded checkpoint";
            return Err(EstimateError::Soft { what: what.into() });
        }
        let columns = [host(x, Side::X, &estimator.device)?, host(y, Side::Y, &estimator.device)?];
        let n = check(&columns[0], &columns[1])?;
        let dims = columns.each_ref().map(Columns::dim);
        let (sx, sy) = (screen(Side::X, &columns[0]), screen(Side::Y, &columns[1]));
        if sx.kept.is_empty() || sy.kept.is_empty() {
            return Ok(Self { estimator, n, dims, table: None });
        }
        let trained = &estimator.description().trained;
        let (most, together) = (trained.dims.1, sx.kept.len() + sy.kept.len());
        if let Some(got) = [sx.kept.len(), sy.kept.len()].into_iter().find(|d| *d > most) {
            let what = format!(
                "{got} columns on a side, expected at most {most}, as in training\nhint: let the loss see fewer columns, such as \
                 random projections that change from step to step"
            );
            return Err(EstimateError::Soft { what });
        }
        let most = rows_at_once(trained, together);
        if n > most {
            let what = format!("{n} rows of {together} columns, expected at most {most}\nhint: take a batch of them");
            return Err(EstimateError::Soft { what });
        }
        let table = Table::at(estimator, [&sx.kept, &sy.kept], &columns, [x, y], options)?;
        Ok(Self { estimator, n, dims, table: Some(table) })
    }

    /// The answer at data near that which it was made at.
    ///
    /// # Shapes
    /// As [`super::mutual_information`]; the same shapes as it was made at.
    ///
    /// # Errors
    /// Other shapes; tensor errors.
    pub fn answer(&self, x: &Tensor, y: &Tensor) -> Result<Answer, EstimateError> {
        for (side, t, dim) in [(Side::X, x, self.dims[0]), (Side::Y, y, self.dims[1])] {
            if t.dims() != [self.n, dim] {
                let what = format!("{side} has shape {:?}, expected {:?}", t.dims(), [self.n, dim]);
                return Err(EstimateError::Soft { what });
            }
        }
        Ok(match &self.table {
            Some(table) => self.estimator.soft_answer(&table.batch(x, y)?, table.shape)?,
            None => {
                let dtype = self.estimator.dtype;
                // Zeros that know where they come from.
                let of = |t: &Tensor| (t * t.zeros_like()?)?.sum(1)?.to_dtype(dtype);
                let none = (of(x)? + of(y)?)?;
                Answer { mi_nats: none.mean_all()?, pointwise: none }
            }
        })
    }
}

impl Table {
    fn at(
        estimator: &Estimator,
        kept: [&[Kept]; 2],
        sides: &[Columns; 2],
        [x, y]: [&Tensor; 2],
        options: &Options,
    ) -> Result<Self, EstimateError> {
        let (device, dtype) = (&estimator.device, estimator.dtype);
        let values: Vec<&[f64]> = kept.iter().flat_map(|side| side.iter()).map(numbers).collect();
        let (n, d, dim_x) = (values[0].len(), values.len(), kept[0].len());
        let scores = Scores::new(&values[..dim_x], &values[dim_x..])?;
        let shape = scores.shape();
        let network = &estimator.description().network;
        let orders = network.neighbours();
        let tasks: Vec<Scores> = network.with_terms(scores).alternatives(ORIENTATIONS).collect();
        let exact = Batch::new(&tasks.iter().collect::<Vec<_>>(), device)?.to_dtype(dtype)?;

        let (mut centres, mut scales, mut spans) = (Vec::new(), Vec::new(), vec![0.0; n * d]);
        for (j, values) in values.iter().enumerate() {
            let (centre, scale) = frame(values);
            for (r, width) in widths(values, options.temperature).into_iter().enumerate() {
                spans[r * d + j] = (width * scale).max(NARROWEST);
            }
            centres.push(centre);
            scales.push(scale);
        }
        let row = |values: Vec<f64>| Tensor::from_vec(values, (1, d), &Device::Cpu);
        let places = |side: usize| -> TensorResult<Tensor> {
            let of = |k: &Kept| {
                let place = sides[side].iter().position(|c| std::ptr::eq(c, numbers(k)));
                place.expect("a column that is kept is one of the side") as u32
            };
            Tensor::from_vec(kept[side].iter().map(of).collect::<Vec<_>>(), kept[side].len(), device)
        };
        let mut table = Self {
            kept: [places(0)?, places(1)?],
            centres: row(centres)?,
            scales: row(scales)?,
            widths: Tensor::from_vec(spans, (n, d), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)?,
            signs: Tensor::ones((tasks.len(), 1, d), dtype, device)?,
            anchor: None,
            neighbours: None,
            groups: None,
            regressions: None,
            exact,
            shape,
        };
        // By the same operations as later, so that nothing has moved as long as the data is the same.
        let plain = table.scores(&x.detach(), &y.detach())?;
        // Scores rise with the column or fall with it.
        table.signs =
            (&table.exact.z * plain.unsqueeze(0)?.broadcast_as(table.exact.z.shape())?)?.sum_keepdim(1)?.sign()?;
        if options.neighbours && !orders.is_empty() {
            let softness = (options.temperature * Options::RADIUS).min(1.0);
            let z = table.exact.z.get(0)?;
            table.neighbours = Some(Neighbours::at(&z, dim_x, orders, softness, options.anchored)?);
            let groups = tasks[0].pairs.as_ref().map(|p| Groups::at(&z, &p.groups, orders, softness, options.anchored));
            table.groups = groups.transpose()?;
            let told = tasks[0].pairs.as_ref().and_then(|p| p.fits.as_ref());
            if told.is_some_and(|terms| terms.iter().any(|v| *v != 0.0)) {
                let of_groups = table.groups.as_ref().map(|groups| groups.terms(&z)).transpose()?.flatten();
                let all = table.neighbours.as_ref().map(|neighbours| neighbours.first(&z)).transpose()?;
                table.regressions = of_groups.or(all);
            }
        }
        table.anchor = options.anchored.then_some(plain);
        Ok(table)
    }

    /// Smoothed scores of the columns that vary (N, D), each with the sign that it has in the data.
    fn scores(&self, x: &Tensor, y: &Tensor) -> TensorResult<Tensor> {
        let y = if y.dtype() == x.dtype() { y.clone() } else { y.to_dtype(x.dtype())? };
        let values = Tensor::cat(&[x.index_select(&self.kept[0], 1)?, y.index_select(&self.kept[1], 1)?], 1)?;
        let like = |t: &Tensor| t.to_dtype(values.dtype())?.to_device(values.device());
        let values = values.broadcast_sub(&like(&self.centres)?)?.broadcast_mul(&like(&self.scales)?)?;
        let values = values.to_dtype(self.widths.dtype())?;
        normal_quantile(&mist_model::ops::soft_ranks(&values, &self.widths)?)
    }

    /// (A, N, D) of (N, D).
    fn signed(&self, plain: &Tensor) -> TensorResult<Tensor> {
        let signed = |plain: &Tensor| plain.unsqueeze(0)?.broadcast_mul(&self.signs);
        match &self.anchor {
            Some(anchor) => &self.exact.z + signed(&(plain - anchor)?)?,
            None => signed(plain),
        }
    }

    fn batch(&self, x: &Tensor, y: &Tensor) -> TensorResult<Batch> {
        let z = self.signed(&self.scores(x, y)?)?;
        let mut batch = self.exact.clone();
        if let Some(neighbours) = &self.neighbours {
            // Distances do not depend on signs.
            let first = z.get(0)?;
            let of_tasks = |terms: Tensor| Tensor::cat(&vec![terms.unsqueeze(0)?; z.dim(0)?], 0);
            batch.neighbours = Some(of_tasks(neighbours.terms(&first)?)?);
            let of_groups = self.groups.as_ref().map(|groups| groups.terms(&first)).transpose()?.flatten();
            if let (Some(start), Some(fits)) = (&self.regressions, &mut batch.fits) {
                let now = of_groups.as_ref().map_or_else(|| neighbours.first(&first), |terms| Ok(terms.clone()))?;
                let moved = of_tasks((now - start)?)?;
                let most = fits.narrow(D::Minus1, 0, moved.dim(D::Minus1)?)?;
                let rest =
                    fits.narrow(D::Minus1, moved.dim(D::Minus1)?, fits.dim(D::Minus1)? - moved.dim(D::Minus1)?)?;
                *fits = Tensor::cat(&[(most + moved)?, rest], D::Minus1)?;
            }
            if let (Some(terms), Some((_, of_rows))) = (of_groups, &mut batch.pairs) {
                *of_rows = of_tasks(terms)?;
            }
        }
        batch.z = z;
        Ok(batch)
    }
}

impl Estimator {
    /// The answer to tasks that differ in the signs of their columns.
    fn soft_answer(&self, batch: &Batch, shape: TaskShape) -> Result<Answer, EstimateError> {
        let Network::Axial(network) = &self.network else { unreachable!("looked at before") };
        let output = network.forward(batch)?;
        let taus = self.description().network.taus();
        let (low, high) = Calibration::spread_levels(taus);
        let median = taus.iter().position(|tau| *tau == 0.5).expect("a network has the level 0.5");
        let mut medians = Vec::new();
        for (i, log1p) in output.quantiles.to_dtype(DType::F64)?.to_vec2::<f64>()?.into_iter().enumerate() {
            if log1p.iter().any(|v| !v.is_finite()) {
                return Err(EstimateError::Absurd { checkpoint: self.description().name.clone(), nats: f64::NAN });
            }
            let calibration = self.description().calibration.as_ref();
            let (level, shift) = calibration.map_or((median, 0.0), |c| c.source(taus, shape, &log1p, median));
            let quantiles = output.quantiles.get(i)?;
            let spread = (quantiles.get(high)? - quantiles.get(low)?)?;
            medians.push((quantiles.get(level)? + (spread * shift)?)?);
        }
        let log1p = Tensor::stack(&medians, 0)?.mean_all()?;
        Ok(Answer { mi_nats: (log1p.exp()? - 1.0)?, pointwise: output.pointwise.mean(0)? })
    }
}

/// The values of a column.
fn numbers<'a>(kept: &Kept<'a>) -> &'a [f64] {
    match kept {
        Kept::Number(values) => values,
        Kept::Category(_) => unreachable!("a tensor has no categories"),
    }
}

/// The median and one over the largest distance from it.
fn frame(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let centre = sorted[sorted.len() / 2];
    let reach = (sorted[sorted.len() - 1] - centre).max(centre - sorted[0]);
    (centre, 1.0 / reach)
}

/// The columns of a side.
fn host(t: &Tensor, side: Side, device: &Device) -> Result<Columns, EstimateError> {
    let [_, _] = t.dims() else {
        let what =
            format!("{side} has shape {:?}, expected rows and columns\nhint: `unsqueeze(1)` of one column", t.dims());
        return Err(EstimateError::Soft { what });
    };
    if !matches!(t.dtype(), DType::F32 | DType::F64) {
        let what = format!("{side} holds values of type {:?}, expected F32 or F64", t.dtype());
        return Err(EstimateError::Soft { what });
    }
    if !t.device().same_device(device) {
        let what = format!(
            "{side} is on another device than the estimator\nhint: `Estimator::embedded_on` takes the device, `Tensor::to_device` \
             moves data"
        );
        return Err(EstimateError::Soft { what });
    }
    Ok(Columns::new(t.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.t()?.to_vec2()?))
}
