//! Forks a process that has a client, and checks what parent and child get. `tests/transports/forked.rs` runs it: a test of its own process must not fork.
//!
//!     forked SCENE URL [CERTIFICATES.pem]
//!
//! The exit code is 0 when all was as it should be.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod scenes;

fn main() {
    #[cfg(unix)]
    scenes::run();
}
