//! A batch of tasks as the network sees them.

use crate::scores::{PAIR_TERMS, PairTerms, Scores};
use candle_core::{DType, Device, Error, Result, Tensor};

/// Tasks padded to one shape, with explicit masks.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Normal scores (B, N, D), or the values as they are; 0 in padding.
    pub z: Tensor,
    /// Whether `z` holds normal scores.
    pub scored: bool,
    /// Tie channel (B, N, D): 0 for an untied cell, up to 1 for a constant column; 0 in padding.
    pub ties: Tensor,
    /// Neighbour terms (B, N, K), 0 in padding; `None` where the tasks have none.
    pub neighbours: Option<Tensor>,
    /// What pairs say of each pair of columns (B, D, D, 6), and of each row (B, N, |orders|), 0 in padding; `None` where the tasks have
    /// none. See [`PairTerms`](crate::scores::PairTerms).
    pub pairs: Option<(Tensor, Tensor)>,
    /// What regressions say of each row (B, N, 2·|orders|), 0 in padding; `None` where the tasks have none. See
    /// [`PairTerms::fits`](crate::scores::PairTerms::fits).
    pub fits: Option<Tensor>,
    /// (B, D): the block of a column, 0 for a number and for padding; see [`Scores::block`].
    pub block: Tensor,
    /// (B, N), 1 for a real row; `None` when no task has padding rows.
    pub row_mask: Option<Tensor>,
    /// (B, D): 1 for a column of X, −1 for one of Y, 0 for padding.
    pub side: Tensor,
    /// Whether any task has padding columns.
    pub padded_columns: bool,
    /// Real rows (B).
    pub n: Tensor,
    /// Columns of X (B).
    pub dim_x: Tensor,
    /// Columns of Y (B).
    pub dim_y: Tensor,
}

impl Batch {
    /// Lays out tasks side by side, padded to the largest.
    ///
    /// # Errors
    /// An empty list, or a device that failed.
    pub fn new(tasks: &[&Scores], device: &Device) -> Result<Self> {
        let rows = tasks.iter().map(|t| t.n).max().unwrap_or(0);
        let cols = tasks.iter().map(|t| t.dim_x + t.dim_y).max().unwrap_or(0);
        Self::padded(tasks, rows, cols, device)
    }

    /// The same, padded to at least `rows` × `cols`.
    ///
    /// # Errors
    /// An empty list, a task larger than the padded shape, or a device that failed.
    pub fn padded(tasks: &[&Scores], rows: usize, cols: usize, device: &Device) -> Result<Self> {
        if tasks.is_empty() {
            candle_core::bail!("a batch needs at least one task");
        }
        let b = tasks.len();
        let mut z = vec![0f32; b * rows * cols];
        let mut ties = vec![0f32; b * rows * cols];
        let mut side = vec![0f32; b * cols];
        let mut mask = vec![0f32; b * rows];
        let mut block = vec![0f32; b * cols];
        // Terms of a row; all tasks have them, or none.
        let scored = tasks[0].scored;
        if tasks.iter().any(|t| t.scored != scored) {
            candle_core::bail!("tasks of one batch must be normal scores, or values, all of them");
        }
        let terms = tasks[0].neighbours.as_ref().map_or(0, |v| v.len() / tasks[0].n);
        let mut neighbours = vec![0f32; b * rows * terms];
        for (t, task) in tasks.iter().enumerate() {
            let d = task.dim_x + task.dim_y;
            if task.n > rows || d > cols {
                candle_core::bail!("a task of {} × {d} does not fit a batch of {rows} × {cols}", task.n);
            }
            for r in 0..task.n {
                let at = (t * rows + r) * cols;
                z[at..at + d].copy_from_slice(&task.z[r * d..(r + 1) * d]);
                ties[at..at + d].copy_from_slice(&task.ties[r * d..(r + 1) * d]);
            }
            let own = task.neighbours.as_deref().unwrap_or_default();
            if own.len() != task.n * terms {
                candle_core::bail!("tasks of one batch must have the same neighbour terms");
            }
            neighbours[t * rows * terms..][..own.len()].copy_from_slice(own);
            for (to, from) in block[t * cols..].iter_mut().zip(&task.block) {
                *to = *from as f32;
            }
            side[t * cols..t * cols + task.dim_x].fill(1.0);
            side[t * cols + task.dim_x..t * cols + d].fill(-1.0);
            mask[t * rows..t * rows + task.n].fill(1.0);
        }
        let vector = |f: &dyn Fn(&Scores) -> usize| {
            Tensor::from_vec(tasks.iter().map(|t| f(t) as f32).collect::<Vec<_>>(), b, device)
        };
        let padded_rows = tasks.iter().any(|t| t.n < rows);
        Ok(Self {
            z: Tensor::from_vec(z, (b, rows, cols), device)?,
            scored,
            ties: Tensor::from_vec(ties, (b, rows, cols), device)?,
            neighbours: match terms {
                0 => None,
                _ => Some(Tensor::from_vec(neighbours, (b, rows, terms), device)?),
            },
            pairs: pairs(tasks, rows, cols, device)?,
            fits: fits(tasks, rows, device)?,
            block: Tensor::from_vec(block, (b, cols), device)?,
            row_mask: if padded_rows { Some(Tensor::from_vec(mask, (b, rows), device)?) } else { None },
            side: Tensor::from_vec(side, (b, cols), device)?,
            padded_columns: tasks.iter().any(|t| t.dim_x + t.dim_y < cols),
            n: vector(&|t| t.n)?,
            dim_x: vector(&|t| t.dim_x)?,
            dim_y: vector(&|t| t.dim_y)?,
        })
    }

