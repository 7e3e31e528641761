//! How runs of the binary end.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A run that takes longer hangs. What takes a second on a quiet machine may take ten on a busy one.
const LIMIT: Duration = Duration::from_secs(60);

/// What attacks of a kind came to.
#[derive(Debug, Default)]
pub struct Tally {
    answered: u32,
    refused: u32,
    panics: u32,
    aborts: u32,
    hangs: u32,
    silent: u32,
    findings: Vec<String>,
}

/// What a run that ended by itself has said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
}

impl Tally {
    /// Runs a command; `wrong` says what is wrong with what it has said, where something is.
    pub fn attack(&mut self, what: &str, command: &mut Command, wrong: impl FnOnce(&Said) -> Option<String>) {
        let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let child = command
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().unwrap())
            .stderr(stderr.try_clone().unwrap())
            .spawn()
            .unwrap();
        let ended = wait(child);
        let (stdout, stderr) = (text(&mut stdout), text(&mut stderr));
        let panicked = stderr.contains("panicked at");
        let (count, finding) = match ended.map(|status| status.code()) {
            None => (&mut self.hangs, Some("hangs".to_owned())),
            Some(Some(101)) => (&mut self.panics, Some(stderr)),
            Some(_) if panicked => (&mut self.panics, Some(stderr)),
            Some(None) => (&mut self.aborts, Some(stderr)),
            Some(Some(code)) => {
                let nothing_said = code != 0 && !stderr.contains("error: ");
                let finding = nothing_said.then(|| format!("exit code {code} without an error: {stderr}"));
                let finding = finding.or_else(|| wrong(&Said { code, stdout }));
                match &finding {
                    Some(_) => (&mut self.silent, finding),
                    None if code == 0 => (&mut self.answered, None),
                    None => (&mut self.refused, None),
                }
            }
        };
        *count += 1;
        self.findings.extend(finding.map(|finding| format!("{what}: {finding}")));
    }

    /// Counts an attack that was judged elsewhere.
    pub fn judged(&mut self, what: &str, wrong: Option<String>) {
        *(if wrong.is_some() { &mut self.silent } else { &mut self.answered }) += 1;
        self.findings.extend(wrong.map(|wrong| format!("{what}: {wrong}")));
    }

    /// Prints the row of the table, and fails if anything was found.
    #[track_caller]
    pub fn finish(self, kind: &str) {
        let Self { answered, refused, panics, aborts, hangs, silent, findings } = self;
        let all = answered + refused + panics + aborts + hangs + silent;
        println!("| {kind} | {all} | {answered} | {refused} | {panics} | {aborts} | {hangs} | {silent} |");
        assert!(all > 0 && findings.is_empty(), "{kind}: {} findings\n{}", findings.len(), findings.join("\n"));
    }
}

/// Waits for the end, or ends a run that hangs.
fn wait(mut child: Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
