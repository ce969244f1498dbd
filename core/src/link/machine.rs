//! The link itself: HTTP/1.1 upon a stack of layers.
//!
//! Decides how HTTP and the layers are turned together: bytes are brought up only when HTTP has used what it had;
//! body bytes stay where they are until the caller has used them, and nothing is read meanwhile; what HTTP wants sent
//! is passed down when [`Link::poll`] is called (by a transfer also without one, where nothing came), in steps that
//! bound what waits. Without a layer HTTP's own bytes are what is sent.

use super::error::{LinkError, NotReusable};
use super::event::{Counters, LinkEvent, Phase};
use super::layer::{Layer, LayerEof, LayerKind};
use super::stack::Stack;
use super::tls_info::TlsInfo;
use crate::Now;
use crate::buffer::Retained;
use crate::http1::{Config, Connection, Eof, Event};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One byte path to a server, from the wire up to HTTP.
///
/// See the [module](super) for how to drive it, with an example.
pub struct Link {
    pub(super) http: Connection,
    pub(super) stack: Stack,
    /// Body bytes that the caller has not used, within the stack's plain bytes.
    body: Range<usize>,
    /// Plain bytes to give up when they are used: those of the body and its framing.
    spent: usize,
    pub(super) state: State,
    /// Nothing more can happen before bytes come.
    pub(super) starved: bool,
    /// HTTP knows that the bytes have ended.
    told_end: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Opening,
    Http,
    Switched,
    Over,
}

impl Link {
    /// A link upon `layers`, the one nearest to the wire first, over a byte stream that is connected or will be.
    ///
    /// No layer at all is a plain connection.
    pub fn new(layers: Vec<Box<dyn Layer>>, config: impl Into<Arc<Config>>) -> Self {
        Link {
            http: Connection::new(config),
            stack: Stack::new(layers),
            body: 0..0,
            spent: 0,
            state: State::Opening,
            starved: false,
            told_end: false,
        }
    }

    /// Advances as far as possible without I/O, and says what happened. `now` dates certificates.
    ///
    /// Call it until it returns [`LinkEvent::NeedInput`], and again whenever something was received or sent. This
    /// brings bytes through the layers, in both directions: call it before [`Link::outgoing`].
    ///
    /// # Errors
    /// See [`LinkError`]. The first one ends the link; later calls return [`LinkError::Over`].
    pub fn poll(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        let result = self.advance(now);
        if self.stack.is_plain() && result.is_ok() {
            // There is nothing to be passed down.
            self.starved = matches!(result, Ok(LinkEvent::NeedInput));
            if self.starved {
                self.stack.release();
            }
            return result;
        }
        if result.is_err() {
            self.state = State::Over;
        }
        // Also after an error: a layer may have left a last word.
        let flushed = self.flush();
        let result = result.and_then(|event| flushed.map(|()| event));
        if result.is_err() {
            self.state = State::Over;
        }
        self.starved = matches!(result, Ok(LinkEvent::NeedInput));
        if self.starved {
            self.stack.release();
        }
        result
    }

    fn advance(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        match self.state {
            State::Over => Err(LinkError::Over),
            State::Opening if self.stack.open(now)? => {
                self.state = State::Http;
                // A request may be sent, and its response be waited for, before this is asked again.
                self.stack.release();
                Ok(LinkEvent::Established)
            }
            State::Opening => Ok(LinkEvent::NeedInput),
            _ if !self.body.is_empty() => Ok(LinkEvent::Body),
            State::Switched => self.pass_through(now),
            State::Http => self.exchange(now),
        }
    }

    fn exchange(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        loop {
            let got = self.http.receive(self.stack.plain())?;
            match got.event {
                Event::Body(range) if !range.is_empty() => {
                    self.body = range;
                    self.spent = got.consumed;
                    return Ok(LinkEvent::Body);
                }
                Event::NeedInput => {
                    self.stack.consume(got.consumed);
                    if self.stack.more(now)? {
                        continue;
                    }
                    return match self.stack.ended()? {
                        Some(eof) if !self.told_end => {
                            self.told_end = true;
                            let event = self.http.receive_eof(match eof {
                                LayerEof::Clean => Eof::Clean,
                                LayerEof::Truncated => Eof::Truncated,
                            })?;
                            Ok(self.event(event))
                        }
                        Some(_) => Ok(LinkEvent::End),
                        None => Ok(LinkEvent::NeedInput),
                    };
                }
                event => {
                    self.stack.consume(got.consumed);
                    return Ok(self.event(event));
                }
            }
        }
    }

