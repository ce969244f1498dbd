//! A whole HTTP/1.1 client session as deterministic state machines: no socket, no file, no thread, no lock, no clock, no dice.
//!
//! Whoever has bytes to move and a clock has an HTTP client, TLS included: under blocking sockets (the package `petition-std` is
//! that), in any event loop, in a simulation with virtual time. Nothing here waits, and nothing here happens by itself.
//!
//! # The storeys
//!
//! Each is complete by itself and uses only the public face of those below it; stop where you have enough.
//!
//! - [`http1`]: framing and keep-alive on one connection, client side (RFC 9112).
//! - [`link`]: one byte path: layers (a proxy's tunnel, TLS, your own) with HTTP/1.1 on top.
//! - [`transfer`]: one request to its final response: the session, the pool, names, addresses, proxies, redirects, the safe retry, every
//!   deadline. Begin reading here.
//!
//! Beside them stands plain data: [`Session`] (options, cookies), [`Request`], [`route::pool`]; and pure decisions: [`policy::redirect`],
//! [`cookie`], [`content::decode`], [`route::dial`], [`route::address_policy`], [`url`].
//!
//! # The story of a request
//!
//! A [`Request`] is built; [`Session::prepare`] merges three levels of [`options`] and checks everything that can be checked.
//! [`Transfer::new`] takes the [`Prepared`] request and the time. [`Transfer::poll`] then says what is wanted: an *order*
//! (connect, look up, close, an event for the caller) is given once, an *offer* (write, read, take the body) is repeated until it is
//! answered. What happened goes in with [`Transfer::handle`], with the time. [`Transfer::deadline`] says by when
//! to come back if nothing does. Dropping the transfer at any moment is a cancellation and safe.
//!
//! # What holds everywhere
//!
//! - Time is an argument ([`Now`]): a monotonic [`Instant`] for deadlines, a wall-clock [`UnixTime`] for cookies and certificates.
//! - How input was split, how short writes were, how often was polled: none of it changes the bytes sent or what the caller sees.
//! - Whatever a peer can make us hold or do has a limit ([`Limits`]) with a default, a name, and an error that states it.
//! - No byte from a peer panics or causes a [`Misuse`], which is the embedder's own mistake and never mixed with an [`Error`].
//!
//! The one source of chance in the tree is the crypto provider that rustls uses; it moves no decision of ours.
//!
//! # Features
//!
//! On by default: `tls`, `ring`, `webpki-roots`, `gzip` (with deflate), `public-suffix`. Off: `json`, `charset`, `brotli`, `zstd`.
#![forbid(unsafe_code)]
// Unit tests may use what core may not: see clippy.toml.
#![cfg_attr(test, allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros))]

pub mod buffer;
mod byte_search;
mod contain;
pub mod content;
pub mod cookie;
pub mod engine;
pub mod error;
pub mod headers;
pub mod http1;
pub mod http_date;
#[cfg(feature = "json")]
mod json_error;
pub mod limits;
pub mod link;
pub mod options;
pub mod origin;
pub mod policy;
mod redaction;
pub mod request;
pub mod route;
pub mod seed;
pub mod session;
#[cfg(test)]
mod shown_tests;
pub mod time;
pub mod tls;
pub mod transfer;
mod unavailable;
pub mod url;

#[doc(hidden)]
pub use contain::{contain, discard_panic};
pub use error::{Error, ErrorKind, IoFailure, Misuse, Phase, Processed, Timeout};
pub use headers::Headers;
#[cfg(feature = "json")]
pub use json_error::JsonError;
pub use limits::{LimitExceeded, Limits};
pub use options::{Options, Params, RequestTarget, SecretScope, Setting, Settings};
pub use policy::auth::Auth;
pub use policy::{Acquire, Why};
pub use request::{Body, BuildError, IntoUrl, Prepared, Request, UrlCache};
pub use route::proxy::Proxy;
pub use seed::{Seed, TestSeed};
pub use session::Session;
pub use time::{Instant, Now, UnixTime};
pub use transfer::{Event, Input, Output, Side, Transfer};
pub use unavailable::Unavailable;

pub use ::url::Url;
pub use http::{Method, StatusCode};
#[cfg(feature = "json")]
#[doc(hidden)]
pub use serde::Serialize;
