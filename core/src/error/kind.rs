//! The cause of an [`Error`](super::Error), as data.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::{IoFailure, Timeout};
use crate::content::decode::DecodeError;
use crate::content::text::TextError;
use crate::http1::{ProtocolError, SendError};
use crate::limits::LimitExceeded;
use crate::link::{LayerFailure, LinkError, ProxyFailure, TlsFailure};
use crate::policy::redirect::RedirectError;
use crate::request::BuildError;
use crate::route::address_policy::AddressDenied;
use crate::route::dial::DialError;
use crate::route::proxy::ProxyError;
use crate::tls::TlsConfigError;
use crate::unavailable::Unavailable;

/// The cause of an [`Error`](super::Error).
///
/// Its `Display` is about this kind of failure, with all that this library knows of it. What others
/// reported (the system, a parser, a layer of the embedder's) is its
/// [source](std::error::Error::source), and not in its text.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request cannot be built.
    Build(BuildError),
    /// The proxy's settings are not valid.
    ProxyConfig(ProxyError),
    /// The TLS settings are not valid, or TLS is needed and cannot be had.
    TlsConfig(TlsConfigError),
    /// The name could not be looked up.
    Resolve(IoFailure),
    /// The look-up gave addresses, and the address policy allows none of them.
    AddressDenied(AddressDenied),
    /// No address could be connected to; also when the look-up gave none.
    Connect(DialError),
    /// A socket failed.
    Io(IoFailure),
    /// The proxy opened no tunnel.
    Proxy(ProxyFailure),
    /// TLS failed, with the origin or with the proxy: see the phase.
    Tls(TlsFailure),
    /// The peer broke HTTP/1.1, ended the message early, or exceeded a limit on it.
    Protocol(ProtocolError),
    /// A layer of the embedder's own failed.
    Layer(LayerFailure),
    /// A deadline fired.
    Timeout {
        /// Which.
        which: Timeout,
        /// Its value.
        limit: Duration,
    },
    /// A redirect cannot be followed.
    Redirect(RedirectError),
    /// The status is 400 or more, and the caller asked for an error then.
    Status(StatusCode),
    /// The content coding.
    Decode(DecodeError),
    /// A limit on the whole call.
    Limit(LimitExceeded),
    /// The embedder's body stream ended early, went on too long or failed.
    RequestBody(String),
    /// The body would have to be sent once more, and cannot be.
    BodyNotReplayable,
    /// The session or the event loop cannot serve the request.
    Unavailable(Unavailable),
    /// The request head cannot be written: what the core checked before was not enough.
    Head(SendError),
    /// The body is in a charset that is not known.
    Text(TextError),
    /// The body still has codings on it that are not known: it is no text.
    Undecoded(Vec<Box<str>>),
    /// The body is no JSON, or not of the type asked for.
    #[cfg(feature = "json")]
    Json(crate::json_error::JsonError),
    /// The caller cancelled.
    Cancelled,
    /// The machines contradict each other, which is a fault of this library.
    Internal(&'static str),
}

impl From<LinkError> for ErrorKind {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Protocol(error) => ErrorKind::Protocol(error),
            LinkError::Tls(failure) => ErrorKind::Tls(failure),
            LinkError::Proxy(failure) => ErrorKind::Proxy(failure),
            LinkError::Layer(failure) => ErrorKind::Layer(failure),
            LinkError::Over => ErrorKind::Internal("a connection was used after its end"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Build(e) => e.fmt(f),
            ErrorKind::ProxyConfig(e) => e.fmt(f),
            ErrorKind::TlsConfig(e) => e.fmt(f),
            ErrorKind::Resolve(_) => f.write_str("the look-up failed"),
            ErrorKind::AddressDenied(e) => e.fmt(f),
            ErrorKind::Connect(e) => e.fmt(f),
            ErrorKind::Io(e) => e.kind.fmt(f),
            ErrorKind::Proxy(e) => e.fmt(f),
            ErrorKind::Tls(e) => e.fmt(f),
            ErrorKind::Protocol(e) => e.fmt(f),
            ErrorKind::Layer(e) => e.fmt(f),
            ErrorKind::Timeout { which, limit } => write!(f, "timed out: {} is {limit:?}", which.option()),
            ErrorKind::Redirect(e) => e.fmt(f),
            ErrorKind::Status(status) => {
                write!(f, "expected a status below 400, got {}", status.as_u16())?;
                status.canonical_reason().map_or(Ok(()), |reason| write!(f, " {reason}"))
            }
            ErrorKind::Decode(e) => e.fmt(f),
            ErrorKind::Limit(e) => e.fmt(f),
            ErrorKind::RequestBody(e) => write!(f, "request body: {e}"),
            ErrorKind::BodyNotReplayable => f.write_str(
                "the body would have to be sent once more, and the stream cannot be rewound; \
                 send a body from memory or from a seekable reader",
            ),
            ErrorKind::Unavailable(e) => e.fmt(f),
            ErrorKind::Head(e) => e.fmt(f),
            ErrorKind::Text(_) => f.write_str("the body is in a charset that is not known"),
            ErrorKind::Undecoded(names) => {
                write!(f, "expected a body whose content codings are known, got {}", names.join(", "))
            }
            #[cfg(feature = "json")]
            ErrorKind::Json(e) => {
                write!(f, "the body is not the JSON that was expected, line {}, column {}", e.line(), e.column())
            }
            ErrorKind::Cancelled => f.write_str("cancelled"),
            ErrorKind::Internal(what) => write!(f, "internal error, please report it: {what}"),
        }
    }
}

impl std::error::Error for ErrorKind {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ErrorKind::Build(e) => e.source(),
            ErrorKind::ProxyConfig(e) => e.source(),
            ErrorKind::TlsConfig(e) => e.source(),
            ErrorKind::Resolve(e) => Some(e),
            ErrorKind::Io(e) => e.says_more().then_some(e as _),
            ErrorKind::AddressDenied(e) => e.source(),
            ErrorKind::Connect(e) => e.source(),
            ErrorKind::Proxy(e) => e.source(),
            ErrorKind::Tls(e) => e.source(),
            ErrorKind::Protocol(e) => e.source(),
            ErrorKind::Layer(e) => e.source(),
            ErrorKind::Redirect(e) => e.source(),
            ErrorKind::Decode(e) => e.source(),
            ErrorKind::Limit(e) => e.source(),
            ErrorKind::Unavailable(e) => e.source(),
            ErrorKind::Head(e) => e.source(),
            ErrorKind::Text(e) => Some(e),
            #[cfg(feature = "json")]
            ErrorKind::Json(e) => Some(e),
            ErrorKind::Timeout { .. }
            | ErrorKind::Status(_)
            | ErrorKind::RequestBody(_)
            | ErrorKind::BodyNotReplayable
            | ErrorKind::Undecoded(_)
            | ErrorKind::Cancelled
            | ErrorKind::Internal(_) => None,
        }
    }
}
