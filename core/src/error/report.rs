//! The error type for users: the cause, and where it happened.

use std::fmt;
use std::sync::Arc;

use http::{Method, StatusCode};

use super::{ErrorKind, Phase};
use crate::content::decode::DecodeError;
use crate::http1::ResponseHead;
use crate::request::BuildError;
use crate::route::address::Address;

/// Whether the server may have acted on the failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processed {
    /// No byte of the request was written.
    No,
    /// Part of the request was written: the server may have acted on it.
    Maybe,
}

/// A failure, with its place and progress. It prints as one line without secrets. Cloning is cheap,
/// and its size is that of a pointer.
///
/// Every other error type of the library converts into it: those of URLs, fields, credentials,
/// proxies, TLS settings and JSON, and [`io::Error`](std::io::Error). `?` therefore works on all of
/// them in a function that returns it. An `io::Error` of a response's reader converts into the
/// error that it contains.
///
/// Its `Display` shows where it happened, the [kind](Error::kind) and what to do, if known. The
/// cause as others reported it is the [source](std::error::Error::source): a chain printed with
/// `{}: {}` repeats nothing. `Debug` prints the same line, for a `main` that returns it.
/// [`Error::report`] has all parts.
#[derive(Clone)]
pub struct Error(Arc<Report>);

/// The parts of an [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The cause.
    pub kind: ErrorKind,
    /// What the transfer was doing.
    pub phase: Phase,
    /// The hop of the request, from 0. Each redirect, repetition without `Expect`, and repetition
    /// on a new connection begins a hop, and so does each upgrade to https by HSTS.
    pub hop: u32,
    /// The method of the hop; `None` outside of any request.
    pub method: Option<Method>,
    /// The URL of the hop, without userinfo and query values; `None` outside of any request.
    pub url: Option<String>,
    /// Whether HSTS upgraded the URL from http to https.
    pub upgraded: bool,
    /// The proxy of the hop as `host:port`, without credentials, if there is one.
    pub proxy: Option<String>,
    /// The address of the connection, if there was one.
    pub peer: Option<Address>,
    /// Bytes written on the hop's connection for this request. Handshakes do not count.
    pub bytes_sent: u64,
    /// Bytes read on the hop's connection for this request, up to and including a rejected byte.
    /// Handshakes do not count. The number does not depend on how reads were split, with one
    /// exception: a decoder of br, zstd or several codings, or one that reaches a limit, may have
    /// consumed a few bytes more.
    pub bytes_received: u64,
    /// Whether the server may have acted on the request.
    pub processed: Processed,
    /// How often this hop's request was started on a connection so far: 1, or 2 if a reused
    /// connection was lost and the request repeated on a new one. It restarts at 1 for each
    /// redirect.
    pub attempts: u32,
    /// The rejected response, for example a 3xx that cannot be followed, or one whose status is an
    /// error.
    pub response: Option<Box<ResponseHead>>,
}

impl Error {
    pub(crate) fn new(report: Report) -> Error {
        Error(Arc::new(report))
    }

    /// Returns the error for a request that cannot be built.
    pub fn build(method: Method, url: String, fault: BuildError) -> Error {
        Error::before(method, url, ErrorKind::Build(fault))
    }

    /// Returns the error for a failure before the transfer began.
    pub(crate) fn before(method: Method, url: String, kind: ErrorKind) -> Error {
        Error::new(Report { phase: Phase::Prepare, method: Some(method), url: Some(url), ..Report::of(kind) })
    }

    /// Returns the error for a failure outside of any request.
    pub(crate) fn outside(kind: ErrorKind) -> Error {
        Error::new(Report::of(kind))
    }

    /// Returns the cause.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns the phase in which it failed.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Returns the URL of the failed hop, without userinfo and query values; `None` outside of any
    /// request.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// Returns whether the server may have acted on the request. With [`Processed::No`], sending it
    /// again cannot repeat an effect.
    pub fn processed(&self) -> Processed {
        self.0.processed
    }

