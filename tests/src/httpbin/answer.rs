//! A response and how it is sent: head and body in one write, framed for the client's version.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::Value;

use crate::net::gate::Stop;
use crate::net::message::Head;
use crate::net::wire::Wire;

/// Writes the body of a streamed response.
pub struct Sink<'a> {
    wire: &'a mut Wire,
    stop: &'a Stop,
    chunked: bool,
}

impl Sink<'_> {
    /// Sends one piece in one write, as one chunk if the response is chunked.
    ///
    /// # Errors
    /// When the client has closed.
    pub fn send(&mut self, piece: &[u8]) -> io::Result<()> {
        if !self.chunked {
            return self.wire.write_all(piece);
        }
        let mut framed = Vec::new();
        push_chunk(&mut framed, piece);
        self.wire.write_all(&framed)
    }

    /// Waits for `time`.
    ///
    /// # Errors
    /// When the server is dropped first.
    pub fn pause(&self, time: Duration) -> io::Result<()> {
        self.stop.pause(time)
    }
}

impl std::fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sink(chunked: {})", self.chunked)
    }
}

type Stream = dyn FnOnce(&mut Sink<'_>) -> io::Result<()>;

enum Body {
    /// Delimited by Content-Length.
    Bytes(Vec<u8>),
    /// Chunked for HTTP/1.1, ended by close for HTTP/1.0; one write in either case.
    Pieces { pieces: Vec<Vec<u8>>, trailers: Vec<(String, String)> },
    /// Written while it is generated. Chunked unless there is a length.
    Stream { length: Option<usize>, write: Box<Stream> },
    /// For a status that has no body.
    Never,
}

/// What the server does with the connection after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Keeps it, if the client wants so too.
    Keep,
    /// Announces its close, closes its side, and reads on until the client closes.
    Close,
    /// Announces its close and closes, even with unread bytes.
    CloseNow,
}

/// The response to one request.
pub struct Answer {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    interim: Vec<u8>,
    pause: Duration,
    body: Body,
    pub(crate) after: After,
}

impl Answer {
    /// Returns a response without content: `Content-Length: 0`, except for 204 and 304.
    pub fn new(status: u16) -> Self {
        let body = if status == 204 || status == 304 { Body::Never } else { Body::Bytes(Vec::new()) };
        Self { status, fields: Vec::new(), interim: Vec::new(), pause: Duration::ZERO, body, after: After::Keep }
    }

    /// Returns a 200 with `body` of the media type `kind`.
    pub fn bytes(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Bytes(body.into()), ..Self::new(200) }.field("Content-Type", kind)
    }

    /// Returns a 200 with a JSON text.
    pub fn json(value: &Value) -> Self {
        Self::bytes("application/json", format!("{value:#}\n"))
    }

    /// Returns a 200 with a chunked body, sent in one write.
    pub fn chunks(kind: &str, pieces: Vec<Vec<u8>>) -> Self {
        Self { body: Body::Pieces { pieces, trailers: Vec::new() }, ..Self::new(200) }.field("Content-Type", kind)
    }

    /// Returns a 200 with a body that `write` generates; chunked unless its length is known.
    pub fn stream(
        kind: &str,
        length: Option<usize>,
        write: impl FnOnce(&mut Sink<'_>) -> io::Result<()> + 'static,
    ) -> Self {
        Self { body: Body::Stream { length, write: Box::new(write) }, ..Self::new(200) }.field("Content-Type", kind)
    }

    /// Sets the status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a field; nothing is checked or replaced.
    pub fn field(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the trailers of a body made by [`Answer::chunks`].
    pub fn trailers(mut self, fields: &[(&str, String)]) -> Self {
        if let Body::Pieces { trailers, .. } = &mut self.body {
            *trailers = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        }
        self
    }

    /// Sends these bytes, whole 1xx responses, first in the same write.
    pub fn interim(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.interim = bytes.into();
        self
    }

    /// Sends the response only after this time.
    pub fn after_pause(mut self, time: Duration) -> Self {
        self.pause = time;
        self
    }

    /// Adds `Connection: close`. The server reads on until the client closes.
    pub fn close(mut self) -> Self {
        self.after = After::Close;
        self
    }

    /// Adds `Connection: close` and closes at once, even if the client still sends, which makes the
    /// kernel send RST.
    pub fn close_now(mut self) -> Self {
        self.after = After::CloseNow;
        self
    }

    /// Sends the response to `head`. Returns what happens to the connection.
    pub(crate) fn send(mut self, head: &Head, wire: &mut Wire, stop: &Stop) -> io::Result<After> {
        if !self.pause.is_zero() {
            stop.pause(self.pause)?;
        }
        let without_body = head.method == "HEAD";
        let chunked = head.minor == 1;
        let unframed =
            !chunked && matches!(self.body, Body::Pieces { .. } | Body::Stream { length: None, .. }) && !without_body;
        if self.after == After::Keep && (unframed || !head.keep_alive()) {
            self.after = After::Close;
        }
        // The status line always says 1.1, as RFC 9112 §2.3 allows.
        let mut out = if chunked { std::mem::take(&mut self.interim) } else { Vec::new() };
        write!(out, "HTTP/1.1 {} {}\r\n", self.status, reason(self.status))?;
        for (name, value) in &self.fields {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        match &self.body {
            Body::Bytes(body) => write!(out, "Content-Length: {}\r\n", body.len())?,
            Body::Stream { length: Some(length), .. } => write!(out, "Content-Length: {length}\r\n")?,
            Body::Pieces { trailers, .. } if chunked => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                for (name, _) in trailers {
                    write!(out, "Trailer: {name}\r\n")?;
                }
            }
            Body::Stream { length: None, .. } if chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Body::Pieces { .. } | Body::Stream { .. } | Body::Never => {}
        }
        match self.after {
            After::Keep if head.minor == 0 => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            After::Keep => {}
            After::Close | After::CloseNow => out.extend_from_slice(b"Connection: close\r\n"),
        }
        out.extend_from_slice(b"\r\n");
        match self.body {
            _ if without_body => wire.write_all(&out)?,
            Body::Never => wire.write_all(&out)?,
            Body::Bytes(body) => {
                out.extend_from_slice(&body);
                wire.write_all(&out)?;
            }
            Body::Pieces { pieces, trailers } => {
                for piece in pieces {
                    if chunked {
                        push_chunk(&mut out, &piece);
                    } else {
                        out.extend_from_slice(&piece);
                    }
                }
                if chunked {
                    out.extend_from_slice(b"0\r\n");
                    for (name, value) in trailers {
                        write!(out, "{name}: {value}\r\n")?;
                    }
                    out.extend_from_slice(b"\r\n");
                }
                wire.write_all(&out)?;
            }
            Body::Stream { length, write } => {
                wire.write_all(&out)?;
                let chunked = chunked && length.is_none();
                write(&mut Sink { wire, stop, chunked })?;
                if chunked {
                    wire.write_all(b"0\r\n\r\n")?;
                }
            }
        }
        Ok(self.after)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} fields)", self.status, self.fields.len())
    }
}

/// Appends a chunk, unless the piece is empty and would end the body.
fn push_chunk(out: &mut Vec<u8>, piece: &[u8]) {
    if !piece.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
}

pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a Teapot",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}
