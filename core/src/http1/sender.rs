//! The sending side of one exchange: bytes that wait to be written, and the rest of the body.

use std::io::Write;

use super::error::Excerpt;
use super::misuse::Misuse;
use super::request::{self, BodyLength, EncodedHeaders, RequestHead};
use super::send_error::{InvalidRequest, SendError};
use super::trailers::may_be_trailer;

/// Body bytes are accepted only while fewer bytes than this wait to be written.
const ROOM: usize = 64 * 1024;
/// The overhead of chunk framing for a piece of at most `ROOM` bytes: five digits and two line
/// ends, rounded up.
const CHUNK_FRAMING: usize = 16;
/// An empty buffer up to this size is kept for the next request.
const KEEP: usize = 2 * 1024;

/// The unsent part of the current request's body.
#[derive(Debug, Default)]
pub(crate) enum Sending {
    /// No request yet.
    #[default]
    Idle,
    /// The body waits for 100 (Continue).
    Waiting(Coding),
    /// The body is being sent.
    Body(Coding),
    /// The entire request is queued or written.
    Done,
    /// The body was aborted.
    Aborted,
}

/// How the body is encoded.
#[derive(Debug)]
pub(crate) enum Coding {
    /// The number of bytes still to come.
    Known(u64),
    /// Chunked, with the announced trailers.
    Chunked(Box<[Box<str>]>),
}

/// The outgoing half of a connection.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    out: Vec<u8>,
    written: usize,
    /// Unwritten bytes of the request head.
    head_left: usize,
    /// Written bytes of the current request.
    pub(crate) sent: u64,
    pub(crate) state: Sending,
}

