//! The interface of a transfer: inputs, outputs and events.

use std::fmt;
use std::net::SocketAddr;

use url::Url;

use crate::error::{Error, IoFailure};
use crate::http1::ResponseHead;
use crate::link::Link;
use crate::policy::redirect::{Crossing, Note};
use crate::policy::{Acquire, Why};
use crate::route::address::Address;
use crate::route::dial::AttemptId;
use crate::unavailable::Unavailable;
use crate::url::{QueryShown, redacted};

/// One direction of a connection, or the request body that the embedder supplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// From the peer.
    Read,
    /// To the peer.
    Write,
    /// The request body, from the embedder.
    Body,
}

/// What happened: an input to a transfer. Its Debug output shows the number of received bytes, not
/// their content.
pub enum Input<'a> {
    /// Answers [`Output::Acquire`] with an idle connection of that route. For [`Acquire::New`], the
    /// embedder must have opened it, and it must not have served a request. It is
    /// [probed](Output::Probe) before use. A connection whose layers or kind of address do not fit the
    /// route is rejected with [`Misuse::OtherRoute`](crate::Misuse::OtherRoute), a used one with
    /// [`Misuse::NotNew`](crate::Misuse::NotNew). The order stays open then.
    Acquired {
        /// The link that was pooled with the socket.
        link: Box<Link>,
        /// The address of its peer. Required if the caller named the address: see
        /// [`Options::connect_to`](crate::Options::connect_to).
        peer: Option<Address>,
    },
    /// Answers [`Output::Acquire`]: a new connection may be opened.
    OpenNew,
    /// Answers [`Output::Probe`]: nothing can be read from the idle connection; it is usable.
    Alive,
    /// Answers [`Output::Probe`]: the idle connection has closed, or has unexpected bytes to read.
    Dead,
    /// Answers [`Output::Resolve`]: the addresses, in the resolver's order.
    Resolved(&'a [SocketAddr]),
    /// Answers [`Output::Resolve`]: the look-up failed.
    ResolveFailed(IoFailure),
    /// Answers [`Output::Connect`]: the socket is connected.
    Connected(AttemptId),
    /// Answers [`Output::Connect`]: connecting failed.
    ConnectFailed(AttemptId, IoFailure),
    /// Answers [`Output::Transmit`]: this many of the [`outgoing`](super::Transfer::outgoing) bytes
    /// were written.
    Wrote(usize),
    /// Answers [`Output::Read`]: these bytes were read.
    Received(&'a [u8]),
    /// Answers [`Output::Read`]: this many bytes were read into [`space`](super::Transfer::space).
    Filled(usize),
    /// Answers [`Output::Read`]: this many bytes were read by a [plan](super::Transfer::read_plan)
    /// with direct bytes. Those belong to the caller, and [`body`](super::Transfer::body) does not
    /// return them. The bytes after them are at the front of [`space`](super::Transfer::space).
    ReadDirect(usize),
    /// Answers [`Output::Read`]: the peer will send no more.
    Eof,
    /// Answers [`Output::Read`] or [`Output::Transmit`]: the call failed.
    Failed(Side, IoFailure),
    /// Answers an offer: the call would block. The side is blocked until [`Input::Ready`].
    Blocked(Side),
    /// The side may be tried again. For the read side, it may be given at any time: the next read
    /// then precedes all other offers, since the bytes may be an early final response.
    Ready(Side),
    /// The embedder's body stream is complete.
    BodyEnd,
    /// The embedder's body stream failed, for this reason.
    BodyFailed(String),
    /// Answers [`Output::Rewind`]: the body stream is back at its first byte.
    Rewound,
    /// Answers [`Output::Rewind`]: the body stream cannot be rewound.
    NotRewound,
    /// Answers [`Output::Sync`]: the session is not available.
    Unavailable(Unavailable),
    /// The caller consumed this many bytes of [`body`](super::Transfer::body). The time since they
    /// became available does not count against the peer. Use 0 if the caller returns for more after
    /// a while in which an offered read was not made, or after bytes that were [read
    /// directly](Input::ReadDirect).
    Consumed(usize),
    /// The caller needs no more of the body. A short rest may be read so that the connection can be
    /// reused.
    Discard,
    /// Time has passed.
    Tick,
    /// The caller cancels the transfer.
    Cancel,
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut one = |name: &str, value: &dyn fmt::Debug| f.debug_tuple(name).field(value).finish();
        match self {
            Input::Acquired { peer, .. } => f.debug_struct("Acquired").field("peer", peer).finish_non_exhaustive(),
            Input::OpenNew => f.write_str("OpenNew"),
            Input::Alive => f.write_str("Alive"),
            Input::Dead => f.write_str("Dead"),
            Input::Resolved(addresses) => one("Resolved", addresses),
            Input::ResolveFailed(failure) => one("ResolveFailed", failure),
            Input::Connected(attempt) => one("Connected", attempt),
            Input::ConnectFailed(attempt, failure) => one("ConnectFailed", &(attempt, failure)),
            Input::Wrote(n) => one("Wrote", n),
            Input::Received(bytes) => one("Received", &format_args!("{} bytes", bytes.len())),
            Input::Filled(n) => one("Filled", n),
            Input::ReadDirect(n) => one("ReadDirect", n),
            Input::Eof => f.write_str("Eof"),
            Input::Failed(side, failure) => one("Failed", &(side, failure)),
            Input::Blocked(side) => one("Blocked", side),
            Input::Ready(side) => one("Ready", side),
            Input::BodyEnd => f.write_str("BodyEnd"),
            Input::BodyFailed(text) => one("BodyFailed", text),
            Input::Rewound => f.write_str("Rewound"),
            Input::NotRewound => f.write_str("NotRewound"),
            Input::Unavailable(why) => one("Unavailable", why),
            Input::Consumed(n) => one("Consumed", n),
            Input::Discard => f.write_str("Discard"),
            Input::Tick => f.write_str("Tick"),
            Input::Cancel => f.write_str("Cancel"),
        }
    }
}

