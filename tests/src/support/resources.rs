//! What this process holds: open files, sockets and threads, as Linux tells. Elsewhere nothing is known (`None`).

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::net::PATIENCE;

fn entries(directory: &str) -> Option<usize> {
    Some(std::fs::read_dir(directory).ok()?.count())
}

/// How many file descriptors are open.
pub fn open_files() -> Option<usize> {
    entries("/proc/self/fd")
}

/// How many of them are sockets.
pub fn sockets() -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?.flatten();
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    Some(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
}

/// How many threads there are.
pub fn threads() -> Option<usize> {
    entries("/proc/self/task")
}

/// Looks again and again until `found` gives an answer, for what gives no sign of its own.
///
/// # Panics
/// After [`PATIENCE`], with what was waited for.
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
