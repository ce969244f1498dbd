//! The transport of the operations: a client that sends core's requests and collects the responses.

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

/// A transport.
pub(crate) trait Transport {
    /// Returns a client with its own connections; dropping it closes them.
    fn open(&self, state: &State, names: &Names) -> Box<dyn Client>;
}

/// A client on one transport.
pub(crate) trait Client {
    /// Sends the request and collects the response. `stream` is the body, if the request's has an
    /// unknown length.
    fn send(&self, request: Request, stream: Option<Vec<u8>>) -> Exchanged;
}

/// The result of one request: the head, if there was one; the body so far; the error, if any.
pub(crate) struct Exchanged {
    pub(crate) head: Option<ResponseHead>,
    pub(crate) body: Vec<u8>,
    pub(crate) error: Option<Error>,
}
