//! The scripted world: transfers run to their end in memory against scripted peers, in virtual
//! time.
//!
//! A [`World`] holds names, addresses, scripted [`Peer`]s behind them, one session and one pool.
//! [`World::send`] drives one transfer and records it in a [`Transcript`]. Time passes only when
//! nothing else can happen, and then exactly to the next deadline or the next step of a peer. A
//! [`Style`] chooses by a seed how bytes are split, when a side is blocked, how often the driver
//! polls, and whether it blocks in its writes. The same seed gives the same run.
//!
//! [`same_everywhere`] runs a scenario under every style, applies the [`invariants`] to each run,
//! and compares the runs.

mod answers;
mod caller;
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

pub use answers::{answer, next_output};
pub use caller::{Caller, Reader};
pub use peer::Peer;
pub use socket::ConnectionState;
pub use style::Style;
pub use tls_config::{client_config, server_config};
pub use transcript::{Outcome, Transcript};
pub use upload::Source;
pub use world::{Connection, World, same_everywhere, same_in};

use std::time::Duration;

/// Returns a duration in milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Returns a duration in seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
