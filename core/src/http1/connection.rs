//! One connection, client side: one exchange after the other, both directions at once.
//!
//! Joins the sending half (`send`) and the receiving half (`receive`), and decides whether the connection may serve
//! another request (RFC 9112 §9.3): [`NotReusable`] is every reason against it. No pipelining: one request is
//! answered in full before the next is begun.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::config::{Config, Leniency, LeniencySet};
use super::error::{ProtocolError, Refused};
use super::framing::{BodyFraming, MethodKind};
use super::head::Fields;
use super::misuse::Misuse;
use super::receiving::{Eof, Event, Received, Receiving};
use super::request::{EncodedHeaders, RequestHead};
use super::reuse::NotReusable;
use super::send_error::SendError;
use super::sender::{Coding, Sender, Sending};
use crate::buffer::Retained;

/// HTTP/1.1 on one connection, as the client: bytes in, bytes out, no socket.
///
/// An exchange goes like this. [`send_head`](Self::send_head), then [`send_body`](Self::send_body) as long as there is
/// [room](Self::body_room), then [`finish_body`](Self::finish_body). Meanwhile whatever is
/// [`outgoing`](Self::outgoing) is written to the peer and acknowledged with [`wrote`](Self::wrote), and whatever
/// the peer sends is handed to [`receive`](Self::receive), which consumes a part of it and says what that part was.
/// After [`Event::End`], [`reuse`](Self::reuse) makes the connection idle again or says why not.
///
/// The input stays the caller's: body pieces are ranges of it, and only an incomplete head is copied. No result
/// depends on how the input was split, but for where body pieces begin and end.
///
/// ```
/// use petition_core::http1::{Config, Connection, Event, RequestHead};
///
/// let mut connection = Connection::new(Config::default());
/// connection.send_head(&RequestHead::new("GET", "/"), [("Host", &b"example.com"[..])])?;
/// assert_eq!(connection.outgoing(), b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
/// connection.wrote(connection.outgoing().len());
///
/// let mut input = &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..];
/// let mut body = Vec::new();
/// loop {
///     let received = connection.receive(input)?;
///     match received.event {
///         Event::Head(head) => assert_eq!(head.status(), 200),
///         Event::Body(range) => body.extend_from_slice(&input[range]),
///         Event::End => break,
///         Event::NeedInput => unreachable!("here all of it is there: read more, or tell receive_eof"),
///         Event::Informational(_) | Event::Switched => {}
///     }
///     input = &input[received.consumed..];
/// }
/// assert_eq!(body, b"hello");
/// connection.reuse()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    pub(super) config: Arc<Config>,
    pub(super) sender: Sender,
    pub(super) receiving: Receiving,
    pub(super) exchange: Exchange,
    pub(super) trailers: Option<Box<Fields>>,
    /// Keep-Alive: timeout=, of the last final response.
    pub(super) keep_alive_timeout: Option<u32>,
    /// Why this connection will serve no other request, once there is a reason.
    pub(super) forbidden: Option<NotReusable>,
    /// Whether an exchange was finished on this connection before.
    pub(super) served: bool,
}

/// What is known of the current exchange.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) method: MethodKind,
    pub(super) upgrade: bool,
    /// `TE: gzip` was said.
    pub(super) te_gzip: bool,
    pub(super) informational: u32,
    pub(super) status: u16,
    pub(super) used: LeniencySet,
    pub(super) framing: Option<BodyFraming>,
    /// Bytes of all heads so far.
    pub(super) heads: u32,
    /// Bytes consumed.
    pub(super) received: u64,
    /// Bytes of content among them.
    pub(super) content: u64,
}