impl Sender {
    pub(crate) fn send_head<'a>(
        &mut self,
        head: &RequestHead<'_>,
        first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        lines: Option<&EncodedHeaders>,
        last: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), InvalidRequest> {
        if let Err(invalid) = request::write_head(&mut self.out, head, first, lines, last) {
            self.out.clear();
            return Err(invalid);
        }
        self.head_left = self.out.len();
        self.sent = 0;
        let coding = match head.body {
            BodyLength::None | BodyLength::Known(0) => None,
            BodyLength::Known(n) => Some(Coding::Known(n)),
            BodyLength::Chunked => Some(Coding::Chunked(head.trailers.iter().map(|&name| name.into()).collect())),
        };
        self.state = match coding {
            None if head.body == BodyLength::None => Sending::Done,
            // Declared but empty: the caller finishes it like any other.
            None => Sending::Body(Coding::Known(0)),
            Some(coding) if head.expect_continue => Sending::Waiting(coding),
            Some(coding) => Sending::Body(coding),
        };
        Ok(())
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    pub(crate) fn wrote(&mut self, n: usize) {
        let n = n.min(self.outgoing().len());
        self.written += n;
        self.sent = self.sent.saturating_add(n as u64);
        self.head_left = self.head_left.saturating_sub(n);
        if self.written == self.out.len() {
            self.written = 0;
            self.out.clear();
            if self.out.capacity() > KEEP && !matches!(self.state, Sending::Body(_)) {
                self.out = Vec::new();
            }
        }
    }

    /// Swaps the storage while it is empty.
    pub(crate) fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        if self.out.is_empty() {
            std::mem::swap(&mut self.out, storage);
            self.out.clear();
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.out.capacity()
    }

    pub(crate) fn head_written(&self) -> bool {
        self.head_left == 0 && !matches!(self.state, Sending::Idle)
    }

    pub(crate) fn room(&self) -> usize {
        let room = ROOM.saturating_sub(self.outgoing().len());
        match &self.state {
            Sending::Body(Coding::Known(left)) => usize::try_from(*left).unwrap_or(usize::MAX).min(room),
            Sending::Body(Coding::Chunked(_)) => room.saturating_sub(CHUNK_FRAMING),
            _ => 0,
        }
    }

    /// Returns the body if it may be sent now.
    fn body(&mut self) -> Result<&mut Coding, Misuse> {
        match &mut self.state {
            Sending::Body(coding) => Ok(coding),
            Sending::Waiting(_) => Err(Misuse::AwaitingContinue),
            Sending::Idle | Sending::Done | Sending::Aborted => Err(Misuse::NoBody),
        }
    }

    pub(crate) fn send_body(&mut self, bytes: &[u8]) -> Result<usize, Misuse> {
        let room = self.room();
        match self.body()? {
            Coding::Known(left) if bytes.len() as u64 > *left => {
                self.state = Sending::Aborted;
                return Err(Misuse::BodyTooLong);
            }
            Coding::Known(left) => *left -= bytes.len().min(room) as u64,
            Coding::Chunked(_) => {}
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        // An empty chunk would end the body.
        if taken.is_empty() {
            return Ok(0);
        }
        // Reuse the room at the front before the buffer grows; never move more bytes than were
        // written.
        if self.written >= self.outgoing().len() {
            self.out.drain(..self.written);
            self.written = 0;
        }
        if let Sending::Body(Coding::Chunked(_)) = self.state {
            // Writing to a Vec does not fail.
            drop(write!(self.out, "{:x}\r\n", taken.len()));
            self.out.extend_from_slice(taken);
            self.out.extend_from_slice(b"\r\n");
        } else {
            self.out.extend_from_slice(taken);
        }
        Ok(taken.len())
    }

    pub(crate) fn bypass(&mut self, n: usize) -> Result<(), Misuse> {
        let idle = self.outgoing().is_empty();
        match self.body()? {
            Coding::Known(_) if !idle => Err(Misuse::CannotBypass),
            Coding::Known(left) if n as u64 > *left => {
                self.state = Sending::Aborted;
                Err(Misuse::BodyTooLong)
            }
            Coding::Known(left) => {
                *left -= n as u64;
                self.sent = self.sent.saturating_add(n as u64);
                Ok(())
            }
            Coding::Chunked(_) => Err(Misuse::CannotBypass),
        }
    }

    pub(crate) fn finish<'a>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), SendError> {
        let mut trailers = trailers.into_iter().peekable();
        match self.body()? {
            Coding::Known(0) if trailers.peek().is_some() => {
                return Err(InvalidRequest::TrailersWithoutChunked.into());
            }
            Coding::Known(0) => {}
            Coding::Known(_) => {
                self.state = Sending::Aborted;
                return Err(Misuse::BodyTooShort.into());
            }
            Coding::Chunked(announced) => {
                let announced = std::mem::take(announced);
                let start = self.out.len();
                if let Err(invalid) = write_end(&mut self.out, &announced, trailers) {
                    self.out.truncate(start);
                    self.state = Sending::Body(Coding::Chunked(announced));
                    return Err(invalid.into());
                }
            }
        }
        self.state = Sending::Done;
        Ok(())
    }

    /// Aborts the request unless all of it was written.
    pub(crate) fn abort(&mut self) {
        let unfinished = match self.state {
            Sending::Idle | Sending::Aborted => false,
            Sending::Done | Sending::Body(Coding::Known(0)) => !self.outgoing().is_empty(),
            Sending::Body(_) | Sending::Waiting(_) => true,
        };
        if unfinished {
            self.out = Vec::new();
            self.written = 0;
            self.state = Sending::Aborted;
        }
    }

    /// Allows the body to be sent.
    pub(crate) fn stop_waiting(&mut self) {
        self.state = match std::mem::take(&mut self.state) {
            Sending::Waiting(coding) => Sending::Body(coding),
            other => other,
        };
    }
}

/// Writes the last chunk and the trailers.
fn write_end<'a>(
    out: &mut Vec<u8>,
    announced: &[Box<str>],
    trailers: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), InvalidRequest> {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers {
        if !announced.iter().any(|a| a.eq_ignore_ascii_case(name)) || !may_be_trailer(name) {
            return Err(InvalidRequest::Trailer { name: Excerpt::new(name.as_bytes()) });
        }
        request::write_field(out, name, value)?;
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}