    /// The same batch in another float type.
    ///
    /// # Errors
    /// A device that failed.
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        self.map(|t| t.to_dtype(dtype))
    }

    /// The same batch on another device.
    ///
    /// # Errors
    /// A device that failed.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        self.map(|t| t.to_device(device))
    }

    fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(Self {
            z: f(&self.z)?,
            scored: self.scored,
            ties: f(&self.ties)?,
            neighbours: self.neighbours.as_ref().map(&f).transpose()?,
            pairs: self.pairs.as_ref().map(|(columns, rows)| Ok::<_, Error>((f(columns)?, f(rows)?))).transpose()?,
            fits: self.fits.as_ref().map(&f).transpose()?,
            block: f(&self.block)?,
            row_mask: self.row_mask.as_ref().map(&f).transpose()?,
            side: f(&self.side)?,
            padded_columns: self.padded_columns,
            n: f(&self.n)?,
            dim_x: f(&self.dim_x)?,
            dim_y: f(&self.dim_y)?,
        })
    }

    /// Mean of the two dimensions (B).
    pub(crate) fn mean_dim(&self) -> Result<Tensor> {
        (&self.dim_x + &self.dim_y)? * 0.5
    }

    /// (B, D, 1), 1 for an indicator column.
    pub(crate) fn indicators(&self) -> Result<Tensor> {
        self.block.gt(0.0)?.to_dtype(self.block.dtype())?.unsqueeze(2)
    }

    /// (B, D, D, 1), 1 for two indicators of the same category.
    pub(crate) fn same_block(&self) -> Result<Tensor> {
        let (b, d) = self.block.dims2()?;
        let of = |shape| self.block.reshape(shape)?.broadcast_as((b, d, d));
        let same = of((b, d, 1))?.eq(&of((b, 1, d))?)?.to_dtype(self.block.dtype())?;
        same.unsqueeze(3)?.broadcast_mul(&self.indicators()?.unsqueeze(1)?)
    }

    /// Real columns of each task (B); `None` when there are no padding columns.
    pub(crate) fn columns(&self) -> Result<Option<Tensor>> {
        if self.padded_columns { Ok(Some((&self.dim_x + &self.dim_y)?)) } else { Ok(None) }
    }

    /// (B, N, D, 1), 1 for a real cell; `None` when there is no padding.
    pub(crate) fn cell_mask(&self) -> Result<Option<Tensor>> {
        let (b, n, d) = self.z.dims3()?;
        if self.row_mask.is_none() && !self.padded_columns {
            return Ok(None);
        }
        let cols = self.side.abs()?.reshape((b, 1, d, 1))?.broadcast_as((b, n, d, 1))?;
        match &self.row_mask {
            Some(rows) => Ok(Some(cols.broadcast_mul(&rows.reshape((b, n, 1, 1))?)?)),
            None => Ok(Some(cols.contiguous()?)),
        }
    }

    /// (B, D, D, 1), 1 for a pair of real columns; `None` when there is no padding.
    pub(crate) fn pair_mask(&self) -> Result<Option<Tensor>> {
        if !self.padded_columns {
            return Ok(None);
        }
        let real = self.side.abs()?;
        Ok(Some(real.unsqueeze(2)?.broadcast_mul(&real.unsqueeze(1)?)?.unsqueeze(3)?))
    }

    /// Sets padding rows of (B, N, W) to 0.
    pub(crate) fn mask_rows(&self, r: Tensor) -> Result<Tensor> {
        match &self.row_mask {
            Some(m) => r.broadcast_mul(&m.unsqueeze(2)?),
            None => Ok(r),
        }
    }

    fn pairs_of(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        first.unsqueeze(2)?.broadcast_mul(&second.unsqueeze(1)?)
    }

    fn sides(&self) -> Result<(Tensor, Tensor)> {
        let dtype = self.side.dtype();
        Ok((self.side.gt(0.0)?.to_dtype(dtype)?, self.side.lt(0.0)?.to_dtype(dtype)?))
    }

    /// (B, D, D), 1 where the row is a column of X and the column one of Y.
    pub(crate) fn across(&self) -> Result<Tensor> {
        let (x, y) = self.sides()?;
        self.pairs_of(&x, &y)
    }

    /// (B, D, D), 1 where both are columns of the same side.
    pub(crate) fn within(&self) -> Result<Tensor> {
        let (x, y) = self.sides()?;
        self.pairs_of(&x, &x)? + self.pairs_of(&y, &y)?
    }
}

