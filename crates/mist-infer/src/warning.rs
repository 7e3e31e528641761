//! What to keep in mind about an answer.

use crate::Side;
use std::fmt;

/// A column with few different values.
#[derive(Clone, Debug, PartialEq)]
pub struct TiedColumn {
    /// The side it is on.
    pub side: Side,
    /// The column, as [`Columns::label`](crate::Columns::label) calls it.
    pub label: String,
    /// Probability that two of its rows, drawn at random, hold the same value.
    pub share: f64,
}

/// A reason to take an answer with care; its `Display` says it in one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Columns left out because all of their values are equal; the side has others.
    ConstantColumns {
        /// The side.
        side: Side,
        /// The columns, as [`Columns::label`](crate::Columns::label) calls them.
        labels: Vec<String>,
    },
    /// Columns left out because they order the rows as another column of the side does: they say nothing new.
    RepeatedColumns {
        /// The side.
        side: Side,
        /// The columns, as [`Columns::label`](crate::Columns::label) calls them.
        labels: Vec<String>,
    },
    /// Columns left out because each is a weighted sum of other columns of the side: they say nothing new.
    SummedColumns {
        /// The side.
        side: Side,
        /// The columns, as [`Columns::label`](crate::Columns::label) calls them.
        labels: Vec<String>,
    },
    /// A side that is a category of many values: answered by groups of values.
    ManyValues {
        /// Values told apart.
        values: usize,
        /// Values of few rows, which are taken as one.
        rare: usize,
    },
    /// A category of more values than a pass tells apart: the most frequent ones are, the others are taken as one.
    Lumped {
        /// The side.
        side: Side,
        /// The column, as [`Columns::label`](crate::Columns::label) calls it.
        label: String,
        /// Values found.
        values: usize,
        /// Values told apart, at most.
        most: usize,
    },
    /// A side without any column that varies: the answer is 0 by definition, and the network was not asked.
    ConstantSide {
        /// The side.
        side: Side,
    },
    /// Fewer or more rows than in training.
    Rows {
        /// Rows found.
        n: usize,
        /// Fewest and most rows in training.
        trained: (usize, usize),
    },
    /// Fewer or more columns than in training.
    Dims {
        /// The side.
        side: Side,
        /// Columns found that are not constant.
        dim: usize,
        /// Fewest and most columns of a side in training.
        trained: (usize, usize),
    },
    /// Of a side with more columns than in training, a few columns and sums of the others are answered, as `wide.rs` says:
    /// what they share is at most what the side shares.
    Reduced {
        /// The side.
        side: Side,
        /// Columns found that are not constant.
        dim: usize,
        /// Most columns of a side in training.
        trained: usize,
        /// Columns.
        columns: usize,
        /// Sums of the others.
        sums: usize,
    },
    /// All columns of a side together got an answer that no data can give, or an interval wider than 20 nats, as happens where many of them are nearly the same: a few
    /// of them and sums of the others are answered, as for [`Warning::Reduced`].
    Alike {
        /// The side.
        side: Side,
        /// Columns found that are not constant.
        dim: usize,
        /// Columns.
        columns: usize,
        /// Sums of the others.
        sums: usize,
    },
    /// One side is a function of the other as far as the rows can tell. If the columns are continuous, the MI is infinite.
    Functional {
        /// What the rows show at least, in nats.
        at_least_nats: f64,
    },
    /// What the nearest neighbours say by themselves lies far outside of the interval.
    Disagreement {
        /// The estimate of Kraskov et al. in nats.
        ksg_nats: f64,
        /// The 90 % interval.
        interval: (f64, f64),
    },
    /// Columns of few whole numbers that, taken as categories, get a larger answer: their values may be codes.
    Codes {
        /// The columns, with their sides.
        labels: Vec<String>,
        /// The answer with categories in nats, from 4,000 of the rows where there are more.
        mi_nats: f64,
        /// Its 90 % interval.
        interval: (f64, f64),
    },
    /// More rows than in training: the answer is put together from blocks of rows.
    Blocks {
        /// Rows found.
        n: usize,
        /// Number of blocks.
        blocks: usize,
        /// Rows in them.
        used: usize,
    },
    /// So balanced a table that the signs of many columns are open, and the answer may depend on their order.
    Balanced {
        /// Sets of columns whose signs are open.
        free: usize,
    },
    /// Columns with few different values, where training had continuous data.
    Ties {
        /// The columns.
        columns: Vec<TiedColumn>,
    },
}

