//! What the network is asked about a table, and what is known of it beforehand.

use crate::blocks::{BlockAnswer, keys, most_blocks, rows_at_once, split};
use crate::bound::Entropy;
use crate::chain::Chain;
use crate::estimator::MIN_ROWS;
use crate::screen::{Kept, Rows, Screened, check, screen};
use crate::second_look::SecondLook;
use crate::twin::Twin;
use crate::wide::{self, Wide};
use crate::{Columns, EstimateError, Estimator, Side, Warning, domain, published};
use mist_model::{Column, Description, MAX_INDICATORS, NetworkConfig, Scores, TaskShape};

/// Orientations of the columns that are averaged where the data leaves the choice open, and the sets of columns that
/// have so many.
pub(crate) const ORIENTATIONS: usize = 1 << MOST_FREE;
const MOST_FREE: usize = 5;

/// What a pass may take at most, and what a core of an ordinary processor does.
pub(crate) const MOST_SECONDS: f64 = 20.0;
pub(crate) const FLOPS_PER_SECOND: f64 = 2e10;

/// A task between the look at its data and the forward pass.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub n: usize,
    pub dim_x: usize,
    pub dim_y: usize,
    /// As the network sees it, but for the blocks.
    pub shape: TaskShape,
    pub passes: Passes<'a>,
    /// Of the sides that are discrete.
    pub entropies: Vec<Entropy>,
    pub warnings: Vec<Warning>,
}

/// What the network is asked.
#[derive(Debug)]
pub(crate) enum Passes<'a> {
    /// Nothing, where a side is constant: the answer is 0.
    None,
    /// The table as a whole.
    Table(Block),
    /// Blocks of its rows.
    Blocks(Box<Blocks<'a>>),
    /// Groups of the values of a category.
    Chain(Chain),
}

/// Rows that are answered together.
#[derive(Debug)]
pub(crate) struct Block {
    /// Their scores, under each orientation of the columns that ties.
    pub orientations: Vec<Scores>,
    pub second_look: Option<SecondLook>,
}

/// A table whose rows are answered block by block.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    pub x: Screened<'a>,
    pub y: Screened<'a>,
    /// Places in the table of the rows of each block.
    pub rows: Vec<Vec<usize>>,
    /// Where a side has more columns than the checkpoint was trained on.
    pub wide: Option<Wide>,
    /// Normal data like the table, if that may be.
    pub twin: Option<Twin>,
}

impl Block {
    pub(crate) fn new(scores: Scores, network: &NetworkConfig) -> Self {
        let orientations: Vec<Scores> = network.with_terms(scores).alternatives(ORIENTATIONS).collect();
        Self { second_look: SecondLook::new(&orientations[0], network.neighbours()), orientations }
    }
}

impl Blocks<'_> {
    /// The scores of a block.
    pub(crate) fn scores(&self, index: usize) -> Scores {
        let rows = &self.rows[index];
        // What is kept of a wide side comes from the rows of the next block.
        let found_in = &self.rows[(index + 1) % self.rows.len()];
        let kept = self.wide.as_ref().map_or([None, None], |wide| wide.reduce(found_in, rows));
        let [x, y] = [&self.x, &self.y];
        let of = |side: &Screened, kept: Option<wide::Kept>| -> Vec<Rows> {
            match kept {
                None => side.kept.iter().map(|k| k.rows(rows)).collect(),
                Some(kept) => {
                    let columns = kept.variables.iter().map(|v| side.kept[*v].rows(rows));
                    columns.chain(kept.sums.into_iter().map(Rows::Number)).collect()
                }
            }
        };
        let [of_x, of_y] = kept;
        let (x, y) = (of(x, of_x), of(y, of_y));
        let (x, y): (Vec<_>, Vec<_>) = (x.iter().map(Rows::column).collect(), y.iter().map(Rows::column).collect());
        Scores::of(&x, &y).expect("the data has been checked")
    }
}

