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
use crate::policy::auth::AuthFailure;
use crate::policy::redirect::RedirectError;
use crate::request::BuildError;
use crate::route::address_policy::AddressDenied;
use crate::route::dial::DialError;
use crate::route::proxy::ProxyError;
use crate::tls::TlsConfigError;
use crate::unavailable::Unavailable;

/// The cause of an [`Error`](super::Error).
///
/// Its `Display` describes this kind of failure, with all that this library knows about it. The
/// cause as others reported it (the system, a parser, a custom layer) is its
/// [source](std::error::Error::source), and not part of its text.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request cannot be built.
    Build(BuildError),
    /// The proxy's settings are invalid.
    ProxyConfig(ProxyError),
    /// The TLS settings are invalid, or TLS is needed but not available.
    TlsConfig(TlsConfigError),
    /// The name look-up failed.
    Resolve(IoFailure),
    /// The address policy denies every address of the name.
    AddressDenied(AddressDenied),
    /// Connecting to every address failed, or the name has none.
    Connect(DialError),
    /// A socket failed.
    Io(IoFailure),
    /// The proxy did not open the tunnel.
    Proxy(ProxyFailure),
    /// TLS with the origin or the proxy failed; the phase tells which.
    Tls(TlsFailure),
    /// The peer violated HTTP/1.1, truncated the message, or exceeded a limit on it.
    Protocol(ProtocolError),
    /// A custom layer of the embedder failed.
    Layer(LayerFailure),
    /// A deadline fired.
    Timeout {
        /// The deadline that fired.
        which: Timeout,
        /// The value of the option.
        limit: Duration,
    },
    /// The server accepted the request but failed to authenticate itself.
    Auth(AuthFailure),
    /// A redirect cannot be followed.
    Redirect(RedirectError),
    /// The status is 400 or more, and the caller requested an error for it.
    Status(StatusCode),
    /// The body cannot be decoded.
    Decode(DecodeError),
    /// A limit on the whole request was exceeded.
    Limit(LimitExceeded),
    /// The embedder's body stream was too short or too long, or it failed.
    RequestBody(String),
    /// The body must be sent again, but cannot be replayed.
    BodyNotReplayable,
    /// The session or the event loop cannot serve the request.
    Unavailable(Unavailable),
    /// The request head cannot be encoded, although it passed the earlier checks.
    Head(SendError),
    /// The charset of the body is unknown.
    Text(TextError),
    /// Unknown content codings are still applied to the body, so it is not text.
    Undecoded(Vec<Box<str>>),
    /// The response is not an event stream. Contains the first 64 bytes of its media type, or its
    /// status.
    NotEventStream(Box<str>),
    /// The body is not JSON, or does not match the requested type.
    #[cfg(feature = "json")]
    Json(crate::json_error::JsonError),
    /// The caller cancelled the request.
    Cancelled,
    /// The state machines are inconsistent, which is a bug of this library.
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
            ErrorKind::Auth(e) => e.fmt(f),
            ErrorKind::Redirect(e) => e.fmt(f),
            ErrorKind::Status(status) => {
                write!(f, "expected a status below 400, found {}", status.as_u16())?;
                status.canonical_reason().map_or(Ok(()), |reason| write!(f, " {reason}"))
            }
            ErrorKind::Decode(e) => e.fmt(f),
            ErrorKind::Limit(e) => e.fmt(f),
            ErrorKind::RequestBody(e) => write!(f, "request body: {e}"),
            ErrorKind::BodyNotReplayable => f.write_str(
                "the body must be sent again, but the stream cannot be rewound; \
                 use a body in memory or a seekable reader",
            ),
            ErrorKind::Unavailable(e) => e.fmt(f),
            ErrorKind::Head(e) => e.fmt(f),
            ErrorKind::Text(_) => f.write_str("the charset of the body is unknown; read the body as bytes"),
            ErrorKind::Undecoded(names) => {
                write!(f, "the body has unknown content codings ({}); read it as bytes", names.join(", "))
            }
            ErrorKind::NotEventStream(found) if found.is_empty() => {
                f.write_str("expected text/event-stream, found no Content-Type")
            }
            ErrorKind::NotEventStream(found) => write!(f, "expected text/event-stream, found {found}"),
            #[cfg(feature = "json")]
            ErrorKind::Json(e) => {
                write!(f, "the body is not the expected JSON: line {}, column {}", e.line(), e.column())
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
            ErrorKind::Auth(e) => e.source(),
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
            | ErrorKind::NotEventStream(_)
            | ErrorKind::Cancelled
            | ErrorKind::Internal(_) => None,
        }
    }
}
