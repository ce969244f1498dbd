//! What is done with the answer to one request: collected for a callback, or streamed to a handler.

use petition_core::http1::ResponseHead;
use petition_core::transfer::{ResponseInfo, Transfer};
use petition_core::{Error, ErrorKind};

use crate::response::Response;

/// Whether a handler wants more of the body now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Continue,
    /// Not before [`Handle::resume`](crate::Handle::resume). Nothing more is read meanwhile.
    Pause,
}

/// What a body source has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadChunk {
    /// So many bytes were put into the space given; none means [`UploadChunk::Later`].
    Bytes(usize),
    /// That was all of the body.
    End,
    /// Nothing before [`Handle::resume`](crate::Handle::resume).
    Later,
}

/// Receives a response as it comes, on the loop's thread. [`Handler::end`] is called exactly once, and last; also after a panic of another method, which cancels
/// the request.
pub trait Handler {
    /// A 1xx response.
    fn informational(&mut self, _head: ResponseHead) {}

    /// The head of the final response, and how it came.
    fn head(&mut self, head: ResponseInfo);

    /// The next piece of the body, content codings removed; it is used up when this returns.
    fn data(&mut self, piece: &[u8]) -> Flow;

    /// Bytes of the request body, for a request with [`Body::Stream`](petition_core::Body::Stream): as many as fit into `space`. Asked again until
    /// it says [`UploadChunk::Later`] or [`UploadChunk::End`], or 64 KiB are there; then they are written.
    ///
    /// # Errors
    /// In words; the request fails with them.
    fn upload(&mut self, _space: &mut [u8]) -> Result<UploadChunk, String> {
        Ok(UploadChunk::End)
    }

    /// Sets the request body back to its first byte, for a redirect or a retry. False when that cannot be done.
    fn rewind(&mut self) -> bool {
        false
    }

    /// The end: complete, or not.
    fn end(self: Box<Self>, result: Result<(), Error>);
}

type Callback = Box<dyn FnOnce(Result<Response, Error>) + Send>;

/// One request's part in the loop.
pub(crate) enum Job {
    /// The response is made only when its head is there.
    Collect(Callback, Option<Box<Collected>>),
    Stream(Box<dyn Handler + Send>),
}

/// What has come of a response. It has a place of its own, which goes to the next response: few are there at a time.
#[derive(Default)]
pub(crate) struct Collected {
    head: Option<ResponseHead>,
    body: Vec<u8>,
}

impl Collected {
    /// The final head is there.
    pub(crate) fn begin(spare: Option<Box<Collected>>, head: ResponseHead) -> Box<Collected> {
        let mut collected = spare.unwrap_or_default();
        collected.head = Some(head);
        collected
    }

    pub(crate) fn data(&mut self, piece: &[u8]) {
        if self.body.is_empty() {
            // Often the whole body: then it needs no more than this.
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

    /// The final head, for a handler.
    pub(crate) fn head(&mut self, head: ResponseInfo) {
        if let Job::Stream(handler) = self {
            handler.head(head);
        }
    }

    pub(crate) fn informational(&mut self, head: ResponseHead) {
        if let Job::Stream(handler) = self {
            handler.informational(head);
        }
    }

    pub(crate) fn data(&mut self, piece: &[u8]) -> Flow {
        match self {
            Job::Collect(..) => Flow::Continue,
            Job::Stream(handler) => handler.data(piece),
        }
    }

    pub(crate) fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        match self {
            Job::Collect(..) => Err("a streamed request body needs a handler".into()),
            Job::Stream(handler) => handler.upload(space),
        }
    }

    pub(crate) fn rewind(&mut self) -> bool {
        match self {
            Job::Stream(handler) => handler.rewind(),
            Job::Collect(..) => false,
        }
    }

    /// The last call. `spare` is for what collects the next response.
    pub(crate) fn end(self, transfer: Option<Transfer>, error: Option<Error>, spare: &mut Option<Box<Collected>>) {
        match self {
            Job::Stream(handler) => handler.end(error.map_or(Ok(()), Err)),
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
    }
}
