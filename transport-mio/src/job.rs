//! The destination of a response: collected for a callback, or streamed to a handler.

use petition_core::http1::ResponseHead;
use petition_core::transfer::{ResponseInfo, Transfer};
use petition_core::{Error, ErrorKind};

use crate::command::Delayed;
use crate::response::Response;

/// Whether a handler accepts more of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Deliver more.
    Continue,
    /// Deliver nothing before [`Handle::resume`](crate::Handle::resume). Nothing is read meanwhile.
    Pause,
}

/// The result of asking a body source for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadChunk {
    /// This many bytes were written to the space; 0 means [`UploadChunk::Later`].
    Bytes(usize),
    /// The body is complete.
    End,
    /// No bytes are available before [`Handle::resume`](crate::Handle::resume).
    Later,
}

/// Receives a response as it arrives, on the loop's thread. [`Handler::end`] is called exactly
/// once, as the last method. That also holds after a panic of another method, which cancels the
/// request.
pub trait Handler {
    /// Receives a 1xx response.
    fn informational(&mut self, _head: ResponseHead) {}

    /// Receives the head of the final response, with its URL and history.
    fn head(&mut self, head: ResponseInfo);

    /// Receives the next piece of the decoded body, which counts as consumed on return.
    fn data(&mut self, piece: &[u8]) -> Flow;

    /// Provides bytes of the request body, for a request with
    /// [`Body::Stream`](petition_core::Body::Stream): as many as fit into `space`. It is called
    /// again until it returns [`UploadChunk::Later`] or [`UploadChunk::End`], or until 64 KiB are
    /// ready; then they are written.
    ///
    /// # Errors
    /// A text that says why; the request fails with it.
    fn upload(&mut self, _space: &mut [u8]) -> Result<UploadChunk, String> {
        Ok(UploadChunk::End)
    }

    /// Rewinds the request body to its first byte, for a redirect or a retry. Returns false if that
    /// is impossible.
    fn rewind(&mut self) -> bool {
        false
    }

    /// Receives the end of the request: complete, or an error.
    fn end(self: Box<Self>, result: Result<(), Error>);
}

type Callback = Box<dyn FnOnce(Result<Response, Error>) + Send>;

/// Parses a response for a handler, as it arrives.
pub(crate) trait Parse: Send {
    /// Checks the final head. Returns whether the body is wanted; otherwise the request is
    /// cancelled.
    fn open(&mut self, transfer: &Transfer, head: &ResponseHead) -> bool;

    /// Receives the final head that `open` accepted.
    fn head(&mut self, info: ResponseInfo);

    /// Parses a piece of the body. Returns whether more is wanted.
    fn data(&mut self, piece: &[u8]) -> bool;

    /// Ends the job. Returns the request that follows, if any.
    fn end(self: Box<Self>, transfer: Option<Transfer>, error: Option<Error>) -> Option<Delayed>;
}

/// The destination of one request's response.
pub(crate) enum Job {
    /// The response is allocated when its head arrives.
    Collect(Callback, Option<Box<Collected>>),
    Stream(Box<dyn Handler + Send>),
    Parse(Box<dyn Parse>),
}

/// The received part of a response. Its allocation is reused for the next response, since few are
/// received at a time.
#[derive(Default)]
pub(crate) struct Collected {
    head: Option<ResponseHead>,
    body: Vec<u8>,
}

impl Collected {
    /// Starts collecting a response after its final head.
    pub(crate) fn begin(spare: Option<Box<Collected>>, head: ResponseHead) -> Box<Collected> {
        let mut collected = spare.unwrap_or_default();
        collected.head = Some(head);
        collected
    }

    pub(crate) fn data(&mut self, piece: &[u8]) {
        if self.body.is_empty() {
            // Often the whole body: allocate exactly this much.
            self.body = piece.to_vec();
        } else {
            self.body.extend_from_slice(piece);
        }
    }
}

impl Job {
    pub(crate) fn collect(callback: Callback) -> Job {
        Job::Collect(callback, None)
    }

    /// Passes the final head to a handler.
    pub(crate) fn head(&mut self, head: ResponseInfo) {
        match self {
            Job::Collect(..) => {}
            Job::Stream(handler) => handler.head(head),
            Job::Parse(parse) => parse.head(head),
        }
    }

    pub(crate) fn informational(&mut self, head: ResponseHead) {
        if let Job::Stream(handler) = self {
            handler.informational(head);
        }
    }

    /// Delivers a piece of the body. `None` means that no more is wanted.
    pub(crate) fn data(&mut self, piece: &[u8]) -> Option<Flow> {
        match self {
            Job::Collect(..) => Some(Flow::Continue),
            Job::Stream(handler) => Some(handler.data(piece)),
            Job::Parse(parse) => parse.data(piece).then_some(Flow::Continue),
        }
    }

    pub(crate) fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        match self {
            Job::Collect(..) | Job::Parse(_) => Err("a streamed request body needs a handler".into()),
            Job::Stream(handler) => handler.upload(space),
        }
    }

    pub(crate) fn rewind(&mut self) -> bool {
        match self {
            Job::Stream(handler) => handler.rewind(),
            Job::Collect(..) | Job::Parse(_) => false,
        }
    }

    /// Ends the job. `spare` receives the allocation for the next response. Returns the request that
    /// follows, if any.
    pub(crate) fn end(
        self,
        transfer: Option<Transfer>,
        error: Option<Error>,
        spare: &mut Option<Box<Collected>>,
    ) -> Option<Delayed> {
        match self {
            Job::Stream(handler) => handler.end(error.map_or(Ok(()), Err)),
            Job::Parse(parse) => return parse.end(transfer, error),
            Job::Collect(callback, mut collected) => {
                let Collected { head, body } = collected.as_deref_mut().map(std::mem::take).unwrap_or_default();
                if collected.is_some() {
                    *spare = collected;
                }
                match (error, head, transfer) {
                    (Some(error), ..) => callback(Err(error)),
                    (None, Some(head), Some(transfer)) => callback(Ok(Response::new(head, body, transfer))),
                    (None, _, Some(transfer)) => callback(Err(transfer.error(ErrorKind::Cancelled))),
                    (None, _, None) => {}
                }
            }
        }
        None
    }
}
