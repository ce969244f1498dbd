//! Encodes a form: delimiters and fields from memory, contents from memory or from sources that the
//! embedder reads.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use super::Boundary;
use super::part::{Content, Part};
use crate::headers::HeaderError;

/// A form being encoded. Ask for the [next piece](Encoder::next_piece), send some of it, report the
/// number of bytes with [`Encoder::advance`], and repeat.
///
/// Nothing is copied or buffered. [`Encoder::restart`] starts over, for a redirect or a retry.
pub struct Encoder<S> {
    segments: Vec<Segment<S>>,
    /// The index of the current segment.
    at: usize,
    /// The number of its bytes that are done.
    done: u64,
}

enum Segment<S> {
    Bytes(Bytes),
    Source { source: S, length: Option<u64> },
}

/// The next bytes of a form.
#[derive(Debug)]
pub enum NextPiece<'a, S> {
    /// Send these bytes, or some of them.
    Bytes(&'a [u8]),
    /// Read from this source: at most `left` bytes, if the length is known.
    Source {
        /// The source of the part.
        source: &'a mut S,
        /// The number of bytes left in the part.
        left: Option<u64>,
    },
    /// The form is complete.
    End,
}

/// A source ended before its declared length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortSource {
    /// The declared length.
    pub expected: u64,
    /// The number of bytes that the source provided.
    pub found: u64,
}

impl<S> Encoder<S> {
    pub(super) fn new(parts: Vec<(String, Part<S>)>, boundary: &Boundary) -> Result<Encoder<S>, HeaderError> {
        let boundary = boundary.as_str();
        let mut segments = VecDeque::new();
        let mut framing = String::new();
        for (name, part) in parts {
            let (head, content) = part.into_head_and_content(&name)?;
            framing = framing + "--" + boundary + "\r\n" + &head;
            segments.push_back(Segment::Bytes(std::mem::take(&mut framing).into()));
            match content {
                Content::Bytes(bytes) if bytes.is_empty() => {}
                Content::Bytes(bytes) => segments.push_back(Segment::Bytes(bytes)),
                Content::Source { source, length } => segments.push_back(Segment::Source { source, length }),
            }
            framing.push_str("\r\n");
        }
        framing = framing + "--" + boundary + "--\r\n";
        segments.push_back(Segment::Bytes(framing.into()));
        Ok(Encoder { segments: segments.into(), at: 0, done: 0 })
    }

    /// Returns the length of the whole body; `None` if the length of a source is unknown.
    pub fn length(&self) -> Option<u64> {
        self.segments.iter().try_fold(0_u64, |sum, segment| sum.checked_add(segment.length()?))
    }

    /// Returns the next bytes, or the source to read.
    pub fn next_piece(&mut self) -> NextPiece<'_, S> {
        while self.segments.get(self.at).is_some_and(|segment| segment.length() == Some(self.done)) {
            (self.at, self.done) = (self.at + 1, 0);
        }
        match self.segments.get_mut(self.at) {
            Some(Segment::Bytes(bytes)) => {
                let done = usize::try_from(self.done).unwrap_or(usize::MAX);
                NextPiece::Bytes(bytes.get(done..).unwrap_or_default())
            }
            Some(Segment::Source { source, length }) => {
                NextPiece::Source { source, left: length.map(|length| length.saturating_sub(self.done)) }
            }
            None => NextPiece::End,
        }
    }

    /// Reports that this many bytes of the next piece were sent or read.
    pub fn advance(&mut self, n: usize) {
        self.done = self.done.saturating_add(n as u64);
    }

    /// Reports that the source of the next piece has ended.
    ///
    /// # Errors
    /// [`ShortSource`] if its declared length is greater. The body can then not be completed.
    pub fn source_ended(&mut self) -> Result<(), ShortSource> {
        match self.segments.get(self.at) {
            Some(Segment::Source { length: Some(length), .. }) if *length > self.done => {
                Err(ShortSource { expected: *length, found: self.done })
            }
            _ => {
                (self.at, self.done) = (self.at + 1, 0);
                Ok(())
            }
        }
    }

    /// Starts over at the first byte. The embedder rewinds the [sources](Encoder::sources).
    pub fn restart(&mut self) {
        (self.at, self.done) = (0, 0);
    }

    /// Iterates over the sources of the form.
    pub fn sources(&mut self) -> impl Iterator<Item = &mut S> {
        self.segments.iter_mut().filter_map(|segment| match segment {
            Segment::Source { source, .. } => Some(source),
            Segment::Bytes(_) => None,
        })
    }
}

impl<S> Segment<S> {
    fn length(&self) -> Option<u64> {
        match self {
            Segment::Bytes(bytes) => Some(bytes.len() as u64),
            Segment::Source { length, .. } => *length,
        }
    }
}

impl fmt::Display for ShortSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} bytes of a part, but its source ended after {}", self.expected, self.found)
    }
}

impl std::error::Error for ShortSource {}

impl<S> fmt::Debug for Encoder<S> {
    /// Shows no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("segments", &self.segments.len()).field("at", &self.at).finish_non_exhaustive()
    }
}
