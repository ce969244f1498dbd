//! Decodes deflate data (RFC 1951), bare or in a zlib frame (RFC 1950), with zlib-rs, which writes
//! directly into the caller's slices.
//!
//! The output does not depend on the size of those slices, even for corrupt data: symbols are
//! decoded one after another, and all output before a fault is delivered before the fault is
//! reported.

use std::fmt;
use zlib_rs::{InflateError, InflateFlush, Status};

/// The largest window of the format, 2¹⁵ bytes.
const WINDOW_BITS: u8 = 15;

/// The frame around the deflate data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// No frame.
    Bare,
    /// The zlib header and its checksum.
    Zlib,
}

/// The progress of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    /// The end was reached and all output is delivered.
    Ended,
    /// All output before the fault is delivered.
    Corrupt(&'static str),
}

/// One deflate stream.
pub(super) struct Inflate {
    core: Box<zlib_rs::Inflate>,
    frame: Frame,
    state: State,
    /// Input consumed before there was room for output.
    before: Vec<u8>,
}

impl Inflate {
    pub(super) fn new(frame: Frame) -> Inflate {
        let core = Box::new(zlib_rs::Inflate::new(frame == Frame::Zlib, WINDOW_BITS));
        Inflate { core, frame, state: State::Running, before: Vec::new() }
    }

    /// Creates a stream whose first bytes were already consumed.
    pub(super) fn begun(frame: Frame, first: &[u8]) -> Inflate {
        Inflate { before: first.to_vec(), ..Inflate::new(frame) }
    }

    /// Resets for another stream of the same kind.
    pub(super) fn restart(&mut self) {
        self.core.reset(self.frame == Frame::Zlib);
        self.state = State::Running;
    }

    /// Decodes until the output is full, the input is used up, or the stream has ended. Returns the
    /// bytes consumed, the bytes produced, and the state. `Running` with room left means that the
    /// input is used up.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, State) {
        let mut produced = 0;
        if !self.before.is_empty() {
            let before = std::mem::take(&mut self.before);
            let (used, made) = self.decompress(&before, output);
            self.before = before.get(used..).unwrap_or_default().to_vec();
            produced = made;
        }
        let mut consumed = 0;
        while self.before.is_empty() && self.state == State::Running {
            let (rest, room) = (input.get(consumed..), output.get_mut(produced..));
            let (rest, room) = (rest.unwrap_or_default(), room.unwrap_or_default());
            if rest.is_empty() && room.is_empty() {
                break;
            }
            let (used, made) = self.decompress(rest, room);
            consumed += used;
            produced += made;
            if used == 0 && made == 0 {
                break;
            }
        }
        (consumed, produced, self.state)
    }

    fn decompress(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize) {
        let (taken, made) = (self.core.total_in(), self.core.total_out());
        match self.core.decompress(input, output, InflateFlush::NoFlush) {
            Ok(Status::Ok | Status::BufError) => {}
            Ok(Status::StreamEnd) => self.state = State::Ended,
            Err(InflateError::DataError)
                if self.core.error_message().is_some_and(|message| message.contains("data check")) =>
            {
                self.state = State::Corrupt("the Adler-32 checksum does not match");
            }
            Err(_) => self.state = State::Corrupt("the deflate data is malformed"),
        }
        // Neither exceeds the length of its slice.
        ((self.core.total_in() - taken) as usize, (self.core.total_out() - made) as usize)
    }
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflate").field("frame", &self.frame).field("state", &self.state).finish_non_exhaustive()
    }
}
