//! Attention with several heads (Vaswani et al. 2017, equation 1), a block of queries at a time.

use super::math::exp;
use super::matmul::{View, add_product};
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// Queries of a block: with 2,000 keys their weights are half a megabyte, which a second-level cache holds.
const BLOCK: usize = 64;

/// softmax(q kᵀ/√d) v, head by head: channels 0..d are the first head's, and so on.
///
/// The weights of all queries at once, which a plain program keeps, are never in memory.
///
/// # Shapes
/// `q` (B, M, E), `k` and `v` (B, N, E), E a multiple of `heads`; `keys` (B, N), 1 for a key that is attended to, 0 for one
/// that is not, `None` if all are → (B, M, E).
///
/// # Errors
/// Shapes that do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, keys: Option<&Tensor>) -> Result<Tensor> {
    let ((b, m, e), (_, n, _)) = (q.dims3()?, k.dims3()?);
    if heads == 0 || e % heads != 0 || k.dims3()? != v.dims3()? || k.dim(0)? != b || k.dim(2)? != e {
        let (q, k, v) = (q.dims(), k.dims(), v.dims());
        candle_core::bail!("attention: queries {q:?}, keys {k:?} and values {v:?} do not fit {heads} heads");
    }
    if fused(q) {
        let keys = keys.map(|t| t.flatten_all()?.to_vec1::<f32>()).transpose()?;
        let keys = keys.filter(|keys| keys.contains(&0.0));
        return q.contiguous()?.apply_op3(&k.contiguous()?, &v.contiguous()?, Attention { heads, keys });
    }
    let d = e / heads;
    let split = |t: &Tensor, rows| t.reshape((b, rows, heads, d))?.transpose(1, 2)?.contiguous();
    let (q, k, v) = (split(q, m)?, split(k, n)?, split(v, n)?);
    let mut scores = (q.matmul(&k.t()?)? * (1.0 / (d as f64).sqrt()))?;
    if let Some(keys) = keys {
        scores = scores.broadcast_add(&((keys.reshape((b, 1, 1, n))? - 1.0)? * 1e30)?)?;
    }
    let weights = candle_nn::ops::softmax(&scores, D::Minus1)?;
    weights.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((b, m, e))
}

struct Attention {
    heads: usize,
    /// 1 for a key that is attended to (B × N).
    keys: Option<Vec<f32>>,
}

/// Sizes of a call.
#[derive(Clone, Copy)]
struct Sizes {
    tasks: usize,
    queries: usize,
    keys: usize,
    width: usize,
    /// Channels of a head.
    head: usize,
}

impl Sizes {
    fn of(q: &Layout, k: &Layout, heads: usize) -> Result<Self> {
        let ((tasks, queries, width), (_, keys, _)) = (q.shape().dims3()?, k.shape().dims3()?);
        Ok(Self { tasks, queries, keys, width, head: width / heads })
    }

    /// Task, first channel of the head, first query and number of queries of every block.
    fn blocks(self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let starts = (0..self.queries).step_by(BLOCK);
        let heads = (0..self.tasks).flat_map(move |t| (0..self.width).step_by(self.head).map(move |c| (t, c)));
        heads.flat_map(move |(t, c)| starts.clone().map(move |m| (t, c, m, BLOCK.min(self.queries - m))))
    }
}

/// The channels of one head of `rows` rows, row after row.
fn head(values: &[f32], (width, head): (usize, usize), channel: usize, out: &mut [f32]) {
    for (row, out) in values.chunks_exact(width).zip(out.chunks_exact_mut(head)) {
        out.copy_from_slice(&row[channel..channel + head]);
    }
}

