//! Delivers a response's body line by line as it arrives.

use std::ops::ControlFlow;

use petition_core::content::lines::Lines;
use petition_core::http1::ResponseHead;
use petition_core::limits::LimitExceeded;
use petition_core::transfer::{ResponseInfo, Transfer};
use petition_core::{Error, ErrorKind};

use crate::command::Delayed;
use crate::job::Parse;

/// Receives a response by lines on the loop's thread. [`LineHandler::end`] is the last call, and is
/// made exactly once.
pub trait LineHandler {
    /// Receives the head of the final response, with its URL and history.
    fn head(&mut self, _head: ResponseInfo) {}

    /// Receives the next line, without its end (LF or CRLF). `Break` ends the request without an
    /// error.
    fn line(&mut self, line: String) -> ControlFlow<()>;

    /// Receives the end of the request: complete, or an error.
    fn end(self: Box<Self>, result: Result<(), Error>);
}

/// Why the body is not read to its end.
pub(crate) enum Stopped {
    /// The handler wants no more.
    Enough,
    Failed(Error),
    Exceeded(LimitExceeded),
}

impl Stopped {
    /// Returns the result of the request that was stopped.
    pub(crate) fn result(self, transfer: Option<&Transfer>) -> Result<(), Error> {
        match self {
            Stopped::Enough => Ok(()),
            Stopped::Failed(error) => Err(error),
            Stopped::Exceeded(limit) => match transfer {
                Some(transfer) => Err(transfer.error(ErrorKind::Limit(limit))),
                None => Ok(()),
            },
        }
    }
}

/// Splits the body for a handler.
pub(crate) struct ByLines<H> {
    handler: Box<H>,
    /// Since the head.
    lines: Option<Lines>,
    stopped: Option<Stopped>,
}

impl<H: LineHandler> ByLines<H> {
    pub(crate) fn new(handler: H) -> ByLines<H> {
        ByLines { handler: Box::new(handler), lines: None, stopped: None }
    }

    fn split(&mut self, mut piece: &[u8]) -> Result<(), Stopped> {
        let Some(lines) = &mut self.lines else { return Ok(()) };
        while !piece.is_empty() {
            let (consumed, line) = lines.split(piece).map_err(Stopped::Exceeded)?;
            piece = piece.get(consumed..).unwrap_or_default();
            if line.is_some_and(|line| self.handler.line(line).is_break()) {
                return Err(Stopped::Enough);
            }
        }
        Ok(())
    }
}

impl<H: LineHandler + Send> Parse for ByLines<H> {
    fn open(&mut self, transfer: &Transfer, head: &ResponseHead) -> bool {
        match transfer.lines(head) {
            Ok(lines) => self.lines = Some(lines),
            Err(error) => self.stopped = Some(Stopped::Failed(error)),
        }
        self.stopped.is_none()
    }

    fn head(&mut self, info: ResponseInfo) {
        self.handler.head(info);
    }

    fn data(&mut self, piece: &[u8]) -> bool {
        self.stopped = self.split(piece).err();
        self.stopped.is_none()
    }

    fn end(mut self: Box<Self>, transfer: Option<Transfer>, error: Option<Error>) -> Option<Delayed> {
        let result = match (self.stopped.take(), error) {
            (Some(stopped), _) => stopped.result(transfer.as_ref()),
            (None, Some(error)) => Err(error),
            (None, None) => {
                // The callback has already ended the request.
                let last = self.lines.as_mut().and_then(Lines::finish);
                let _ = last.map(|line| self.handler.line(line));
                Ok(())
            }
        };
        self.handler.end(result);
        None
    }
}
