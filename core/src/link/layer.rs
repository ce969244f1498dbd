//! One layer of a byte path: what TLS, a CONNECT tunnel and a stranger's protocol have in common.
//!
//! A layer is bytes in, bytes out, twice: what comes from the wire side goes up as plain bytes, what comes from
//! above goes down to the wire side. It does no I/O and holds no queue: what it received and did not use stays with
//! the caller, in the place where it decrypts, so that no body byte is copied on its way up.
//!
//! Left out here: who calls what when. That is the [`Link`](super::Link).

use super::proxy_failure::ProxyFailure;
use super::tls_failure::TlsFailure;
use super::tls_info::TlsInfo;
use crate::Now;
use crate::buffer::Retained;
use std::error::Error;
use std::fmt;
use std::ops::Range;

/// A protocol that lies between the wire and HTTP.
///
/// The caller keeps these rules; a [`Link`](super::Link) does:
/// - [`start`](Layer::start) is called once, first, when everything below is open;
/// - `wire` always begins with the first byte that was not discarded yet, and holds everything received after it;
/// - `wire` is never empty;
/// - what is appended to `down` is sent, in order, also after an error (it may be an alert);
/// - after an error no other method is called but [`close`](Layer::close).
///
/// How the bytes are cut into calls must not change what a layer does.
pub trait Layer: Send {
    /// What kind of layer this is, for errors and timeouts.
    fn kind(&self) -> LayerKind;

    /// Begins: appends the first flight to `down`, if this side speaks first.
    ///
    /// # Errors
    /// When there is no way to begin.
    fn start(&mut self, now: Now, down: &mut Vec<u8>) -> Result<(), LayerError>;

    /// Processes received bytes, up to the first plain bytes or until more are needed.
    ///
    /// `wire` may be changed in place. [`Received::plain`] lies inside of it and is what goes up. When those bytes
    /// have been used, the caller drops the first [`Received::discard`] bytes and calls again; neither plain bytes nor
    /// any to discard means that more bytes from below are needed.
    /// Answers that the protocol demands are appended to `down`.
    ///
    /// # Errors
    /// When the peer broke the protocol or refused.
    fn receive(&mut self, now: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError>;

    /// Nothing more will come from below, and [`receive`](Layer::receive) has seen all there was. Says how the bytes
    /// that went up have ended; it may be asked again.
    ///
    /// # Errors
    /// When that is a failure in itself, as within a handshake.
    fn receive_eof(&mut self) -> Result<LayerEof, LayerError>;

    /// Whether the peer said that it will send nothing more, as TLS does before it closes. What is above is then at
    /// its clean end, without [`receive_eof`](Layer::receive_eof).
    fn peer_closed(&self) -> bool {
        false
    }

    /// Takes bytes from above, at most as many as it likes, and appends what they become to `down`. Called only while
    /// [`is_open`](Layer::is_open). Returns how many were taken; with bytes at hand that is more than none.
    ///
    /// # Errors
    /// When nothing more can be sent.
    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError>;

    /// Says good-bye: appends what the protocol wants to be the last bytes to `down`. Nothing is sent after it.
    fn close(&mut self, down: &mut Vec<u8>);

    /// Whether it is established: [`send`](Layer::send) may be called, and plain bytes may come up.
    fn is_open(&self) -> bool;

    /// Whether it only passes bytes through once it is open, so that it can be dropped then.
    fn is_transparent(&self) -> bool {
        false
    }

    /// The storage that it holds for bytes of its own. Default: none.
    fn retained(&self) -> Retained {
        Retained::default()
    }

    /// What TLS agreed on, for a layer that is TLS and open.
    fn tls_info(&self) -> Option<TlsInfo<'_>> {
        None
    }
}

/// The kinds of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerKind {
    /// A proxy's handshake: CONNECT, SOCKS.
    Proxy,
    /// TLS.
    Tls,
    /// Another.
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

/// What [`Layer::receive`] made of the bytes from below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// How many bytes at the front of `wire` are used up, those of `plain` included.
    pub discard: usize,
    /// Where in `wire` the plain bytes lie; within the first `discard` bytes. May be empty.
    pub plain: Range<usize>,
}

impl Received {
    /// More bytes are needed.
    pub const NEED_MORE: Received = Received { discard: 0, plain: 0..0 };

    /// `discard` bytes are used up and brought nothing.
    pub const fn used(discard: usize) -> Self {
        Received { discard, plain: 0..0 }
    }
}

/// How a direction of the byte path ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayerEof {
    /// As the protocol wants it.
    Clean,
    /// Cut off: something may be missing.
    Truncated,
}

/// Why a layer failed. The byte path is over.
#[derive(Debug)]
#[non_exhaustive]
pub enum LayerError {
    /// TLS failed.
    Tls(TlsFailure),
    /// The proxy opened no tunnel.
    Proxy(ProxyFailure),
    /// Any other reason, of a layer that is not from here.
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
