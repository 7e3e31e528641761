//! The rule for more rows than the checkpoint was trained on: blocks of rows, whose answers are put together.
//!
//! Which rows go into one block is a function of the table alone, not of the order of its rows or columns. Each block
//! is answered as a table of its own. Their point estimates are averaged; of a block's uncertainty the part that comes
//! from the number of its rows falls with the number of blocks, and the part that comes from the network stays.

use crate::twin::TwinAnswer;
use mist_model::{Scores, Trained};
use rayon::prelude::*;

/// Rows of a block, at most: fewer than in the largest training tasks, since most have fewer.
pub(crate) const BLOCK_ROWS: usize = 4_000;
/// Fewest rows of a block, however many columns.
const FEWEST_ROWS: usize = 500;
/// Cells of the largest training tasks, where a checkpoint does not say.
const CELLS: usize = 40_000;

/// Blocks that are answered, at most. By then the uncertainty that more rows take away is far below the rest.
pub(crate) const MOST_BLOCKS: usize = 32;

/// Cells of those blocks, at most: of many columns the network is less sure, and a block takes as long as it has cells.
const MOST_CELLS: usize = 640_000;

/// What the network itself leaves uncertain of an answer however many rows there are, as a standard error relative to
/// 0.3 nats plus the MI; see `docs/results/`.
const FLOOR: f64 = 0.004;
/// See [`FLOOR`]: nats.
const FLOOR_FROM: f64 = 0.3;

/// How far what the network says of a table may be from what it says of its normal twin, relative to [`FLOOR_FROM`] plus the MI of the
/// twin, so that the two still count as alike; see `docs/decisions/0010-any-number-of-rows.md`.
const ALIKE: f64 = 0.06;
/// What is left of the network's error once the twin's is taken from it, as a standard error: a part of the same scale, and of the twin's.
const LEFT_OF_SCALE: f64 = 0.006;
/// See [`LEFT_OF_SCALE`].
const LEFT_OF_EXCESS: f64 = 0.3;

/// Rows of the largest table with so many columns that one pass takes: as large as in training.
pub(crate) fn rows_at_once(trained: &Trained, columns: usize) -> usize {
    trained.n.1.min((trained.cells.unwrap_or(CELLS) / columns).max(FEWEST_ROWS))
}

/// Blocks that are answered, at most, of a table with so many columns, if a block has no more rows than this.
pub(crate) fn most_blocks(rows_at_most: usize, columns: usize) -> usize {
    (MOST_CELLS / (rows_at_most.min(BLOCK_ROWS) * columns)).clamp(1, MOST_BLOCKS)
}

/// Two numbers for each row, a function of what it holds: not of the order of columns or sides, the first not of signs either.
pub(crate) fn keys(scores: &Scores) -> Vec<[u64; 2]> {
    let d = scores.dim_x + scores.dim_y;
    let hash = |cells: &[f32], even: bool| -> u64 {
        let cell = |z: &f32| mix(u64::from(if even { z.abs() } else { *z + 0.0 }.to_bits()));
        mix(cells.iter().map(cell).fold(0, u64::wrapping_add))
    };
    let key = |row: &[f32]| {
        let (x, y) = row.split_at(scores.dim_x);
        [true, false].map(|even| hash(x, even).wrapping_add(hash(y, even)))
    };
    scores.z.par_chunks_exact(d).map(key).collect()
}

/// The rows of each block, by the keys of all rows.
///
/// No block has more than [`BLOCK_ROWS`] rows, nor more than `rows_at_most`. Rows are sorted by their keys and dealt out in turn: by the
/// even key first, since where the data leaves signs open, that decides nearly everything. Rows that hold the same go next to each other,
/// whatever their order, and it does not matter which is which.
pub(crate) fn split(keys: &[[u64; 2]], rows_at_most: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<([u64; 2], usize)> = keys.iter().copied().zip(0..).collect();
    order.par_sort_unstable();
    let count = keys.len().div_ceil(rows_at_most.min(BLOCK_ROWS));
    (0..count).map(|b| order.iter().skip(b).step_by(count).map(|(_, row)| *row).collect()).collect()
}

