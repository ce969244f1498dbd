//! What the transports of Petition share: the [session](SharedSession) behind its lock, [look-ups](lookups) on helper
//! threads, and the [process] that sockets and threads belong to.
//!
//! `petition-std` and `petition-mio` re-export what their users need. Every decision about HTTP is `petition_core`'s.
#![forbid(unsafe_code)]

pub mod lookups;
pub mod process;
mod session;

pub use session::{SESSION_PATIENCE, SharedSession};
