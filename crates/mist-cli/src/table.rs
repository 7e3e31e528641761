//! One table, for commands that look at many of its columns or at more than two sides.

use crate::input::{TableArgs, check_rows, columns};
use anyhow::{Result, bail};
use mist_infer::Columns;
use mist_tables::{Table as Opened, shown};
use std::collections::HashMap;
use std::path::PathBuf;

/// The table of a command, and how to read it.
#[derive(Clone, Debug, clap::Args)]
pub struct OneTable {
    /// Table: CSV, TSV (also packed by gzip or zstd), Parquet, Arrow, .npy or .npz; `-` for standard input. `FILE.npz:NAME`
    /// is one array of an archive.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    reading: TableArgs,
}

/// Columns with their names.
#[derive(Debug)]
pub struct Table {
    /// The columns, named.
    pub columns: Columns,
    /// Their names, no two alike.
    pub names: Vec<String>,
    /// What happened while reading.
    pub warnings: Vec<String>,
}

impl OneTable {
    /// Reads all columns, or those that `--columns` names.
    pub fn table(&self, chosen: &[String]) -> Result<Table> {
        let mut table = self.reading.open(&self.file)?;
        let indices = match chosen {
            [] => (0..table.fields()?.len()).collect(),
            _ => table.choose(&[("--columns", chosen)])?.concat(),
        };
        self.several(table, &indices)
    }

    /// Reads all columns, or those that `--columns` names, and behind them the one that `--target` names.
    pub fn with_target(&self, target: &str, chosen: &[String]) -> Result<Table> {
        let mut table = self.reading.open(&self.file)?;
        let wanted = [target.to_owned()];
        let wanted: &[(&str, &[String])] = match chosen {
            [] => &[("--target", &wanted)],
            _ => &[("--target", &wanted), ("--columns", chosen)],
        };
        let mut sides = table.choose(wanted)?.into_iter();
        let targets = sides.next().unwrap_or_default();
        let [target] = targets[..] else {
            bail!("`--target` names {} columns of {}, expected one", targets.len(), table.place());
        };
        let mut indices: Vec<usize> = match sides.next() {
            Some(chosen) => chosen,
            None => (0..table.fields()?.len()).filter(|column| *column != target).collect(),
        };
        indices.push(target);
        self.several(table, &indices)
    }

    /// Reads the columns that each option names, side by side; and how many each has.
    pub fn sides(&self, options: &[(&str, &[String])]) -> Result<(Table, Vec<usize>)> {
        let mut table = self.reading.open(&self.file)?;
        let sides = table.choose(options)?;
        let counts = sides.iter().map(Vec::len).collect();
        Ok((self.read(table, &sides.concat())?, counts))
    }

    fn several(&self, table: Opened, indices: &[usize]) -> Result<Table> {
        if indices.len() < 2 {
            bail!("{} has one column to look at, expected at least two", table.place());
        }
        self.read(table, indices)
    }

    fn read(&self, table: Opened, indices: &[usize]) -> Result<Table> {
        let place = table.place().to_owned();
        let mut data = self.reading.read(table, indices)?;
        let left_out = data.keep_complete();
        check_rows(data.rows(), left_out.len(), &place)?;
        let names: Vec<String> = data.columns.iter().map(|column| shown(column.name.as_bytes())).collect();
        let mut first = HashMap::new();
        for (name, index) in names.iter().zip(indices) {
            if let Some(other) = first.insert(name, index) {
                bail!(
                    "columns {} and {} of {place} are both called `{name}`: answers could not be told apart\n\
                     hint: rename one, or choose columns by number",
                    other + 1,
                    index + 1
                );
            }
        }
        let warnings = data.notices.iter().map(ToString::to_string).collect();
        Ok(Table { columns: columns(data.columns), names, warnings })
    }
}
