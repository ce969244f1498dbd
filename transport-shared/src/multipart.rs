//! Multipart forms with files and readers, encoded as a reader.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use petition_core::headers::HeaderError;
use petition_core::request::multipart::{self, Boundary, Encoder, NextPiece, PartSource};

use crate::SharedSession;

/// A multipart form with files and readers.
pub type Multipart = multipart::Multipart<FileOrReader>;

/// A part of a multipart form.
pub type Part = multipart::Part<FileOrReader>;

/// The source of a part: a file, which can be sent again, or a reader, which cannot.
pub struct FileOrReader(Source);

enum Source {
    File(File),
    Reader(Box<dyn Read + Send>),
}

impl PartSource for FileOrReader {
    fn open(path: &Path) -> io::Result<(FileOrReader, u64)> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok((FileOrReader(Source::File(file)), metadata.len()))
    }

    fn from_reader(reader: Box<dyn Read + Send>) -> FileOrReader {
        FileOrReader(Source::Reader(reader))
    }
}

/// The encoded body of a form. Reading it reads the sources in order. A read fills its buffer, but
/// first returns the bytes that are available before a reader that may block.
pub struct MultipartReader {
    encoder: Encoder<FileOrReader>,
    rewindable: bool,
}

impl MultipartReader {
    /// Encodes the form with a new boundary from the session's seed.
    ///
    /// # Errors
    /// A part has an invalid field.
    pub fn new(form: Multipart, session: &SharedSession) -> Result<(MultipartReader, Boundary), HeaderError> {
        let mut boundary = draw_boundary(session);
        while form.contains(&boundary) {
            boundary = draw_boundary(session);
        }
        let mut encoder = form.encode(&boundary)?;
        let rewindable = encoder.sources().all(|source| matches!(source.0, Source::File(_)));
        Ok((MultipartReader { encoder, rewindable }, boundary))
    }

    /// Returns the length of the body, if it is known.
    pub fn length(&self) -> Option<u64> {
        self.encoder.length()
    }

    /// Whether the body can be sent again: it has no reader.
    pub fn is_rewindable(&self) -> bool {
        self.rewindable
    }

    /// Starts over at the first byte. Returns false if a part cannot be read again.
    ///
    /// # Errors
    /// A file cannot be rewound.
    pub fn rewind(&mut self) -> io::Result<bool> {
        for source in self.encoder.sources() {
            match &mut source.0 {
                Source::File(file) => drop(file.seek(SeekFrom::Start(0))?),
                Source::Reader(_) => return Ok(false),
            }
        }
        self.encoder.restart();
        Ok(true)
    }
}

impl Read for MultipartReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        loop {
            let rest = out.get_mut(written..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(written);
            }
            let n = match self.encoder.next_piece() {
                NextPiece::End => return Ok(written),
                NextPiece::Bytes(bytes) => {
                    let n = bytes.len().min(rest.len());
                    rest.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                    n
                }
                // A reader may block, so return the available bytes first.
                NextPiece::Source { source: FileOrReader(Source::Reader(_)), .. } if written > 0 => return Ok(written),
                NextPiece::Source { source, left } => {
                    let room =
                        left.map_or(rest.len(), |left| usize::try_from(left).unwrap_or(usize::MAX).min(rest.len()));
                    let n = source.read(rest.get_mut(..room).unwrap_or_default())?;
                    if n > room {
                        return Err(io::Error::other("a reader reported more bytes than the buffer has"));
                    }
                    if n == 0 {
                        self.encoder
                            .source_ended()
                            .map_err(|short| io::Error::new(io::ErrorKind::UnexpectedEof, short))?;
                    }
                    n
                }
            };
            self.encoder.advance(n);
            written += n;
        }
    }
}

impl Read for FileOrReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::File(file) => file.read(out),
            Source::Reader(reader) => reader.read(out),
        }
    }
}

/// Draws a boundary from the session, or from a new seed while the caller holds the session.
fn draw_boundary(session: &SharedSession) -> Boundary {
    let drawn = session.access((), |()| None, |(), session| session.draw_boundary());
    drawn.unwrap_or_else(|_| SharedSession::default().with(|session| session.draw_boundary()))
}

impl fmt::Debug for FileOrReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::File(_) => "File",
            Source::Reader(_) => "Reader",
        })
    }
}

impl fmt::Debug for MultipartReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipartReader").field("length", &self.length()).finish_non_exhaustive()
    }
}
