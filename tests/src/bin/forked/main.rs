//! Forks a process that has a client, and checks what parent and child observe.
//! `tests/transports/forked.rs` runs it, since a test process must not fork.
//!
//!     forked SCENE URL [CERTIFICATES.pem]
//!
//! The exit code is 0 on success.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod scenes;

fn main() {
    #[cfg(unix)]
    scenes::run();
}
