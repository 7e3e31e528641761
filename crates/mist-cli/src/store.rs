//! The folder of a run: what the run is, and the rows it has so far.

use crate::console;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the run is.
const RUN: &str = "run.json";
/// Ending of the file beside the rows that has a checksum a row: of all bytes up to the row's end.
const SUMS: &str = ".sums";

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
    sums: File,
    /// Of all bytes of the file.
    so_far: Sha256,
    /// Held while the run goes on.
    _lock: File,
}

impl<R: Record> Store<R> {
    /// Without a folder.
    pub fn in_memory() -> Self {
        Self { rows: Vec::new(), disk: None }
    }

    /// In a folder, which is new, or holds the same run: then with the rows that are there. A line that a kill has cut
    /// off is dropped, and so is all that follows a row that is not as it was written.
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
        let read_or_empty =
            |path: &Path| if path.exists() { mist_files::read(path).with_context(place) } else { Ok(Vec::new()) };
        let mut bytes = read_or_empty(&path)?;
        bytes.truncate(bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
        let sound = sound(&bytes, &read_or_empty(&sums_of(&path))?);
        if sound < bytes.len() {
            let line = bytes[..sound].iter().filter(|b| **b == b'\n').count() + 1;
            console::note(&format!("{}: from line {line} on not as it was written: computed anew", place()));
            bytes.truncate(sound);
        }
        let rows = read(&bytes).with_context(place)?;
        // Written anew, so that what a kill has cut off is gone.
        let so_far = rewrite(&path, &rows)?;
        let append = |path: &Path| OpenOptions::new().append(true).open(path).with_context(place);
        let (file, sums) = (append(&path)?, append(&sums_of(&path))?);
        Ok(Self { rows, disk: Some(Disk { path, file, sums, so_far, _lock: lock }) })
    }

    /// The rows so far.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Adds rows, on disk too, all of them or none.
    pub fn append(&mut self, rows: Vec<R>) -> Result<()> {
        if let Some(Disk { path, file, sums, so_far, .. }) = &mut self.disk {
            let (bytes, checks) = lines(rows.iter().map(R::to_record), so_far)?;
            // The rows first: without their checksums they are computed again, as if they were not there.
            let written = file.write_all(&bytes).and_then(|()| sums.write_all(checks.as_bytes()));
            written.with_context(|| format!("cannot write `{}`", path.display()))?;
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
            rewrite(path, &self.rows)?;
        }
        Ok(self.rows)
    }
}

fn sums_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(SUMS);
    name.into()
}

/// Puts a header and rows in place of what is there, with their checksums; the sum of all bytes.
fn rewrite<R: Record>(path: &Path, rows: &[R]) -> Result<Sha256> {
    let mut so_far = Sha256::new();
    let (bytes, sums) = lines([Ok(R::header())].into_iter().chain(rows.iter().map(R::to_record)), &mut so_far)?;
    let sums_path = sums_of(path);
    let old = if sums_path.exists() { mist_files::read(&sums_path)? } else { Vec::new() };
    // A kill between the two files leaves rows, old or new, whose sums are there.
    replace(&sums_path, &[&old, sums.as_bytes()].concat())?;
    replace(path, &bytes)?;
    replace(&sums_path, sums.as_bytes())?;
    Ok(so_far)
}

/// Length of the part that ends with the last row whose checksum is among `sums`.
fn sound(bytes: &[u8], sums: &[u8]) -> usize {
    let sums: HashSet<&[u8]> = sums.split(|b| *b == b'\n').collect();
    let (mut so_far, mut at, mut sound) = (Sha256::new(), 0, 0);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        so_far.update(line);
        at += line.len();
        if sums.contains(check(&so_far).as_bytes()) {
            sound = at;
        }
    }
    sound
}

/// The first half of the checksum, in hexadecimal digits.
fn check(so_far: &Sha256) -> String {
    so_far.clone().finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Records as text, and the checksum at the end of each, a line each.
fn lines(records: impl IntoIterator<Item = Result<Vec<String>>>, so_far: &mut Sha256) -> Result<(Vec<u8>, String)> {
    let (mut bytes, mut sums) = (Vec::new(), String::new());
    for record in records {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(record?)?;
        let line = writer.into_inner()?;
        so_far.update(&line);
        sums += &(check(so_far) + "\n");
        bytes.extend(line);
    }
    Ok((bytes, sums))
}

/// Writes a file, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    mist_files::replace(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
