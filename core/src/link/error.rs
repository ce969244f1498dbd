//! Why a link failed, and why one that works is not used again.

use super::layer::{LayerError, LayerKind, ProxyRefusal};
use super::tls_failure::TlsFailure;
use crate::http1::{self, ProtocolError};
use std::error::Error;
use std::fmt;

/// Why a byte path failed. It is over: what [`Link::outgoing`](super::Link::outgoing) has may still be sent (an alert
/// tells the peer why), then it can only be closed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer broke HTTP/1.1, or ended too early.
    Protocol(ProtocolError),
    /// TLS failed.
    Tls(TlsFailure),
    /// The proxy answered, and did not open the tunnel.
    ProxyRefused(Box<ProxyRefusal>),
    /// The proxy's answer to CONNECT is not HTTP as it should be, or ended early.
    Proxy(ProtocolError),
    /// The connection ended while this layer was being established.
    Closed(LayerKind),
    /// Bytes followed the answer of this layer before we had said anything: they were injected, or the peer does
    /// not speak what we expect.
    EarlyBytes(LayerKind),
    /// A layer that is not from here failed.
    Layer(Box<dyn Error + Send + Sync>),
    /// The link had failed before, or was closed.
    Over,
}

impl LinkError {
    /// Whether it happened because the connection ended, as opposed to wrong bytes.
    pub fn is_truncation(&self) -> bool {
        match self {
            LinkError::Protocol(error) | LinkError::Proxy(error) => error.is_truncation(),
            LinkError::Tls(failure) => *failure == TlsFailure::Truncated,
            LinkError::Closed(_) => true,
            _ => false,
        }
    }
}

impl From<LayerError> for LinkError {
    fn from(error: LayerError) -> Self {
        match error {
            LayerError::Tls(failure) => LinkError::Tls(failure),
            LayerError::ProxyRefused(refusal) => LinkError::ProxyRefused(refusal),
            LayerError::Proxy(error) => LinkError::Proxy(error),
            LayerError::Other(error) => LinkError::Layer(error),
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
            LinkError::ProxyRefused(refusal) => refusal.fmt(f),
            LinkError::Proxy(error) => write!(f, "the proxy's answer to CONNECT: {error}"),
            LinkError::Closed(kind) => write!(f, "the connection ended during the {kind}"),
            LinkError::EarlyBytes(kind) => write!(f, "expected nothing right after the {kind}, seen bytes"),
            LinkError::Layer(_) => f.write_str("a layer of the connection failed"),
            LinkError::Over => f.write_str("the link is over"),
        }
    }
}

impl Error for LinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LinkError::Layer(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Why a link cannot serve another request, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotReusable {
    /// HTTP says so.
    Http(http1::NotReusable),
    /// Not every layer is open.
    NotEstablished,
    /// The body, or bytes after the response, were not used.
    Leftover,
    /// Bytes wait to be sent.
    Unsent,
    /// The peer has closed the connection, or said that it will.
    Closed,
    /// The link has failed or was closed.
    Over,
}

impl fmt::Display for NotReusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReusable::Http(why) => why.fmt(f),
            NotReusable::NotEstablished => f.write_str("the connection is not established"),
            NotReusable::Leftover => f.write_str("bytes are left over"),
            NotReusable::Unsent => f.write_str("bytes wait to be sent"),
            NotReusable::Closed => f.write_str("the peer has closed the connection"),
            NotReusable::Over => f.write_str("the link is over"),
        }
    }
}

impl Error for NotReusable {}
