//! The link itself: HTTP/1.1 on top of a stack of layers.
//!
//! Bytes move up only when HTTP has used the ones it had. Body bytes stay in place until the caller
//! has used them, and nothing is read meanwhile. [`Link::poll`] passes HTTP's output down, in steps
//! that limit the bytes in flight; a transfer also does so without a poll when nothing was
//! received. Without layers, HTTP's own output is sent as it is.

use super::error::{LinkError, NotReusable};
use super::event::{Counters, LinkEvent, Phase};
use super::layer::{Layer, LayerEof, LayerKind};
use super::stack::Stack;
use super::tls_info::TlsInfo;
use crate::Now;
use crate::buffer::Retained;
use crate::http1::{Config, Connection, Eof, Event};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

/// One byte path to a server, from the wire up to HTTP.
///
/// The [module](super) shows how to drive it, with an example.
pub struct Link {
    pub(super) http: Connection,
    pub(super) stack: Stack,
    /// Unused body bytes, as a range of the stack's plain bytes.
    body: Range<usize>,
    /// Plain bytes to release once the body bytes are used, including framing.
    spent: usize,
    pub(super) state: State,
    /// No progress is possible before bytes arrive.
    pub(super) starved: bool,
    /// HTTP has been notified of the end.
    end_reported: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Opening,
    Http,
    Switched,
    Over,
}

impl Link {
    /// Creates a link over `layers`, the one nearest to the wire first. The byte stream may be
    /// connected already or later.
    ///
    /// Without layers it is a plain connection.
    pub fn new(layers: Vec<Box<dyn Layer>>, config: impl Into<Arc<Config>>) -> Self {
        Link {
            http: Connection::new(config),
            stack: Stack::new(layers),
            body: 0..0,
            spent: 0,
            state: State::Opening,
            starved: false,
            end_reported: false,
        }
    }

    /// Records the address of the origin behind a SOCKS proxy.
    pub(crate) fn set_origin(&mut self, address: Option<SocketAddr>) {
        if let Some(layered) = &mut self.stack.layered {
            layered.origin = address;
        }
    }

    /// Returns the address of the origin that was sent to a SOCKS proxy.
    pub(crate) fn origin(&self) -> Option<SocketAddr> {
        self.stack.layered.as_ref()?.origin
    }

    /// Advances as far as possible without I/O and returns the next event. `now` dates
    /// certificates.
    ///
    /// Call it until it returns [`LinkEvent::NeedInput`], and again whenever bytes were received or
    /// sent. It moves bytes through the layers in both directions, so call it before
    /// [`Link::outgoing`].
    ///
    /// # Errors
    /// See [`LinkError`]. The first error ends the link; later calls return [`LinkError::Over`].
    pub fn poll(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        self.starved = false;
        let mut result = self.advance(now);
        if !self.stack.is_plain() {
            if result.is_err() {
                self.state = State::Over;
            }
            // Also after an error: a layer may have queued an alert.
            if let Err(error) = self.flush() {
                result = result.and(Err(error));
            }
        }
        if result.is_err() {
            (self.state, self.starved) = (State::Over, false);
        }
        result
    }

    fn advance(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        match self.state {
            State::Over => Err(LinkError::Over),
            State::Opening if self.stack.open(now)? => {
                self.state = State::Http;
                // The caller may send a request and wait for its response before the next poll.
                self.stack.release();
                Ok(LinkEvent::Established)
            }
            State::Opening => Ok(self.needs_input()),
            _ if !self.body.is_empty() => Ok(LinkEvent::Body),
            State::Switched => self.pass_through(now),
            State::Http => self.exchange(now),
        }
    }

