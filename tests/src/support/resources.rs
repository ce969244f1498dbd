//! What this process holds: open files, sockets and threads, as Linux reports them; `None`
//! elsewhere.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::net::PATIENCE;

fn entries(directory: &str) -> Option<usize> {
    Some(std::fs::read_dir(directory).ok()?.count())
}

/// Returns the number of open file descriptors.
pub fn open_files() -> Option<usize> {
    entries("/proc/self/fd")
}

/// Returns the number of open sockets.
pub fn sockets() -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?.flatten();
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    Some(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
}

/// Returns the number of threads.
pub fn threads() -> Option<usize> {
    entries("/proc/self/task")
}

/// Polls `found` until it returns a value, for changes that signal nothing.
///
/// # Panics
/// After [`PATIENCE`], with `what`.
#[track_caller]
pub fn eventually<R>(what: &str, mut found: impl FnMut() -> Option<R>) -> R {
    let deadline = Instant::now() + PATIENCE;
    let (_never, tick) = mpsc::channel::<()>();
    loop {
        if let Some(answer) = found() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        // The sender lives, so this is a timed wait.
        let _ = tick.recv_timeout(Duration::from_millis(5));
    }
}
