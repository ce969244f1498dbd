//! A loopback server with httpbin's endpoints, plain or under TLS.
//!
//! It keeps connections alive in HTTP/1.0 and 1.1, reads bodies of either framing, and honours
//! `Expect: 100-continue`. It sends the head and body of a response in one write. A request that no
//! client may send gets 400 and is recorded in [`Httpbin::violations`]. The endpoints that httpbin
//! does not have:
//!
//! | Endpoint | Response |
//! |---|---|
//! | `/close` | as `/get`, with `Connection: close` |
//! | `/chunked-trailers` | chunked, with the trailers `X-Length` and `X-End` |
//! | `/forever` | endless chunks, until the client closes |
//! | `/multi` | 100, 102 and two 103 with fields, then 200 |
//! | `/upload-count` | `{"bytes":n,"chunks":n,"sum":hex,"trailers":{…}}` for a body that is not stored (`sum`: FNV-1a, 64 bit) |
//! | `/early-413` | 413 without reading the body; the rest is discarded until the client closes; with `?then=close` the server closes at once |
//! | `/get`, `/anything` … | httpbin's keys, plus `ordered`: every field as `[name, value]`, in order |

mod answer;
mod auth;
mod codings;
mod content;
mod cookies;
mod digest;
mod echo;
mod exchange;
mod form;
mod redirects;
mod routes;
mod streams;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

pub use self::answer::{Answer, Sink};
pub(crate) use self::auth::is_basic;
pub use self::content::{cycle, pattern};
pub use self::exchange::Exchange;
use crate::net::service::{Counts, Service};
use crate::net::watch::Watch;
use crate::tls::Endpoint;

type Handler = dyn Fn(&mut Exchange<'_>) -> Option<Answer> + Send + Sync;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: usize,
    violations: Vec<String>,
}

/// State that all connections of a server share.
pub(crate) struct Shared {
    pub(crate) handler: Option<Box<Handler>>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) tally: Watch<Tally>,
}

impl Shared {
    pub(crate) fn count_request(&self) {
        self.tally.update(|tally| tally.requests += 1);
    }

    pub(crate) fn note_violation(&self, text: String) {
        self.tally.update(|tally| tally.violations.push(text));
    }
}

/// A running server. Dropping it ends every connection and joins every thread.
pub struct Httpbin {
    service: Service,
    shared: Arc<Shared>,
}

/// The options of an [`Httpbin`].
#[derive(Default)]
pub struct Builder {
    endpoint: Option<Endpoint>,
    handler: Option<Box<Handler>>,
    address: Option<SocketAddr>,
}

impl Builder {
    /// Uses TLS.
    pub fn tls(mut self, endpoint: &Endpoint) -> Self {
        self.endpoint = Some(endpoint.clone());
        self
    }

    /// Calls `handler` first. If it returns `None`, the ordinary endpoints respond.
    pub fn handler(mut self, handler: impl Fn(&mut Exchange<'_>) -> Option<Answer> + Send + Sync + 'static) -> Self {
        self.handler = Some(Box::new(handler));
        self
    }

    /// Listens on this address instead of a free port of 127.0.0.1.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(self) -> io::Result<Httpbin> {
        let address = self.address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let shared = Arc::new(Shared { handler: self.handler, endpoint: self.endpoint, tally: Watch::default() });
        let theirs = Arc::clone(&shared);
        let service = Service::start_at("httpbin", address, move |peer| exchange::serve(&peer, &theirs))?;
        Ok(Httpbin { service, shared })
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("endpoint", &self.endpoint).field("address", &self.address).finish()
    }
}

impl Httpbin {
    /// Starts a server without TLS on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start_plain() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts a server with TLS on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start_tls(endpoint: &Endpoint) -> io::Result<Self> {
        Self::builder().tls(endpoint).start()
    }

    /// Returns the builder that [`Httpbin::start_plain`] uses.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://localhost:PORT` under TLS, without a trailing
    /// slash.
    pub fn base(&self) -> String {
        match self.shared.endpoint {
            None => format!("http://{}", self.address()),
            Some(_) => self.base_at("localhost"),
        }
    }

    /// Returns the base URL with another host name.
    pub fn base_at(&self, host: &str) -> String {
        let scheme = if self.shared.endpoint.is_some() { "https" } else { "http" };
        format!("{scheme}://{host}:{}", self.address().port())
    }

    /// Returns the base URL followed by `path`.
    pub fn url(&self, path: &str) -> String {
        self.base() + path
    }

    /// Returns how many connections were accepted, and how many of them are open.
    pub fn counts(&self) -> Counts {
        self.service.counts()
    }

    /// Returns the number of requests that were answered or are being answered.
    pub fn requests(&self) -> usize {
        self.shared.tally.read(|tally| tally.requests)
    }

    /// Returns the violations that clients committed, in order.
    pub fn violations(&self) -> Vec<String> {
        self.shared.tally.read(|tally| tally.violations.clone())
    }

    /// Waits until `n` request heads have arrived.
    ///
    /// # Panics
    /// After [`PATIENCE`](crate::net::PATIENCE).
    #[track_caller]
    pub fn wait_for_requests(&self, n: usize) {
        self.shared.tally.wait_for(&format!("{n} requests"), |tally| (tally.requests >= n).then_some(()));
    }

    /// Waits until the counters satisfy `enough`.
    ///
    /// # Panics
    /// After [`PATIENCE`](crate::net::PATIENCE).
    #[track_caller]
    pub fn wait_for_counts(&self, what: &str, enough: impl Fn(&Counts) -> bool) {
        self.service.wait_for(what, enough);
    }
}

impl std::fmt::Debug for Httpbin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Httpbin({}, {:?})", self.base(), self.service)
    }
}
