//! The HTTP side of a link: calls forwarded to its connection.

use super::error::LinkError;
use super::machine::{Link, State};
use crate::http1::{Config, Connection, EncodedHeaders, Fields, Misuse, RequestHead, SendError};
use std::sync::Arc;

impl Link {
    /// Queues a request head, even before the link is established.
    ///
    /// # Errors
    /// As for [`Connection::send_head`].
    pub fn send_head<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.send_head(head, fields)
    }

    /// Works like [`Link::send_head`], with headers validated and encoded earlier between the
    /// fields.
    ///
    /// # Errors
    /// As for [`Connection::send_head`].
    pub fn send_head_with<'a>(
        &mut self,
        head: &RequestHead<'_>,
        first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        lines: Option<&EncodedHeaders>,
        last: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.send_head_with(head, first, lines, last)
    }

    /// Queues body bytes up to the available room and returns how many.
    ///
    /// # Errors
    /// As for [`Connection::send_body`].
    pub fn send_body(&mut self, bytes: &[u8]) -> Result<usize, Misuse> {
        self.http.send_body(bytes)
    }

    /// Swaps the write buffer of the HTTP connection, as [`Connection::swap_write_buffer`] does.
    pub fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        self.http.swap_write_buffer(storage);
    }

    /// Returns how many body bytes [`Link::send_body`] would accept now.
    pub fn body_room(&self) -> usize {
        self.http.body_room()
    }

    /// Ends the body, with trailers if any were announced.
    ///
    /// # Errors
    /// As for [`Connection::finish_body`].
    pub fn finish_body<'a>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        self.http.finish_body(trailers)
    }

    /// Takes the trailers of the response, as [`Connection::take_trailers`] does.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.http.take_trailers()
    }

    /// Aborts the body; the link is not reused.
    pub fn abort_body(&mut self) {
        self.http.abort_body();
    }

    /// Stops waiting for `100 (Continue)`; the body may be sent.
    pub fn stop_waiting(&mut self) {
        self.http.stop_waiting();
    }

    /// Accounts for `n` body bytes that the transport itself sends next.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] if a layer is in between; otherwise as for [`Connection::bypass`].
    pub fn bypass(&mut self, n: usize) -> Result<(), Misuse> {
        if !self.stack.is_plain() || !self.stack.outgoing().is_empty() {
            return Err(Misuse::CannotBypass);
        }
        self.http.bypass(n)?;
        self.stack.count_sent(n);
        Ok(())
    }

    /// Returns how many body bytes the transport may now read directly into their destination. That
    /// is the rest of the body on a wire without layers, if the link holds none of it.
    pub fn direct_read_limit(&self) -> u64 {
        if self.may_bypass() { self.http.direct_read_limit() } else { 0 }
    }

    fn may_bypass(&self) -> bool {
        self.state == State::Http && self.stack.is_plain() && !self.stack.has_unread() && !self.stack.at_eof()
    }

    /// Accounts for `n` body bytes that the transport itself has read.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] when `n` exceeds [`direct_read_limit`](Self::direct_read_limit).
    pub fn advance_body(&mut self, n: u64) -> Result<(), Misuse> {
        if !self.may_bypass() {
            return Err(Misuse::CannotBypass);
        }
        self.http.advance_body(n)?;
        self.stack.count_bypassed(n);
        self.starved = false;
        Ok(())
    }

    /// Queues bytes of the other protocol after
    /// [`LinkEvent::Switched`](super::LinkEvent::Switched), and returns how many fit. Accepts none
    /// before that event.
    ///
    /// # Errors
    /// The underlying cause when the link can no longer send; the link has then ended.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        if self.state != State::Switched {
            return Ok(0);
        }
        self.stack.send(bytes).inspect_err(|_| self.state = State::Over)
    }

    /// Sets the limits and leniencies for future exchanges, as [`Connection::set_config`] does.
    pub fn configure(&mut self, config: &Arc<Config>) {
        self.http.set_config(config);
    }

    /// Returns the HTTP connection, for queries about the exchange.
    pub fn http(&self) -> &Connection {
        &self.http
    }
}
