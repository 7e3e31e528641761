//! The allocator, and what long commands ask of it.

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// Training frees and allocates the same megabytes thousands of times a second. This allocator keeps them for a while; the
/// system's gives them back and has them cleared again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3 (`include/mimalloc.h`), which `libmimalloc-sys` does not name.
const PURGE_DELAY: mi_option_t = 15;

/// Keeps freed memory from now on, for commands that want it again at once: handing it back and having it cleared takes up to
/// a tenth of the time of those that train, draw or answer without end. What the command holds at most stays the same.
///
/// An environment with `MIMALLOC_PURGE_DELAY` has its way.
pub fn keep() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        // SAFETY: sets a number that the allocator reads when it frees; at worst it reads the old one.
        unsafe { mi_option_set(PURGE_DELAY, -1) };
    }
}
