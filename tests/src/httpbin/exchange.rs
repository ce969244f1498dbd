//! The loop over a connection's requests, and one request as an endpoint sees it.

use std::io::{self, Write};

use url::form_urlencoded;

use super::answer::{After, Answer};
use super::{Shared, routes};
use crate::net::gate::Stop;
use crate::net::incoming::{BodyEnd, Incoming};
use crate::net::message::{Fault, Framing, Head};
use crate::net::service::Peer;
use crate::net::wire::Wire;

/// One request. The body is read only when an endpoint requests it.
pub struct Exchange<'a> {
    /// The head of the request.
    pub head: &'a Head,
    /// The path, percent-decoded.
    pub path: String,
    /// The query without the `?`, undecoded; empty if there is none.
    pub query: String,
    /// True under TLS.
    pub secure: bool,
    /// The number of connections accepted before this one.
    pub connection: usize,
    incoming: &'a mut Incoming,
    body: BodyState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyState {
    Unread,
    Read,
    /// The body stays unread, so the connection must end.
    Left,
}

impl<'a> Exchange<'a> {
    fn new(head: &'a Head, peer: &Peer, incoming: &'a mut Incoming) -> Self {
        // The absolute form that proxies get: this server is the origin, whatever the target says.
        let target = head.target.split_once("://").map_or(head.target.as_str(), |(_, rest)| {
            rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
        });
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let secure = incoming.wire().is_tls();
        let (path, query) = (unescape(path), query.to_owned());
        Self { head, path, query, secure, connection: peer.index, incoming, body: BodyState::Unread }
    }

    /// Returns the pairs of the query, decoded, in order.
    pub fn args(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// Returns the first value of `name` in the query.
    pub fn arg(&self, name: &str) -> Option<String> {
        self.args().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns the first value of `name` in the query as a number, or `default` if there is none.
    pub fn number<N: std::str::FromStr>(&self, name: &str, default: N) -> N {
        self.arg(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// Returns `http://HOST` or `https://HOST` with the request's Host field.
    pub fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.head.value("host").unwrap_or_else(|| "localhost".to_owned()))
    }

    /// Reads the whole body into memory. It can be read only once.
    ///
    /// # Errors
    /// When the client closes or violates the protocol.
    pub fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.each_piece(&mut |piece| body.extend_from_slice(piece))?;
        Ok(body)
    }

    /// Reads the body in pieces without storing it. A client that waits for a 100 gets it first.
    ///
    /// # Errors
    /// Those of [`Exchange::body`].
    pub fn each_piece(&mut self, sink: &mut dyn FnMut(&[u8])) -> io::Result<BodyEnd> {
        if self.body != BodyState::Unread {
            return Ok(BodyEnd::default());
        }
        self.body = BodyState::Read;
        let framing = self.framing();
        if framing != Framing::Absent && self.head.expects_continue() && self.incoming.buffered().is_empty() {
            self.incoming.wire().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        self.incoming.body(framing, &mut |piece| {
            sink(piece);
            Ok(())
        })
    }

    /// Leaves the body unread: the response is sent at once, and the connection ends after it.
    pub fn leave_body(&mut self) {
        self.body = BodyState::Left;
    }

    fn framing(&self) -> Framing {
        // Checked when the head was read.
        self.head.framing().unwrap_or(Framing::Absent)
    }
}

impl std::fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exchange({} {})", self.head.method, self.head.target)
    }
}

/// Serves a connection until either side ends it.
pub(crate) fn serve(peer: &Peer, shared: &Shared) {
    let wire = match &shared.endpoint {
        None => Wire::Plain(peer.socket.clone()),
        // The endpoint has counted the failure.
        Some(endpoint) => match endpoint.accept(peer) {
            Ok(wire) => wire,
            Err(_) => return,
        },
    };
    // A client may keep its connection idle for any time; only dropping the server ends it.
    let _ = wire.socket().set_read_patience(None);
    let mut incoming = Incoming::new(wire, |_| ());
    loop {
        match turn(peer, shared, &mut incoming) {
            Ok(After::Keep) => {}
            Ok(After::Close) => {
                if !incoming.wire().resets() && incoming.wire().half_close().is_ok() {
                    // Lets no RST overtake the response.
                    let _ = incoming.drain();
                }
                break;
            }
            // The client has closed.
            Ok(After::CloseNow) | Err(_) => break,
        }
    }
    let _ = incoming.into_wire().close();
}

fn turn(peer: &Peer, shared: &Shared, incoming: &mut Incoming) -> io::Result<After> {
    let head = match incoming.head() {
        Ok(Some(head)) => head,
        Ok(None) => return Ok(After::CloseNow),
        Err(error) => return refuse(shared, incoming, peer.stop(), error),
    };
    shared.count_request();
    let mut exchange = Exchange::new(&head, peer, incoming);
    let answered = answer(shared, &mut exchange).and_then(|answer| {
        if exchange.body == BodyState::Unread && !exchange.head.expects_continue() {
            exchange.each_piece(&mut |_| ())?;
        }
        // An expected body that no endpoint read stays unread too.
        let unread = exchange.body != BodyState::Read && exchange.framing() != Framing::Absent;
        Ok(if unread && answer.after == After::Keep { answer.close() } else { answer })
    });
    match answered {
        Ok(answer) => answer.send(&head, incoming.wire(), peer.stop()),
        Err(error) => refuse(shared, incoming, peer.stop(), error),
    }
}

fn answer(shared: &Shared, exchange: &mut Exchange<'_>) -> io::Result<Answer> {
    match shared.handler.as_ref().and_then(|handler| handler(exchange)) {
        Some(answer) => Ok(answer),
        None => routes::route(exchange),
    }
}

/// Records a violation and responds with 400. Other errors mean that the client has closed.
fn refuse(shared: &Shared, incoming: &mut Incoming, stop: &Stop, error: io::Error) -> io::Result<After> {
    let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) else { return Err(error) };
    shared.note_violation(fault.to_string());
    let head = Head { method: "GET".to_owned(), target: String::new(), minor: 1, fields: Vec::new(), raw: Vec::new() };
    Answer::bytes("text/plain", format!("{fault}\n")).status(400).close().send(&head, incoming.wire(), stop)
}

/// Percent-decodes a path, with U+FFFD for bytes that are not UTF-8.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        let hex = rest.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                bytes = rest.get(2..).unwrap_or_default();
            }
            None => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
