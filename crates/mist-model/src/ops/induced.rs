//! A block of attention between rows through inducing points, for answers alone: without a gradient its layers need not
//! keep anything, and most of their maps can move from the rows to the few points.

use super::attention::softmax_rows;
use super::dense::{affine, gelu_in_place};
use super::math::exp;
use super::matmul::{View, add_product};
use super::norm::rms_forward;
use super::with_values;
use candle_core::{Result, Tensor};
use multiversion::multiversion;

/// Weight (in, out) and bias (out) of each layer of a block.
#[derive(Clone, Copy, Debug)]
pub struct InducedLayers<'a> {
    /// Gain of the norm before the attention (W).
    pub norm1: &'a Tensor,
    /// Learned points (M, W).
    pub inducing: &'a Tensor,
    /// Of keys, whose bias a softmax over rows does not see.
    pub key: &'a Tensor,
    /// Of values.
    pub value: (&'a Tensor, &'a Tensor),
    /// Of the queries of the rows.
    pub query: (&'a Tensor, &'a Tensor),
    /// Of the keys of the points.
    pub inducing_key: (&'a Tensor, &'a Tensor),
    /// Of the answers of the points.
    pub out: (&'a Tensor, &'a Tensor),
    /// Gain of the norm before the MLP (W).
    pub norm2: &'a Tensor,
    /// W to the hidden layer of the MLP.
    pub mlp1: (&'a Tensor, &'a Tensor),
    /// And back.
    pub mlp2: (&'a Tensor, &'a Tensor),
}

/// Rows whose intermediate values stay in the second-level cache.
const TILE: usize = 128;

/// The rows after the block. For f32 on the CPU, without a gradient ([`lean`](super::lean)); of rows that are all real.
///
/// # Shapes
/// `r` (B, N, W) → (B, N, W).
///
/// # Errors
/// Shapes that do not fit.
pub fn induced_block(r: &Tensor, layers: &InducedLayers) -> Result<Tensor> {
    let (_, n, w) = r.dims3()?;
    let (m, h) = (layers.inducing.dim(0)?, layers.mlp1.1.dim(0)?);
    let InducedLayers { norm1, inducing, key, value, query, inducing_key, out, norm2, mlp1, mlp2 } = *layers;
    let maps = [value, query, inducing_key, out];
    if [inducing.dims(), key.dims(), mlp1.0.dims(), mlp2.0.dims()] != [&[m, w][..], &[w, w], &[w, h], &[h, w]]
        || maps.iter().any(|(weight, _)| weight.dims() != [w, w])
    {
        candle_core::bail!("induced_block: rows of {w} channels do not fit the layers");
    }
    let tensors = [
        r,
        norm1,
        inducing,
        key,
        value.0,
        value.1,
        query.0,
        query.1,
        inducing_key.0,
        inducing_key.1,
        out.0,
        out.1,
        norm2,
        mlp1.0,
        mlp1.1,
        mlp2.0,
        mlp2.1,
    ];
    let rows =
        with_values(tensors, |[r, norm1, inducing, key, vw, vb, qw, qb, kw, kb, ow, ob, norm2, w1, b1, w2, b2]| {
            let mut rows = r.to_vec();
            let sizes = Sizes { w, m, h };
            let queries = fold(key, inducing, sizes);
            let mut work = Work::new(sizes, n);
            for r in rows.chunks_exact_mut(n * w) {
                let points = work.points(r, norm1, &queries);
                let of_points = |points: &[f32], weight, bias| {
                    let mut out = vec![0f32; m * w];
                    affine(points, weight, bias, &mut out);
                    out
                };
                let values = of_points(points, vw, vb);
                let (keys, answers) = (of_points(&values, kw, kb), of_points(&values, ow, ob));
                let mut bias = vec![0f32; m];
                add_product(&mut bias, View { values: &keys, row: w, col: 1 }, qb, (m, 1, w));
                let keys = fold(qw, &keys, sizes);
                work.answer(r, (&keys, &bias), &answers, norm2, [(w1, b1), (w2, b2)]);
            }
            rows
        })?;
    Tensor::from_vec(rows, r.shape(), r.device())
}

/// Channels, points, hidden channels.
#[derive(Clone, Copy)]
struct Sizes {
    w: usize,
    m: usize,
    h: usize,
}