/// The finaliser of SplitMix64 (Steele et al. 2014).
pub(crate) fn mix(v: u64) -> u64 {
    let v = v.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

/// One block's answer.
#[derive(Clone, Debug)]
pub(crate) struct BlockAnswer {
    /// Quantiles of ln(1 + MI), not cut at 0.
    pub log1p: Vec<f64>,
    /// Pointwise MI of its rows in nats.
    pub pointwise: Vec<f64>,
}

/// What the answers of blocks come to.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    /// Quantiles of ln(1 + MI) of the whole table.
    pub log1p: Vec<f64>,
    /// Nats to take from the pointwise MI of every row, as they were from the answer.
    pub excess: f64,
}

/// From the quantiles of the blocks and what the network says of the normal twin, if there is one; `normal` are the standard normal
/// quantiles of the levels.
pub(crate) fn combine(blocks: &[BlockAnswer], twin: Option<&TwinAnswer>, normal: &[f64]) -> Whole {
    let [only] = blocks else {
        return combine_many(blocks, twin, normal);
    };
    Whole { log1p: only.log1p.clone(), excess: 0.0 }
}

/// The level that is the median.
pub(crate) fn median_level(normal: &[f64]) -> usize {
    normal.iter().enumerate().fold(0, |best, (i, z)| if z.abs() < normal[best].abs() { i } else { best })
}

fn combine_many(blocks: &[BlockAnswer], twin: Option<&TwinAnswer>, normal: &[f64]) -> Whole {
    let m = blocks.len() as f64;
    let median = median_level(normal);
    let mean = |f: &dyn Fn(&BlockAnswer) -> f64| blocks.iter().map(f).sum::<f64>() / m;
    let nats = |block: &BlockAnswer, level: usize| block.log1p[level].exp_m1();
    let told = mean(&|b| nats(b, median));
    // Variance of a block's answer by the number of its rows.
    let by_rows = mean(&|b| {
        let n = b.pointwise.len() as f64;
        let mean = b.pointwise.iter().sum::<f64>() / n;
        b.pointwise.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n * n)
    });
    let likeness = twin.map_or(Likeness::NONE, |twin| Likeness::new(twin, told));
    let centre = told - likeness.excess;
    let quantile = |(level, z): (usize, &f64)| {
        let whole = mean(&|b| nats(b, level) - nats(b, median)).powi(2);
        let rows = (z * z * by_rows).min(whole);
        let floor = (z * FLOOR * (FLOOR_FROM + centre.max(0.0))).powi(2);
        let network = likeness.narrowed(whole - rows, z * z);
        let off = (rows / m + network.max(floor)).sqrt();
        // Below −1 nat there is no logarithm, and anything below 0 means 0.
        (centre + off.copysign(*z)).max(-0.9).ln_1p()
    };
    let mut log1p: Vec<f64> = normal.iter().enumerate().map(quantile).collect();
    for i in 1..log1p.len() {
        log1p[i] = log1p[i].max(log1p[i - 1]);
    }
    Whole { log1p, excess: likeness.excess }
}

/// How far a table is like its twin, and what follows.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    /// From 0 to 1.
    share: f64,
    /// What the answer is too high by, in nats.
    excess: f64,
    /// Variance of what is left where it is the twin's likeness, in nats².
    left: f64,
    /// Variance of the excess, which comes from the number of the twin's blocks, in nats².
    noise: f64,
}

impl Likeness {
    const NONE: Self = Self { share: 0.0, excess: 0.0, left: 0.0, noise: 0.0 };

