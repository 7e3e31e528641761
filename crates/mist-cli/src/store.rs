//! The folder of a run: what the run is, and the rows it has so far.

use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the run is.
const RUN: &str = "run.json";

/// A row of the file of a run.
pub trait Record: Sized {
    /// Name of the file: rows are added to it one by one while the run goes on, and sorted once it is whole.
    const FILE: &str;

    /// The first line of the file.
    fn header() -> Vec<String>;

    /// The cells. A number is written so that reading it back gives the same bits.
    fn to_record(&self) -> Result<Vec<String>>;

    /// From the cells.
    fn from_record(record: &csv::StringRecord) -> Result<Self>;
}

/// The rows of a run, in memory and, if it has a folder, on disk.
pub struct Store<R> {
    rows: Vec<R>,
    disk: Option<Disk>,
}

struct Disk {
    path: PathBuf,
    file: File,
    /// Held while the run goes on.
    _lock: File,
}

impl<R: Record> Store<R> {
    /// Without a folder.
    pub fn in_memory() -> Self {
        Self { rows: Vec::new(), disk: None }
    }

    /// In a folder, which is new, or holds the same run: then with the rows that are there. A line that a kill has cut
    /// off is dropped.
    pub fn open(dir: &Path, run: &serde_json::Value) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot write `{}`", dir.display()))?;
        let path = dir.join(R::FILE);
        let place = || format!("`{}`", path.display());
        let known = dir.join(RUN);
        if known.exists() {
            same_run(&known, run)?;
        } else if path.exists() {
            bail!("`{}` has a `{}` but no `{RUN}`\nhint: choose another folder", dir.display(), R::FILE);
        } else {
            let text = serde_json::to_string_pretty(run).expect("plain values have a JSON form") + "\n";
            replace(&known, text.as_bytes())?;
        }

        let lock = File::open(&known).with_context(|| format!("cannot read `{}`", known.display()))?;
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            bail!("another process is at work in `{}`", dir.display());
        }

        mist_files::clean(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
        let mut bytes = if path.exists() { mist_files::read(&path).with_context(place)? } else { Vec::new() };
        bytes.truncate(bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
        let rows = read(&bytes).with_context(place)?;
        if bytes.is_empty() {
            bytes = lines([Ok(R::header())])?;
        }
        // Written anew, so that what a kill has cut off is gone.
        replace(&path, &bytes)?;
        let file = OpenOptions::new().append(true).open(&path).with_context(place)?;
        Ok(Self { rows, disk: Some(Disk { path, file, _lock: lock }) })
    }

    /// The rows so far.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Adds rows, on disk too, all of them or none.
    pub fn append(&mut self, rows: Vec<R>) -> Result<()> {
        if let Some(Disk { path, file, .. }) = &mut self.disk {
            let bytes = lines(rows.iter().map(R::to_record))?;
            file.write_all(&bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        self.rows.extend(rows);
        Ok(())
    }

    /// All rows in the order of `key`, on disk too.
    pub fn finish<K: Ord>(self, key: impl Fn(&R) -> K) -> Result<Vec<R>> {
        self.finish_with(|rows| rows.sort_by_key(key))
    }

    /// All rows, once more is done to them as a whole, on disk too.
    pub fn finish_with(mut self, last: impl FnOnce(&mut Vec<R>)) -> Result<Vec<R>> {
        last(&mut self.rows);
        if let Some(Disk { path, .. }) = &self.disk {
            replace(path, &lines([Ok(R::header())].into_iter().chain(self.rows.iter().map(R::to_record)))?)?;
        }
        Ok(self.rows)
    }
}

fn same_run(path: &Path, run: &serde_json::Value) -> Result<()> {
    let place = path.display();
    let text = mist_files::read_text(path).with_context(|| format!("cannot read `{place}`"))?;
    let there: serde_json::Value = serde_json::from_str(&text).with_context(|| format!("`{place}`"))?;
    let keys = run.as_object().into_iter().flatten();
    match keys.into_iter().find(|(key, value)| there.get(key) != Some(value)) {
        None => Ok(()),
        Some((key, value)) => {
            let was = there.get(key).unwrap_or(&serde_json::Value::Null);
            bail!("`{place}` is of another run: expected `{key}` to be {value}, got {was}\nhint: choose another folder")
        }
    }
}

fn read<R: Record>(bytes: &[u8]) -> Result<Vec<R>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_reader(bytes);
    let (found, expected) = (reader.headers()?.clone(), csv::StringRecord::from(R::header()));
    if found != expected {
        bail!("line 1: the columns are not those of this version");
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(R::from_record(&record).with_context(|| format!("line {line}"))?);
    }
    Ok(rows)
}

fn lines(records: impl IntoIterator<Item = Result<Vec<String>>>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    records.into_iter().try_for_each(|record| Ok::<_, anyhow::Error>(writer.write_record(record?)?))?;
    Ok(writer.into_inner()?)
}

/// Writes a file, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    mist_files::replace(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
