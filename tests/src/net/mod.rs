//! What all servers of the kit stand on: bounded waits, sockets, a thread-per-connection service, and a
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

/// The longest that anything in the kit waits for something that ought to happen.
///
/// It is generous, so that a loaded machine does not fail a sound test; whoever runs into it panics with a
/// message that names what was waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);
