//! Sequences of operations, in turn and out of turn, upon a [`Transfer`](petition_core::Transfer), an [`Engine`](petition_core::engine::Engine), a
//! [`Link`](petition_core::link::Link) and a [`Connection`](petition_core::http1::Connection).
//!
//! The bytes of an input are a program: what `arbitrary` makes of them. Each runs twice, with accessors called between its operations and without: what
//! follows must be the same. `generators` has what requests and peers say.

mod connection;
mod engine;
mod generators;
mod link;
mod transfer;

pub use connection::connection_ops;
pub use engine::engine_ops;
pub use link::link_ops;
pub use transfer::transfer_ops;
