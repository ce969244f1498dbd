//! A strict reader of what a client writes on one connection: one request after the other, each
//! head and each body byte; for a SOCKS proxy, each message before them.

use super::socks::Message;

/// The client's progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// In a head, or before the next.
    #[default]
    Head,
    /// Before or in a message for a SOCKS proxy.
    Socks(Message),
    /// This many bytes of a body of known length are missing.
    Length(usize),
    /// In a chunked body.
    Line,
    Chunk(usize),
    ChunkEnd,
    LastEnd,
}

/// A request on the wire.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The requested page; [`CONNECT`] for none.
    pub(super) page: usize,
    /// The request line and the fields.
    pub(super) method: String,
    /// The end of its head on the connection.
    pub(super) head_end: usize,
    /// The end of its body, once that has been written.
    pub(super) end: Option<usize>,
    /// It waits for 100 (Continue).
    pub(super) expects: bool,
    /// HTTP/1.0.
    pub(super) old: bool,
    /// It has `Connection: close`.
    pub(super) close: bool,
    /// It has an Authorization field.
    pub(super) authorized: bool,
    /// Body bytes so far.
    pub(super) body: usize,
}

/// In place of the page of a request for a tunnel.
pub(super) const CONNECT: usize = usize::MAX;

/// The framing of a complete head.
pub(super) struct Framed {
    pub(super) written: Written,
    /// The declared length; `None`: chunked.
    pub(super) length: Option<usize>,
}

#[derive(Default)]
pub(super) struct WireMonitor {
    state: State,
    /// Bytes of the incomplete head or chunk line.
    partial: Vec<u8>,
    at: usize,
    pub(super) requests: Vec<Written>,
}

/// A step of the client.
pub(super) enum Step<'a> {
    /// The first byte of a new head: the number of earlier heads, the last of them, and the number
    /// of bytes.
    Begins(usize, Option<&'a Written>, usize),
    /// A head.
    Head(&'a [u8]),
    /// A message for a SOCKS proxy.
    Socks(Message, &'a [u8]),
    /// Bytes of a body, from this offset.
    Body(usize, usize, &'a [u8]),
}

impl WireMonitor {
    /// Whether the last request was written to its end.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.state, State::Head | State::Socks(_)) && self.partial.is_empty()
    }

    /// Returns a monitor of a connection to a SOCKS proxy.
    pub(super) fn of_socks() -> WireMonitor {
        WireMonitor { state: State::Socks(Message::Greeting), ..WireMonitor::default() }
    }

    /// Reads bytes. Calls `on` for every step; for a head it returns the framing.
    pub(super) fn write(&mut self, mut bytes: &[u8], on: &mut dyn FnMut(Step<'_>) -> Option<Framed>) {
        while !bytes.is_empty() {
            match self.state {
                State::Head => {
                    if self.partial.is_empty() {
                        on(Step::Begins(self.requests.len(), self.requests.last(), self.at));
                    }
                    let before = self.partial.len();
                    let from = before.saturating_sub(3);
                    self.partial.extend_from_slice(bytes);
                    let found = self.partial[from..].windows(4).position(|four| four == b"\r\n\r\n");
                    let Some(found) = found else {
                        self.at += bytes.len();
                        return;
                    };
                    let end = from + found + 4;
                    bytes = &bytes[end - before..];
                    self.at += end - before;
                    let head = std::mem::take(&mut self.partial);
                    let framed = on(Step::Head(&head[..end])).expect("a head is judged");
                    let mut written = framed.written;
                    written.head_end = self.at;
                    self.state = match framed.length {
                        None => State::Line,
                        Some(0) => {
                            written.end = Some(self.at);
                            State::Head
                        }
                        Some(n) => State::Length(n),
                    };
                    self.requests.push(written);
                }
                State::Socks(message) => {
                    if self.partial.is_empty() {
                        on(Step::Begins(self.requests.len(), self.requests.last(), self.at));
                    }
                    self.partial.push(bytes[0]);
                    self.at += 1;
                    bytes = &bytes[1..];
                    if message.is_complete(&self.partial) {
                        let text = std::mem::take(&mut self.partial);
                        let mut written = on(Step::Socks(message, &text)).expect("a message is judged").written;
                        (written.head_end, written.end) = (self.at, Some(self.at));
                        self.state = message.next(&text).map_or(State::Head, State::Socks);
                        self.requests.push(written);
                    }
                }
                State::Length(left) => {
                    let n = left.min(bytes.len());
                    self.body(&bytes[..n], on);
                    bytes = &bytes[n..];
                    self.state = State::Length(left - n);
                    if left == n {
                        self.end();
                    }
                }
                State::Chunk(left) => {
                    let n = left.min(bytes.len());
                    self.body(&bytes[..n], on);
                    bytes = &bytes[n..];
                    self.state = if left == n { State::ChunkEnd } else { State::Chunk(left - n) };
                }
                State::Line | State::ChunkEnd | State::LastEnd => {
                    self.partial.push(bytes[0]);
                    self.at += 1;
                    bytes = &bytes[1..];
                    if self.partial.ends_with(b"\r\n") {
                        self.line();
                    }
                    assert!(
                        self.partial.len() < 24,
                        "a chunk line without end: {:?}",
                        self.partial.escape_ascii().to_string()
                    );
                }
            }
        }
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let line = std::str::from_utf8(&line[..line.len() - 2]).expect("a chunk line is ASCII");
        match self.state {
            State::Line => {
                let strict = !line.is_empty() && line.bytes().all(|b| b.is_ascii_hexdigit());
                assert!(strict, "this is no chunk size: {line:?}");
                let size = usize::from_str_radix(line, 16).expect("a chunk size");
                self.state = if size == 0 { State::LastEnd } else { State::Chunk(size) };
            }
            State::ChunkEnd => {
                assert!(line.is_empty(), "expected the end of a chunk, found {line:?}");
                self.state = State::Line;
            }
            _ => {
                assert!(line.is_empty(), "expected the end of the body, found {line:?}");
                self.end();
            }
        }
    }

    fn body(&mut self, bytes: &[u8], on: &mut dyn FnMut(Step<'_>) -> Option<Framed>) {
        let request = self.requests.last_mut().expect("a body has a head");
        on(Step::Body(request.page, request.body, bytes));
        request.body += bytes.len();
        self.at += bytes.len();
    }

    fn end(&mut self) {
        self.state = State::Head;
        self.requests.last_mut().expect("a body has a head").end = Some(self.at);
    }
}