    fn new(twin: &TwinAnswer, told: f64) -> Self {
        let count = twin.off.len() as f64;
        let off = twin.off.iter().sum::<f64>() / count;
        let spread = twin.off.iter().map(|o| (o - off).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let scale = FLOOR_FROM + twin.nats;
        let share = (-0.5 * ((told - twin.nats - off) / (ALIKE * scale)).powi(2)).exp();
        let left = (LEFT_OF_SCALE * scale).powi(2) + (LEFT_OF_EXCESS * off).powi(2);
        Self { share, excess: share * off, left, noise: share * share * spread / count }
    }

    /// The squared distance of a quantile from the median that the network itself is unsure by, given the squared normal quantile.
    fn narrowed(&self, network: f64, z2: f64) -> f64 {
        (1.0 - self.share) * network + self.share * network.min(z2 * self.left) + z2 * self.noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[usize]) -> Scores {
        let noise = |i: usize, c: u64| (mix(i as u64 ^ (c << 40)) >> 40) as f64;
        let column = |c: u64| -> Vec<f64> { rows.iter().map(|r| noise(r % 700, c)).collect() };
        Scores::new(&[&column(1), &column(2)], &[&column(3)]).unwrap()
    }

    /// The rows of each block as what they hold.
    fn contents(scores: &Scores, rows: &[usize]) -> Vec<Vec<usize>> {
        let name = |block: Vec<usize>| {
            let mut held: Vec<usize> = block.into_iter().map(|r| rows[r] % 700).collect();
            held.sort_unstable();
            held
        };
        split(&keys(scores), 130).into_iter().map(name).collect()
    }

    #[test]
    fn blocks_do_not_depend_on_the_order_of_rows() {
        // Every row twice, so that there are rows that hold the same.
        let forth: Vec<usize> = (0..1000).collect();
        let back: Vec<usize> = (0..1000).map(|i| i * 387 % 1000).collect();
        let (a, b) = (contents(&table(&forth), &forth), contents(&table(&back), &back));
        assert_eq!(a, b);
        assert_eq!(a.iter().map(Vec::len).sum::<usize>(), 1000);
        assert!(a.iter().all(|block| (125..=130).contains(&block.len())));
    }

    #[test]
    fn intervals_narrow_with_the_blocks_down_to_a_floor() {
        let normal = [-1.645, 0.0, 1.645];
        let block = |shift: f64, sd: f64| BlockAnswer {
            log1p: [0.9 + shift, 1.0 + shift, 1.1 + shift].map(f64::ln_1p).to_vec(),
            pointwise: (0..100).map(|i| 1.0 + sd * f64::from(i % 2 * 2 - 1)).collect(),
        };
        let width = |blocks: &[BlockAnswer]| {
            let q = combine(blocks, None, &normal).log1p;
            assert!(q.is_sorted());
            q[2].exp_m1() - q[0].exp_m1()
        };
        // All of the uncertainty comes from rows: a standard error of 0.1/1.645 in each block.
        let sd = 0.1 / 1.645 * 10.0;
        let (one, four, many) = (vec![block(0.0, sd)], vec![block(0.0, sd); 4], vec![block(0.0, sd); 100_000]);
        assert!((width(&one) - 0.2).abs() < 1e-9);
        assert!((width(&four) - 0.1).abs() < 2e-3, "{}", width(&four));
        let floor = 2.0 * 1.645 * FLOOR * (FLOOR_FROM + 1.0);
        assert!((width(&many) / floor - 1.0).abs() < 0.01);
        // None of it does: more blocks do not help.
        assert!((width(&vec![block(0.0, 0.0); 50]) - 0.2).abs() < 1e-9);
        let centre = combine(&[block(-0.2, sd), block(0.2, sd)], None, &normal).log1p[1].exp_m1();
        assert!((centre - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_the_network_is_off_by_on_the_twin_is_taken_away_where_they_are_alike() {
        let normal = [-1.645, 0.0, 1.645];
        let block = BlockAnswer { log1p: [0.9, 1.0, 1.1].map(f64::ln_1p).to_vec(), pointwise: vec![1.0; 100] };
        let blocks = vec![block; 4];
        let told = |nats: f64, off: f64| {
            let whole = combine(&blocks, Some(&TwinAnswer { nats, off: vec![off; 4] }), &normal);
            let q: Vec<f64> = whole.log1p.iter().map(|v| v.exp_m1()).collect();
            assert!((1.0 - whole.excess - q[1]).abs() < 1e-9);
            (q[1], q[2] - q[0])
        };
        // The same answer to both: all of it, and a narrower interval.
        let (alike, narrow) = told(0.96, 0.04);
        assert!((alike - 0.96).abs() < 1e-9 && narrow < 0.1, "{alike} {narrow}");
        // Another answer: nothing.
        let (unlike, wide) = told(0.5, 0.04);
        assert!((unlike - 1.0).abs() < 1e-4 && (wide - 0.2).abs() < 1e-3, "{unlike} {wide}");
    }
}
