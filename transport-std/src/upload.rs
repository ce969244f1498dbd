//! Request bodies from readers, read while they are sent.
//!
//! A reader may block until the server has received its earlier bytes. It is therefore read only
//! when no output is pending: each piece leaves before the next is read. The exception serves
//! readers of many tiny pieces, each of which would become a chunk and a system call: while the
//! socket blocks, pieces of less than [`TINY`] bytes gather, up to 16 KiB.

use std::fmt;
use std::io::{self, Read, Seek};
use std::time::Duration;

use petition_core::Instant;
use petition_shared::MultipartReader;

/// The size of a read, in bytes.
const STEP: usize = 64 * 1024;

/// The size below which a piece is tiny, in bytes.
const TINY: usize = 1024;

/// After this many consecutive tiny pieces, the reader is expected to give only tiny ones.
const MANY: u32 = 8;

/// The socket is checked for an early response after this time or this many bytes.
const CHECK_TIME: Duration = Duration::from_millis(1);
const CHECK_BYTES: usize = 1024 * 1024;

/// A request body from a reader.
pub(crate) struct Upload {
    source: Box<dyn Source>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    touched: bool,
    /// The number of consecutive tiny pieces.
    tiny: u32,
    /// When the socket was last checked, and how many bytes were sent since.
    checked_at: Option<Instant>,
    unchecked_bytes: usize,
}

trait Source: Read + Send {
    /// Rewinds to the first byte, if possible.
    fn rewind(&mut self) -> io::Result<bool>;
}

struct Once<R>(R);

impl<R: Read> Read for Once<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl<R: Read + Send> Source for Once<R> {
    fn rewind(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}

struct Again<R> {
    reader: R,
    first: u64,
}

impl<R: Read> Read for Again<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reader.read(out)
    }
}

impl<R: Read + Seek + Send> Source for Again<R> {
    fn rewind(&mut self) -> io::Result<bool> {
        self.reader.seek(io::SeekFrom::Start(self.first)).map(|_| true)
    }
}

impl Source for MultipartReader {
    fn rewind(&mut self) -> io::Result<bool> {
        MultipartReader::rewind(self)
    }
}

impl Upload {
    pub(crate) fn multipart(body: MultipartReader) -> Upload {
        Upload::new(Box::new(body))
    }

    pub(crate) fn once(reader: impl Read + Send + 'static) -> Upload {
        Upload::new(Box::new(Once(reader)))
    }

    /// Creates an upload that can repeat the reader from its current position.
    pub(crate) fn again(mut reader: impl Read + Seek + Send + 'static) -> io::Result<Upload> {
        let first = reader.stream_position()?;
        Ok(Upload::new(Box::new(Again { reader, first })))
    }

    fn new(source: Box<dyn Source>) -> Upload {
        Upload {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            finished: false,
            touched: false,
            tiny: 0,
            checked_at: None,
            unchecked_bytes: 0,
        }
    }

    /// Whether nothing has been read yet.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.touched
    }

    /// Returns the next bytes; none at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        self.touched = true;
        if self.buffer.is_empty() {
            self.buffer.resize(STEP, 0);
        }
        while self.start == self.end && !self.finished {
            match self.source.read(&mut self.buffer) {
                Ok(n) if n > self.buffer.len() => {
                    let text = format!("the reader reported {n} bytes for a buffer of {}", self.buffer.len());
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                Ok(n) => {
                    (self.start, self.end) = (0, n);
                    self.finished = n == 0;
                    self.tiny = if n < TINY { self.tiny.saturating_add(1) } else { 0 };
                    self.unchecked_bytes = self.unchecked_bytes.saturating_add(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Whether to read more although earlier output is pending.
    pub(crate) fn gathers(&self) -> bool {
        self.tiny >= MANY
    }

    /// Whether to check the socket for an early response after the piece read between `before` and
    /// `now`. Records the check.
    pub(crate) fn looks(&mut self, before: Instant, now: Instant) -> bool {
        let since = *self.checked_at.get_or_insert(before);
        let due = self.unchecked_bytes >= CHECK_BYTES || now.saturating_since(since) >= CHECK_TIME;
        if due {
            (self.checked_at, self.unchecked_bytes) = (Some(now), 0);
        }
        due
    }

    pub(crate) fn used(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    pub(crate) fn rewind(&mut self) -> bool {
        let rewound = self.source.rewind().unwrap_or(false);
        if rewound {
            (self.start, self.end, self.finished, self.touched) = (0, 0, false, false);
            self.tiny = 0;
        }
        rewound
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}
