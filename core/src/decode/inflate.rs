//! Bare deflate data (RFC 1951), and the zlib frame around it (RFC 1950), through a window of our own.
//!
//! The window is ours because the output must not depend on the size of the caller's slices, also when the
//! data turns out to be corrupt: what was decoded before is in the window and is delivered first.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER,
};
use miniz_oxide::inflate::core::{DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress};
use std::fmt;
use std::ops::Range;

/// What is around the deflate data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Nothing.
    Bare,
    /// The zlib header and its checksum.
    Zlib,
}

/// How far the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    /// Its end was met and everything is delivered.
    Ended,
    /// Everything before the fault is delivered.
    Corrupt(&'static str),
}

/// One deflate stream.
pub(super) struct Inflate {
    core: Box<DecompressorOxide>,
    window: Box<[u8]>,
    /// Decoded and not yet delivered; decoding goes on at its end.
    pending: Range<usize>,
    state: State,
    flags: u32,
}

impl Inflate {
    pub(super) fn new(frame: Frame) -> Inflate {
        let flags = match frame {
            Frame::Bare => 0,
            Frame::Zlib => TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32,
        };
        Inflate {
            core: Box::default(),
            window: vec![0; TINFL_LZ_DICT_SIZE].into(),
            pending: 0..0,
            state: State::Running,
            flags: flags | TINFL_FLAG_HAS_MORE_INPUT,
        }
    }

    /// Makes ready for another stream of the same kind.
    pub(super) fn restart(&mut self) {
        self.core.init();
        self.pending = 0..0;
        self.state = State::Running;
    }

    /// Decodes into the window, which must be empty; returns what was consumed, and whether there may be more to
    /// decode from the rest.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, bool) {
        let at = if self.pending.end == self.window.len() { 0 } else { self.pending.end };
        let (status, used, made) = decompress(&mut self.core, input, &mut self.window, at, self.flags);
        self.pending = at..at + made;
        match status {
            TINFLStatus::Done => self.state = State::Ended,
            TINFLStatus::NeedsMoreInput => return (used, false),
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::Adler32Mismatch => self.state = State::Corrupt("the Adler-32 checksum differs"),
            _ => self.state = State::Corrupt("the deflate data is malformed"),
        }
        (used, true)
    }

    /// Decodes until the output is full, the input is used up, or the stream has ended; returns what was consumed
    /// and produced, and where the stream is. `Running` with room left says that the input is used up.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, State) {
        let mut consumed = 0;
        let mut produced = 0;
        let mut starved = false;
        loop {
            let room = output.get_mut(produced..).unwrap_or_default();
            let count = room.len().min(self.pending.len());
            let ready = self.window.get(self.pending.start..self.pending.start + count).unwrap_or_default();
            if let Some(room) = room.get_mut(..ready.len()) {
                room.copy_from_slice(ready);
            }
            produced += count;
            self.pending.start += count;
            if !self.pending.is_empty() {
                return (consumed, produced, State::Running);
            }
            if self.state != State::Running || starved || produced == output.len() {
                return (consumed, produced, self.state);
            }
            let (used, more) = self.feed(input.get(consumed..).unwrap_or_default());
            consumed += used;
            starved = !more;
        }
    }
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflate").field("pending", &self.pending).field("state", &self.state).finish_non_exhaustive()
    }
}
