//! Proxy failures, classified so that a caller can act on them.

use std::error::Error;
use std::fmt;

use super::socks::SocksFailure;
use crate::http1::{ProtocolError, ResponseHead};

/// Why the handshake with a proxy failed. The connection has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyFailure {
    /// The proxy answered CONNECT without opening the tunnel.
    Refused(Box<ProxyRefusal>),
    /// The proxy's answer to CONNECT is not valid HTTP, or ended early.
    Protocol(ProtocolError),
    /// The SOCKS proxy opened no tunnel.
    Socks(SocksFailure),
    /// The connection ended during the handshake.
    Closed,
    /// Bytes followed the proxy's answer before this side had sent any. They were injected, or the
    /// peer is not a proxy.
    EarlyBytes,
}

impl ProxyFailure {
    /// Returns the proxy's answer, if it refused the tunnel.
    pub fn refusal(&self) -> Option<&ProxyRefusal> {
        match self {
            ProxyFailure::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the connection ended early, as opposed to invalid bytes.
    pub fn is_truncation(&self) -> bool {
        match self {
            ProxyFailure::Protocol(error) => error.is_truncation(),
            ProxyFailure::Closed => true,
            ProxyFailure::Refused(_) | ProxyFailure::Socks(_) | ProxyFailure::EarlyBytes => false,
        }
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyFailure::Refused(refusal) => refusal.fmt(f),
            ProxyFailure::Protocol(error) => write!(f, "invalid response from the proxy to CONNECT: {error}"),
            ProxyFailure::Socks(failure) => failure.fmt(f),
            ProxyFailure::Closed => f.write_str("the connection ended during the proxy handshake"),
            ProxyFailure::EarlyBytes => f.write_str("expected no bytes directly after the proxy handshake, found some"),
        }
    }
}

impl Error for ProxyFailure {}

/// A proxy's answer that does not open a tunnel. It is not the origin's response: its redirects,
/// cookies and HSTS fields have no effect.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyRefusal {
    /// The head of the answer.
    pub head: ResponseHead,
    /// The start of its body, at most
    /// [`Limits::proxy_refusal_bytes`](crate::Limits::proxy_refusal_bytes).
    pub body: Vec<u8>,
}

impl ProxyRefusal {
    /// Whether the proxy requests credentials: status 407, with `Proxy-Authenticate` fields in the
    /// head.
    pub fn wants_authentication(&self) -> bool {
        self.head.status() == http::StatusCode::PROXY_AUTHENTICATION_REQUIRED
    }
}

impl fmt::Debug for ProxyRefusal {
    // The body may contain anything, so only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyRefusal").field("head", &self.head).field("body_bytes", &self.body.len()).finish()
    }
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy refused the tunnel with status {}", self.head.status().as_u16())?;
        if self.wants_authentication() { f.write_str("; set its credentials with Proxy::auth") } else { Ok(()) }
    }
}

impl Error for ProxyRefusal {}