    /// Frees the storage of empty buffers until the next read.
    fn needs_input(&mut self) -> LinkEvent {
        self.starved = true;
        self.stack.release();
        LinkEvent::NeedInput
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
                        Some(eof) if !self.end_reported => {
                            self.end_reported = true;
                            let event = self.http.receive_eof(match eof {
                                LayerEof::Clean => Eof::Clean,
                                LayerEof::Truncated => Eof::Truncated,
                            })?;
                            Ok(self.event(event))
                        }
                        Some(_) => Ok(LinkEvent::End),
                        None => Ok(self.needs_input()),
                    };
                }
                event => {
                    self.stack.consume(got.consumed);
                    return Ok(self.event(event));
                }
            }
        }
    }

    /// Consumes framing that has already arrived, so that the next bytes are known. [`Link::poll`]
    /// processes anything beyond it.
    pub fn consume_framing(&mut self) {
        let nothing_here = !self.body.is_empty() || self.stack.plain().is_empty();
        // A head must not be consumed here.
        if self.state != State::Http || !self.stack.is_plain() || nothing_here || !self.http.is_in_body() {
            return;
        }
        // The next poll repeats an end or an error.
        let Ok(got) = self.http.receive(self.stack.plain()) else { return };
        match got.event {
            Event::Body(range) if !range.is_empty() => {
                self.body = range;
                self.spent = got.consumed;
            }
            _ => self.stack.consume(got.consumed),
        }
    }

    /// Whether [`Link::poll`] would return [`LinkEvent::End`] next; that event then counts as
    /// returned. [`Link::reuse`] detects bytes after the response.
    pub(crate) fn takes_end(&mut self) -> bool {
        self.state == State::Http && self.body.is_empty() && self.http.takes_end()
    }

    fn event(&mut self, event: Event) -> LinkEvent {
        match event {
            Event::NeedInput | Event::Body(_) => self.needs_input(),
            Event::Informational(head) => LinkEvent::Informational(head),
            Event::Head(head) => LinkEvent::Head(head),
            Event::End => LinkEvent::End,
            Event::Switched => {
                self.state = State::Switched;
                LinkEvent::Switched
            }
        }
    }

    /// Passes on the other protocol's bytes unchanged.
    fn pass_through(&mut self, now: Now) -> Result<LinkEvent, LinkError> {
        if self.stack.plain().is_empty() && !self.stack.more(now)? {
            return Ok(if self.stack.ended()?.is_some() { LinkEvent::End } else { self.needs_input() });
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

    /// Whether the layer next to the wire is not yet open.
    pub(crate) fn opens_first_layer(&self) -> bool {
        self.stack.opening_at() == 0
    }

    /// Whether no received bytes wait in the layers, nor their end.
    pub(crate) fn nothing_received(&self) -> bool {
        let ended = self.stack.at_eof() || self.stack.layers().any(Layer::peer_closed);
        self.state == State::Http && !self.stack.has_unread() && !ended
    }

    /// Passes HTTP's output through the layers and does nothing else. Replaces [`Link::poll`] after
    /// it returned [`LinkEvent::NeedInput`] and nothing was received since.
    pub(crate) fn flush_request(&mut self) -> Result<(), LinkError> {
        self.flush().inspect_err(|_| self.state = State::Over)
    }

    /// Whether all of HTTP's output has passed through the layers.
    pub(crate) fn has_flushed(&self) -> bool {
        self.stack.is_plain() || (self.http.outgoing().is_empty() && !self.stack.has_unsent())
    }

    // The wire side.

    /// Returns the bytes to send next; empty if there are none. Queued data appears here no later
    /// than after the next [`Link::poll`].
    pub fn outgoing(&self) -> &[u8] {
        match self.stack.outgoing() {
            [] if self.stack.is_plain() && self.state != State::Over => self.http.outgoing(),
            bytes => bytes,
        }
    }

    /// Marks the first `n` bytes of [`Link::outgoing`] as sent; an excessive `n` counts as all of
    /// them.
    pub fn wrote(&mut self, n: usize) {
        let n = n.min(self.outgoing().len());
        self.stack.count_sent(n);
        if self.stack.outgoing().is_empty() {
            self.http.wrote(n);
        } else {
            self.stack.wrote(n);
        }
    }

    /// Whether to read from the wire now: [`Link::poll`] has nothing left to report and needs
    /// bytes. False while body bytes are unread, and after the end.
    pub fn wants_read(&self) -> bool {
        self.starved && !self.stack.at_eof() && !self.end_reported && self.state != State::Over
    }

    /// Returns room to read into: at least 2 KiB, and 17 KiB if the buffer is empty. Report the
    /// bytes read with [`Link::filled`].
    ///
    /// The storage is allocated here, unless a buffer was [given](Link::give_read_buffer). It is
    /// freed as soon as it is empty and there is nothing to report.
    pub fn space(&mut self) -> &mut [u8] {
        self.stack.space()
    }

    /// Reports that `n` bytes were read into [`Link::space`]. With 0, as when nothing had arrived,
    /// the storage is freed.
    pub fn filled(&mut self, n: usize) {
        self.stack.filled(n);
        if n == 0 {
            self.stack.release();
        } else {
            self.starved = false;
        }
    }

    /// Reports bytes that were read elsewhere, and copies them; [`Link::space`] avoids the copy.
    pub fn received(&mut self, bytes: &[u8]) {
        self.stack.received(bytes);
        self.starved &= bytes.is_empty();
    }

    /// Reports the end of the wire: the peer has closed it, cleanly as far as the transport can
    /// tell.
    pub fn receive_eof(&mut self) {
        self.stack.receive_eof();
        self.starved = false;
    }

    /// Lends storage for [`Link::space`], used up to its capacity, at least 17 KiB; smaller storage
    /// is replaced. Unused bytes, such as a partial TLS record, move into it.
    ///
    /// # Errors
    /// Returns the storage if a buffer was already given, or if the unused bytes would fill half of
    /// it.
    pub fn give_read_buffer(&mut self, storage: Vec<u8>) -> Result<(), Vec<u8>> {
        self.stack.give_read_buffer(storage)
    }

    /// Takes the given buffer back, including any growth; `None` if none was given. Unused bytes
    /// are first copied out.
    pub fn take_read_buffer(&mut self) -> Option<Vec<u8>> {
        self.stack.take_read_buffer()
    }

    /// Closes the link: the bytes then in [`Link::outgoing`] are the last to send (the TLS closure
    /// alert). Its layers and unread bytes are dropped. Without layers there is nothing to send.
    pub fn close(&mut self) {
        if self.state != State::Over {
            // Output that can no longer be sent is dropped.
            let _ = self.flush();
            self.state = State::Over;
        }
        self.body = 0..0;
        self.stack.close();
    }

    // The body.

    /// Returns the next body bytes, in the buffer where they were received or decrypted.
    pub fn body(&self) -> &[u8] {
        self.stack.plain().get(self.body.clone()).unwrap_or_default()
    }

    /// Marks the first `n` bytes of [`Link::body`] as used; an excessive `n` counts as all of them.
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

    // Queries.

    /// Whether all layers are open and nothing has failed.
    pub fn is_established(&self) -> bool {
        matches!(self.state, State::Http | State::Switched)
    }

    /// Whether no layer is left between HTTP and the wire.
    pub fn is_plain(&self) -> bool {
        self.stack.is_plain()
    }

    /// Returns the current phase, which decides the applicable time limit.
    pub fn phase(&self) -> Phase {
        self.stack.opening().map_or(Phase::Http, Phase::Establishing)
    }

    /// Returns the parameters that TLS negotiated, of the topmost TLS layer if there are several.
    /// `None` without TLS or before it is open.
    pub fn tls_info(&self) -> Option<TlsInfo<'_>> {
        self.stack.layers().rev().find_map(Layer::tls_info)
    }

    /// Returns the number of TLS layers.
    pub(crate) fn tls_layers(&self) -> usize {
        self.stack.layers().filter(|layer| layer.kind() == LayerKind::Tls).count()
    }

    /// Returns the byte counts.
    pub fn counters(&self) -> Counters {
        let (received, sent, application) = self.stack.counts();
        Counters { received, sent, application }
    }

    /// Returns the storage held for bytes in either direction, including layers and a [given
    /// buffer](Link::give_read_buffer).
    pub fn retained(&self) -> Retained {
        self.stack.retained() + self.http.retained()
    }

    /// Prepares the link for another request and drops the state of this one. Processes bytes that
    /// have arrived meanwhile, such as a session ticket.
    ///
    /// # Errors
    /// The reason against reuse, final or temporary.
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