impl Prepared<'_> {
    pub(crate) fn table(&self) -> Option<&Block> {
        match &self.passes {
            Passes::Table(block) => Some(block),
            _ => None,
        }
    }

    /// The pointwise MI in the order of the table's rows, if every row has one.
    pub(crate) fn pointwise(&self, answers: &[BlockAnswer]) -> Vec<f64> {
        match (&self.passes, answers) {
            (Passes::None, _) => vec![0.0; self.n],
            (Passes::Table(_) | Passes::Chain(_), [answer]) => answer.pointwise.clone(),
            (Passes::Blocks(blocks), _) if answers.iter().map(|a| a.pointwise.len()).sum::<usize>() == self.n => {
                let mut out = vec![0.0; self.n];
                for (rows, answer) in blocks.rows.iter().zip(answers) {
                    rows.iter().zip(&answer.pointwise).for_each(|(row, value)| out[*row] = *value);
                }
                out
            }
            _ => Vec::new(),
        }
    }
}

impl Estimator {
    pub(crate) fn prepare<'a>(&self, x: &'a Columns, y: &'a Columns) -> Result<Prepared<'a>, EstimateError> {
        self.prepare_within(x, y, self.description.trained.dims.1)
    }

    /// A table, answered by the rule for wide tables where a side has more than so many columns.
    pub(crate) fn prepare_within<'a>(
        &self,
        x: &'a Columns,
        y: &'a Columns,
        most_columns: usize,
    ) -> Result<Prepared<'a>, EstimateError> {
        let description = &self.description;
        let n = check(x, y)?;
        let sides = [(Side::X, screen(Side::X, x)), (Side::Y, screen(Side::Y, y))];
        let mut warnings = Vec::new();
        for (side, screened) in &sides {
            let Screened { kept, constant, repeated, sums, .. } = screened;
            if !repeated.is_empty() {
                warnings.push(Warning::RepeatedColumns { side: *side, labels: repeated.clone() });
            }
            if !sums.is_empty() {
                warnings.push(Warning::SummedColumns { side: *side, labels: sums.clone() });
            }
            if kept.is_empty() {
                warnings.push(Warning::ConstantSide { side: *side });
            } else if !constant.is_empty() {
                warnings.push(Warning::ConstantColumns { side: *side, labels: constant.clone() });
            }
        }
        let [(_, sx), (_, sy)] = sides;
        let (dim_x, dim_y) = (x.dim(), y.dim());
        if sx.kept.is_empty() || sy.kept.is_empty() {
            let shape = TaskShape { n, columns: dim_x + dim_y, ties: false };
            return Ok(Prepared { n, dim_x, dim_y, shape, passes: Passes::None, entropies: Vec::new(), warnings });
        }
        if description.network.takes_whole_tables() {
            let warnings = domain::gate(n, &sx, &sy, &description.trained, false);
            return self.prepare_published(x, y, warnings);
        }
        // Each part of the rows must be enough for an answer.
        let wide = n >= 2 * MIN_ROWS && sx.kept.len().max(sy.kept.len()) > most_columns;
        warnings.extend(domain::gate(n, &sx, &sy, &description.trained, wide));
        for (side, screened) in [(Side::X, &sx), (Side::Y, &sy)] {
            let dim = screened.kept.len();
            if wide && dim > most_columns && dim <= description.trained.dims.1 {
                warnings.push(Warning::Alike { side, dim, columns: wide::COLUMNS, sums: wide::SUMS });
            }
        }
        let answered = |side: &Screened| match side.kept.len() {
            dim if wide && dim > most_columns => wide::MOST_COLUMNS,
            dim => dim,
        };
        let most_rows = rows_at_once(&description.trained, answered(&sx) + answered(&sy));
        let most_blocks = most_blocks(most_rows, answered(&sx) + answered(&sy));
        check_size(n.min(most_rows), answered(&sx), answered(&sy), description)?;
        if wide {
            Wide::check_size(n, sx.kept.len(), sy.kept.len())?;
        }
        let scores = if wide { Scores::unoriented } else { Scores::of };
        let scores = scores(&columns(&sx), &columns(&sy)).expect("the data has been checked");
        let shape = scores.shape();
        let sides = [0..scores.dim_x, scores.dim_x..scores.dim_x + scores.dim_y];
        let entropies = sides.into_iter().filter_map(|side| Entropy::of(&scores, side)).collect();
        if scores.free.len() > MOST_FREE {
            warnings.push(Warning::Balanced { free: scores.free.len() });
        }
        let chain = Chain::of((x, &sx), (y, &sy));
        if chain.is_none() {
            warnings.extend(lumped(Side::X, x).chain(lumped(Side::Y, y)));
        }
        let passes = if let Some(chain) = chain {
            warnings.push(Warning::ManyValues { values: chain.values, rare: chain.rare });
            Passes::Chain(chain)
        } else if n <= most_rows && !wide {
            Passes::Table(Block::new(scores, &description.network))
        } else {
            let keys = keys(&scores);
            let mut rows = split(&keys, if wide { most_rows.min(n.div_ceil(2)) } else { most_rows });
            if !self.every_row {
                rows.truncate(most_blocks);
            }
            let used = rows.iter().map(Vec::len).sum();
            if n > most_rows {
                warnings.push(Warning::Blocks { n, blocks: rows.len(), used });
            }
            // Of a wide side other columns are kept in each block.
            let twin = if wide { None } else { Twin::new(&scores, &keys, &rows) };
            let wide = if wide { Wide::new(scores, most_columns) } else { None };
            Passes::Blocks(Box::new(Blocks { x: sx, y: sy, rows, wide, twin }))
        };
        Ok(Prepared { n, dim_x, dim_y, shape, passes, entropies, warnings })
    }

    /// A table as the published network takes it: every column as it is, those that say nothing new too.
    fn prepare_published<'a>(
        &self,
        x: &'a Columns,
        y: &'a Columns,
        mut warnings: Vec<Warning>,
    ) -> Result<Prepared<'a>, EstimateError> {
        warnings.extend(published::check(x, y, &self.description)?);
        let numbers = |side: &'a Columns| -> Vec<Column<'a>> { side.iter().map(Column::Number).collect() };
        let scores = self.description.network.scores(&numbers(x), &numbers(y))?;
        let (n, dim_x, dim_y, shape) = (scores.n, scores.dim_x, scores.dim_y, scores.shape());
        // Neither signs to choose nor neighbours to compare with: those are of normal scores.
        let passes = Passes::Table(Block { orientations: vec![scores], second_look: None });
        Ok(Prepared { n, dim_x, dim_y, shape, passes, entropies: Vec::new(), warnings })
    }
}

