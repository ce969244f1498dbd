//! Sequences of operations, valid or not, on a [`Transfer`](petition_core::Transfer), an
//! [`Engine`](petition_core::engine::Engine), a [`Link`](petition_core::link::Link) and a
//! [`Connection`](petition_core::http1::Connection).
//!
//! The bytes of an input are a program, as `arbitrary` reads them. Each program runs twice, with
//! and without accessors between its operations: the results must be equal. `generators` supplies
//! requests and peers' bytes.

mod connection;
mod engine;
mod generators;
mod link;
mod transfer;

pub use connection::connection_ops;
pub use engine::engine_ops;
pub use link::link_ops;
pub use transfer::transfer_ops;
