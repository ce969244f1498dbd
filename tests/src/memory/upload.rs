//! A request body that a test supplies as a stream.

use std::time::Duration;

/// A scripted stream.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    /// From this byte on it gives nothing until that time.
    pub(super) pause: Option<(usize, Duration)>,
    /// Fails at this byte.
    pub(super) fails_at: Option<usize>,
    /// Whether it can start again.
    pub(super) rewindable: bool,
    /// The most bytes that it gives at once.
    pub(super) piece: usize,
}

impl Source {
    /// Returns a stream of these bytes, in pieces of at most 8 KiB.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Source {
        Source { bytes: bytes.into(), piece: 8192, ..Source::default() }
    }

    /// Lets it start again.
    pub fn rewindable(mut self) -> Source {
        self.rewindable = true;
        self
    }

    /// Cuts it into pieces of at most `n` bytes.
    pub fn pieces(mut self, n: usize) -> Source {
        self.piece = n;
        self
    }

    /// Makes it give nothing after `bytes` bytes until `time`.
    pub fn pause(mut self, bytes: usize, time: Duration) -> Source {
        self.pause = Some((bytes, time));
        self
    }

    /// Makes it fail after `bytes` bytes.
    pub fn fails_at(mut self, bytes: usize) -> Source {
        self.fails_at = Some(bytes);
        self
    }

    pub(super) fn next(&mut self, now: Duration) -> Piece {
        if self.fails_at == Some(self.at) {
            return Piece::Failed;
        }
        let mut end = self.bytes.len().min(self.at + self.piece);
        if let Some(at) = self.fails_at {
            end = end.min(at);
        }
        if let Some((at, until)) = self.pause.filter(|&(_, until)| now < until) {
            if self.at >= at {
                return Piece::NotBefore(until);
            }
            end = end.min(at);
        }
        if self.at == self.bytes.len() { Piece::End } else { Piece::Bytes(self.bytes[self.at..end].to_vec()) }
    }
}

pub(super) enum Piece {
    Bytes(Vec<u8>),
    NotBefore(Duration),
    End,
    Failed,
}