/// What a transfer asks of its embedder. An *order* is given once. An *offer* asks for one system
/// call, and is repeated until it is answered, if only with [`Input::Blocked`].
#[derive(Debug)]
pub enum Output {
    /// Offer: call [`Transfer::sync`](super::Transfer::sync) with the session, or answer
    /// [`Input::Unavailable`].
    Sync,
    /// Order: find an idle connection for [`Transfer::route`](super::Transfer::route), or a free
    /// slot for a new one. Every connection is requested here, so that limits need no other count.
    /// A slot becomes free at [`Output::Release`], at [`Output::Close`], and when the transfer
    /// ends.
    Acquire(Acquire),
    /// Offer: check, without blocking, whether anything can be read from the idle connection:
    /// bytes, its end, or an error. Answer with [`Input::Alive`] or [`Input::Dead`].
    ///
    /// The check must happen between this output and its answer. A check before the connection was
    /// [acquired](Input::Acquired) does not count, however recent: bytes that arrived since would
    /// be taken for the response to this request (RFC 9112 §9.2).
    Probe,
    /// Order: look up the addresses of [`Transfer::peer_name`](super::Transfer::peer_name).
    Resolve,
    /// Order: start connecting a socket to [`Transfer::address`](super::Transfer::address).
    Connect(AttemptId),
    /// Order: close the socket of this attempt.
    CancelConnect(AttemptId),
    /// Order: return the connection to the pool, with
    /// [`Transfer::take_link`](super::Transfer::take_link).
    Release,
    /// Order: close the connection's socket, if there is one. Its slot is free then.
    Close,
    /// Offer: write from [`outgoing`](super::Transfer::outgoing).
    Transmit,
    /// Offer: read, with [`Input::Received`], or into [`space`](super::Transfer::space) with
    /// [`Input::Filled`]. [`Transfer::read_plan`](super::Transfer::read_plan) says how much is best
    /// read, and whether it may go directly into the caller's memory.
    Read,
    /// Offer: provide body bytes with [`push_body`](super::Transfer::push_body), or answer
    /// [`Input::BodyEnd`]. No writable output is pending.
    NeedBody,
    /// Order: rewind the body stream to its first byte.
    Rewind,
    /// Offer: take bytes from [`body`](super::Transfer::body), and answer [`Input::Consumed`].
    Body,
    /// Order: pass this event to the caller.
    Event(Event),
    /// Nothing to do before an input, or before [`deadline`](super::Transfer::deadline).
    Wait,
}

/// An [`Output`] without its owned data, small enough for a register. A step returns this, so the
/// copies between the step and the embedder are cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Sync,
    Acquire(Acquire),
    Probe,
    Resolve,
    Connect(AttemptId),
    CancelConnect(AttemptId),
    Release,
    Close,
    Transmit,
    Read,
    NeedBody,
    Rewind,
    Body,
    /// Take the event with [`Transfer::take_event`](super::Transfer::take_event).
    Event,
    Wait,
}

/// An event for the caller. [`Event::Done`] and [`Event::Failed`] are terminal: exactly one of them
/// is given, and it is the last.
#[derive(Debug)]
pub enum Event {
    /// A 1xx response (RFC 9110 §15.2); the final one follows.
    Informational(ResponseHead),
    /// Another hop follows, for this reason. The previous one is the last of
    /// [`history`](super::Transfer::history).
    Again(Why),
    /// The final response.
    Head(ResponseHead),
    /// The response has been received to its end.
    Done,
    /// The transfer failed.
    Failed(Error),
}

/// A hop after which another one followed. Its `Debug` output redacts query values.
#[derive(Clone)]
pub struct Hop {
    /// The method of the request.
    pub method: http::Method,
    /// The URL of the request, without userinfo.
    pub url: Url,
    /// The address of the connection, if there was one.
    pub peer: Option<Address>,
    /// The response head. `None` if nothing was sent, because the URL was
    /// [upgraded](Why::UpgradedToHttps), or if the connection was lost before a head arrived.
    pub head: Option<ResponseHead>,
    /// Why another hop followed.
    pub why: Why,
    /// How the origin of the next hop relates to this one's. Credentials are sent only within one
    /// origin, or if the URL of the same request was [upgraded](Why::UpgradedToHttps).
    pub crossing: Crossing,
    /// What was corrected in the Location.
    pub notes: Vec<Note>,
}

impl Hop {
    /// Returns the status code of the response; `None` if there is no [`head`](Hop::head).
    pub fn status(&self) -> Option<http::StatusCode> {
        self.head.as_ref().map(ResponseHead::status)
    }

    /// Whether HSTS upgraded the URL of the next hop to https.
    pub(super) fn leads_to_upgraded_url(&self) -> bool {
        self.why == Why::UpgradedToHttps || self.notes.contains(&Note::UpgradedToHttps)
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("method", &self.method)
            .field("url", &redacted(&self.url, QueryShown::NamesOnly).to_string())
            .field("status", &self.status())
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}
