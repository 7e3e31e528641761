//! The readers of Parquet and Arrow panic on some damaged files, and count for hours on others. Here that becomes an error,
//! without a word on standard error.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Once, mpsc};
use std::thread;
use std::time::Duration;

/// How long one step of a reader may take: a few thousand rows of a sound file take milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    /// Whether this thread is within such a reader.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a reader; a panic is an error, and so is more than a minute. What it was working on must not be used again then.
pub(crate) fn contained<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    within(PATIENCE, read)
}

fn within<T: Send + 'static>(
    patience: Duration,
    read: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::channel();
    // Nobody waits for a step that has lost its way: it ends with the process.
    let step = thread::Builder::new().name("reader".into()).spawn(move || {
        let _ = sender.send(caught(read));
    });
    step.map_err(|e| e.to_string())?;
    receiver.recv_timeout(patience).unwrap_or_else(|_| {
        let seconds = patience.as_secs_f64();
        Err(format!("after {seconds} seconds a header is still being read, which a sound one is at once"))
    })
}

fn caught<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !WITHIN.get() {
                others(panic);
            }
        }));
    });
    WITHIN.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    WITHIN.set(false);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref().cloned());
        Err(text.unwrap_or_else(|| "its parts do not fit together".into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(contained(|| Ok(1)), Ok(1));
        assert_eq!(contained::<()>(|| Err("no".into())), Err("no".into()));
        assert_eq!(contained::<()>(|| panic!("out of bounds")), Err("out of bounds".into()));
        assert_eq!(contained::<()>(|| panic!("{} of 2", 3)), Err("3 of 2".into()));
    }

    #[test]
    fn a_step_without_an_end_is_an_error() {
        let short = Duration::from_millis(20);
        let error = within(short, || {
            thread::sleep(Duration::from_secs(600));
            Ok(())
        });
        assert_eq!(error.unwrap_err(), "after 0.02 seconds a header is still being read, which a sound one is at once");
    }
}