/// [`Batch::fits`].
fn fits(tasks: &[&Scores], rows: usize, device: &Device) -> Result<Option<Tensor>> {
    let told: Vec<&[f32]> = tasks.iter().filter_map(|t| t.pairs.as_ref()?.fits.as_deref()).collect();
    let Some(terms) = told.first().map(|f| f.len() / tasks[0].n) else {
        return Ok(None);
    };
    if told.len() < tasks.len() || !tasks.iter().zip(&told).all(|(t, f)| f.len() == t.n * terms) {
        candle_core::bail!("tasks of one batch must have the same terms of regressions");
    }
    let mut out = vec![0f32; tasks.len() * rows * terms];
    for (task, own) in out.chunks_exact_mut(rows * terms).zip(told) {
        task[..own.len()].copy_from_slice(own);
    }
    Ok(Some(Tensor::from_vec(out, (tasks.len(), rows, terms), device)?))
}

/// [`Batch::pairs`].
fn pairs(tasks: &[&Scores], rows: usize, cols: usize, device: &Device) -> Result<Option<(Tensor, Tensor)>> {
    let told: Vec<&PairTerms> = tasks.iter().filter_map(|t| t.pairs.as_ref()).collect();
    let Some(orders) = told.first().map(|p| p.rows.len() / tasks[0].n) else {
        return Ok(None);
    };
    let same = |(t, p): (&&Scores, &&PairTerms)| p.rows.len() == t.n * orders;
    if told.len() < tasks.len() || !tasks.iter().zip(&told).all(same) {
        candle_core::bail!("tasks of one batch must have the same terms of pairs");
    }
    let b = tasks.len();
    let mut of_columns = vec![0f32; b * cols * cols * PAIR_TERMS];
    let mut of_rows = vec![0f32; b * rows * orders];
    for (t, (task, pairs)) in tasks.iter().zip(&told).enumerate() {
        let d = task.dim_x + task.dim_y;
        for (i, row) in pairs.columns.chunks_exact(d * PAIR_TERMS).enumerate() {
            of_columns[(t * cols + i) * cols * PAIR_TERMS..][..row.len()].copy_from_slice(row);
        }
        of_rows[t * rows * orders..][..pairs.rows.len()].copy_from_slice(&pairs.rows);
    }
    Ok(Some((
        Tensor::from_vec(of_columns, (b, cols, cols, PAIR_TERMS), device)?,
        Tensor::from_vec(of_rows, (b, rows, orders), device)?,
    )))
}
