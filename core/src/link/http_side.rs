//! The HTTP side of a link: what goes to the connection on top as it is.

use super::error::LinkError;
use super::machine::{Link, State};
use crate::http1::{Config, Connection, EncodedHeaders, Fields, Misuse, RequestHead, SendError};
use std::sync::Arc;

impl Link {
    /// Queues a request head; it may be queued before the link is established.
    ///
    /// # Errors
    /// Those of [`Connection::send_head`].
    pub fn send_head<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.send_head(head, fields)
    }

    /// As [`Link::send_head`], with lines that were checked and written out before between the fields.
    ///
    /// # Errors
    /// Those of [`Connection::send_head`].
    pub fn send_head_with<'a>(
        &mut self,
        head: &RequestHead<'_>,
        first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        lines: Option<&EncodedHeaders>,
        last: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.send_head_with(head, first, lines, last)
    }

    /// Queues body bytes, as many as there is room for, and says how many.
    ///
    /// # Errors
    /// Those of [`Connection::send_body`].
    pub fn send_body(&mut self, bytes: &[u8]) -> Result<usize, Misuse> {
        self.http.send_body(bytes)
    }

    /// Exchanges the storage of what HTTP sends, as [`Connection::swap_write_buffer`].
    pub fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        self.http.swap_write_buffer(storage);
    }

    /// How many body bytes would be taken now.
    pub fn body_room(&self) -> usize {
        self.http.body_room()
    }

    /// Ends the body, with trailers if any were announced.
    ///
    /// # Errors
    /// Those of [`Connection::finish_body`].
    pub fn finish_body<'a>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.finish_body(trailers)
    }

    /// Takes the trailers of the response, as [`Connection::take_trailers`].
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.http.take_trailers()
    }

    /// Gives up the body: the link is not used again.
    pub fn abort_body(&mut self) {
        self.http.abort_body();
    }

    /// The body need not wait for `100 (Continue)` any longer.
    pub fn stop_waiting(&mut self) {
        self.http.stop_waiting();
    }

    /// The transport will send `n` body bytes by itself, next.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] with a layer in between, and those of [`Connection::bypass`].
    pub fn bypass(&mut self, n: usize) -> Result<(), Misuse> {
        if !self.stack.is_plain() || !self.stack.outgoing().is_empty() {
            return Err(Misuse::CannotBypass);
        }
        self.http.bypass(n)?;
        self.stack.count_sent(n);
        Ok(())
    }

    /// How many body bytes the transport may read by itself now, straight to where they are wanted: those that are due on a wire
    /// without layers, of which nothing is here yet.
    pub fn direct_read_limit(&self) -> u64 {
        if self.may_bypass() { self.http.direct_read_limit() } else { 0 }
    }

    fn may_bypass(&self) -> bool {
        self.state == State::Http && self.stack.is_plain() && !self.stack.has_unread() && !self.stack.at_eof()
    }

    /// The transport has read `n` body bytes by itself.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] when that is more than [`direct_read_limit`](Self::direct_read_limit).
    pub fn advance_body(&mut self, n: u64) -> Result<(), Misuse> {
        if !self.may_bypass() {
            return Err(Misuse::CannotBypass);
        }
        self.http.advance_body(n)?;
        self.stack.count_bypassed(n);
        self.starved = false;
        Ok(())
    }

    /// Queues bytes of the other protocol, after [`LinkEvent::Switched`](super::LinkEvent::Switched); how many there was
    /// room for. Before that none are taken.
    ///
    /// # Errors
    /// When nothing more can be sent; the link is over.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        if self.state != State::Switched {
            return Ok(0);
        }
        self.stack.send(bytes).inspect_err(|_| self.state = State::Over)
    }

    /// Sets the limits and leniencies for the exchanges to come, as [`Connection::set_config`].
    pub fn configure(&mut self, config: &Arc<Config>) {
        self.http.set_config(config);
    }

    /// What HTTP knows of the exchange.
    pub fn http(&self) -> &Connection {
        &self.http
    }
}
