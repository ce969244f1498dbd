//! Link failures, and reasons against reusing a working link.

use super::layer::{LayerError, LayerKind};
use super::proxy_failure::ProxyFailure;
use super::tls_failure::TlsFailure;
use crate::http1::{self, ProtocolError};
use std::error::Error;
use std::fmt;

/// Why a byte path failed. The link has ended: the bytes in
/// [`Link::outgoing`](super::Link::outgoing) may still be sent (an alert tells the peer why), then
/// it can only be closed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer violated HTTP/1.1 or ended too early.
    Protocol(ProtocolError),
    /// TLS failed.
    Tls(TlsFailure),
    /// The proxy opened no tunnel.
    Proxy(ProxyFailure),
    /// A custom layer failed.
    Layer(LayerFailure),
    /// The link failed earlier or was closed.
    Over,
}

/// Why a custom layer failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LayerFailure {
    /// The connection ended during its handshake.
    Closed,
    /// Bytes followed its handshake before this side had sent any.
    EarlyBytes,
    /// The layer reported this error.
    Failed(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for LayerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LayerFailure::Closed => "the connection ended during the handshake",
            LayerFailure::EarlyBytes => "expected no bytes directly after the handshake, found some",
            LayerFailure::Failed(_) => "a layer of the connection failed",
        })
    }
}

impl Error for LayerFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LayerFailure::Failed(error) => Some(&**error),
            LayerFailure::Closed | LayerFailure::EarlyBytes => None,
        }
    }
}

impl LinkError {
    /// Returns the error for a connection that ended while a layer of this kind was being
    /// established.
    pub(super) fn closed(kind: LayerKind) -> LinkError {
        match kind {
            LayerKind::Proxy => LinkError::Proxy(ProxyFailure::Closed),
            LayerKind::Tls => LinkError::Tls(TlsFailure::Closed),
            LayerKind::Other => LinkError::Layer(LayerFailure::Closed),
        }
    }

    /// Returns the error for bytes that followed the handshake of such a layer before this side had
    /// sent any. They were injected, or the peer speaks another protocol.
    pub(super) fn early_bytes(kind: LayerKind) -> LinkError {
        match kind {
            LayerKind::Proxy => LinkError::Proxy(ProxyFailure::EarlyBytes),
            LayerKind::Tls => LinkError::Tls(TlsFailure::EarlyBytes),
            LayerKind::Other => LinkError::Layer(LayerFailure::EarlyBytes),
        }
    }

    /// Whether the connection ended early, as opposed to invalid bytes.
    pub fn is_truncation(&self) -> bool {
        match self {
            LinkError::Protocol(error) => error.is_truncation(),
            LinkError::Tls(failure) => failure.is_truncation(),
            LinkError::Proxy(failure) => failure.is_truncation(),
            LinkError::Layer(failure) => matches!(failure, LayerFailure::Closed),
            LinkError::Over => false,
        }
    }
}

impl From<LayerError> for LinkError {
    fn from(error: LayerError) -> Self {
        match error {
            LayerError::Tls(failure) => LinkError::Tls(failure),
            LayerError::Proxy(failure) => LinkError::Proxy(failure),
            LayerError::Other(error) => LinkError::Layer(LayerFailure::Failed(error)),
        }
    }
}

impl From<ProtocolError> for LinkError {
    fn from(error: ProtocolError) -> Self {
        LinkError::Protocol(error)
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Protocol(error) => error.fmt(f),
            LinkError::Tls(failure) => failure.fmt(f),
            LinkError::Proxy(failure) => failure.fmt(f),
            LinkError::Layer(failure) => failure.fmt(f),
            LinkError::Over => f.write_str("the link has failed or was closed"),
        }
    }
}

impl Error for LinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LinkError::Layer(failure) => failure.source(),
            _ => None,
        }
    }
}

/// Why a link cannot serve another request, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotReusable {
    /// The HTTP connection cannot be reused.
    Http(http1::NotReusable),
    /// Not every layer is open.
    NotEstablished,
    /// Body bytes or bytes after the response are unread.
    Leftover,
    /// Bytes wait to be sent.
    Unsent,
    /// The peer has closed the connection or announced that it will.
    Closed,
    /// The link has failed or was closed.
    Over,
}

impl fmt::Display for NotReusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReusable::Http(why) => why.fmt(f),
            NotReusable::NotEstablished => f.write_str("the connection is not established"),
            NotReusable::Leftover => f.write_str("received bytes are unread"),
            NotReusable::Unsent => f.write_str("bytes wait to be sent"),
            NotReusable::Closed => f.write_str("the peer has closed the connection"),
            NotReusable::Over => f.write_str("the link has failed or was closed"),
        }
    }
}

impl Error for NotReusable {}
