//! Ranks and their normal scores.

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};
use std::cell::RefCell;
use std::rc::Rc;

/// Cells of a table above which its columns and rows are looked at side by side on several threads: more than a task of training has,
/// which has a thread of its own.
pub(super) const MANY_CELLS: usize = 1 << 20;

/// Rows above which columns are ranked one after another, each of them on several threads: to rank a row takes 16 bytes beside its value.
const LONG: usize = 1 << 22;

/// What `of` says of each of so many columns of `n` rows, on several threads where there are more than a million cells.
pub fn each_column<T: Send>(n: usize, columns: usize, of: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    if n * columns > MANY_CELLS && n <= LONG {
        (0..columns).into_par_iter().map(of).collect()
    } else {
        (0..columns).map(of).collect()
    }
}

/// Ranks of one column.
#[derive(Clone, Debug)]
pub struct Ranks {
    /// `2·midrank − (n + 1)` per row: an integer between −(n − 1) and n − 1, of mean 0, that changes sign when the
    /// column does. Held as f64 for exact dot products.
    pub centred: Vec<f64>,
    /// Size of the tie group per row.
    pub group: Vec<u32>,
    /// Whether any two values are equal.
    pub tied: bool,
}

/// Mid-ranks of finite values.
pub fn ranks(values: &[f64]) -> Ranks {
    let n = values.len();
    let mut order: Vec<(f64, u32)> = values.iter().zip(0u32..).map(|(v, i)| (*v, i)).collect();
    if n > LONG {
        order.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    } else {
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    }
    let mut out = Ranks { centred: vec![0.0; n], group: vec![1; n], tied: false };
    let mut start = 0;
    while start < n {
        let mut end = start + 1;
        while end < n && order[end].0 == order[start].0 {
            end += 1;
        }
        // Twice the mean of the ranks start + 1 ..= end, less n + 1.
        let centred = (start + end) as f64 - n as f64;
        for (_, i) in &order[start..end] {
            out.centred[*i as usize] = centred;
            out.group[*i as usize] = (end - start) as u32;
        }
        out.tied |= end - start > 1;
        start = end;
    }
    out
}

/// `Φ⁻¹((u + n) / 2n)` for u = 0..n: the score of a centred rank u; that of −u is its negative, exactly.
///
/// Each thread keeps the last of them: the many pairs of one table ask for the same.
pub(super) fn score_table(n: usize) -> Rc<[f32]> {
    thread_local! {
        static LAST: RefCell<Rc<[f32]>> = RefCell::new(Rc::new([]));
    }
    LAST.with_borrow_mut(|last| {
        if last.len() != n {
            let normal = Normal::standard();
            let score = |u| if u == 0 { 0.0 } else { normal.inverse_cdf((u + n) as f64 / (2 * n) as f64) as f32 };
            *last = (0..n).map(score).collect();
        }
        last.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many rows that one column is sorted by several threads.
    #[test]
    fn ranks_of_a_long_column() {
        let n = LONG + 3;
        // Every value twice but the largest.
        let values: Vec<f64> = (0..n).map(|r| ((r * 387_420_489 % n) / 2) as f64).collect();
        let ranks = ranks(&values);
        assert!(ranks.tied);
        for (r, v) in values.iter().enumerate() {
            let alone = *v as usize == n / 2;
            assert_eq!(ranks.group[r], if alone { 1 } else { 2 });
            let mean_rank = if alone { n as f64 } else { 2.0 * v + 1.5 };
            assert_eq!(ranks.centred[r], 2.0 * mean_rank - (n as f64 + 1.0));
        }
    }
}
