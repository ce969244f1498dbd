//! A tunnel through an HTTP proxy: CONNECT (RFC 9110 §9.3.6).
//!
//! The request carries the target, Host, the proxy's own credentials and optionally User-Agent, and
//! nothing of the tunneled request. Any 2xx opens the tunnel, regardless of body fields in it. Any
//! other answer is the proxy's refusal, never the origin's response.
//!
//! The tunnel leaves bytes after the head unread; [`Link`](super::Link) decides whether they are
//! valid.

use super::layer::{Layer, LayerEof, LayerError, LayerKind, Received};
use super::proxy_failure::{ProxyFailure, ProxyRefusal};
use crate::Now;
use crate::buffer::Retained;
use crate::http1::{Config, Connection, Eof, Event, InvalidRequest, RequestHead, ResponseHead, SendError};
use std::fmt;
use std::sync::Arc;

/// The client side of CONNECT. Once open, it passes bytes through.
pub struct Tunnel {
    http: Connection,
    refusal_bytes: usize,
    state: State,
}

enum State {
    Waiting,
    Refused(Box<ProxyRefusal>),
    Open,
    Over,
}

impl Tunnel {
    /// Creates a tunnel to `authority`, the `host:port` of the origin (an IPv6 address in
    /// brackets).
    ///
    /// `fields` follow Host in the request: Proxy-Authorization, User-Agent, and fields set for
    /// this proxy, never fields meant for the origin. `config` limits the proxy's answer, for
    /// example by [`proxy_refusal_bytes`](crate::Limits::proxy_refusal_bytes).
    ///
    /// # Errors
    /// [`InvalidRequest`] when `authority` or a field cannot be sent as it is, for example because
    /// it contains a line break.
    pub fn new<'a>(
        config: impl Into<Arc<Config>>,
        authority: &'a str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, InvalidRequest> {
        let config = config.into();
        let refusal_bytes = config.limits.proxy_refusal_bytes;
        let mut http = Connection::new(config);
        let fields = [("Host", authority.as_bytes())].into_iter().chain(fields);
        match http.send_head(&RequestHead::new("CONNECT", authority), fields) {
            Ok(()) => Ok(Tunnel { http, refusal_bytes, state: State::Waiting }),
            Err(SendError::Invalid(invalid)) => Err(invalid),
            // Unreachable: a new connection is idle and accepts a head.
            Err(SendError::Misuse(_)) => Err(InvalidRequest::Method),
        }
    }

    fn head(&mut self, head: ResponseHead) {
        if !head.status().is_success() {
            self.state = State::Refused(Box::new(ProxyRefusal { head, body: Vec::new() }));
        }
    }

    /// Stores bytes of a refusal's body. Returns whether that is enough.
    fn body(&mut self, bytes: &[u8]) -> bool {
        let State::Refused(refusal) = &mut self.state else { return false };
        let room = self.refusal_bytes.saturating_sub(refusal.body.len());
        refusal.body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        refusal.body.len() >= self.refusal_bytes
    }

    /// Returns the refusal, or `otherwise` if there is none.
    fn end(&mut self, otherwise: impl FnOnce() -> LayerError) -> LayerError {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Refused(refusal) => ProxyFailure::Refused(refusal).into(),
            _ => otherwise(),
        }
    }
}

impl Layer for Tunnel {
    fn kind(&self) -> LayerKind {
        LayerKind::Proxy
    }

    fn start(&mut self, _now: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        down.extend_from_slice(self.http.outgoing());
        self.http.wrote(self.http.outgoing().len());
        Ok(())
    }

    fn receive(&mut self, _now: Now, wire: &mut [u8], _down: &mut Vec<u8>) -> Result<Received, LayerError> {
        let mut used = 0;
        while let State::Waiting | State::Refused(_) = self.state {
            let input = wire.get(used..).unwrap_or_default();
            let got = match self.http.receive(input) {
                Ok(got) => got,
                Err(error) => return Err(self.end(|| ProxyFailure::Protocol(error).into())),
            };
            used += got.consumed;
            match got.event {
                Event::NeedInput => break,
                Event::Informational(_) => {}
                Event::Head(head) => self.head(head),
                Event::Body(range) => {
                    if self.body(input.get(range).unwrap_or_default()) {
                        return Err(self.end(unexpected));
                    }
                }
                Event::End => return Err(self.end(unexpected)),
                Event::Switched => self.state = State::Open,
            }
        }
        Ok(Received::used(used))
    }

    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        if let State::Open = self.state {
            return Ok(LayerEof::Clean);
        }
        match self.http.receive_eof(Eof::Clean) {
            Err(error) => Err(self.end(|| ProxyFailure::Protocol(error).into())),
            Ok(_) => Err(self.end(unexpected)),
        }
    }

    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        down.extend_from_slice(plain);
        Ok(plain.len())
    }

    fn close(&mut self, _down: &mut Vec<u8>) {}

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    fn is_transparent(&self) -> bool {
        true
    }

    fn retained(&self) -> Retained {
        let State::Refused(refusal) = &self.state else { return self.http.retained() };
        self.http.retained() + Retained { received: refusal.body.capacity(), outgoing: 0 }
    }
}

/// Covers a final response to CONNECT that is neither a refusal nor a tunnel. None exists; if one
/// occurs, it is an error.
fn unexpected() -> LayerError {
    LayerError::Other("the proxy's answer to CONNECT is neither a refusal nor a tunnel".into())
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting => "waiting",
            State::Refused(_) => "refused",
            State::Open => "open",
            State::Over => "over",
        };
        f.debug_tuple("Tunnel").field(&state).finish()
    }
}
