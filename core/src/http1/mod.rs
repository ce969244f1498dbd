//! HTTP/1.1 on one connection, client side: framing and keep-alive, and nothing else.
//!
//! [`Connection`] takes bytes in and gives bytes out. It decides where messages end (RFC 9112 §6), what may be sent,
//! and whether the connection may be used again (RFC 9112 §9.3). It knows no URL, no time, no redirect; an upper layer
//! gives it a target and fields as they go on the wire and takes heads and body pieces from it.
//!
//! The files, from the bottom up:
//! - `token`, `status_line`, `trailers`: the alphabets and small grammars;
//! - `scan` finds the end of a head in linear work, `parse` makes a [`ResponseHead`] of it (`head`) or says what is
//!   wrong with it;
//! - `framing` decides where the body ends, `chunked` undoes the chunked coding;
//! - `request` writes a head, `sender` and `receiver` are the two directions, `connection` joins them;
//! - `config` names what is tolerated, `error` what is not, `misuse` and `send_error` what the own
//!   side may not do, `reuse` what speaks against another exchange.

mod chunked;
mod config;
mod connection;
mod error;
mod fast_head;
mod framing;
mod head;
mod misuse;
mod parse;
mod receiver;
mod receiving;
mod request;
mod reuse;
mod scan;
mod send_error;
mod sender;
mod status_line;
mod token;
mod trailers;
mod version;

#[cfg(test)]
mod tests;

pub use config::{Config, Leniencies, Leniency, LeniencySet};
pub use connection::Connection;
pub use error::{Excerpt, Part, ProtocolError};
pub use framing::BodyFraming;
pub use head::{Fields, ResponseHead};
pub use misuse::Misuse;
pub use receiving::{Eof, Event, Received};
pub use request::{BodyLength, EncodedHeaders, RequestHead};
pub use reuse::NotReusable;
pub use send_error::{InvalidRequest, SendError};
pub use version::Version;
