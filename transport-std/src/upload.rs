//! Request bodies that are read while they are sent.

use std::fmt;
use std::io::{self, Read, Seek};

/// Read in steps of this size.
const STEP: usize = 64 * 1024;

/// A request body from a reader.
pub(crate) struct Upload {
    source: Box<dyn Source>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    touched: bool,
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
        Upload { source, buffer: Vec::new(), start: 0, end: 0, finished: false, touched: false }
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
                Ok(n) => {
                    (self.start, self.end) = (0, n);
                    self.finished = n == 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    pub(crate) fn used(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    pub(crate) fn rewind(&mut self) -> bool {
        let rewound = self.source.rewind().unwrap_or(false);
        if rewound {
            (self.start, self.end, self.finished, self.touched) = (0, 0, false, false);
        }
        rewound
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}
