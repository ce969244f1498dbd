//! The interface of one layer of a byte path: TLS, a CONNECT tunnel, or a custom protocol.
//!
//! A layer transforms bytes in two directions: bytes from the wire side go up as plain bytes, bytes
//! from above go down to the wire side. It performs no I/O and holds no queue. Received bytes that
//! it has not used stay with the caller. It decrypts them in place, so that no body byte is copied
//! on its way up.
//!
//! The order of calls is decided by [`Link`](super::Link).

use super::proxy_failure::ProxyFailure;
use super::tls_failure::TlsFailure;
use super::tls_info::TlsInfo;
use crate::Now;
use crate::buffer::Retained;
use std::error::Error;
use std::fmt;
use std::ops::Range;

/// A protocol between the wire and HTTP.
///
/// The caller follows these rules, as a [`Link`](super::Link) does:
/// - [`start`](Layer::start) is called once, first, when all layers below are open;
/// - `wire` always begins with the first byte not yet discarded, and holds all bytes received after
///   it;
/// - `wire` is never empty;
/// - bytes appended to `down` are sent in order, also after an error (they may be an alert);
/// - after an error only [`close`](Layer::close) is called.
///
/// A layer must behave the same however the bytes are split into calls.
pub trait Layer: Send {
    /// Returns the kind of the layer, for errors and timeouts.
    fn kind(&self) -> LayerKind;

    /// Starts the layer; appends the first flight to `down` if this side speaks first.
    ///
    /// # Errors
    /// The cause when the layer cannot start.
    fn start(&mut self, now: Now, down: &mut Vec<u8>) -> Result<(), LayerError>;

    /// Processes received bytes up to the first plain bytes, or until more are needed.
    ///
    /// `wire` may be changed in place. [`Received::plain`] is a range of it and goes up. Once those
    /// bytes are used, the caller drops the first [`Received::discard`] bytes and calls again. If
    /// there are neither plain bytes nor bytes to discard, the layer needs more bytes from below.
    /// Answers that the protocol requires are appended to `down`.
    ///
    /// # Errors
    /// The cause when the peer violated the protocol or rejected the connection.
    fn receive(&mut self, now: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError>;

    /// Signals that no more bytes will come from below and that [`receive`](Layer::receive) has
    /// processed all of them. Returns how the plain bytes ended; may be called again.
    ///
    /// # Errors
    /// The cause when the end is itself a failure, for example within a handshake.
    fn receive_eof(&mut self) -> Result<LayerEof, LayerError>;

    /// Whether the peer has announced that it sends nothing more, as TLS does before it closes. The
    /// plain bytes then end cleanly, without [`receive_eof`](Layer::receive_eof).
    fn peer_closed(&self) -> bool {
        false
    }

    /// Accepts some or all of the bytes from above and appends their encoding to `down`. Called
    /// only while [`is_open`](Layer::is_open). Returns how many bytes were accepted, at least one
    /// if `plain` is not empty.
    ///
    /// # Errors
    /// The cause when the layer can no longer send.
    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError>;

    /// Closes the layer: appends the protocol's closing bytes to `down`. Nothing is sent after
    /// them.
    fn close(&mut self, down: &mut Vec<u8>);

    /// Whether the layer is established: [`send`](Layer::send) may be called, and plain bytes may
    /// come up.
    fn is_open(&self) -> bool;

    /// Whether the layer only passes bytes through once open, so that it can then be removed.
    fn is_transparent(&self) -> bool {
        false
    }

    /// Returns the storage that the layer holds for its own bytes. Default: none.
    fn retained(&self) -> Retained {
        Retained::default()
    }

    /// Returns the parameters that TLS negotiated, for an open TLS layer.
    fn tls_info(&self) -> Option<TlsInfo<'_>> {
        None
    }
}

/// The kinds of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerKind {
    /// A proxy handshake: CONNECT or SOCKS.
    Proxy,
    /// TLS.
    Tls,
    /// Any other protocol.
    Other,
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LayerKind::Proxy => "proxy handshake",
            LayerKind::Tls => "TLS handshake",
            LayerKind::Other => "handshake",
        })
    }
}

/// The result of [`Layer::receive`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The number of bytes at the front of `wire` that are used up, including those of `plain`.
    pub discard: usize,
    /// The range of the plain bytes in `wire`, within the first `discard` bytes. May be empty.
    pub plain: Range<usize>,
}

impl Received {
    /// More bytes are needed.
    pub const NEED_MORE: Received = Received { discard: 0, plain: 0..0 };

    /// Reports `discard` bytes as used up without yielding plain bytes.
    pub const fn used(discard: usize) -> Self {
        Received { discard, plain: 0..0 }
    }
}

/// How a direction of the byte path ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayerEof {
    /// As the protocol requires.
    Clean,
    /// Cut off; bytes may be missing.
    Truncated,
}

/// Why a layer failed. The byte path has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum LayerError {
    /// TLS failed.
    Tls(TlsFailure),
    /// The proxy opened no tunnel.
    Proxy(ProxyFailure),
    /// The failure of a custom layer.
    Other(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayerError::Tls(failure) => failure.fmt(f),
            LayerError::Proxy(failure) => failure.fmt(f),
            LayerError::Other(_) => f.write_str("a layer of the connection failed"),
        }
    }
}

impl Error for LayerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LayerError::Other(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<TlsFailure> for LayerError {
    fn from(failure: TlsFailure) -> Self {
        LayerError::Tls(failure)
    }
}

impl From<ProxyFailure> for LayerError {
    fn from(failure: ProxyFailure) -> Self {
        LayerError::Proxy(failure)
    }
}
