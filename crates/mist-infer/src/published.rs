//! What the published network does not take, and what to keep in mind where it answers.

use crate::prepared::{FLOPS_PER_SECOND, MOST_SECONDS};
use crate::{Columns, EstimateError, Side, Warning};
use mist_model::Description;

/// The warning that a table with so many rows gets; tables are answered as a whole, as the network's authors do.
///
/// # Errors
/// Categories, and rows that would take too long. Numbers of columns are refused by
/// [`NetworkConfig::scores`](mist_model::NetworkConfig::scores).
pub(crate) fn check(x: &Columns, y: &Columns, description: &Description) -> Result<Option<Warning>, EstimateError> {
    for (side, columns) in [(Side::X, x), (Side::Y, y)] {
        if let Some(j) = (0..columns.dim()).find(|j| columns.is_category(*j)) {
            return Err(EstimateError::Category { side, label: columns.label(j) });
        }
    }
    let (n, trained) = (x.n(), description.trained.n);
    let seconds = |rows: usize| description.network.forward_flops(rows, x.dim(), y.dim()) / FLOPS_PER_SECOND;
    if seconds(n) > MOST_SECONDS {
        // Doubling, then halving the step: the largest number of rows that is taken.
        let mut at_most = 1;
        for step in (0..usize::BITS - 1).rev().map(|bit| 1usize << bit).filter(|step| *step < n) {
            if seconds(at_most + step) <= MOST_SECONDS {
                at_most += step;
            }
        }
        return Err(EstimateError::TooManyRows { rows: n, seconds: seconds(n), at_most });
    }
    Ok((n > trained.1).then_some(Warning::Rows { n, trained }))
}
