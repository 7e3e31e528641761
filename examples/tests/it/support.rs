//! A folder of tables, the binary run on it, and the table that it prints.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Numbers between −1 and 1 that look random, by a place in two dimensions.
pub fn noise(row: usize, column: usize) -> f64 {
    let mut state = (row as u64) << 32 | column as u64;
    // SplitMix64 (Steele, Lea and Flood 2014).
    state = state.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((state ^ (state >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// A folder with tables.
pub struct Tables(TempDir);

impl Tables {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Writes `digits.csv`: the pixels of each image and its label.
    pub fn digits(&self, images: impl Iterator<Item = (Vec<f64>, usize)>) {
        let mut text: String = (1..=64).map(|i| format!("pixel_{i},")).collect();
        text += "digit\n";
        for (pixels, label) in images {
            pixels.iter().for_each(|v| write!(text, "{v:.4},").unwrap());
            writeln!(text, "{label}").unwrap();
        }
        self.write("digits.csv", &text);
    }

    /// Runs an example, with a picture and a report; returns both, and what it printed.
    pub fn run(&self, example: &str, args: &[&str]) -> Run {
        let path = |name: &str| self.path().join(name);
        self.write("report.md", &format!("before\n<!-- {example} -->\nold\n<!-- end {example} -->\nafter\n"));
        let output = Command::new(env!("CARGO_BIN_EXE_mist-examples"))
            .arg(example)
            .arg("--tables")
            .arg(self.path())
            .arg("--picture")
            .arg(path("picture.svg"))
            .arg("--report")
            .arg(path("report.md"))
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        if !output.status.success() {
            return Run { stdout, stderr, rows: Vec::new() };
        }
        let report = std::fs::read_to_string(path("report.md")).unwrap();
        let expected = format!("before\n<!-- {example} -->\n{stdout}<!-- end {example} -->\nafter\n");
        assert_eq!(report, expected);
        let picture = std::fs::read_to_string(path("picture.svg")).unwrap();
        assert!(picture.starts_with("<svg") && picture.contains("90 % intervals"), "{picture}");
        Run { rows: rows(&stdout), stdout, stderr }
    }
}

/// What an example printed.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    /// The cells of each row of its table, by the name of their column.
    pub rows: Vec<HashMap<String, String>>,
}

fn rows(text: &str) -> Vec<HashMap<String, String>> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = lines.next().expect("a table");
    lines.skip(1).map(|row| head.iter().cloned().zip(row).collect()).collect()
}

/// The numbers of a cell such as `0.69 (0.61 to 0.78)`.
pub fn numbers(cell: &str) -> Vec<f64> {
    cell.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').filter_map(|word| word.parse().ok()).collect()
}
