//! The simulated world: an engine against model servers over an in-memory network with a virtual clock, names, latency, bandwidth and
//! seeded faults. A run is a pure function of its seed.
//!
//! `plan` makes a scenario of a seed; the world plays it; on the way everything that the client writes is compared with what is expected
//! (`tap`, `expected`, `cookies`), and what it tells its caller with what the servers meant (`verdict`). `tape` stands between the
//! engine and the world, and can write a transcript and replay it.

mod agenda;
mod answer;
mod asked;
mod by_hand;
mod client;
mod cookies;
mod driven;
mod expected;
mod hostile;
mod literal;
mod names;
mod origins;
mod plan;
mod replay;
mod run;
mod said;
mod secure;
mod service;
mod stale;
mod tap;
mod tape;
mod told;
mod verdict;
mod wire;
mod world;

pub use asked::{Asked, Credentials, Payload, Via};
pub use driven::Counts;
pub use plan::Mix;
pub use replay::replay;
pub use run::{Violation, cuts, record, scenario, shrink};
pub use said::Said;
pub use tape::{TITLE, Tape};
pub use told::{SocketNumber, Told, TransferNumber};
pub use world::Report;