    /// Returns the status of the rejected response: an error status, or a redirect that cannot be
    /// followed.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(|head| head.status())
    }

    /// Returns all parts.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// Whether a deadline fired; [`ErrorKind::Timeout`] names it.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout { .. })
    }

    /// Whether no connection could be established: the look-up, the address policy, connecting or a
    /// handshake with a proxy or TLS failed, or its deadline fired. No byte of the request was
    /// sent.
    pub fn is_connect(&self) -> bool {
        use Phase::*;
        matches!(self.0.kind, ErrorKind::Resolve(_) | ErrorKind::Connect(_) | ErrorKind::AddressDenied(_))
            || self.0.failed_in(&[Resolve, Connect, Proxy, ProxyTls, Tls])
    }

    /// Whether TLS failed: its settings, a handshake or its deadline, or an established connection.
    pub fn is_tls(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Tls(_) | ErrorKind::TlsConfig(_))
            || self.0.failed_in(&[Phase::ProxyTls, Phase::Tls])
    }

    /// Whether the proxy failed: its settings, reaching it or the deadline for that, or its answer.
    pub fn is_proxy(&self) -> bool {
        use Phase::*;
        matches!(self.0.kind, ErrorKind::Proxy(_) | ErrorKind::ProxyConfig(_))
            || (self.0.proxy.is_some() && self.0.failed_in(&[Resolve, Connect, Proxy, ProxyTls]))
    }

    /// Whether `error_for_status` found a status of 400 or more, which [`Error::status`] returns.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Status(_))
    }

    /// Whether a redirect could not be followed.
    pub fn is_redirect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Redirect(_))
    }

    /// Whether a body failed: the request's stream, or reading, decoding or parsing the response's
    /// body.
    pub fn is_body(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RequestBody(_) | ErrorKind::BodyNotReplayable)
            || self.is_decode()
            || self.0.failed_in(&[Phase::Body])
    }

    /// Whether a received body could not be decoded: its content coding, its charset, JSON, or an
    /// event stream.
    pub fn is_decode(&self) -> bool {
        match self.0.kind {
            ErrorKind::Decode(_) | ErrorKind::Text(_) | ErrorKind::Undecoded(_) | ErrorKind::NotEventStream(_) => true,
            #[cfg(feature = "json")]
            ErrorKind::Json(_) => true,
            _ => false,
        }
    }

    /// Whether the request or a setting is invalid, so that a retry cannot help.
    pub fn is_builder(&self) -> bool {
        use ErrorKind::*;
        matches!(self.0.kind, Build(_) | ProxyConfig(_) | TlsConfig(_) | Head(_))
    }

    /// Whether a message was truncated.
    pub fn is_truncated(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Protocol(e) => e.is_truncation(),
            ErrorKind::Tls(e) => e.is_truncation(),
            ErrorKind::Proxy(e) => e.is_truncation(),
            ErrorKind::Layer(e) => matches!(e, crate::link::LayerFailure::Closed),
            ErrorKind::Decode(e) => matches!(e, DecodeError::Truncated { .. }),
            _ => false,
        }
    }
}

impl Report {
    /// Returns the report of a failure outside of any request.
    fn of(kind: ErrorKind) -> Report {
        Report {
            kind,
            phase: Phase::Configure,
            hop: 0,
            method: None,
            url: None,
            upgraded: false,
            proxy: None,
            peer: None,
            bytes_sent: 0,
            bytes_received: 0,
            processed: Processed::No,
            attempts: 1,
            response: None,
        }
    }

    /// Whether one of these phases failed, rather than the caller ending it.
    fn failed_in(&self, phases: &[Phase]) -> bool {
        phases.contains(&self.phase) && !matches!(self.kind, ErrorKind::Cancelled | ErrorKind::Unavailable(_))
    }

    /// Writes the phase, with the proxy if there is one.
    fn fmt_phase(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase;
        match (&self.proxy, phase) {
            (Some(proxy), Phase::Resolve) => write!(f, "looking up the proxy {proxy}"),
            (Some(proxy), Phase::Connect) => write!(f, "connecting to the proxy {proxy}"),
            (Some(proxy), Phase::Proxy | Phase::ProxyTls) => write!(f, "{phase} {proxy}"),
            (Some(proxy), Phase::Tls | Phase::Send | Phase::Head | Phase::Body) => {
                write!(f, "{phase} through the proxy {proxy}")
            }
            _ => write!(f, "{phase}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { kind, phase, hop, method, url, upgraded, peer, bytes_sent, bytes_received, processed, .. } =
            &*self.0;
        let (Some(method), Some(url)) = (method, url) else { return kind.fmt(f) };
        let why = if *upgraded { " (https because of HSTS)" } else { "" };
        write!(f, "{method} {url}{why}: ")?;
        self.0.fmt_phase(f)?;
        if *hop > 0 {
            write!(f, " (hop {hop})")?;
        }
        write!(f, ": {kind}")?;
        let Some(peer) = peer else { return Ok(()) };
        write!(f, " [{peer}")?;
        if !phase.is_before_the_request() {
            write!(f, ", {bytes_sent} bytes sent, {bytes_received} received")?;
        }
        if *processed == Processed::Maybe {
            f.write_str(", the server may have acted on it")?;
        }
        f.write_str("]")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.kind.source()
    }
}
