//! Request bodies that are read while they are sent.
//!
//! A reader may wait for the server to have seen what it gave before. So it is asked for more only when nothing of the request waits to
//! be written: each piece leaves before the next is asked for. The one exception serves readers of many tiny pieces, which would become
//! a chunk and a system call each: while the socket takes no more, pieces of less than [`TINY`] bytes gather (up to 16 KiB).

use std::fmt;
use std::io::{self, Read, Seek};
use std::time::Duration;

use petition_core::Instant;

/// Read in steps of this size.
const STEP: usize = 64 * 1024;

/// A piece of less than this is tiny.
const TINY: usize = 1024;

/// After so many tiny pieces in a row a reader counts as one that gives no others.
const MANY: u32 = 8;

/// The read side of the socket is looked at after a piece, unless that was done so short a time and so few bytes ago (T52).
const LOOK_TIME: Duration = Duration::from_millis(1);
const LOOK_BYTES: usize = 1024 * 1024;

/// A request body from a reader.
pub(crate) struct Upload {
    source: Box<dyn Source>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    touched: bool,
    /// Tiny pieces in a row, up to now.
    tiny: u32,
    /// When the read side of the socket was looked at, and how many bytes were read since.
    looked: Option<Instant>,
    unlooked: usize,
}

trait Source: Read + Send {
    /// Back to the first byte, if that can be done.
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

impl Upload {
    pub(crate) fn once(reader: impl Read + Send + 'static) -> Upload {
        Upload::new(Box::new(Once(reader)))
    }

    /// From where the reader stands now, as often as needed.
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
            looked: None,
            unlooked: 0,
        }
    }

    /// Whether nothing was read yet.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.touched
    }

    /// The next bytes; none at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        self.touched = true;
        if self.buffer.is_empty() {
            self.buffer.resize(STEP, 0);
        }
        while self.start == self.end && !self.finished {
            match self.source.read(&mut self.buffer) {
                Ok(n) if n > self.buffer.len() => {
                    let words = format!("the reader reports {n} bytes, and had room for {}", self.buffer.len());
                    return Err(io::Error::new(io::ErrorKind::InvalidData, words));
                }
                Ok(n) => {
                    (self.start, self.end) = (0, n);
                    self.finished = n == 0;
                    self.tiny = if n < TINY { self.tiny.saturating_add(1) } else { 0 };
                    self.unlooked = self.unlooked.saturating_add(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Whether the reader may be asked for more although what it gave before waits for the socket.
    pub(crate) fn gathers(&self) -> bool {
        self.tiny >= MANY
    }

    /// Whether the read side of the socket is to be looked at, now that a piece is there that was not `before`. That is taken as done.
    pub(crate) fn looks(&mut self, before: Instant, now: Instant) -> bool {
        let since = *self.looked.get_or_insert(before);
        let due = self.unlooked >= LOOK_BYTES || now.saturating_since(since) >= LOOK_TIME;
        if due {
            (self.looked, self.unlooked) = (Some(now), 0);
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
