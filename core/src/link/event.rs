//! What a link reports, and what is known of it.

use super::layer::LayerKind;
use crate::http1::ResponseHead;

/// What [`Link::poll`](super::Link::poll) reports.
#[derive(Debug)]
pub enum LinkEvent {
    /// Nothing more can happen before bytes are received, the connection ends, or something is sent.
    NeedInput,
    /// All layers are open. Once.
    Established,
    /// The head of a 1xx response. Once each.
    Informational(ResponseHead),
    /// The head of the final response. Once.
    Head(ResponseHead),
    /// There are body bytes at [`Link::body`](super::Link::body); repeated until
    /// [`Link::consume`](super::Link::consume) has used them all. After [`LinkEvent::Switched`]: bytes of the other
    /// protocol.
    Body,
    /// The response is complete; repeated until [`Link::reuse`](super::Link::reuse). On an idle link and after
    /// [`LinkEvent::Switched`]: the peer has closed the connection; repeated.
    End,
    /// What follows belongs to another protocol (101, or 2xx to CONNECT). Once.
    Switched,
}

/// What is being done on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// This layer is being established.
    Establishing(LayerKind),
    /// HTTP, or what it was switched to.
    Http,
}

/// How much went through a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes received from the wire.
    pub received: u64,
    /// Bytes sent to the wire.
    pub sent: u64,
    /// Bytes that HTTP, or the caller of [`Link::consume`](super::Link::consume), has used: the only ones that count
    /// as progress. Whatever else a peer sends, be it empty records or key updates for ever, does not change it.
    pub application: u64,
}
