//! The simulated world: an engine against model servers over an in-memory network with a virtual
//! clock, names, latency, bandwidth and seeded faults. A run is a pure function of its seed.
//!
//! `plan` makes a scenario of a seed, and the world plays it. `wire_monitor`, `expected` and
//! `cookies` check every byte that the client writes; `oracle` checks what it delivers to its
//! caller. `recorder` stands between the engine and the world: it can write a transcript and replay
//! it.

mod answer;
mod by_hand;
mod challenges;
mod client;
mod cookies;
mod destinations;
mod driven;
mod expected;
mod hostile;
mod hsts;
mod inputs;
mod model_server;
mod names;
mod oracle;
mod origins;
mod outputs;
mod plan;
mod recorder;
mod replay;
mod request_spec;
mod run;
mod socks;
mod stale;
mod text_format;
mod tls;
mod tunnels;
mod wire;
mod wire_monitor;
mod world;

pub use driven::Counts;
pub use inputs::{DriverInput, SocketNumber, TransferNumber};
pub use outputs::DriverOutput;
pub use plan::Mix;
pub use recorder::{Recorder, TITLE};
pub use replay::replay;
pub use request_spec::{BodySpec, Credentials, ProxySpec, RequestSpec};
pub use run::{Violation, cuts, record, scenario, shrink};
pub use world::Report;
