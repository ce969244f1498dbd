//! Handles: to cancel and pause a request from anywhere, and to wait for its result.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use petition_core::Error;
use petition_core::engine::TransferId;

use crate::client::Client;
use crate::queue::Command;
use crate::response::Response;

/// What a handle and the loop share of one request.
pub(crate) struct RequestState {
    /// It is not wanted any more. Should the loop have looked too early, a command follows.
    cancelled: AtomicBool,
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The loop has not seen it yet.
    Sent,
    Running(TransferId),
    Ended,
}

impl RequestState {
    pub(crate) fn new() -> Arc<RequestState> {
        Arc::new(RequestState { cancelled: AtomicBool::new(false), stage: Mutex::new(Stage::Sent) })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn transfer(&self) -> Option<TransferId> {
        match *self.stage() {
            Stage::Running(id) => Some(id),
            Stage::Sent | Stage::Ended => None,
        }
    }

    pub(crate) fn set_transfer(&self, id: Option<TransferId>) {
        *self.stage() = id.map_or(Stage::Ended, Stage::Running);
    }

    /// Cancelled, be it before the loop had seen it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A request that is under way. Cheap to clone; may be used from any thread, and from callbacks. Dropping it changes nothing.
#[derive(Clone)]
pub struct Handle {
    pub(crate) ticket: Arc<RequestState>,
    pub(crate) client: Client,
}

impl Handle {
    /// Ends the request; nothing in a child process of the one that sent it. Its callback runs on the loop with an error of kind
    /// [`Cancelled`](petition_core::ErrorKind::Cancelled), unless it has ended by then; exactly once in any case.
    pub fn cancel(&self) {
        if !self.client.is_here() {
            return;
        }
        let before = self.ticket.cancelled.swap(true, Ordering::Relaxed);
        if !before && *self.ticket.stage() != Stage::Ended {
            self.client.command(Command::Cancel(self.ticket.clone()));
        }
    }

    /// No body is delivered until [`Handle::resume`], and nothing more is read once a piece waits; the time does not count against the peer.
    pub fn pause(&self) {
        self.client.command(Command::Pause(self.ticket.clone()));
    }

    /// Goes on after [`Handle::pause`], or after a handler paused or had no body bytes to send.
    pub fn resume(&self) {
        self.client.command(Command::Resume(self.ticket.clone()));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stage", &self.ticket.stage.try_lock().ok().map(|stage| *stage)).finish()
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
        let can_come = self.handle.client.can_wait();
        if can_come { self.result.recv().ok() } else { self.result.try_recv().ok() }
    }
}
