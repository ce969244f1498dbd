//! One connection, client side: one exchange after another, both directions at once.
//!
//! Joins the sending half (`sender`) and the receiving half (`receiver`), and decides whether the
//! connection may serve another request (RFC 9112 §9.3); [`NotReusable`] lists every reason against
//! it. There is no pipelining: one request is answered completely before the next starts.

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
/// An exchange starts with [`send_head`](Self::send_head). Then call [`send_body`](Self::send_body)
/// while there is [room](Self::body_room), and [`finish_body`](Self::finish_body). Meanwhile write
/// the [`outgoing`](Self::outgoing) bytes to the peer and confirm them with [`wrote`](Self::wrote).
/// Pass bytes from the peer to [`receive`](Self::receive), which consumes some of them and returns
/// an event. After [`Event::End`], [`reuse`](Self::reuse) makes the connection idle again or
/// returns the reason against it.
///
/// The caller owns the input: body pieces are ranges of it, and only an incomplete head is copied.
/// Results do not depend on how the input was split, except for the boundaries of body pieces.
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
///         Event::NeedInput => unreachable!("the input is complete; otherwise read more, or call receive_eof"),
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
    /// Why this connection cannot serve another request, once there is a reason.
    pub(super) forbidden: Option<NotReusable>,
    /// Whether an earlier exchange has finished on this connection.
    pub(super) served: bool,
}

/// The state of the current exchange.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) method: MethodKind,
    pub(super) upgrade: bool,
    /// The request contained `TE: gzip`.
    pub(super) te_gzip: bool,
    pub(super) informational: u32,
    pub(super) status: u16,
    pub(super) used: LeniencySet,
    pub(super) framing: Option<BodyFraming>,
    /// Bytes of all heads so far.
    pub(super) heads: u32,
    /// Bytes consumed.
    pub(super) received: u64,
    /// Content bytes among them.
    pub(super) content: u64,
}

impl Connection {
    /// Creates an idle connection. Takes a [`Config`], or an `Arc` of one shared by many
    /// connections.
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

    /// Sets the limits and leniencies for future exchanges if the connection [is
    /// idle](Self::is_idle). During an exchange it does nothing.
    pub fn set_config(&mut self, config: &Arc<Config>) {
        // Usually it is the same `Arc`; skip the reference counting then.
        if self.is_idle() && !Arc::ptr_eq(&self.config, config) {
            self.config = config.clone();
        }
    }

