//! The domain gate: whether data looks like what the checkpoint was trained on.

use crate::screen::Screened;
use crate::{Side, Warning, wide};
use mist_model::Trained;

/// Probability that two rows tie above which a column no longer looks continuous: as with 20 equally likely values.
/// Ordinary rounding, as of lengths to a millimetre, stays below.
const TIED_SHARE: f64 = 0.05;

/// What lies outside of what the checkpoint has seen; `reduced` says whether sides with more columns than in training are
/// answered by the rule of `wide.rs`.
pub(crate) fn gate(n: usize, x: &Screened, y: &Screened, trained: &Trained, reduced: bool) -> Vec<Warning> {
    let outside = |got: usize, (min, max): (usize, usize)| got < min || got > max;
    let mut warnings = Vec::new();
    // More rows are answered in blocks.
    if n < trained.n.0 {
        warnings.push(Warning::Rows { n, trained: trained.n });
    }
    for (side, screened) in [(Side::X, x), (Side::Y, y)] {
        let dim = screened.kept.len();
        if reduced && dim > trained.dims.1 {
            let (columns, sums) = (wide::COLUMNS, wide::SUMS);
            warnings.push(Warning::Reduced { side, dim, trained: trained.dims.1, columns, sums });
        } else if outside(dim, trained.dims) {
            warnings.push(Warning::Dims { side, dim, trained: trained.dims });
        }
    }
    let tied = |s: &Screened| s.tied.iter().filter(|c| c.share > TIED_SHARE).cloned().collect::<Vec<_>>();
    let columns = [tied(x), tied(y)].concat();
    if !columns.is_empty() && !trained.ties {
        warnings.push(Warning::Ties { columns });
    }
    warnings
}
