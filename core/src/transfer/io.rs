//! What a transfer is told and what it asks: the inputs, the outputs and the events.

use std::fmt;
use std::net::SocketAddr;

use url::Url;

use crate::error::{Error, IoFailure};
use crate::http1::ResponseHead;
use crate::link::Link;
use crate::policy::redirect::{Crossing, Note};
use crate::policy::{Acquire, Why};
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

/// What happened in the world. Its Debug output shows how many bytes were received, and none of them.
pub enum Input<'a> {
    /// Answers [`Output::Acquire`]: an idle connection of that route; for [`Acquire::New`] one that
    /// the embedder opened and that served no request. It is [probed](Output::Probe) before it is
    /// used. [`Misuse::OtherRoute`](crate::Misuse::OtherRoute) refuses one whose layers do not fit the
    /// route, [`Misuse::NotNew`](crate::Misuse::NotNew) a used one; the order then still waits.
    Acquired {
        /// What the pool kept beside the socket.
        link: Box<Link>,
        /// The address of its peer.
        peer: Option<SocketAddr>,
    },
    /// Answers [`Output::Acquire`]: a new connection may be opened.
    OpenNew,
    /// Answers [`Output::Probe`]: nothing can be read from the kept connection, as it should be.
    Alive,
    /// Answers [`Output::Probe`]: the kept connection has ended, or something unasked can be read from it.
    Dead,
    /// Answers [`Output::Resolve`]: the addresses, in the resolver's order.
    Resolved(&'a [SocketAddr]),
    /// Answers [`Output::Resolve`].
    ResolveFailed(IoFailure),
    /// Answers [`Output::Connect`].
    Connected(AttemptId),
    /// Answers [`Output::Connect`].
    ConnectFailed(AttemptId, IoFailure),
    /// Answers [`Output::Transmit`]: this many of the [`outgoing`](super::Transfer::outgoing) bytes were written.
    Wrote(usize),
    /// Answers [`Output::Read`]: these bytes were read.
    Received(&'a [u8]),
    /// Answers [`Output::Read`]: this many bytes were read into [`space`](super::Transfer::space).
    Filled(usize),
    /// Answers [`Output::Read`]: this many body bytes, of those that were [due](super::Transfer::direct_read_limit), were read straight to where the
    /// caller wants them. They are the caller's until [`Input::Consumed`] says so, as bytes of [`body`](super::Transfer::body) are, which does not show them; or until more of them come.
    /// What is beyond those that were due has been read to the front of [`space`](super::Transfer::space).
    ReadDirect(usize),
    /// Answers [`Output::Read`]: the peer will send no more.
    Eof,
    /// Answers [`Output::Read`] or [`Output::Transmit`]: the call failed.
    Failed(Side, IoFailure),
    /// Answers an offer: not now. That side is blocked until [`Input::Ready`].
    Blocked(Side),
    /// The side may be tried again. It may be said at any time of the side to read: the next read then comes before anything is written or asked
    /// for, since what is there may be an early final response.
    Ready(Side),
    /// The embedder's body stream has ended.
    BodyEnd,
    /// The embedder's body stream has failed, in words.
    BodyFailed(String),
    /// Answers [`Output::Rewind`]: the body stream stands at its first byte again.
    Rewound,
    /// Answers [`Output::Rewind`]: it cannot be done.
    NotRewound,
    /// Answers [`Output::Sync`]: the session cannot be had.
    Unavailable(Unavailable),
    /// The caller used this many bytes of [`body`](super::Transfer::body); the time since they were at hand was its own, and does not count against the
    /// peer. None at all, when it comes back for more after a while in which a read was offered and not made.
    Consumed(usize),
    /// The caller wants no more of the body. A short rest may be read so that the connection can be kept (T87).
    Discard,
    /// Nothing happened but time.
    Tick,
    /// The caller wants no answer any more.
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
            Input::BodyFailed(words) => one("BodyFailed", words),
            Input::Rewound => f.write_str("Rewound"),
            Input::NotRewound => f.write_str("NotRewound"),
            Input::Unavailable(what) => one("Unavailable", what),
            Input::Consumed(n) => one("Consumed", n),
            Input::Discard => f.write_str("Discard"),
            Input::Tick => f.write_str("Tick"),
            Input::Cancel => f.write_str("Cancel"),
        }
    }
}

/// What a transfer asks of its embedder. An *order* is given once; an *offer* asks for one system call and is repeated until it is
/// answered, be it with [`Input::Blocked`].
#[derive(Debug)]
pub enum Output {
    /// Offer: call [`Transfer::sync`](super::Transfer::sync) with the session, or say [`Input::Unavailable`].
    Sync,
    /// Order: find a connection for [`Transfer::route`](super::Transfer::route), or a free slot to
    /// open one. Every connection is asked for here, so that limits on them need no other count: a
    /// slot is free again at [`Output::Release`], at [`Output::Close`], and when the transfer ends.
    Acquire(Acquire),
    /// Offer: find out, without waiting, whether anything can be read from the kept connection: bytes, its end, an error.
    /// Answer with [`Input::Alive`] or [`Input::Dead`].
    ///
    /// The look belongs between this output and its answer. One from before the connection was
    /// [acquired](Input::Acquired) does not count, however short ago: what arrived since would pass for the answer to
    /// this request (RFC 9112 §9.2).
    Probe,
    /// Order: look up the addresses of [`Transfer::peer_name`](super::Transfer::peer_name).
    Resolve,
    /// Order: begin to connect a socket to this address.
    Connect(AttemptId, SocketAddr),
    /// Order: close the socket of this attempt.
    CancelConnect(AttemptId),
    /// Order: put the connection into the pool, with [`Transfer::take_link`](super::Transfer::take_link).
    Release,
    /// Order: close the connection's socket, if there is one. Its slot is free.
    Close,
    /// Offer: write from [`outgoing`](super::Transfer::outgoing).
    Transmit,
    /// Offer: read, with [`Input::Received`], or into [`space`](super::Transfer::space) with [`Input::Filled`].
    Read,
    /// Offer: nothing that could be written waits, and more of the body is wanted: supply bytes with [`push_body`](super::Transfer::push_body), or say [`Input::BodyEnd`].
    NeedBody,
    /// Order: set the body stream back to its first byte.
    Rewind,
    /// Offer: there are body bytes in [`body`](super::Transfer::body); say [`Input::Consumed`].
    Body,
    /// Order: something for the caller.
    Event(Event),
    /// Nothing to do before an input, or before [`deadline`](super::Transfer::deadline).
    Wait,
}

/// Something for the caller. [`Event::Done`] and [`Event::Failed`] are terminal: exactly one of them comes, and it comes last.
#[derive(Debug)]
pub enum Event {
    /// A 1xx response (RFC 9110 §15.2); the final one follows.
    Informational(ResponseHead),
    /// Another hop follows, for this reason. The one that ended is the last of
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
    /// The response head; `None` if the connection was lost before one came.
    pub head: Option<ResponseHead>,
    /// Why another hop followed.
    pub why: Why,
    /// How the origin of the next hop relates to this one's. Credentials went along only within one
    /// origin.
    pub crossing: Crossing,
    /// What was mended in the Location (T6, T15).
    pub notes: Vec<Note>,
}

impl Hop {
    /// The status code of the response; `None` if the connection was lost before one came.
    pub fn status(&self) -> Option<http::StatusCode> {
        self.head.as_ref().map(ResponseHead::status)
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
