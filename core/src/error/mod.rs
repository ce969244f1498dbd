//! What can go wrong, in three kinds that are never mixed: a request that cannot be built
//! ([`BuildError`]), an embedder's call out of turn ([`Misuse`]), and a failure of the world ([`Error`]).

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::content::decode::DecodeError;
use crate::content::text::TextError;
use crate::http1::{ResponseHead, SendError};
use crate::limits::LimitExceeded;
use crate::link::LinkError;
use crate::policy::redirect::RedirectError;
use crate::request::BuildError;
use crate::route::address_policy::AddressDenied;
use crate::route::dial::DialError;
use crate::unavailable::Unavailable;

/// The embedder called out of turn: a mistake in the program, never something that a peer can cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// An answer to an output that was not given, or was answered already.
    UnexpectedInput,
    /// More bytes reported than were offered.
    TooManyBytes,
    /// A kept connection without the TLS that the route needs, or with TLS that it does not.
    OtherRoute,
    /// A connection that served a request before, in answer to [`Acquire::New`](crate::Acquire::New).
    NotNew,
    /// The transfer has ended.
    AlreadyEnded,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::UnexpectedInput => "misuse: an answer to something that was not asked",
            Misuse::TooManyBytes => "misuse: more bytes reported than were offered",
            Misuse::OtherRoute => "misuse: a kept connection whose layers are not those of the route",
            Misuse::NotNew => "misuse: a used connection where a new one was asked for",
            Misuse::AlreadyEnded => "misuse: the transfer has ended",
        })
    }
}

impl std::error::Error for Misuse {}

/// What a transfer was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Building the request.
    Prepare,
    /// Waiting for a place in the pool.
    Acquire,
    /// Looking up the name.
    Resolve,
    /// Connecting.
    Connect,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// The TLS handshake with the proxy.
    ProxyTls,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the response head.
    Head,
    /// Judging a redirect.
    Redirect,
    /// Reading the body.
    Body,
}

impl Phase {
    /// Whether no byte of the request itself can have moved.
    fn is_before_the_request(self) -> bool {
        use Phase::*;
        matches!(self, Prepare | Acquire | Resolve | Connect | Proxy | ProxyTls | Tls)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Prepare => "building the request",
            Phase::Acquire => "waiting for a connection",
            Phase::Resolve => "looking up the name",
            Phase::Connect => "connecting",
            Phase::Proxy => "asking the proxy",
            Phase::ProxyTls => "the TLS handshake with the proxy",
            Phase::Tls => "the TLS handshake",
            Phase::Send => "sending the request",
            Phase::Head => "waiting for the response head",
            Phase::Redirect => "judging the redirect",
            Phase::Body => "reading the body",
        })
    }
}

/// Which deadline fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// `connect_timeout`: look-up and connecting.
    Connect,
    /// `pool_timeout`: waiting for a free connection slot.
    Pool,
    /// `handshake_timeout`: the proxy's and TLS handshakes.
    Handshake,
    /// `first_byte_timeout`: from the request's last byte to the response's first.
    FirstByte,
    /// `idle_timeout`: no byte moved.
    Idle,
    /// `total_timeout`: the whole call.
    Total,
}

impl Timeout {
    /// All of them.
    pub const ALL: [Timeout; 6] =
        [Timeout::Connect, Timeout::Pool, Timeout::Handshake, Timeout::FirstByte, Timeout::Idle, Timeout::Total];

    /// The name of the option that sets it.
    pub const fn option(self) -> &'static str {
        match self {
            Timeout::Connect => "connect_timeout",
            Timeout::Pool => "pool_timeout",
            Timeout::Handshake => "handshake_timeout",
            Timeout::FirstByte => "first_byte_timeout",
            Timeout::Idle => "idle_timeout",
            Timeout::Total => "total_timeout",
        }
    }
}

/// A failure of the operating system, as the embedder saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoFailure {
    /// The kind.
    pub kind: std::io::ErrorKind,
    /// The system's words.
    pub text: String,
}