    /// Reads over framing that is here already, so that it is known what comes next. Whatever is more than that waits for
    /// [`Link::poll`].
    pub fn consume_framing(&mut self) {
        let nothing_here = !self.body.is_empty() || self.stack.plain().is_empty();
        // A head is not to be read over.
        if self.state != State::Http || !self.stack.is_plain() || nothing_here || !self.http.is_in_body() {
            return;
        }
        // The end and an error are told again when it is asked again.
        let Ok(got) = self.http.receive(self.stack.plain()) else { return };
        match got.event {
            Event::Body(range) if !range.is_empty() => {
                self.body = range;
                self.spent = got.consumed;
            }
            _ => self.stack.consume(got.consumed),
        }
    }

    /// Whether [`Link::poll`] would say [`LinkEvent::End`] next, which counts as said then. What has come behind the
    /// response is for [`Link::reuse`] to see.
    pub(crate) fn takes_end(&mut self) -> bool {
        self.state == State::Http && self.body.is_empty() && self.http.takes_end()
    }

    fn event(&mut self, event: Event) -> LinkEvent {
        match event {
            Event::NeedInput | Event::Body(_) => LinkEvent::NeedInput,
            Event::Informational(head) => LinkEvent::Informational(head),
            Event::Head(head) => LinkEvent::Head(head),
            Event::End => LinkEvent::End,
            Event::Switched => {
                self.state = State::Switched;
                LinkEvent::Switched
            }
        }
    }

    /// The other protocol's bytes, as they are.
    fn pass_through(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        if self.stack.plain().is_empty() && !self.stack.more(now)? {
            return Ok(if self.stack.ended()?.is_some() { LinkEvent::End } else { LinkEvent::NeedInput });
        }
        self.spent = self.stack.plain().len();
        self.body = 0..self.spent;
        Ok(LinkEvent::Body)
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        if !self.stack.is_plain() && self.state != State::Over {
            while !self.http.outgoing().is_empty() {
                let sent = self.stack.send(self.http.outgoing())?;
                if sent == 0 {
                    break;
                }
                self.http.wrote(sent);
            }
        }
        self.stack.flush()
    }

    /// Whether the layer next to the wire is not open yet.
    pub(crate) fn opens_first_layer(&self) -> bool {
        self.stack.opening_at() == 0
    }

    /// Whether nothing that was received waits in the layers, not even their end.
    pub(crate) fn nothing_received(&self) -> bool {
        let ended = self.stack.at_eof() || self.stack.layers().any(Layer::peer_closed);
        self.state == State::Http && !self.stack.has_unread() && !ended
    }

    /// Brings what HTTP wants sent through the layers and nothing else. For where [`Link::poll`] would come to nothing more: it said
    /// [`LinkEvent::NeedInput`], and nothing was received since.
    pub(crate) fn flush_request(&mut self) -> Result<(), LinkError> {
        self.flush().inspect_err(|_| self.state = State::Over)
    }

    /// Whether all that HTTP wants sent has gone through the layers.
    pub(crate) fn has_flushed(&self) -> bool {
        self.stack.is_plain() || (self.http.outgoing().is_empty() && !self.stack.has_unsent())
    }

    // The wire side.

    /// The bytes to send next; empty when there are none. What was asked to be sent appears here at the latest
    /// after the next [`Link::poll`].
    pub fn outgoing(&self) -> &[u8] {
        match self.stack.outgoing() {
            [] if self.stack.is_plain() && self.state != State::Over => self.http.outgoing(),
            bytes => bytes,
        }
    }

    /// The first `n` bytes of [`Link::outgoing`] were sent; more than there are counts as all.
    pub fn wrote(&mut self, n: usize) {
        let n = n.min(self.outgoing().len());
        self.stack.count_sent(n);
        if self.stack.outgoing().is_empty() {
            self.http.wrote(n);
        } else {
            self.stack.wrote(n);
        }
    }

    /// Whether bytes from the wire are of use now: [`Link::poll`] has nothing left to report and waits for them.
    /// Not while body bytes are unread, and not after the end.
    pub fn wants_read(&self) -> bool {
        self.starved && !self.stack.at_eof() && !self.told_end && self.state != State::Over
    }

    /// Room to read into: at least 2 KiB, where nothing is in the way 17 KiB. Report with [`Link::filled`] what came.
    ///
    /// The storage is made here, unless some was [lent](Link::give_read_buffer), and freed as soon as there is nothing in it and
    /// nothing to report.
    pub fn space(&mut self) -> &mut [u8] {
        self.stack.space()
    }

    /// `n` bytes were read into [`Link::space`]. With none, as when nothing had arrived, its storage is freed.
    pub fn filled(&mut self, n: usize) {
        self.stack.filled(n);
        if n == 0 {
            self.stack.release();
        } else {
            self.starved = false;
        }
    }

    /// These bytes were read. They are copied; [`Link::space`] avoids that.
    pub fn received(&mut self, bytes: &[u8]) {
        self.stack.received(bytes);
        self.starved &= bytes.is_empty();
    }

