//! Handles: to cancel and pause a request from anywhere.

use std::fmt;
use std::sync::Arc;

use crate::command::{Command, RequestState};
use crate::queue::Inbox;

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
