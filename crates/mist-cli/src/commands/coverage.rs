//! The coverage card as tables, of text or of Markdown.

use mist_model::{Coverage, Share};
use std::collections::{BTreeMap, BTreeSet};

/// First and last value of a bin; the first has no beginning, the last no end.
pub type Bin = (usize, usize);

/// Shares by family and rows, of the families of training or of the held-out ones.
pub struct CoverageTable {
    /// Bins of the number of rows.
    pub bins: BTreeSet<Bin>,
    /// By family.
    pub rows: BTreeMap<String, BTreeMap<Bin, Share>>,
    /// By the columns of both sides together.
    pub columns: BTreeMap<Bin, Share>,
    /// Over all.
    pub all: Share,
}

impl CoverageTable {
    /// Those of one kind; nothing where there are none.
    pub fn of(coverage: &Coverage, held_out: bool) -> Option<Self> {
        let mut table =
            Self { bins: BTreeSet::new(), rows: BTreeMap::new(), columns: BTreeMap::new(), all: Share::default() };
        let cells = coverage.by(|c| (c.held_out, c.family.clone(), c.n));
        for ((_, family, n), share) in cells.into_iter().filter(|((held, _, _), _)| *held == held_out) {
            table.bins.insert(n);
            table.rows.entry(family).or_default().insert(n, share);
        }
        let columns = coverage.by(|c| (c.held_out, c.columns));
        table.columns =
            columns.into_iter().filter(|((held, _), _)| *held == held_out).map(|((_, b), s)| (b, s)).collect();
        table.all = coverage.by(|c| c.held_out).remove(&held_out)?;
        Some(table)
    }

    /// Shares by family over all numbers of rows, the lowest first.
    pub fn lowest_first(&self) -> Vec<(&str, Share)> {
        let sum = |shares: &BTreeMap<Bin, Share>| {
            shares.values().fold(Share::default(), |sum, share| Share {
                tasks: sum.tasks + share.tasks,
                covered: sum.covered + share.covered,
            })
        };
        let mut families: Vec<_> = self.rows.iter().map(|(family, shares)| (family.as_str(), sum(shares))).collect();
        families.sort_by(|a, b| a.1.value().total_cmp(&b.1.value()));
        families
    }
}

/// A bin in words.
pub fn range((first, last): Bin) -> String {
    match (first, last) {
        (0, last) => format!("≤ {last}"),
        (first, usize::MAX) => format!("≥ {first}"),
        (first, last) => format!("{first} to {last}"),
    }
}

/// A share with its band, in percent.
pub fn percent(share: Share) -> String {
    let (lower, upper) = share.band();
    format!("{:.0} % ({:.0}–{:.0})", 100.0 * share.value(), 100.0 * lower, 100.0 * upper)
}