impl IoFailure {
    /// A failure of this kind, in the kind's own words.
    pub fn new(kind: std::io::ErrorKind) -> Self {
        IoFailure { kind, text: kind.to_string() }
    }
}

impl From<&std::io::Error> for IoFailure {
    fn from(error: &std::io::Error) -> Self {
        IoFailure { kind: error.kind(), text: error.to_string() }
    }
}

impl IoFailure {
    /// Whether the system said more than the kind does.
    fn says_more(&self) -> bool {
        self.text != self.kind.to_string()
    }
}

impl fmt::Display for IoFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for IoFailure {}

/// The cause of an [`Error`].
///
/// Its words are about this kind of failure, with all that this library knows of it. What somebody else said (the system, a parser, a layer
/// of the embedder's) is its [source](std::error::Error::source), and not in its words.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request cannot be built.
    Build(BuildError),
    /// The name could not be looked up.
    Resolve(IoFailure),
    /// The look-up gave addresses, and none of them is allowed (T29).
    AddressDenied(AddressDenied),
    /// No address could be connected to; also when the look-up gave none.
    Connect(DialError),
    /// A socket failed.
    Io(IoFailure),
    /// A layer or the peer's HTTP: TLS, the proxy's refusal, the framing, a truncated message, a limit on it.
    Link(LinkError),
    /// A deadline fired.
    Timeout {
        /// Which.
        which: Timeout,
        /// Its value.
        limit: Duration,
    },
    /// A redirect cannot be followed.
    Redirect(RedirectError),
    /// The content coding.
    Decode(DecodeError),
    /// A limit on the whole call.
    Limit(LimitExceeded),
    /// The embedder's body stream ended early, went on too long or failed.
    RequestBody(String),
    /// The body would have to be sent once more, and cannot be.
    BodyNotReplayable,
    /// TLS is needed and cannot be had: the feature is off, or the configuration could not be made.
    NoTls(String),
    /// The session or the event loop cannot serve the request.
    Unavailable(Unavailable),
    /// The request head cannot be written: what the core checked before was not enough.
    Head(SendError),
    /// The body is in a charset that is not known (T63).
    Text(TextError),
    /// The body still has codings on it that are not known: it is no text (T60).
    Undecoded(Vec<Box<str>>),
    /// The body is no JSON, or not of the type asked for.
    #[cfg(feature = "json")]
    Json(crate::json_error::JsonError),
    /// The caller cancelled.
    Cancelled,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Build(e) => write!(f, "{e}"),
            ErrorKind::Resolve(_) => f.write_str("the look-up failed"),
            ErrorKind::AddressDenied(e) => write!(f, "{e}"),
            ErrorKind::Connect(e) => write!(f, "{e}"),
            ErrorKind::Io(e) => write!(f, "{}", e.kind),
            ErrorKind::Link(e) => write!(f, "{e}"),
            ErrorKind::Timeout { which, limit } => write!(f, "timed out: {} is {limit:?}", which.option()),
            ErrorKind::Redirect(e) => write!(f, "{e}"),
            ErrorKind::Decode(e) => write!(f, "{e}"),
            ErrorKind::Limit(e) => write!(f, "{e}"),
            ErrorKind::RequestBody(e) => write!(f, "request body: {e}"),
            ErrorKind::BodyNotReplayable => {
                f.write_str("the body would have to be sent once more, and the stream cannot be rewound")
            }
            ErrorKind::NoTls(e) => write!(f, "TLS cannot be had: {e}"),
            ErrorKind::Unavailable(e) => write!(f, "{e}"),
            ErrorKind::Head(e) => write!(f, "{e}"),
            ErrorKind::Text(_) => f.write_str("the body is in a charset that is not known"),
            ErrorKind::Undecoded(names) => {
                write!(f, "expected a body whose content codings are known, saw {}", names.join(", "))
            }
            #[cfg(feature = "json")]
            ErrorKind::Json(e) => {
                write!(f, "the body is not the JSON that was expected, line {}, column {}", e.line(), e.column())
            }
            ErrorKind::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for ErrorKind {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ErrorKind::Build(e) => e.source(),
            ErrorKind::Resolve(e) => Some(e),
            ErrorKind::Io(e) => e.says_more().then_some(e as _),
            ErrorKind::AddressDenied(e) => e.source(),
            ErrorKind::Connect(e) => e.source(),
            ErrorKind::Link(e) => e.source(),
            ErrorKind::Redirect(e) => e.source(),
            ErrorKind::Decode(e) => e.source(),
            ErrorKind::Limit(e) => e.source(),
            ErrorKind::Unavailable(e) => e.source(),
            ErrorKind::Head(e) => e.source(),
            ErrorKind::Text(e) => Some(e),
            #[cfg(feature = "json")]
            ErrorKind::Json(e) => Some(e),
            ErrorKind::Timeout { .. }
            | ErrorKind::RequestBody(_)
            | ErrorKind::BodyNotReplayable
            | ErrorKind::NoTls(_)
            | ErrorKind::Undecoded(_)
            | ErrorKind::Cancelled => None,
        }
    }
}

