//! A complete HTTP/1.1 client as deterministic state machines, sans I/O.
//!
//! Bring your own sockets and clock; everything else is here, TLS included. The crate performs no
//! I/O, takes no locks, and reads neither clock nor random source. It runs under blocking sockets
//! (see `petition-std`), in any event loop, and in simulations with virtual time. Nothing here
//! blocks or runs in the background.
//!
//! # Levels
//!
//! Each level is complete by itself, and uses only the public interface of those below. Use the
//! lowest level that suits you.
//!
//! - [`http1`]: framing and keep-alive on one connection, client side (RFC 9112).
//! - [`link`]: one byte path: a stack of layers (a proxy's tunnel, TLS, your own) with HTTP/1.1 on
//!   top.
//! - [`transfer`]: one request to its final response: session, pool, names, addresses, proxies,
//!   redirects, safe retries, and all deadlines. Start reading here.
//! - [`engine`]: many transfers over one session and one pool.
//!
//! Plain data: [`Session`] (options, cookies, HSTS hosts), [`Request`], [`route::pool`]. Pure
//! decisions: [`policy::redirect`], [`cookie`], [`content::decode`], [`route::dial`],
//! [`route::address_policy`], [`url`].
//!
//! # The life of a request
//!
//! 1. Build a [`Request`].
//! 2. [`Session::prepare`] merges three levels of [`options`] and checks everything that can be
//!    checked.
//! 3. [`Transfer::new`] takes the [`Prepared`] request and the time.
//! 4. [`Transfer::poll`] returns what to do next. An *order* (connect, look up, close, an event for
//!    the caller) is given once. An *offer* (write, read, take the body) is repeated until it is
//!    answered.
//! 5. [`Transfer::handle`] reports what happened, with the time. [`Transfer::deadline`] returns
//!    when to call it if nothing happens.
//!
//! Dropping the transfer cancels it, and is safe at any moment.
//!
//! # Guarantees
//!
//! - Time is an argument ([`Now`]): a monotonic [`Instant`] for deadlines, a wall-clock
//!   [`UnixTime`] for cookies and certificates.
//! - The bytes sent and the results do not depend on split input, short writes, or the number of
//!   polls.
//! - A limit ([`Limits`]) bounds everything that a peer can make the client store or do. Each has a
//!   default, a name, and an error that states it.
//! - No byte from a peer causes a panic or a [`Misuse`]. A `Misuse` is the embedder's own mistake,
//!   and never an [`Error`].
//!
//! The only random source in the dependency tree is rustls's crypto provider. It affects no
//! decision of this crate.
//!
//! # For drivers
//!
//! These items only save instructions, memory or system calls. A driver that uses none of them gets
//! the same results.
//!
//! - [`Transfer::give_read_buffer`], [`Transfer::take_read_buffer`] and
//!   [`Transfer::swap_write_buffer`] lend one buffer to many transfers.
//! - [`Transfer::read_plan`] says how much to read and whether it may go directly into the caller's
//!   memory. [`Input::ReadDirect`] reports such a read.
//! - [`Transfer::top_up_plan`] plans another read for a caller whose buffer is not full.
//! - [`Transfer::note_direct`] records a direct read without an input.
//! - [`Transfer::awaits_response`] saves a poll between a write and a read.
//! - [`Engine::begin_poll`](engine::Engine::begin_poll) and
//!   [`Engine::mark_polled`](engine::Engine::mark_polled) let one poll of all sockets replace the
//!   probes of idle connections.
//! - [`Engine::socket_input`](engine::Engine::socket_input) accepts [`Input::Blocked`] after a read
//!   that was not filled, which saves the read that would block.
//! - [`Link::direct_read_limit`](link::Link::direct_read_limit) and
//!   [`Link::advance_body`](link::Link::advance_body) let a driver read body bytes past the link;
//!   [`Link::consume_framing`](link::Link::consume_framing) makes it do so more often. The
//!   [`Connection`](http1::Connection) below has the first two as well.
//! - [`EncodedHeaders`](http1::EncodedHeaders) saves encoding the same fields for every request.
//! - [`UrlCache`] saves parsing URLs that are requested again.
//!
//! # Features
//!
//! On by default: `tls`, `ring`, `webpki-roots`, `gzip` (with deflate), `public-suffix`. Off by
//! default: `json`, `charset`, `brotli`, `zstd`, `digest`, `mime-guess`.
#![forbid(unsafe_code)]
// Unit tests may use items that core may not: see clippy.toml.
#![cfg_attr(test, allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros))]

mod base64;
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
#[cfg(test)]
mod rng_tests;
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
pub use policy::auth::{Auth, Netrc, OriginAuth};
pub use policy::{Acquire, Why};
pub use request::{Body, BuildError, IntoUrl, Prepared, Request, UrlCache};
pub use route::address::Address;
pub use route::connect_to::ConnectTo;
pub use route::lookup_cache::LookupCache;
pub use route::proxy::Proxy;
pub use route::proxy_rules::ProxyRules;
pub use route::static_addresses::StaticAddresses;
pub use seed::{Seed, TestSeed};
pub use session::Session;
pub use time::{Instant, Now, UnixTime};
pub use transfer::{Event, Input, Output, Side, Transfer};
pub use unavailable::Unavailable;

pub use ::url::Url;
pub use http::{HeaderMap, Method, StatusCode};
#[cfg(feature = "json")]
#[doc(hidden)]
pub use serde::Serialize;
