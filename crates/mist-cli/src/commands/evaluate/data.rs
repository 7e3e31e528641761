//! Data sets whose mutual information is known: drawn, or read from disk.

use super::sense;
use crate::input::check_rows;
use anyhow::{Context, Result, anyhow};
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::Columns;
use mist_tables::{Data, Manifest, Missing, Options, Table, printable};
use nalgebra::DMatrix;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::Path;

/// One data set.
pub struct DataSet {
    /// Family of its distribution.
    pub family: String,
    /// True MI in nats.
    pub mi_nats: f64,
    /// n × d.
    pub x: DMatrix<f64>,
    /// n × d.
    pub y: DMatrix<f64>,
}

impl DataSet {
    /// Both sides as the learned estimator takes them.
    pub fn columns(&self) -> (Columns, Columns) {
        let columns = |m: &DMatrix<f64>| Columns::new(m.column_iter().map(|c| c.iter().copied().collect()).collect());
        (columns(&self.x), columns(&self.y))
    }
}

/// Data sets that share a heading of the report.
pub struct Part {
    /// The heading.
    pub title: String,
    source: Source,
    total: u64,
    count: u64,
}

enum Source {
    Sense { seed: u64 },
    Drawn { meta: Box<MetaDistribution>, seed: u64 },
    Read { manifest: Manifest, sha256: String },
}

/// What tells one part from another.
#[derive(Serialize)]
pub struct PartId {
    title: String,
    data_sets: u64,
    /// Of the configuration or of the manifest.
    sha256: String,
    /// Of the files that the manifest lists, as far as they are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs_sha256: Option<String>,
}

/// Title of the suite that is [constructed](super::sense).
pub const SENSE: &str = "sense";

/// Tasks drawn where a suite has no size of its own.
const DEFAULT_COUNT: u64 = 500;

impl Part {
    /// The data sets of an embedded configuration.
    pub fn drawn(name: &str, seed: u64, limit: Option<u64>) -> Result<Self> {
        if name == SENSE {
            let total = sense::len();
            let count = limit.unwrap_or(total).min(total);
            return Ok(Self { title: name.to_owned(), source: Source::Sense { seed }, total, count });
        }
        let meta = Box::new(MetaDistribution::named(name)?);
        let total = meta.suite_len().unwrap_or(limit.unwrap_or(DEFAULT_COUNT));
        let count = limit.unwrap_or(total).min(total);
        Ok(Self { title: name.to_owned(), source: Source::Drawn { meta, seed }, total, count })
    }

    /// The data sets of a manifest.
    pub fn read(path: &Path, limit: Option<u64>) -> Result<Self> {
        let manifest = Manifest::read(path)?;
        let bytes = mist_files::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let sha256 = hex(&Sha256::digest(bytes));
        let total = manifest.entries.len() as u64;
        let count = limit.unwrap_or(total).min(total);
        Ok(Self {
            title: printable(&path.display().to_string()),
            source: Source::Read { manifest, sha256 },
            total,
            count,
        })
    }

    /// The indices of the data sets, spread evenly over all that there are.
    pub fn indices(&self) -> impl Iterator<Item = u64> {
        (0..self.count).map(|i| i * self.total / self.count)
    }

    /// What tells it from another part.
    ///
    /// # Errors
    /// A file that the manifest lists cannot be read.
    pub fn id(&self) -> Result<PartId> {
        let (sha256, inputs_sha256) = match &self.source {
            Source::Drawn { meta, .. } => (meta.sha256(), None),
            Source::Sense { .. } => (String::new(), None),
            Source::Read { manifest, sha256 } => (sha256.clone(), Some(self.inputs_sha256(manifest)?)),
        };
        Ok(PartId { title: self.title.clone(), data_sets: self.count, sha256, inputs_sha256 })
    }

    /// SHA-256 of the SHA-256 of all files that are used, in order.
    fn inputs_sha256(&self, manifest: &Manifest) -> Result<String> {
        let mut all = Sha256::new();
        for index in self.indices() {
            let entry = &manifest.entries[index as usize];
            for path in [&entry.x, &entry.y] {
                let mut of_file = Sha256::new();
                let read = File::open(path).and_then(|mut file| std::io::copy(&mut file, &mut of_file));
                read.with_context(|| format!("cannot read `{}`", path.display()))
                    .with_context(|| entry.place.clone())?;
                all.update(of_file.finalize());
            }
        }
        Ok(hex(&all.finalize()))
    }

    /// The data set of an index.
    pub fn data_set(&self, index: u64) -> Result<DataSet> {
        match &self.source {
            Source::Sense { seed } => Ok(sense::data_set(*seed, index)),
            Source::Drawn { meta, seed } => {
                let draw = meta.draw(&Seeds { root: *seed }, Split::Test, index);
                Ok(DataSet { family: draw.family, mi_nats: draw.mi_nats, x: draw.sample.x, y: draw.sample.y })
            }
            Source::Read { manifest, .. } => {
                let entry = &manifest.entries[index as usize];
                let place = || entry.place.clone();
                let mi_nats = entry.mi_nats.ok_or_else(|| anyhow!("`mi_nats` is missing")).with_context(place)?;
                if mi_nats < 0.0 {
                    return Err(anyhow!("`mi_nats` is `{mi_nats}`, expected at least 0")).with_context(place);
                }
                let (x, y) = sides(&entry.x, &entry.y).with_context(place)?;
                Ok(DataSet { family: printable(&entry.family), mi_nats, x, y })
            }
        }
    }
}

/// All columns of two tables of as many rows, in which no value is missing.
fn sides(x: &Path, y: &Path) -> Result<(DMatrix<f64>, DMatrix<f64>)> {
    let whole = |path: &Path| -> Result<(Data, String)> {
        let table = Table::open(path, &Options { missing: Missing::Error, ..Options::default() })?;
        let (place, all) = (table.place().to_owned(), (0..table.fields()?.len()).collect::<Vec<_>>());
        Ok((table.read(&all, &[])?, place))
    };
    let ((x, x_place), (y, y_place)) = (whole(x)?, whole(y)?);
    let dim_x = x.columns.len();
    let both = x.beside(y, [&x_place, &y_place])?;
    check_rows(both.rows(), 0, &format!("the pair {x_place}, {y_place}"))?;
    let matrix = |columns: &[mist_tables::Column]| {
        let values = columns.iter().flat_map(|column| column.values.iter().copied());
        DMatrix::from_iterator(both.rows(), columns.len(), values)
    };
    let (x, y) = both.columns.split_at(dim_x);
    Ok((matrix(x), matrix(y)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
