//! The basis of the kit's servers: bounded waits, sockets, a service with one thread per
//! connection, and a request reader that shares no code with the client under test.

pub mod gate;
pub mod incoming;
pub mod message;
pub mod service;
pub mod socket;
pub mod temp_dir;
#[cfg(unix)]
pub mod unix_bridge;
pub mod unreachable;
pub mod watch;
pub mod wire;

use std::time::Duration;

/// How long the kit waits for an event that ought to happen.
///
/// The time is generous, so that a slow machine does not fail a correct test. A wait that exceeds
/// it panics with a message that names the event.
pub const PATIENCE: Duration = Duration::from_secs(20);
