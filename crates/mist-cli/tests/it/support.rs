//! A folder with files, and the binary run in it.

use ndarray::{Array1, Array2};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What a run left behind.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The one line of JSON of a run that went well.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Checks that the run was refused, with these texts on stderr and nothing on stdout.
    #[track_caller]
    pub fn refused(&self, texts: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(2), ""), "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        }
    }
}

/// The files of a folder, by name.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())).collect()
}

/// A temporary folder.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// Puts a checkpoint without any tables into the folder, `bare.safetensors`.
    pub fn bare_checkpoint(&self) {
        let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-infer/checkpoint/released");
        self.write("bare.safetensors", std::fs::read(format!("{released}.safetensors")).unwrap());
        let json = std::fs::read(format!("{released}.json")).unwrap();
        let mut json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&json).unwrap();
        ["calibration", "independence", "conditional", "checksum"].iter().for_each(|key| drop(json.remove(*key)));
        self.write("bare.json", serde_json::to_string(&json).unwrap());
    }

    /// Runs `mist` in the folder with the words of `args`.
    pub fn mist(&self, args: &str) -> Output {
        self.run(&args.split_whitespace().collect::<Vec<_>>())
    }

    /// The same, not started yet.
    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mist"));
        command.args(args.split_whitespace()).current_dir(self.path());
        command
    }

    /// The same with arguments that may hold spaces.
    pub fn run(&self, args: &[&str]) -> Output {
        let run = Command::new(env!("CARGO_BIN_EXE_mist")).args(args).current_dir(self.path()).output().unwrap();
        Output {
            code: run.status.code(),
            stdout: String::from_utf8(run.stdout).unwrap(),
            stderr: String::from_utf8(run.stderr).unwrap(),
        }
    }
}

/// Numbers without ties or order, between 0 and 1.
pub fn noise(i: usize, column: usize) -> f64 {
    let mut z =
        (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (column as u64).wrapping_mul(0xd134_2543_de82_ef95);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Dependent X (n, d) and Y (n).
pub fn arrays(n: usize, d: usize) -> (Array2<f64>, Array1<f64>) {
    let x = Array2::from_shape_fn((n, d), |(r, c)| noise(r, c));
    let y = Array1::from_shape_fn(n, |r| x.row(r).sum() + noise(r, d));
    (x, y)
}

/// Columns `a`, `b` and their noisy sum `c`, with `n` rows.
pub fn table(n: usize, delimiter: char) -> String {
    let mut text = format!("a{delimiter}b{delimiter}c\n");
    let (x, y) = arrays(n, 2);
    for r in 0..n {
        writeln!(text, "{}{delimiter}{}{delimiter}{}", x[[r, 0]], x[[r, 1]], y[r]).unwrap();
    }
    text
}