/// `weight · pointsᵀ` (W, M): what a row is multiplied with, in place of its image under a map with the points.
fn fold(weight: &[f32], points: &[f32], Sizes { w, m, .. }: Sizes) -> Vec<f32> {
    let transposed: Vec<f32> = (0..w * m).map(|i| points[i % m * w + i / m]).collect();
    let mut out = vec![0f32; w * m];
    add_product(&mut out, View { values: weight, row: w, col: 1 }, &transposed, (w, m, w));
    out
}

/// Intermediate values of one task.
struct Work {
    sizes: Sizes,
    /// Normalised rows (N, W).
    x: Vec<f32>,
    /// What each row counts for each point (N, M).
    weights: Vec<f32>,
    points: Vec<f32>,
    /// One tile wide.
    scores: Vec<f32>,
    normed: Vec<f32>,
    hidden: Vec<f32>,
}

impl Work {
    fn new(sizes: Sizes, n: usize) -> Self {
        let Sizes { w, m, h } = sizes;
        let of = |len: usize| vec![0f32; len];
        let tile = TILE.min(n);
        Self {
            sizes,
            x: of(n * w),
            weights: of(n * m),
            points: of(m * w),
            scores: of(tile * m),
            normed: of(tile * w),
            hidden: of(tile * h),
        }
    }

    /// Of each point the weighted mean of the normalised rows (M, W).
    fn points(&mut self, r: &[f32], norm: &[f32], queries: &[f32]) -> &[f32] {
        let Sizes { w, m, .. } = self.sizes;
        rms_forward(r, norm, &mut self.x);
        let rows = r.len() / w;
        self.weights.fill(0.0);
        add_product(&mut self.weights, View { values: &self.x, row: w, col: 1 }, queries, (rows, m, w));
        let total = softmax_columns(&mut self.weights, m, 1.0 / (w as f32).sqrt());
        self.points.fill(0.0);
        add_product(&mut self.points, View { values: &self.weights, row: 1, col: m }, &self.x, (m, w, rows));
        for (point, total) in self.points.chunks_exact_mut(w).zip(total) {
            point.iter_mut().for_each(|v| *v /= total);
        }
        &self.points
    }

    /// Adds to each row what the points answer it, and then the MLP.
    fn answer(
        &mut self,
        r: &mut [f32],
        (keys, bias): (&[f32], &[f32]),
        answers: &[f32],
        norm: &[f32],
        [mlp1, mlp2]: [(&[f32], &[f32]); 2],
    ) {
        let Sizes { w, m, h } = self.sizes;
        for (r, x) in r.chunks_mut(TILE * w).zip(self.x.chunks(TILE * w)) {
            let rows = r.len() / w;
            let scores = &mut self.scores[..rows * m];
            affine(x, keys, bias, scores);
            softmax_rows(scores, m, 1.0 / (w as f32).sqrt(), None);
            add_product(r, View { values: scores, row: m, col: 1 }, answers, (rows, w, m));
            let (normed, hidden) = (&mut self.normed[..rows * w], &mut self.hidden[..rows * h]);
            rms_forward(r, norm, normed);
            affine(normed, mlp1.0, mlp1.1, hidden);
            gelu_in_place(hidden);
            add_bias(r, mlp2.1);
            add_product(r, View { values: hidden, row: h, col: 1 }, mlp2.0, (rows, w, h));
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_bias(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        for (v, b) in row.iter_mut().zip(bias) {
            *v += b;
        }
    }
}

/// `exp((s − max)·scale)` down each of `m` columns; gives the sums of the columns.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn softmax_columns(scores: &mut [f32], m: usize, scale: f32) -> Vec<f32> {
    let mut max = vec![f32::NEG_INFINITY; m];
    for row in scores.chunks_exact(m) {
        for (max, v) in max.iter_mut().zip(row) {
            *max = if *v > *max { *v } else { *max };
        }
    }
    let mut total = vec![0f32; m];
    for row in scores.chunks_exact_mut(m) {
        for ((v, max), total) in row.iter_mut().zip(&max).zip(&mut total) {
            *v = exp((*v - max) * scale);
            *total += *v;
        }
    }
    total
}
