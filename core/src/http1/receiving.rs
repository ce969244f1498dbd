//! The state of the receiving side and its events.

use std::fmt;
use std::ops::Range;

use super::chunked::Decoder;
use super::error::ProtocolError;
use super::head::ResponseHead;
use super::scan::Scan;

/// An event that [`Connection::receive`](super::Connection::receive) returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All input was consumed; more is needed.
    NeedInput,
    /// An interim response, 100 or 102–199 (RFC 9110 §15.2).
    Informational(ResponseHead),
    /// The final response's head. The body, [`Event::End`] or [`Event::Switched`] follows.
    Head(ResponseHead),
    /// Content: this range of the input, never empty. It is counted, and consumed to its end.
    Body(Range<usize>),
    /// The response is complete.
    End,
    /// All further bytes belong to another protocol: after 101, or 2xx to CONNECT.
    Switched,
}

/// How much of the input was consumed, and the resulting event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The number of consumed bytes.
    pub consumed: usize,
    /// The event.
    pub event: Event,
}

/// How the peer's direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Eof {
    /// Cleanly: TCP FIN, or TLS close_notify.
    Clean,
    /// The transport ended before the layer above it (TLS) did; bytes may be missing (RFC 9112
    /// §9.8).
    Truncated,
}

/// An incomplete head; the only input that is copied.
#[derive(Default)]
pub(super) struct PartialHead {
    pub(super) scan: Scan,
    pub(super) bytes: Vec<u8>,
}

impl PartialHead {
    /// Whether these bytes can be the start of a response.
    pub(super) fn can_be_response(&self) -> bool {
        !self.bytes.is_empty() && self.scan.can_be_response(&self.bytes)
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The state of the receiving side.
pub(super) enum Receiving {
    /// No request is in progress.
    Idle,
    /// A head is expected, or has partly arrived.
    Head(Option<Box<PartialHead>>),
    /// The number of body bytes still missing.
    Length(u64),
    /// Boxed, since few connections are in this state at a time.
    Chunked(Box<Decoder>),
    UntilClose,
    Finished,
    Switched,
    Failed(Box<ProtocolError>),
}

impl Receiving {
    /// Enters a state. Most states own nothing, so leaving them needs no destructor call.
    #[inline(always)]
    pub(super) fn enter(&mut self, next: Receiving) {
        let left = std::mem::replace(self, next);
        let owns_nothing = match &left {
            Receiving::Head(partial) => partial.is_none(),
            Receiving::Idle | Receiving::Length(_) | Receiving::UntilClose => true,
            Receiving::Finished | Receiving::Switched => true,
            Receiving::Chunked(_) | Receiving::Failed(_) => false,
        };
        if owns_nothing {
            std::mem::forget(left);
        }
    }
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
