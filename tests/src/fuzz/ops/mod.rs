//! Sequences of operations, in turn and out of turn, upon a [`Transfer`](petition_core::Transfer) and an
//! [`Engine`](petition_core::engine::Engine).
//!
//! The bytes of an input are a program: what `arbitrary` makes of them. `transfer` and `engine` are the two machines that run it, `words` has what
//! requests and peers say.

mod engine;
mod transfer;
mod words;

pub use engine::engine_ops;
pub use transfer::transfer_ops;