    /// Starts an exchange: queues the head as [`outgoing`](Self::outgoing), with `fields` in the
    /// given order and case, then the fields that the connection owns. Values are trimmed.
    ///
    /// # Errors
    /// [`Misuse::NotIdle`] unless the connection [is idle](Self::is_idle). [`SendError::Invalid`]
    /// if the head cannot be sent as given; nothing was written and the connection is unchanged.
    /// The call validates the method, the target, and the names and values of fields (RFC 9110 §5).
    /// It requires one Host field (none or one in HTTP/1.0; RFC 9112 §3.2). It rejects
    /// Content-Length, Transfer-Encoding, Connection, Expect, TE, Trailer and Upgrade in `fields`.
    pub fn send_head<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.send_head_with(head, fields, None, None)
    }

    /// Works like [`send_head`](Self::send_head), with the fields `first`, then `lines` that were
    /// validated and encoded earlier, then the fields `last`.
    ///
    /// # Errors
    /// As for [`send_head`](Self::send_head).
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
        self.receiving.enter(Receiving::Head(None));
        if head.close {
            self.forbid(NotReusable::CloseSent);
        }
        Ok(())
    }

    /// Queues a piece of the body, up to [`body_room`](Self::body_room) bytes, and returns how many
    /// bytes it accepted. A piece becomes one chunk if the body is chunked; an empty piece does
    /// nothing.
    ///
    /// # Errors
    /// [`Misuse::NoBody`], [`Misuse::AwaitingContinue`]. [`Misuse::BodyTooLong`] if `bytes` exceeds
    /// the declared length; none of it is sent, and the body is aborted.
    pub fn send_body(&mut self, bytes: &[u8]) -> Result<usize, Misuse> {
        self.sender.send_body(bytes)
    }

    /// Returns how many body bytes can be queued now. At most 64 KiB wait to be written, and never
    /// more than the rest of a declared length. 0 if no body is due or it waits for 100 (Continue).
    pub fn body_room(&self) -> usize {
        self.sender.room()
    }

    /// Ends the body. For chunked coding, queues the last chunk and `trailers`. Otherwise checks
    /// that the declared length was sent; such a body counts as finished with its last byte.
    ///
    /// # Errors
    /// [`Misuse::NoBody`], [`Misuse::AwaitingContinue`]. [`Misuse::BodyTooShort`]; the body is
    /// aborted. [`SendError::Invalid`] if a trailer was not announced or is malformed; the body can
    /// still be finished.
    pub fn finish_body<'a>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.sender.finish(trailers)
    }

    /// Accounts for `n` bytes of a body of declared length that the embedder wrote directly from
    /// the caller's memory.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] if bytes are outgoing or the body is chunked. [`Misuse::NoBody`],
    /// [`Misuse::AwaitingContinue`]. [`Misuse::BodyTooLong`]; the body is aborted.
    pub fn bypass(&mut self, n: usize) -> Result<(), Misuse> {
        self.sender.bypass(n)
    }

    /// Aborts the request: discards outgoing bytes. The response can still be received, but the
    /// connection cannot be reused. Does nothing if the entire request was written.
    pub fn abort_body(&mut self) {
        self.sender.abort();
    }

    /// Stops waiting for 100 (Continue), for example after a timeout; the body may then be sent
    /// (RFC 9110 §10.1.1).
    pub fn stop_waiting(&mut self) {
        self.sender.stop_waiting();
    }

    /// Returns the bytes to write to the peer.
    pub fn outgoing(&self) -> &[u8] {
        self.sender.outgoing()
    }

    /// Marks the first `n` bytes of [`outgoing`](Self::outgoing) as written; an excessive `n`
    /// counts as all of them.
    pub fn wrote(&mut self, n: usize) {
        self.sender.wrote(n);
    }

    /// Swaps the write buffer for another, whose bytes are discarded; does nothing while bytes are
    /// outgoing. A driver of many connections then needs one buffer instead of one for each waiting
    /// connection.
    pub fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        self.sender.swap_write_buffer(storage);
    }

    /// Returns the storage held for bytes: outgoing ones, and an incomplete head or trailer
    /// section.
    pub fn retained(&self) -> Retained {
        let received = match &self.receiving {
            Receiving::Head(Some(partial)) => partial.capacity(),
            Receiving::Chunked(decoder) => decoder.capacity(),
            _ => 0,
        };
        Retained { received, outgoing: self.sender.capacity() }
    }

    /// Processes bytes from the peer, consumes some of them, and returns the resulting event.
    /// [`Event::NeedInput`] means that all were consumed; otherwise call again with the rest, even
    /// if it is empty.
    ///
    /// After [`Event::End`] and [`Event::Switched`] nothing is consumed and the event is repeated.
    /// Input after the end prevents [`reuse`](Self::reuse).
    ///
    /// # Errors
    /// The peer violated the protocol. Every later call returns the same error.
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

    /// Signals that the peer will send nothing more. Ends a body that extends to the end of the
    /// connection ([`Event::End`]). An idle connection or a finished exchange stays valid but
    /// cannot be reused.
    ///
    /// # Errors
    /// [`ProtocolError::Empty`] before the first byte of a response, [`ProtocolError::Truncated`]
    /// within one. A head that is already malformed returns its own error.
    pub fn receive_eof(&mut self, eof: Eof) -> Result<Event, ProtocolError> {
        let result = self.advance_eof(eof);
        self.forbid(NotReusable::Closed);
        if let Err(error) = &result {
            self.fail(error);
        }
        result
    }

    /// Whether the connection could serve another request now. A final reason is returned before a
    /// temporary one ([`NotReusable::ResponseUnfinished`], [`NotReusable::RequestUnfinished`]).
    ///
    /// # Errors
    /// The reason against reuse.
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

    /// Makes a connection with a finished exchange idle, ready for the next
    /// [`send_head`](Self::send_head). The caller ensures that no received byte is left over.
    ///
    /// # Errors
    /// As for [`can_reuse`](Self::can_reuse); the connection is unchanged.
    pub fn reuse(&mut self) -> Result<(), NotReusable> {
        self.can_reuse()?;
        self.become_idle();
        Ok(())
    }

    /// Makes the connection idle; the caller has checked [`can_reuse`](Self::can_reuse).
    pub(crate) fn become_idle(&mut self) {
        if let Receiving::Finished = self.receiving {
            self.receiving.enter(Receiving::Idle);
            self.sender.state = Sending::Idle;
            self.trailers = None;
            self.served = true;
        }
    }

    /// Records that bytes arrived after the end of the response, for example in the layer below.
    /// The connection cannot be reused (RFC 9112 §9.2).
    pub fn mark_leftover(&mut self) {
        self.forbid(NotReusable::Leftover);
    }

    /// Whether a request can be started.
    pub fn is_idle(&self) -> bool {
        matches!(self.receiving, Receiving::Idle) && self.forbidden.is_none()
    }

    /// Whether an earlier exchange finished on this connection; the peer may have closed it since.
    pub fn is_reused(&self) -> bool {
        self.served
    }

    /// Whether a response to the current request has begun: the received bytes can be the start of
    /// one. Bytes that [answer nothing](ProtocolError::answers_nothing) cannot.
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

    /// Whether the body of the current response is being received or has ended.
    pub(crate) fn is_in_body(&self) -> bool {
        !matches!(self.receiving, Receiving::Idle | Receiving::Head(_) | Receiving::Switched)
    }

    /// Whether the head of the current request is fully written.
    pub fn head_sent(&self) -> bool {
        self.sender.head_written()
    }

    /// Whether the current request is fully written, including its body.
    pub fn request_sent(&self) -> bool {
        let finished = matches!(self.sender.state, Sending::Done | Sending::Body(Coding::Known(0)));
        finished && self.sender.outgoing().is_empty()
    }

    /// Whether [`finish_body`](Self::finish_body) is due, now or after more of the body.
    pub fn owes_body(&self) -> bool {
        matches!(self.sender.state, Sending::Body(_))
    }

    /// Whether the body waits for 100 (Continue). The wait ends when 100 arrives, when a final
    /// response arrives (the body is then aborted), or when [`stop_waiting`](Self::stop_waiting) is
    /// called.
    pub fn awaiting_continue(&self) -> bool {
        matches!(self.sender.state, Sending::Waiting(_))
    }

    /// Returns the number of bytes written for the current request, including head and framing.
    pub fn bytes_sent(&self) -> u64 {
        self.sender.sent
    }

    /// Returns the number of bytes consumed since the current request started, including heads and
    /// framing. A rejected byte counts; bytes after it do not.
    pub fn bytes_received(&self) -> u64 {
        self.exchange.received
    }

    /// Returns the number of content bytes received, without framing.
    pub fn body_received(&self) -> u64 {
        self.exchange.content
    }

    /// Returns how the end of the response body is determined; known from [`Event::Head`] on.
    pub fn body_framing(&self) -> Option<BodyFraming> {
        self.exchange.framing
    }

    /// Returns the leniencies used in this exchange so far.
    pub fn leniencies_used(&self) -> LeniencySet {
        self.exchange.used
    }

    /// Returns the trailers after [`Event::End`], if a trailer section was sent. Fields that must
    /// not be trailers are omitted (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.trailers.as_deref()
    }

    /// Takes the trailers.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.trailers.take().map(|fields| *fields)
    }

    /// Returns how long the peer keeps an idle connection: `Keep-Alive: timeout=` of the last final
    /// response, until the next request starts.
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        self.keep_alive_timeout.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Records a reason against reuse; the first reason stays.
    pub(super) fn forbid(&mut self, reason: NotReusable) {
        self.forbidden.get_or_insert(reason);
    }

    /// Records a tolerated fault.
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
    // Outgoing bytes may contain credentials; only their length is shown.
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
