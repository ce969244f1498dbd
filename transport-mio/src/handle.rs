//! Handles: to cancel and pause a request from anywhere.

use std::fmt;
use std::sync::Arc;

use crate::command::{Command, RequestState};
use crate::queue::Inbox;

/// A handle of a sent request. Cloning is cheap. It can be used from any thread, and from
/// callbacks. Dropping it has no effect.
#[derive(Clone)]
pub struct Handle {
    pub(crate) ticket: Arc<RequestState>,
    pub(crate) inbox: Arc<Inbox>,
}

impl Handle {
    /// Cancels the request. Its callback runs on the loop, exactly once, with an error of kind
    /// [`Cancelled`](petition_core::ErrorKind::Cancelled) unless the request has ended. Does
    /// nothing in a child process of the one that sent it.
    pub fn cancel(&self) {
        // In a child, another thread of the parent may hold the state's lock forever.
        if self.inbox.is_here() && self.ticket.cancel() {
            self.inbox.push(Command::Cancel(self.ticket.clone()));
        }
    }

    /// Pauses the delivery of the body until [`Handle::resume`]; reading stops once a piece is
    /// waiting. The time does not count against the peer.
    pub fn pause(&self) {
        self.inbox.push(Command::Pause(self.ticket.clone()));
    }

    /// Resumes after [`Handle::pause`], or after a handler paused or had no body bytes to send.
    pub fn resume(&self) {
        self.inbox.push(Command::Resume(self.ticket.clone()));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stage", &self.ticket.peek()).finish()
    }
}
