//! Standard output and standard error, either of which may be gone.

use crate::error::Failed;
use crate::input::push_shown;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{ErrorKind, StdoutLock, Write};

/// Lines of a message at most.
const MAX_LINES: usize = 24;
/// Characters of a message at most.
const MAX_CHARS: usize = 2000;

/// Prints a message to stderr, a screenful at most and without anything that a terminal would obey. That nobody can
/// read it changes nothing.
pub fn say(message: &str) {
    let _ = std::io::stderr().lock().write_all(for_eyes(message).as_bytes());
}

fn for_eyes(message: &str) -> String {
    let mut out = String::new();
    let (mut lines, mut cut) = (1, false);
    for (count, c) in message.trim_end().chars().enumerate() {
        lines += usize::from(c == '\n');
        cut = lines > MAX_LINES || count == MAX_CHARS;
        if cut {
            break;
        }
        if c == '\n' { out.push(c) } else { push_shown(&mut out, c) }
    }
    out.push_str(if cut { "…\n" } else { "\n" });
    out
}

/// A progress bar on stderr, which is shown on a terminal only.
pub fn bar(total: u64, what: &str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template(&format!("{{bar:30}} {{pos}} of {{len}} {what}, {{eta}} left"))?);
    Ok(bar)
}

/// Standard output. Once its reader is gone, as in `mist … | head -1`, what is written is dropped without an error: what
/// the command finds does not depend on who reads it.
#[derive(Debug)]
pub struct Out {
    stdout: StdoutLock<'static>,
    closed: bool,
}

/// Standard output.
pub fn out() -> Out {
    Out { stdout: std::io::stdout().lock(), closed: false }
}

impl Out {
    fn unless_closed(
        &mut self,
        write: impl FnOnce(&mut StdoutLock<'static>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        match write(&mut self.stdout) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(e) => Err(std::io::Error::other(Failed(format!("cannot write to standard output: {e}")))),
            Ok(()) => Ok(()),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.closed {
            self.unless_closed(|stdout| stdout.write_all(bytes))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.closed { Ok(()) } else { self.unless_closed(Write::flush) }
    }
}

impl Drop for Out {
    /// The buffer of standard output must not fail when the process is over.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_a_screenful_of_plain_text() {
        assert_eq!(for_eyes("error: `a\x1b]0;x\x07`\nhint: b"), "error: `a\\u{1b}]0;x\\u{7}`\nhint: b\n");
        assert_eq!(for_eyes(&"x".repeat(10_000)).chars().count(), MAX_CHARS + 2);
        assert_eq!(for_eyes(&"x\n".repeat(1000)).lines().count(), MAX_LINES);
    }
}
