//! The one printer: answers to standard output, everything else to standard error, either of which may be gone.
//!
//! Standard error gets messages (`error:`, `warning:`, `hint:`, `note:`, in clap's colours where it is a terminal and
//! `NO_COLOR` is not set) and progress bars. `--quiet` leaves the errors.

use crate::error::Failed;
use anstream::AutoStream;
use clap::builder::styling::{Style, Styles};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mist_tables::push_shown;
use std::io::{ErrorKind, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Lines of a message at most.
const MAX_LINES: usize = 24;
/// Characters of a message at most.
const MAX_CHARS: usize = 2000;

/// Whether the user asked for errors and answers alone.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Leaves out what is neither an answer nor an error from here on.
pub fn be_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether only errors are to be said.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Says why a command failed, and what can be done.
pub fn error(message: &str, hints: &[String]) {
    let styles = Styles::styled();
    say("error", *styles.get_error(), message);
    hints.iter().for_each(|hint| say("hint", *styles.get_valid(), hint));
}

/// Says what is to be kept in mind about an answer.
pub fn warning(message: &str) {
    if !is_quiet() {
        say("warning", *Styles::styled().get_invalid(), message);
    }
}

/// Says what happens.
pub fn note(message: &str) {
    if !is_quiet() {
        say("note", *Styles::styled().get_literal(), message);
    }
}

/// Says what has been done, as a sentence of its own.
pub fn done(message: &str) {
    if !is_quiet() {
        let _ = std::io::stderr().lock().write_all(for_eyes(message).as_bytes());
    }
}

/// Prints a message to stderr, a screenful at most and without anything that a terminal would obey but the colour of
/// its first word. That nobody can read it changes nothing.
fn say(label: &str, style: Style, message: &str) {
    let text = format!("{style}{label}:{style:#} {}", for_eyes(message));
    let _ = AutoStream::auto(std::io::stderr()).lock().write_all(text.as_bytes());
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

/// A bar for so many items, called by `items`, with room for a message; none where standard error is no terminal.
pub fn progress(total: u64, items: &str) -> ProgressBar {
    let target = if is_quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let template = format!("{{bar:30}} {{human_pos}} of {{human_len}} {items}{{msg}}, {{eta}} left");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid"));
    bar
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

/// The error of an answer that is lost.
pub fn cannot_write(error: &std::io::Error) -> std::io::Error {
    std::io::Error::other(Failed(format!("cannot write to standard output: {error}")))
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
            Err(e) => Err(cannot_write(&e)),
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
