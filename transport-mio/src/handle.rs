//! Handles: to cancel and pause a request from anywhere, and to wait for its result.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use petition_core::Error;

use crate::command::{Command, RequestState};
use crate::queue::Inbox;
use crate::response::Response;

/// A request that is under way. Cheap to clone; may be used from any thread, and from callbacks. Dropping it changes nothing.
#[derive(Clone)]
pub struct Handle {
    pub(crate) ticket: Arc<RequestState>,
    pub(crate) inbox: Arc<Inbox>,
}

impl Handle {
    /// Ends the request; nothing in a child process of the one that sent it. Its callback runs on the loop with an error of kind
    /// [`Cancelled`](petition_core::ErrorKind::Cancelled), unless it has ended by then; exactly once in any case.
    pub fn cancel(&self) {
        // Another thread of the parent may hold the lock of the state for ever.
        if self.inbox.is_here() && self.ticket.cancel() {
            self.inbox.push(Command::Cancel(self.ticket.clone()));
        }
    }

    /// No body is delivered until [`Handle::resume`], and nothing more is read once a piece waits; the time does not count against the peer.
    pub fn pause(&self) {
        self.inbox.push(Command::Pause(self.ticket.clone()));
    }

    /// Goes on after [`Handle::pause`], or after a handler paused or had no body bytes to send.
    pub fn resume(&self) {
        self.inbox.push(Command::Resume(self.ticket.clone()));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stage", &self.ticket.peek()).finish()
    }
}

/// A request whose result is waited for on this thread.
#[derive(Debug)]
pub struct Pending {
    pub(crate) handle: Handle,
    pub(crate) result: Receiver<Result<Response, Error>>,
}

impl Pending {
    /// To cancel it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits for the result. A caller that turns its loop itself has to do so instead of waiting.
    ///
    /// # Errors
    /// As [`RequestBuilder::send`](crate::RequestBuilder::send); `None` when the loop ended without a word, which happens only
    /// when its thread was ended by force; and when waiting would never end, on the loop's thread within a callback, and in a
    /// child process of the one that sent the request.
    pub fn wait(self) -> Option<Result<Response, Error>> {
        if self.handle.inbox.can_wait() { self.result.recv().ok() } else { self.result.try_recv().ok() }
    }
}
