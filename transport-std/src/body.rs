//! The body of a response: read from the connection on demand, or collected.

use std::io::{self, Read};

use bytes::Bytes;
use petition_core::http1::ResponseHead;
use petition_core::limits::LimitExceeded;
use petition_core::transfer::ResponseInfo;
use petition_core::{Error, ErrorKind, Input, Unavailable};

use crate::drive::{Call, Stop};

/// The call that brings the body, and how far the body has come.
pub(crate) struct ResponseBody {
    pub(crate) call: Box<Call>,
    body: Body,
}

enum Body {
    /// The call delivers it.
    Streaming,
    /// Read to its end by the caller.
    Ended,
    Collected {
        all: Bytes,
        /// The bytes not read yet.
        unread: Bytes,
    },
    /// Every later read returns this error.
    Failed(Error),
}

impl ResponseBody {
    pub(crate) fn new(mut call: Box<Call>, head: ResponseHead) -> (ResponseInfo, ResponseBody) {
        let body = match call.settle() {
            Stop::Done => Body::Ended,
            Stop::Failed(error) => Body::Failed(error),
            Stop::Head(_) | Stop::Body | Stop::Waits => Body::Streaming,
        };
        (call.transfer.response_info(head), ResponseBody { call, body })
    }

    /// Returns the rest of the body, and the same bytes at every later call. Bytes read before are
    /// not part of it.
    pub(crate) fn collect(&mut self) -> Result<Bytes, Error> {
        match &self.body {
            Body::Collected { all, .. } => return Ok(all.clone()),
            Body::Ended => return Ok(Bytes::new()),
            Body::Failed(error) => return Err(error.clone()),
            Body::Streaming => {}
        }
        let limit = self.call.transfer.request().settings().limits.body_bytes;
        let mut collected = Vec::new();
        self.refuse_in_child()?;
        self.call.time_passed();
        while let Some(bytes) = self.next_piece()? {
            let n = bytes.len();
            if (collected.len() + n) as u64 > limit {
                // Consume up to the first excess byte.
                self.call.consumed(usize::try_from(limit).unwrap_or(usize::MAX) - collected.len() + 1);
                let exceeded = LimitExceeded { name: "body_bytes", limit, found: limit.saturating_add(1) };
                let error = self.call.transfer.error(ErrorKind::Limit(exceeded));
                self.give_up(error.clone());
                return Err(error);
            }
            collected.extend_from_slice(bytes);
            self.call.consumed(n);
        }
        let bytes = Bytes::from(collected);
        self.body = Body::Collected { all: bytes.clone(), unread: bytes.clone() };
        Ok(bytes)
    }

    /// Passes the available bytes to `take`, and waits if there are none. `take` returns the number
    /// of bytes that it consumed. Returns `None` at the end.
    ///
    /// # Errors
    /// The body cannot be read. An exceeded limit, reported by `take`, closes the connection.
    pub(crate) fn take<R>(
        &mut self,
        take: impl FnOnce(&[u8]) -> Result<(usize, R), LimitExceeded>,
    ) -> Result<Option<R>, Error> {
        match &mut self.body {
            Body::Ended => return Ok(None),
            Body::Collected { unread, .. } if unread.is_empty() => return Ok(None),
            Body::Collected { unread, .. } => {
                let taken = take(unread);
                let (n, result) = taken.map_err(|exceeded| self.call.transfer.error(ErrorKind::Limit(exceeded)))?;
                drop(unread.split_to(n.min(unread.len())));
                return Ok(Some(result));
            }
            Body::Streaming | Body::Failed(_) => {}
        }
        self.refuse_in_child()?;
        self.call.time_passed();
        let Some(bytes) = self.next_piece()? else { return Ok(None) };
        match take(bytes) {
            Ok((n, result)) => {
                self.call.consumed(n);
                Ok(Some(result))
            }
            Err(exceeded) => {
                let error = self.call.transfer.error(ErrorKind::Limit(exceeded));
                self.give_up(error.clone());
                Err(error)
            }
        }
    }

    /// Lets the connection go after the last byte, although the caller has not asked for more.
    /// `at_hand`: the bytes were in the buffer, and the end may be there too. After a direct read,
    /// only a response known to be complete has ended.
    fn finish_early(&mut self, at_hand: bool) {
        if !self.call.transfer.body().is_empty() || !(at_hand || self.call.transfer.is_received()) {
            return;
        }
        match self.call.settle() {
            Stop::Done => self.body = Body::Ended,
            Stop::Failed(error) => self.body = Body::Failed(error),
            Stop::Head(_) | Stop::Body | Stop::Waits => {}
        }
    }

    /// Closes the connection of a rejected body.
    fn give_up(&mut self, error: Error) {
        self.body = Body::Failed(error);
        self.call.tell(Input::Cancel);
        let _closed = self.call.settle();
    }

    /// Fails in a child process: only the parent may read the rest of the body.
    fn refuse_in_child(&mut self) -> Result<(), Error> {
        if self.call.is_here() {
            return Ok(());
        }
        let error = self.call.transfer.error(ErrorKind::Unavailable(Unavailable::ParentProcess));
        self.body = Body::Failed(error.clone());
        Err(error)
    }

    /// Returns the available bytes, waiting if there are none; `None` at the end.
    fn next_piece(&mut self) -> Result<Option<&[u8]>, Error> {
        if let Body::Failed(error) = &self.body {
            return Err(error.clone());
        }
        // What came with the head is here already.
        let stop = if self.call.transfer.body().is_empty() { self.call.run() } else { Stop::Body };
        match stop {
            Stop::Body => Ok(Some(self.call.transfer.body())),
            Stop::Failed(error) => {
                self.body = Body::Failed(error.clone());
                Err(error)
            }
            Stop::Head(_) | Stop::Waits | Stop::Done => {
                self.body = Body::Ended;
                Ok(None)
            }
        }
    }
}

impl Read for ResponseBody {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        match &mut self.body {
            Body::Ended => return Ok(0),
            Body::Collected { unread: bytes, .. } => {
                let piece = bytes.split_to(out.len().min(bytes.len()));
                out.iter_mut().zip(&piece).for_each(|(to, from)| *to = *from);
                return Ok(piece.len());
            }
            Body::Failed(error) => return Err(into_io(error.clone())),
            Body::Streaming => {}
        }
        self.refuse_in_child().map_err(into_io)?;
        if let Some(direct) = self.call.read_direct(out) {
            if direct.may_be_last {
                self.finish_early(false);
            }
            return Ok(direct.n);
        }
        self.call.time_passed();
        let Some(bytes) = self.next_piece().map_err(into_io)? else { return Ok(0) };
        let n = bytes.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.call.consumed(n);
        if let Some(direct) = self.call.top_up(out, n) {
            self.finish_early(false);
            return Ok(n + direct.n);
        }
        self.finish_early(true);
        Ok(n)
    }
}

/// Converts an error to the kind that a reader expects, with the whole error inside.
fn into_io(error: Error) -> io::Error {
    let kind = if error.is_timeout() {
        io::ErrorKind::TimedOut
    } else if error.is_truncated() {
        io::ErrorKind::UnexpectedEof
    } else {
        match error.kind() {
            ErrorKind::Io(failure) => failure.kind,
            _ => io::ErrorKind::InvalidData,
        }
    };
    io::Error::new(kind, error)
}
