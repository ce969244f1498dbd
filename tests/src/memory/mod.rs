//! A world in memory, with a virtual clock, in which transfers are driven to their end.
//!
//! A [`World`] holds names, addresses, scripted [`Peer`]s behind them, one session and one pool. [`World::send`] drives one
//! transfer and records it in a [`Transcript`]. Nothing waits: time goes on only when nothing else can happen, and then
//! exactly to the next deadline or the next act of a peer. How bytes are split, when a side is blocked, how often is polled,
//! and whether the driver blocks in its writes is the [`Style`]'s choice, by a seed; the same seed gives the same run.
//!
//! [`same_everywhere`] runs a scenario under every style, applies the [`invariants`] to each run, and compares the runs.

mod driver;
pub mod invariants;
mod peer;
mod script_runner;
mod socket;
mod style;
mod tls_config;
mod transcript;
mod upload;
mod world;

pub use driver::{Caller, Reader};
pub use peer::Peer;
pub use socket::ConnectionState;
pub use style::Style;
pub use tls_config::{client_config, server_config};
pub use transcript::{Outcome, Transcript};
pub use upload::Source;
pub use world::{Connection, World, same_everywhere, same_in};

use std::time::Duration;

/// So many milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// So many seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