/// The first few items, and how many more there are.
fn first(items: &[String]) -> String {
    const SHOWN: usize = 4;
    match items.len() {
        n if n > SHOWN + 1 => format!("{} and {} more", items[..SHOWN].join(", "), n - SHOWN),
        _ => items.join(", "),
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let beyond = |got: usize, (min, max): (usize, usize)| match got > max {
            true => format!("more than the {max}"),
            false => format!("fewer than the {min}"),
        };
        match self {
            Self::ConstantColumns { side, labels } => {
                write!(f, "{} of {side} left out: all values are equal", first(labels))
            }
            Self::RepeatedColumns { side, labels } => {
                write!(f, "{} of {side} left out: the rows have the same order in another column", first(labels))
            }
            Self::SummedColumns { side, labels } => {
                write!(f, "{} of {side} left out: a weighted sum of other columns, which tell as much", first(labels))
            }
            Self::ManyValues { values, rare } => {
                write!(
                    f,
                    "{values} values of a category are more than one pass tells apart: answered by groups of values"
                )?;
                match rare {
                    0 => Ok(()),
                    _ => write!(f, "; {rare} more, of few rows each, are taken as one"),
                }
            }
            Self::Lumped { side, label, values, most } => {
                write!(f, "{label} of {side} has {values} values, of which the {most} most frequent are told apart ")?;
                write!(f, "and the others taken as one: the mutual information can only be larger")
            }
            Self::ConstantSide { side } => {
                write!(f, "every column of {side} is constant, so the mutual information is 0")
            }
            Self::Rows { n, trained } => {
                write!(f, "{n} rows: {} that the checkpoint was trained on", beyond(*n, *trained))
            }
            Self::Dims { side, dim, trained } => {
                let columns = if *dim == 1 { "column" } else { "columns" };
                write!(f, "{dim} {columns} of {side}: {} that the checkpoint was trained on", beyond(*dim, *trained))
            }
            Self::Reduced { side, dim, trained, columns, sums } => {
                write!(
                    f,
                    "{dim} columns of {side}, more than the {trained} that the checkpoint was trained on: answered from "
                )?;
                write!(f, "the {columns} that have most to do with the other side and {sums} sums of the others; ")?;
                write!(f, "the mutual information of all can only be larger")
            }
            Self::Alike { side, dim, columns, sums } => {
                write!(f, "{dim} columns of {side} are too much alike for an answer from all of them: answered from ")?;
                write!(f, "the {columns} that have most to do with the other side and {sums} sums of the others; ")?;
                write!(f, "leave out columns that repeat each other")
            }
            Self::Functional { at_least_nats } => {
                write!(
                    f,
                    "one side is a function of the other as far as the rows can tell: if the columns are continuous, "
                )?;
                write!(
                    f,
                    "the mutual information is infinite, and the rows show at least {at_least_nats:.1} nats of it"
                )
            }
            Self::Disagreement { ksg_nats, interval: (lower, upper) } => {
                write!(
                    f,
                    "nearest neighbours by themselves (KSG) say {ksg_nats:.2} nats, far outside of {lower:.2} to "
                )?;
                write!(f, "{upper:.2}: plot the data before you trust either")
            }
            Self::Codes { labels, mi_nats, interval: (lower, upper) } => {
                let hold = if labels.len() == 1 { "holds" } else { "hold" };
                write!(
                    f,
                    "{} {hold} few different whole numbers: if these are codes of categories, say so ",
                    first(labels)
                )?;
                write!(
                    f,
                    "(`--categorical`; from Rust `Columns::categorical`), and the answer is about {mi_nats:.2} nats, "
                )?;
                write!(f, "{lower:.2} to {upper:.2}")
            }
            Self::Blocks { n, blocks, used } => {
                write!(f, "{n} rows are more than one pass takes: averaged over {blocks} blocks of rows")?;
                if used < n { write!(f, ", {used} rows in all") } else { Ok(()) }
            }
            Self::Balanced { free } => {
                write!(f, "the table is so balanced that the signs of {free} sets of columns are open: ")?;
                write!(f, "the answer may depend on the order of the columns")
            }
            Self::Ties { columns } => {
                let each = |c: &TiedColumn| format!("{} of {} (about {:.0})", c.label, c.side, 1.0 / c.share);
                let list: Vec<String> = columns.iter().map(each).collect();
                write!(f, "few different values in {}: the data is discrete or coarsely rounded, ", first(&list))?;
                f.write_str("the checkpoint was trained on continuous data")
            }
        }
    }
}
