//! The base of the kit's servers: bounded waits, sockets, a service with a thread for each connection, and a
//! request reader that shares nothing with the client under test.

pub mod gate;
pub mod incoming;
pub mod message;
pub mod service;
pub mod socket;
pub mod temp_dir;
pub mod unreachable;
pub mod watch;
pub mod wire;

use std::time::Duration;

/// How long the kit waits for something that ought to happen.
///
/// It is generous, so that a loaded machine does not fail a sound test. A wait that exceeds it panics with a
/// message that names what it waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);
