//! What the operations need of a transport: a client that sends a request of the core's and collects the response.

use petition_core::http1::ResponseHead;
use petition_core::{Error, Request, Session};
use petition_std::SharedSession;

use super::names::Names;

/// Options and cookies: the same for every transport.
pub(crate) type State = SharedSession;

/// Calls `f` with the session.
pub(super) fn with<R>(state: &State, f: impl FnOnce(&mut Session) -> R) -> R {
    state.with(f)
}

/// A way to send.
pub(crate) trait Transport {
    /// A client with connections of its own; dropping it closes them.
    fn open(&self, state: &State, names: &Names) -> Box<dyn Client>;
}

/// A client on one transport.
pub(crate) trait Client {
    /// Sends the request and collects the response. `stream` is the body if the request's is one whose length is not told.
    fn send(&self, request: Request, stream: Option<Vec<u8>>) -> Exchanged;
}

/// What came of one request: a head, unless it failed before; the body as far as it came; the error, if there was one.
pub(crate) struct Exchanged {
    pub(crate) head: Option<ResponseHead>,
    pub(crate) body: Vec<u8>,
    pub(crate) error: Option<Error>,
}
