//! How a command that failed says so.

use crate::console;
use mist_infer::EstimateError;
use std::process::ExitCode;

/// The command was asked for something that cannot be done: bad arguments, bad data, a file that is not there.
const BAD_INPUT: u8 = 2;
/// The command failed for a reason of its own, or what it checked does not hold.
const FAILED: u8 = 1;

/// The user stopped the command, as a shell says it.
pub const INTERRUPTED: u8 = 130;

/// The user stopped the command, and what it did is saved.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted; the state is saved")
    }
}

impl std::error::Error for Interrupted {}

/// A check that was carried out and did not hold.
#[derive(Debug)]
pub struct Failed(pub String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

/// Prints the error, then its hints, to stderr.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let (message, hints) = describe(error);
    console::error(&message, &hints);
    let failed = error.chain().any(|e| {
        let within = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        e.is::<Failed>()
            || within.is_some_and(|e| e.is::<Failed>())
            || matches!(e.downcast_ref(), Some(EstimateError::Network(_)))
            || is_of_the_hub(e)
    });
    if error.is::<Interrupted>() {
        return ExitCode::from(INTERRUPTED);
    }
    ExitCode::from(if failed { FAILED } else { BAD_INPUT })
}

/// Whether the hub was asked, and did not answer as it should.
#[cfg(feature = "hub")]
fn is_of_the_hub(e: &(dyn std::error::Error + 'static)) -> bool {
    use mist_infer::mist_hub::HubError;
    let within = e.downcast_ref().and_then(|e| if let EstimateError::Hub(e) = e { Some(e) } else { None });
    within.or_else(|| e.downcast_ref()).is_some_and(HubError::is_failure)
}

#[cfg(not(feature = "hub"))]
fn is_of_the_hub(_: &(dyn std::error::Error + 'static)) -> bool {
    false
}

/// The messages of the chain, each cause once, and the lines among them that start with `hint: `.
pub fn describe(error: &anyhow::Error) -> (String, Vec<String>) {
    let mut message = String::new();
    let mut hints = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        let (hint, plain): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("hint: "));
        let plain = plain.join("\n");
        if message.is_empty() {
            message = plain;
        } else if !message.contains(&plain) {
            message = format!("{message}: {plain}");
        }
        for line in hint {
            let line = line["hint: ".len()..].to_string();
            if !hints.contains(&line) {
                hints.push(line);
            }
        }
    }
    (message, hints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn causes_once_and_hints_last() {
        let root = std::io::Error::other("disk on fire\nhint: use water");
        let error = Err::<(), _>(root).context("cannot read `a`: disk on fire").context("line 3").unwrap_err();
        let (message, hints) = describe(&error);
        assert_eq!(message, "line 3: cannot read `a`: disk on fire");
        assert_eq!(hints, ["use water"]);
        assert_eq!(describe(&anyhow!("plain")), ("plain".to_string(), vec![]));
    }
}
