//! The state of the receiving side, and its results.

use std::fmt;
use std::ops::Range;

use super::chunked::Decoder;
use super::error::ProtocolError;
use super::head::ResponseHead;
use super::scan::Scan;

/// What [`Connection::receive`](super::Connection::receive) came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing yet: all input was consumed, more is needed.
    NeedInput,
    /// An interim response, 100 or 102–199 (RFC 9110 §15.2).
    Informational(ResponseHead),
    /// The final response's head. The body follows, or [`Event::End`], or [`Event::Switched`].
    Head(ResponseHead),
    /// Content: this range of the input, never empty. It is accounted for, and consumed to its end.
    Body(Range<usize>),
    /// The response is complete.
    End,
    /// The rest belongs to another protocol: after 101, or 2xx to CONNECT.
    Switched,
}

/// How much of the input was consumed, and what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// So many bytes of the input are done with.
    pub consumed: usize,
    /// What they were.
    pub event: Event,
}

/// How the peer's direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Eof {
    /// As it should: TCP FIN, or TLS close_notify.
    Clean,
    /// The transport's end, where the layer above it (TLS) had not ended: bytes may be missing (RFC 9112 §9.8).
    Truncated,
}

/// A head of which the end has not come: the only input that is ever copied.
#[derive(Default)]
pub(super) struct PartialHead {
    pub(super) scan: Scan,
    pub(super) bytes: Vec<u8>,
}

impl PartialHead {
    /// Whether what has come can be the beginning of a response.
    pub(super) fn can_be_response(&self) -> bool {
        !self.bytes.is_empty() && self.scan.can_be_response(&self.bytes)
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Where the receiving side stands.
pub(super) enum Receiving {
    /// No request is under way.
    Idle,
    /// A head is due, or has come in part.
    Head(Option<Box<PartialHead>>),
    /// So many bytes of body are left.
    Length(u64),
    /// Boxed: few connections are there at a time.
    Chunked(Box<Decoder>),
    UntilClose,
    Finished,
    Switched,
    Failed(Box<ProtocolError>),
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Receiving::Idle => f.write_str("Idle"),
            Receiving::Head(partial) => {
                write!(f, "Head({} bytes)", partial.as_ref().map_or(0, |partial| partial.bytes.len()))
            }
            Receiving::Length(left) => write!(f, "Length({left})"),
            Receiving::Chunked(_) => f.write_str("Chunked"),
            Receiving::UntilClose => f.write_str("UntilClose"),
            Receiving::Finished => f.write_str("Finished"),
            Receiving::Switched => f.write_str("Switched"),
            Receiving::Failed(error) => write!(f, "Failed({error})"),
        }
    }
}