impl Connection {
    /// A fresh connection, idle. Takes a [`Config`], or an `Arc` of one shared by many connections.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        Connection {
            config: config.into(),
            sender: Sender::default(),
            receiving: Receiving::Idle,
            exchange: Exchange::default(),
            trailers: None,
            keep_alive_timeout: None,
            forbidden: None,
            served: false,
        }
    }

    /// Sets the limits and leniencies for the exchanges to come, while the connection [is idle](Self::is_idle). An exchange under way keeps
    /// what it began with: nothing happens then.
    pub fn set_config(&mut self, config: &Arc<Config>) {
        // Most often it is the same; then nothing is counted.
        if self.is_idle() && !Arc::ptr_eq(&self.config, config) {
            self.config = config.clone();
        }
    }

    /// Begins an exchange: the head, with `fields` in the order and case given and then the fields that the
    /// connection owns, is [`outgoing`](Self::outgoing). Values are trimmed.
    ///
    /// # Errors
    /// [`Misuse::NotIdle`] unless [`is_idle`](Self::is_idle). [`SendError::Invalid`] when the head cannot be sent as it
    /// is: nothing was written then and the connection is as before. Checked are the method, the target, the names
    /// and values (RFC 9110 §5), that there is one Host field (none or one in HTTP/1.0; RFC 9112 §3.2), and that
    /// `fields` holds none of Content-Length, Transfer-Encoding, Connection, Expect, TE, Trailer, Upgrade.
    pub fn send_head<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.send_head_with(head, fields, None, None)
    }

    /// As [`send_head`](Self::send_head), with the fields `first`, then `lines` that were checked and written out before, then the fields
    /// `last`.
    ///
    /// # Errors
    /// As [`send_head`](Self::send_head).
    pub fn send_head_with<'a>(
        &mut self,
        head: &RequestHead<'_>,
        first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        lines: Option<&EncodedHeaders>,
        last: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        if !self.is_idle() {
            return Err(Misuse::NotIdle.into());
        }
        self.sender.send_head(head, first, lines, last)?;
        self.exchange = Exchange {
            method: MethodKind::of(head.method),
            upgrade: head.upgrade.is_some(),
            te_gzip: head.te_gzip,
            ..Exchange::default()
        };
        self.trailers = None;
        self.keep_alive_timeout = None;
        self.receiving = Receiving::Head(None);
        if head.close {
            self.forbid(NotReusable::CloseSent);
        }
        Ok(())
    }

    /// Takes in a piece of the body, at most [`body_room`](Self::body_room) bytes of it, and says how many. A piece
    /// becomes one chunk if the body is chunked; an empty piece does nothing.
    ///
    /// # Errors
    /// [`Misuse::NoBody`], [`Misuse::AwaitingContinue`]; [`Misuse::BodyTooLong`] when `bytes` goes beyond the
    /// declared length: nothing of it is sent, and the body is given up.
    pub fn send_body(&mut self, bytes: &[u8]) -> Result<usize, Misuse> {
        self.sender.send_body(bytes)
    }

    /// How many body bytes can be taken in now: at most 64 KiB wait to be written, and never more than what is left of
    /// a declared length. 0 when no body is due, or it waits for 100 (Continue).
    pub fn body_room(&self) -> usize {
        self.sender.room()
    }

    /// Ends the body. With chunked coding the last chunk and `trailers` are outgoing; otherwise this checks that the
    /// declared length was sent (a body of declared length counts as finished with its last byte).
    ///
    /// # Errors
    /// [`Misuse::NoBody`], [`Misuse::AwaitingContinue`]; [`Misuse::BodyTooShort`]: the body is given up.
    /// [`SendError::Invalid`] when a trailer was not announced or is malformed: the body can still be finished.
    pub fn finish_body<'a>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.sender.finish(trailers)
    }

    /// Accounts for `n` bytes of a body of declared length that the embedder wrote itself, straight from the
    /// caller's memory.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] when something is outgoing or the body is chunked; [`Misuse::NoBody`],
    /// [`Misuse::AwaitingContinue`]; [`Misuse::BodyTooLong`]: the body is given up.
    pub fn bypass(&mut self, n: usize) -> Result<(), Misuse> {
        self.sender.bypass(n)
    }

    /// Gives up sending the request: what is outgoing is thrown away, the response can still be received, and the
    /// connection cannot be reused. Nothing happens when all of the request was written.
    pub fn abort_body(&mut self) {
        self.sender.abort();
    }

    /// Ends the waiting for 100 (Continue), because its time is over: the body may be sent (RFC 9110 §10.1.1).
    pub fn stop_waiting(&mut self) {
        self.sender.stop_waiting();
    }

    /// The bytes to write to the peer.
    pub fn outgoing(&self) -> &[u8] {
        self.sender.outgoing()
    }

    /// The first `n` bytes of [`outgoing`](Self::outgoing) were written; more than there are count as all of them.
    pub fn wrote(&mut self, n: usize) {
        self.sender.wrote(n);
    }

    /// Exchanges the storage of outgoing bytes for another, whose bytes are forgotten; nothing happens while bytes are outgoing.
    /// So a driver of many connections needs one storage, and not one for each that waits.
    pub fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        self.sender.swap_write_buffer(storage);
    }

    /// The storage held for bytes: those outgoing, and a head or trailers that have come in part.
    pub fn retained(&self) -> Retained {
        let received = match &self.receiving {
            Receiving::Head(Some(partial)) => partial.capacity(),
            Receiving::Chunked(decoder) => decoder.capacity(),
            _ => 0,
        };
        Retained { received, outgoing: self.sender.capacity() }
    }

    /// Looks at what the peer sent, consumes a part of it, and says what that part was. With
    /// [`Event::NeedInput`] all of it was consumed; otherwise call again with the rest, be it empty.
    ///
    /// After [`Event::End`] and [`Event::Switched`] nothing is consumed and the event is repeated; input after the
    /// end is a reason against [`reuse`](Self::reuse).
    ///
    /// # Errors
    /// The peer broke the protocol. Every later call repeats the error.
    pub fn receive(&mut self, input: &[u8]) -> Result<Received, ProtocolError> {
        match self.advance(input) {
            Ok(received) => {
                self.exchange.received = self.exchange.received.saturating_add(received.consumed as u64);
                Ok(received)
            }
            Err(Refused { error, after }) => {
                self.exchange.received = self.exchange.received.saturating_add(after as u64);
                self.fail(&error);
                Err(error)
            }
        }
    }

    /// The peer will send nothing more. Ends a body that lasts until then ([`Event::End`]); an idle connection and a
    /// finished exchange take no harm but cannot go on.
    ///
    /// # Errors
    /// [`ProtocolError::Empty`] before the first byte of a response, [`ProtocolError::Truncated`] within one. A head
    /// that was malformed already is reported as such.
    pub fn receive_eof(&mut self, eof: Eof) -> Result<Event, ProtocolError> {
        let result = self.advance_eof(eof);
        self.forbid(NotReusable::Closed);
        if let Err(error) = &result {
            self.fail(error);
        }
        result
    }

    /// Whether the connection could serve another request as things stand. A reason that is final is named before
    /// one that may pass ([`NotReusable::ResponseUnfinished`], [`NotReusable::RequestUnfinished`]).
    ///
    /// # Errors
    /// The reason against it.
    pub fn can_reuse(&self) -> Result<(), NotReusable> {
        match &self.receiving {
            Receiving::Failed(_) => return Err(NotReusable::Failed),
            Receiving::Switched => return Err(NotReusable::Switched),
            _ => {}
        }
        if let Some(reason) = self.forbidden {
            return Err(reason);
        }
        if let Sending::Aborted = self.sender.state {
            return Err(NotReusable::BodyAborted);
        }
        match &self.receiving {
            Receiving::Idle => Ok(()),
            Receiving::Finished if self.request_sent() => Ok(()),
            Receiving::Finished => Err(NotReusable::RequestUnfinished),
            _ => Err(NotReusable::ResponseUnfinished),
        }
    }

    /// Makes a connection whose exchange is finished idle: ready for the next [`send_head`](Self::send_head). The
    /// caller makes sure that no byte it has received is left over.
    ///
    /// # Errors
    /// As [`can_reuse`](Self::can_reuse); the connection is as before.
    pub fn reuse(&mut self) -> Result<(), NotReusable> {
        self.can_reuse()?;
        self.become_idle();
        Ok(())
    }

    /// As [`reuse`](Self::reuse), where nothing was against it.
    pub(crate) fn become_idle(&mut self) {
        if let Receiving::Finished = self.receiving {
            self.receiving = Receiving::Idle;
            self.sender.state = Sending::Idle;
            self.trailers = None;
            self.served = true;
        }
    }

    /// Notes that bytes were seen beyond the end of the response, for instance in the layer below: the connection
    /// cannot be reused (RFC 9112 §9.2).
    pub fn mark_leftover(&mut self) {
        self.forbid(NotReusable::Leftover);
    }

    /// Whether a request can be begun.
    pub fn is_idle(&self) -> bool {
        matches!(self.receiving, Receiving::Idle) && self.forbidden.is_none()
    }

    /// Whether an exchange was finished here before this one: the peer may have given the connection up meanwhile.
    pub fn is_reused(&self) -> bool {
        self.served
    }

    /// Whether a response to the current request has begun: bytes have come that can be the beginning of one. What
    /// [answers nothing](ProtocolError::answers_nothing) can not.
    pub fn response_started(&self) -> bool {
        match &self.receiving {
            _ if self.exchange.heads > 0 => true,
            Receiving::Failed(error) => !error.answers_nothing(),
            Receiving::Head(partial) => partial.as_ref().is_some_and(|partial| partial.can_be_response()),
            _ => self.exchange.received > 0,
        }
    }

    /// Whether the last byte of the response to the current request was consumed.
    pub fn response_received(&self) -> bool {
        matches!(self.receiving, Receiving::Length(0) | Receiving::Finished)
    }

    /// Whether the body of the response to the current request is being received, or has ended.
    pub(crate) fn is_in_body(&self) -> bool {
        !matches!(self.receiving, Receiving::Idle | Receiving::Head(_) | Receiving::Switched)
    }

    /// Whether the head of the current request is written in full.
    pub fn head_sent(&self) -> bool {
        self.sender.head_written()
    }

    /// Whether the current request is written in full, its body included.
    pub fn request_sent(&self) -> bool {
        let finished = matches!(self.sender.state, Sending::Done | Sending::Body(Coding::Known(0)));
        finished && self.sender.outgoing().is_empty()
    }

    /// Whether [`finish_body`](Self::finish_body) is due, now or after more of the body.
    pub fn owes_body(&self) -> bool {
        matches!(self.sender.state, Sending::Body(_))
    }

    /// Whether the body waits for 100 (Continue): until that comes, a final response comes (the body is given up
    /// then), or [`stop_waiting`](Self::stop_waiting) is called.
    pub fn awaiting_continue(&self) -> bool {
        matches!(self.sender.state, Sending::Waiting(_))
    }

    /// Bytes of the current request that were written, head and framing included.
    pub fn bytes_sent(&self) -> u64 {
        self.sender.sent
    }

    /// Bytes that were taken in since the current request began, heads and framing included; also a byte that was refused, and none behind it.
    pub fn bytes_received(&self) -> u64 {
        self.exchange.received
    }

    /// Bytes of response content that were received, without framing.
    pub fn body_received(&self) -> u64 {
        self.exchange.content
    }

    /// How the end of the response body is found; known from [`Event::Head`] on.
    pub fn body_framing(&self) -> Option<BodyFraming> {
        self.exchange.framing
    }

    /// What was tolerated in this exchange so far.
    pub fn leniencies_used(&self) -> LeniencySet {
        self.exchange.used
    }

    /// The trailers, after [`Event::End`], if a trailer section was sent. Those that may not be trailers are left out
    /// (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.trailers.as_deref()
    }

    /// Takes the trailers away.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.trailers.take().map(|fields| *fields)
    }

    /// How long the peer means to keep the connection when idle: `Keep-Alive: timeout=` of the last final response,
    /// until the next request begins.
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        self.keep_alive_timeout.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Notes why there will be no other request; the first reason stays.
    pub(super) fn forbid(&mut self, reason: NotReusable) {
        self.forbidden.get_or_insert(reason);
    }

    /// Notes a tolerated fault.
    pub(super) fn tolerate(&mut self, leniency: Leniency) {
        self.exchange.used.insert(leniency);
        if leniency.poisons() {
            self.forbid(NotReusable::Poisoned(leniency));
        }
    }

    fn fail(&mut self, error: &ProtocolError) {
        if !matches!(self.receiving, Receiving::Failed(_)) {
            self.receiving = Receiving::Failed(Box::new(error.clone()));
        }
    }
}

impl fmt::Debug for Connection {
    // What is outgoing may hold credentials: only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("sending", &self.sender.state)
            .field("outgoing", &self.sender.outgoing().len())
            .field("receiving", &self.receiving)
            .field("exchange", &self.exchange)
            .field("reuse", &self.can_reuse())
            .finish_non_exhaustive()
    }
}
