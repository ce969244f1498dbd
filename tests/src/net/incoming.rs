//! The receiving side of a connection: reads the heads and bodies of requests through a buffer.

use std::io::{self, Read};

use super::message::{Fault, Framing, Head, field};
use super::wire::Wire;

/// The longest head that the kit's servers read.
const HEAD_LIMIT: usize = 1 << 20;

/// What is known at the end of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyEnd {
    /// The body's length without its framing.
    pub bytes: u64,
    /// The number of chunks with data; 0 for a body that is not chunked.
    pub chunks: u64,
    /// The trailer fields.
    pub trailers: Vec<(String, Vec<u8>)>,
}

type Tap = dyn FnMut(&[u8]) + Send;

/// A buffered reader of one connection.
pub struct Incoming {
    wire: Wire,
    buffer: Vec<u8>,
    start: usize,
    tap: Box<Tap>,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Incoming({} bytes buffered)", self.buffered().len())
    }
}

impl Incoming {
    /// Reads from `wire`. `tap` sees every byte on arrival.
    pub fn new(wire: Wire, tap: impl FnMut(&[u8]) + Send + 'static) -> Self {
        Self { wire, buffer: Vec::new(), start: 0, tap: Box::new(tap) }
    }

    /// Returns the underlying wire.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Returns the underlying wire, and drops buffered bytes.
    pub fn into_wire(self) -> Wire {
        self.wire
    }

    /// Returns the bytes that have arrived and were not taken yet.
    pub fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Takes `n` of the buffered bytes, or all if there are fewer.
    pub fn take(&mut self, n: usize) -> Vec<u8> {
        let taken = self.buffered().get(..n).unwrap_or(self.buffered()).to_vec();
        self.start += taken.len();
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
        taken
    }

    /// Waits for more bytes and returns their number; 0 means the end of the stream.
    ///
    /// # Errors
    /// Those of the wire: a reset, an end without `close_notify`, a read timeout.
    pub fn fill(&mut self) -> io::Result<usize> {
        let mut piece = [0; 16 * 1024];
        let n = loop {
            match self.wire.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                answer => break answer?,
            }
        };
        let piece = piece.get(..n).unwrap_or_default();
        (self.tap)(piece);
        if self.start > 64 * 1024 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(piece);
        Ok(n)
    }

    /// Reads and discards everything until the stream ends.
    ///
    /// # Errors
    /// Those of [`Incoming::fill`].
    pub fn drain(&mut self) -> io::Result<()> {
        loop {
            self.take(usize::MAX);
            if self.fill()? == 0 {
                return Ok(());
            }
        }
    }

    fn fill_more(&mut self, what: &str) -> io::Result<()> {
        match self.fill()? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the client closed in {what}"))),
            _ => Ok(()),
        }
    }

    /// Reads until `end` has arrived, and takes everything up to and including it.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the client closes first; otherwise those of
    /// [`Incoming::fill`].
    pub fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            let rest = self.buffered().get(searched..).unwrap_or_default();
            if let Some(at) = rest.windows(end.len()).position(|window| window == end) {
                return Ok(self.take(searched + at + end.len()));
            }
            searched = self.buffered().len().saturating_sub(end.len() - 1);
            if searched > HEAD_LIMIT {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 1 MiB without the awaited end"));
            }
            self.fill_more("the middle of a message")?;
        }
    }

    /// Waits for exactly `n` bytes and takes them.
    ///
    /// # Errors
    /// Those of [`Incoming::until`].
    pub fn exactly(&mut self, n: usize) -> io::Result<Vec<u8>> {
        while self.buffered().len() < n {
            self.fill_more("the middle of a message")?;
        }
        Ok(self.take(n))
    }

    /// Reads a request head. Returns `None` when the client closes or disappears before its first
    /// byte.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] with a [`Fault`] for what clients must not send; otherwise
    /// those of [`Incoming::until`].
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        if self.buffered().is_empty() && self.fill()? == 0 {
            return Ok(None);
        }
        let raw = self.until(b"\r\n\r\n")?;
        Head::parse(&raw).map(Some).map_err(invalid)
    }

    /// Reads a body to its end, and passes on its pieces as they arrive.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a malformed chunk; those of [`Incoming::until`] and of
    /// `sink`.
    pub fn body(&mut self, framing: Framing, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<BodyEnd> {
        let mut end = BodyEnd::default();
        match framing {
            Framing::Absent => {}
            Framing::Length(length) => {
                self.pass(length, sink)?;
                end.bytes = length;
            }
            Framing::Chunked => loop {
                let line = self.until(b"\r\n")?;
                let size = chunk_size(&line)?;
                if size == 0 {
                    end.trailers = self.trailers()?;
                    break;
                }
                self.pass(size, sink)?;
                end.bytes = end.bytes.saturating_add(size);
                end.chunks += 1;
                if self.exactly(2)? != b"\r\n" {
                    return Err(invalid(Fault("no CRLF after the data of a chunk".to_owned())));
                }
            },
        }
        Ok(end)
    }

    fn pass(&mut self, mut left: u64, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        while left > 0 {
            if self.buffered().is_empty() {
                self.fill_more("a body")?;
            }
            let piece = self.take(usize::try_from(left).unwrap_or(usize::MAX));
            left -= piece.len() as u64;
            sink(&piece)?;
        }
        Ok(())
    }

    fn trailers(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.until(b"\r\n")?;
            match line.strip_suffix(b"\r\n") {
                Some(b"") | None => return Ok(fields),
                Some(line) => fields.push(field(line).map_err(invalid)?),
            }
        }
    }
}

/// Rejects chunk extensions too: no client here has a reason to send them.
fn chunk_size(line: &[u8]) -> io::Result<u64> {
    let digits = line.strip_suffix(b"\r\n").unwrap_or(line);
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or_else(|| invalid(Fault(format!("not a chunk size: {}", digits.escape_ascii()))))
}

fn invalid(fault: Fault) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}