/// The same, channel after channel.
fn head_transposed(values: &[f32], (width, head): (usize, usize), channel: usize, out: &mut [f32]) {
    let rows = values.len() / width;
    for (r, row) in values.chunks_exact(width).enumerate() {
        for (c, value) in row[channel..channel + head].iter().enumerate() {
            out[c * rows + r] = *value;
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn softmax_rows(scores: &mut [f32], n: usize, scale: f32, keys: Option<&[f32]>) {
    for row in scores.chunks_exact_mut(n) {
        if let Some(keys) = keys {
            for (s, k) in row.iter_mut().zip(keys) {
                *s = if *k > 0.0 { *s } else { f32::NEG_INFINITY };
            }
        }
        let mut lanes = [f32::NEG_INFINITY; 16];
        let chunks = row.chunks_exact(16);
        let tail = chunks.remainder().iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        for chunk in chunks {
            for l in 0..16 {
                lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
            }
        }
        let max = lanes.iter().fold(tail, |m, v| m.max(*v));
        let mut sums = [0f32; 16];
        let mut chunks = row.chunks_exact_mut(16);
        for chunk in &mut chunks {
            for l in 0..16 {
                chunk[l] = exp((chunk[l] - max) * scale);
                sums[l] += chunk[l];
            }
        }
        let mut total: f32 = sums.iter().sum();
        for v in chunks.into_remainder() {
            *v = exp((*v - max) * scale);
            total += *v;
        }
        let over = 1.0 / total;
        row.iter_mut().for_each(|v| *v *= over);
    }
}

/// `ds ← p·(dp − Σ p·dp)·scale` of each row, with `dp` handed in through `ds`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn softmax_backward(p: &[f32], ds: &mut [f32], n: usize, scale: f32) {
    for (p, ds) in p.chunks_exact(n).zip(ds.chunks_exact_mut(n)) {
        let mut lanes = [0f32; 16];
        let (cp, cd) = (p.chunks_exact(16), ds.chunks_exact(16));
        let tail: f32 = cp.remainder().iter().zip(cd.remainder()).map(|(a, b)| a * b).sum();
        for (a, b) in cp.zip(cd) {
            for l in 0..16 {
                lanes[l] = a[l].mul_add(b[l], lanes[l]);
            }
        }
        let sum = lanes.iter().sum::<f32>() + tail;
        for (d, p) in ds.iter_mut().zip(p) {
            *d = p * (*d - sum) * scale;
        }
    }
}

impl Attention {
    /// Weights of a block of queries: (rows, keys).
    fn weights(&self, q: &[f32], transposed: &[f32], s: Sizes, task: usize, rows: usize, p: &mut [f32]) {
        p.fill(0.0);
        add_product(p, View { values: q, row: s.width, col: 1 }, transposed, (rows, s.keys, s.head));
        let keys = self.keys.as_ref().map(|k| &k[task * s.keys..][..s.keys]);
        softmax_rows(p, s.keys, 1.0 / (s.head as f32).sqrt(), keys);
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (q, k, v) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let s = Sizes::of(l1, l2, self.heads)?;
        let (of_keys, of_queries) = (s.keys * s.width, s.queries * s.width);
        let (mut kt, mut vh) = (vec![0f32; s.keys * s.head], vec![0f32; s.keys * s.head]);
        let mut p = vec![0f32; BLOCK.min(s.queries) * s.keys];
        let mut out = vec![0f32; BLOCK * s.head];
        let mut y = vec![0f32; q.len()];
        for (task, channel, first, rows) in s.blocks() {
            if first == 0 {
                let own = task * of_keys..(task + 1) * of_keys;
                head_transposed(&k[own.clone()], (s.width, s.head), channel, &mut kt);
                head(&v[own], (s.width, s.head), channel, &mut vh);
            }
            let at = task * of_queries + first * s.width + channel;
            let p = &mut p[..rows * s.keys];
            self.weights(&q[at..], &kt, s, task, rows, p);
            let out = &mut out[..rows * s.head];
            out.fill(0.0);
            add_product(out, View { values: p, row: s.keys, col: 1 }, &vh, (rows, s.head, s.keys));
            for (row, out) in out.chunks_exact(s.head).enumerate() {
                y[at + row * s.width..][..s.head].copy_from_slice(out);
            }
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let s = Sizes::of(q.layout(), k.layout(), self.heads)?;
        let (of_keys, of_queries) = (s.keys * s.width, s.queries * s.width);
        let new = |t: &Tensor| vec![0f32; t.elem_count()];
        let (mut dq, mut dk, mut dv) = (new(q), new(k), new(v));
        with_values([q, k, v, grad], |[q, k, v, grad]| {
            let of_head = || vec![0f32; s.keys * s.head];
            let (mut kt, mut kh, mut vt, mut dkh, mut dvh) = (of_head(), of_head(), of_head(), of_head(), of_head());
            let block = || vec![0f32; BLOCK.min(s.queries) * s.keys];
            let (mut p, mut ds) = (block(), block());
            let [mut qh, mut gh, mut dqh] = [(); 3].map(|()| vec![0f32; BLOCK * s.head]);
            let shape = (s.width, s.head);
            for (task, channel, first, rows) in s.blocks() {
                let own = task * of_keys..(task + 1) * of_keys;
                if first == 0 {
                    head_transposed(&k[own.clone()], shape, channel, &mut kt);
                    head(&k[own.clone()], shape, channel, &mut kh);
                    head_transposed(&v[own.clone()], shape, channel, &mut vt);
                    dkh.fill(0.0);
                    dvh.fill(0.0);
                }
                let at = task * of_queries + first * s.width;
                let (p, ds) = (&mut p[..rows * s.keys], &mut ds[..rows * s.keys]);
                let (qh, gh, dqh) = (&mut qh[..rows * s.head], &mut gh[..rows * s.head], &mut dqh[..rows * s.head]);
                self.weights(&q[at + channel..], &kt, s, task, rows, p);
                head(&q[at..at + rows * s.width], shape, channel, qh);
                head(&grad[at..at + rows * s.width], shape, channel, gh);
                // dv += pᵀ·g, dp = g·vᵀ
                add_product(&mut dvh, View { values: p, row: 1, col: s.keys }, gh, (s.keys, s.head, rows));
                ds.fill(0.0);
                add_product(ds, View { values: gh, row: s.head, col: 1 }, &vt, (rows, s.keys, s.head));
                softmax_backward(p, ds, s.keys, 1.0 / (s.head as f32).sqrt());
                // dq = ds·k, dk += dsᵀ·q
                dqh.fill(0.0);
                add_product(dqh, View { values: ds, row: s.keys, col: 1 }, &kh, (rows, s.head, s.keys));
                add_product(&mut dkh, View { values: ds, row: 1, col: s.keys }, qh, (s.keys, s.head, rows));
                let put = |to: &mut [f32], from: &[f32]| {
                    for (to, from) in to.chunks_exact_mut(s.width).zip(from.chunks_exact(s.head)) {
                        to[channel..channel + s.head].copy_from_slice(from);
                    }
                };
                put(&mut dq[at..at + rows * s.width], dqh);
                if first + rows == s.queries {
                    put(&mut dk[own.clone()], &dkh);
                    put(&mut dv[own], &dvh);
                }
            }
        })?;
        let of = |values: Vec<f32>, like: &Tensor| Tensor::from_vec(values, like.shape(), like.device());
        Ok((Some(of(dq, q)?), Some(of(dk, k)?), Some(of(dv, v)?)))
    }
}
