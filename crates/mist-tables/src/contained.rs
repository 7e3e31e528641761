//! The readers of Parquet and Arrow panic on some damaged files. Here that becomes an error, without a word on standard
//! error.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is within such a reader.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Runs a reader; a panic is an error, and what it was working on must not be used again.
pub(crate) fn contained<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
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
}