/// Whether the server may have acted on the request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processed {
    /// No byte of it was written.
    No,
    /// Some of it was written: the server may have acted on it.
    Maybe,
}

/// A failure, with where it happened and what had moved by then. One line; no secret in it. Cheap to clone.
///
/// Its words are those of its [kind](Error::kind) and of where it happened; its source is the kind's. A chain that is printed with `{}: {}`
/// says everything once. Its Debug output is that line as well, so that a `main` that returns it says what happened. The parts are those of [`Error::report`].
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
    /// Which hop of the request, from 0. A redirect, a repetition without `Expect` and one on a new
    /// connection each begin a hop.
    pub hop: u32,
    /// The method of that hop.
    pub method: Method,
    /// The URL of that hop, without userinfo and without query values.
    pub url: String,
    /// The proxy of that hop as `host:port`, without credentials, where there is one.
    pub proxy: Option<String>,
    /// The address connected to, if there was one.
    pub peer: Option<SocketAddr>,
    /// Bytes written on the hop's connection for this request. Handshakes do not count.
    pub bytes_sent: u64,
    /// Bytes read on the hop's connection for this request. Handshakes do not count; a byte that was refused does, and none behind it.
    /// So it is the same however the reads were cut; but a decoder of br, zstd or several codings, and one that meets a limit, may have
    /// taken in some bytes more.
    pub bytes_received: u64,
    /// Whether the server may have acted on the request.
    pub processed: Processed,
    /// Whether this request had already been sent once more, on a new connection.
    pub retried: bool,
    /// The response that could not be acted on, for example a 3xx that cannot be followed.
    pub response: Option<Box<ResponseHead>>,
}

impl Error {
    pub(crate) fn new(report: Report) -> Error {
        Error(Arc::new(report))
    }

    /// A request that could not be built.
    pub fn build(method: Method, url: String, fault: BuildError) -> Error {
        Error::before(method, url, ErrorKind::Build(fault))
    }

    /// A failure before there was a transfer.
    pub(crate) fn before(method: Method, url: String, kind: ErrorKind) -> Error {
        Error::new(Report {
            kind,
            phase: Phase::Prepare,
            hop: 0,
            method,
            url,
            proxy: None,
            peer: None,
            bytes_sent: 0,
            bytes_received: 0,
            processed: Processed::No,
            retried: false,
            response: None,
        })
    }

    /// The cause.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// All parts.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// Whether a deadline fired.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout { .. })
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Resolve(_) | ErrorKind::Connect(_) | ErrorKind::AddressDenied(_))
    }

    /// Whether the message ended before its end.
    pub fn is_truncated(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Link(e) => e.is_truncation(),
            ErrorKind::Decode(e) => matches!(e, DecodeError::Truncated { .. }),
            _ => false,
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
        let Report { kind, phase, hop, method, url, peer, bytes_sent, bytes_received, processed, .. } = &*self.0;
        write!(f, "{method} {url}: ")?;
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

impl Report {
    /// What was being done, and that it was by a proxy.
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

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.kind.source()
    }
}

#[cfg(test)]
mod tests;
