//! Tests that measure the whole process, and so take turns.
#![forbid(unsafe_code)]

mod allocations;
mod mio_leaks;
mod mio_paused;
mod std_leaks;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits until no other test of this program runs.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
