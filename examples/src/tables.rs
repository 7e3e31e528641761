//! The tables of the examples, as numbers.

use anyhow::{Context, Result, bail, ensure};
use mist_tables::{Kind, Options, Table};
use std::path::Path;

/// Images and what they show.
pub struct Digits {
    /// The values of each pixel, row by row of the image, 0 to 16.
    pub pixels: Vec<Vec<f64>>,
    /// The digit of each image.
    pub labels: Vec<f64>,
}

impl Digits {
    /// Reads `digits.csv`.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut columns = columns(&folder.join("digits.csv"), &["pixel_*", "digit"], 0)?;
        let labels = columns.pop().context("no column `digit`")?.0;
        ensure!(labels.iter().all(|v| *v >= 0.0 && v.fract() == 0.0), "`digit` is not a count from 0");
        Ok(Self { pixels: columns.into_iter().map(|(values, _)| values).collect(), labels })
    }

    /// Digits from 0 to the largest one.
    pub fn classes(&self) -> usize {
        self.labels.iter().fold(0.0_f64, |most, v| most.max(*v)) as usize + 1
    }
}

/// Texts, what people think of them, and other columns.
pub struct Texts {
    pub texts: Vec<String>,
    /// The mean rating of the raters that are to be told.
    pub rating: Vec<f64>,
    /// The mean rating of the other raters.
    pub others: Vec<f64>,
    /// Columns made from counts of letter sequences.
    pub ngrams: Vec<Vec<f64>>,
}

impl Texts {
    /// Reads a table of texts.
    pub fn read(path: &Path) -> Result<Self> {
        let mut columns = columns(path, &["text", "rating", "others", "ngrams_*"], 1)?;
        let ngrams = columns.split_off(3).into_iter().map(|(values, _)| values).collect();
        let [(codes, Kind::Category { levels }), (rating, _), (others, _)] = &columns[..] else {
            bail!("column `text` of `{}` holds no texts", path.display());
        };
        let texts = codes.iter().map(|code| levels[*code as usize].clone()).collect();
        Ok(Self { texts, rating: rating.clone(), others: others.clone(), ngrams })
    }
}

/// Columns by name, the first few of them texts whatever they look like; all values are there.
fn columns(path: &Path, words: &[&str], texts: usize) -> Result<Vec<(Vec<f64>, Kind)>> {
    let hint = || format!("cannot use `{}`\nhint: scripts/example_tables.py writes it", path.display());
    let mut table = Table::open(path, &Options::default()).with_context(hint)?;
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let chosen = table.choose(&[("columns", &words)]).with_context(hint)?;
    let chosen = chosen.concat();
    let data = table.read(&chosen, &chosen[..texts]).with_context(hint)?;
    let complete = data.columns.iter().all(|column| column.values.iter().all(|v| v.is_finite()));
    ensure!(complete, "`{}` has missing values", path.display());
    Ok(data.columns.into_iter().map(|column| (column.values, column.kind)).collect())
}