/// The categories of a side that have more values than a pass tells apart.
fn lumped(side: Side, columns: &Columns) -> impl Iterator<Item = Warning> {
    (0..columns.dim()).filter(|j| columns.is_category(*j)).filter_map(move |j| {
        let mut different: Vec<u64> = columns.column(j).iter().map(|v| (v + 0.0).to_bits()).collect();
        different.sort_unstable();
        different.dedup();
        let values = different.len();
        let warning = Warning::Lumped { side, label: columns.label(j), values, most: MAX_INDICATORS - 1 };
        (values > MAX_INDICATORS).then_some(warning)
    })
}

fn columns<'a>(side: &'a Screened) -> Vec<Column<'a>> {
    side.kept.iter().map(Kept::column).collect()
}

/// Whether one pass over so many columns ends soon enough.
fn check_size(rows: usize, dim_x: usize, dim_y: usize, description: &Description) -> Result<(), EstimateError> {
    let cost = |dim_x, dim_y| description.network.forward_flops(rows, dim_x, dim_y) / FLOPS_PER_SECOND;
    let seconds = cost(dim_x, dim_y);
    if seconds <= MOST_SECONDS {
        return Ok(());
    }
    let columns = (1..dim_x + dim_y).rev().find(|d| cost(d.div_ceil(2), d / 2) <= MOST_SECONDS).unwrap_or(1);
    Err(EstimateError::TooLarge { columns: dim_x + dim_y, seconds, at_most: columns })
}