    /// The wire has no more bytes: the peer has closed it, cleanly as far as the transport can tell.
    pub fn receive_eof(&mut self) {
        self.stack.receive_eof();
        self.starved = false;
    }

    /// Lends storage for [`Link::space`], used at its whole capacity, 17 KiB at least; smaller storage is replaced.
    /// Bytes not used yet, as the first part of a TLS record, are moved into it.
    ///
    /// # Errors
    /// The storage comes straight back when some is lent already, or when such bytes would fill half of it.
    pub fn give_read_buffer(&mut self, storage: Vec<u8>) -> Result<(), Vec<u8>> {
        self.stack.give_read_buffer(storage)
    }

    /// Takes back what was lent, or what it has grown to; `None` when nothing was lent. Bytes that are not used yet
    /// are copied out first.
    pub fn take_read_buffer(&mut self) -> Option<Vec<u8>> {
        self.stack.take_read_buffer()
    }

    /// Says good-bye to the peer: what [`Link::outgoing`] then has is the last that is sent (TLS's closure alert).
    /// The link is over, and its layers and unread bytes are gone. Without layers there is nothing to say.
    pub fn close(&mut self) {
        if self.state != State::Over {
            // Whatever cannot be sent any more is not missed.
            let _ = self.flush();
            self.state = State::Over;
        }
        self.body = 0..0;
        self.stack.close();
    }

    // The body.

    /// The body bytes to be used next, where they were received or decrypted.
    pub fn body(&self) -> &[u8] {
        self.stack.plain().get(self.body.clone()).unwrap_or_default()
    }

    /// The first `n` bytes of [`Link::body`] are used; more than there are counts as all.
    pub fn consume(&mut self, n: usize) {
        if self.body.is_empty() {
            return;
        }
        self.body.start = self.body.start.saturating_add(n).min(self.body.end);
        if self.body.is_empty() {
            self.body = 0..0;
            self.stack.consume(std::mem::take(&mut self.spent));
        }
    }

    // What is known.

    /// Whether all layers are open and nothing has failed.
    pub fn is_established(&self) -> bool {
        matches!(self.state, State::Http | State::Switched)
    }

    /// Whether nothing lies between HTTP and the wire: no layer, or none that is left.
    pub fn is_plain(&self) -> bool {
        self.stack.is_plain()
    }

    /// What is being done, for deciding which time limit counts.
    pub fn phase(&self) -> Phase {
        self.stack.opening().map_or(Phase::Http, Phase::Establishing)
    }

    /// What TLS agreed on; that of the topmost layer where there are several. `None` without TLS or before it is open.
    pub fn tls_info(&self) -> Option<TlsInfo<'_>> {
        self.stack.layers().rev().find_map(Layer::tls_info)
    }

    /// How many of its layers are TLS.
    pub(crate) fn tls_layers(&self) -> usize {
        self.stack.layers().filter(|layer| layer.kind() == LayerKind::Tls).count()
    }

    /// How much went through.
    pub fn counters(&self) -> Counters {
        let (received, sent, application) = self.stack.counts();
        Counters { received, sent, application }
    }

    /// The storage held for bytes in either direction, layers and what was [lent](Link::give_read_buffer) included.
    pub fn retained(&self) -> Retained {
        self.stack.retained() + self.http.retained()
    }

    /// Whether the link may serve another request; nothing in it then remembers this one. Processes what has
    /// arrived in the meantime, which may be no more than a session ticket.
    ///
    /// # Errors
    /// The reason why not, or not yet.
    pub fn reuse(&mut self, now: Now) -> Result<(), NotReusable> {
        match self.state {
            State::Opening => return Err(NotReusable::NotEstablished),
            State::Over => return Err(NotReusable::Over),
            State::Http | State::Switched => {}
        }
        self.http.can_reuse().map_err(NotReusable::Http)?;
        if !self.body.is_empty() {
            return Err(NotReusable::Leftover);
        }
        match self.stack.more(now) {
            Ok(false) if !self.stack.has_unread() => {}
            Ok(_) => return Err(NotReusable::Leftover),
            Err(_) => {
                self.state = State::Over;
                return Err(NotReusable::Over);
            }
        }
        match self.stack.ended() {
            Ok(None) => {}
            Ok(Some(_)) => return Err(NotReusable::Closed),
            Err(_) => {
                self.state = State::Over;
                return Err(NotReusable::Over);
            }
        }
        if !self.outgoing().is_empty() || !self.has_flushed() {
            return Err(NotReusable::Unsent);
        }
        self.stack.release();
        self.http.become_idle();
        Ok(())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<_> = self.stack.layers().map(Layer::kind).collect();
        f.debug_struct("Link")
            .field("state", &self.state)
            .field("layers", &layers)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
