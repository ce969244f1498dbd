//! Events, phases and counters of a link.

use super::layer::LayerKind;
use crate::http1::ResponseHead;

/// An event that [`Link::poll`](super::Link::poll) returns.
#[derive(Debug)]
pub enum LinkEvent {
    /// No progress is possible until bytes are received, the connection ends, or something is sent.
    NeedInput,
    /// All layers are open. Reported once.
    Established,
    /// The head of a 1xx response. Reported once for each.
    Informational(ResponseHead),
    /// The head of the final response. Reported once.
    Head(ResponseHead),
    /// Body bytes are available at [`Link::body`](super::Link::body). Repeated until
    /// [`Link::consume`](super::Link::consume) has used them all. After [`LinkEvent::Switched`],
    /// these are bytes of the other protocol.
    Body,
    /// The response is complete. Repeated until [`Link::reuse`](super::Link::reuse). On an idle
    /// link and after [`LinkEvent::Switched`], the peer has closed the connection; repeated.
    End,
    /// The bytes that follow belong to another protocol (101, or 2xx to CONNECT). Reported once.
    Switched,
}

/// The current activity of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// This layer is being established.
    Establishing(LayerKind),
    /// HTTP, or the protocol that replaced it.
    Http,
}

/// Byte counts of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes received from the wire.
    pub received: u64,
    /// Bytes sent to the wire.
    pub sent: u64,
    /// Bytes used by HTTP or by the caller of [`Link::consume`](super::Link::consume). Only these
    /// count as progress: empty records or endless key updates do not change the count.
    pub application: u64,
}
