//! HTTP/1.1 on one connection, client side: framing and keep-alive, and nothing else.
//!
//! [`Connection`] takes bytes in and gives bytes out. It decides where messages end (RFC 9112 §6),
//! what may be sent, and whether the connection may be reused (RFC 9112 §9.3). It knows no URLs,
//! clocks or redirects. An upper layer supplies the target and the fields in wire form and receives
//! heads and body pieces.
//!
//! The files, from the bottom up:
//! - `token`, `status_line`, `trailers`: alphabets and small grammars;
//! - `scan` finds the end of a head in linear time; `fast_head` reads common heads in one pass;
//!   `parse` turns any other into a [`ResponseHead`] (`head`) or names its fault;
//! - `framing` decides where the body ends, `chunked` decodes the chunked coding;
//! - `request` writes a head, `sender` and `receiver` implement the two directions, `connection`
//!   joins them;
//! - `config` names the leniencies, `error` the peer's faults, `misuse` and `send_error` the
//!   caller's, `reuse` the reasons against reuse.

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
pub(crate) use token::is_token_byte;
pub use version::Version;
