//! What is asked of the loop, and what a handle and the loop share of one request.
//!
//! The queue carries commands, handles and look-ups make them, the driver runs them. None of these
//! modules needs another for the types.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use petition_core::engine::{Group, TransferId};
use petition_core::{Error, ErrorKind, Transfer};

use crate::job::Job;

/// A name to look up: host and port.
pub(crate) type Name = (Box<str>, u16);

/// A request to the loop.
pub(crate) enum Command {
    /// Begin, or report that it cannot be begun.
    Start(Start),
    /// End with an error.
    Cancel(Arc<RequestState>),
    /// Deliver no body for now.
    Pause(Arc<RequestState>),
    /// Deliver again, and ask the body source again.
    Resume(Arc<RequestState>),
    /// End everything that was begun under this number.
    CancelGroup(u64),
    /// A look-up has ended.
    Resolved(Name, io::Result<Vec<SocketAddr>>),
    /// Return from [`EventLoop::run`](crate::EventLoop::run).
    Stop,
}

/// Small: many of them may wait at once.
pub(crate) struct Start {
    pub(crate) transfer: Result<Transfer, Error>,
    pub(crate) group: Option<Group>,
    pub(crate) ticket: Arc<RequestState>,
    pub(crate) job: Job,
}

impl Start {
    /// Ends the job without having begun it.
    pub(crate) fn refuse(self) {
        let error = match self.transfer {
            Err(error) => error,
            Ok(transfer) => transfer.error(ErrorKind::Cancelled),
        };
        self.job.end(None, Some(error), &mut None);
    }
}

/// What a handle and the loop share of one request.
pub(crate) struct RequestState {
    /// It is not wanted any more. Should the loop have looked too early, a command follows.
    cancelled: AtomicBool,
    stage: Mutex<Stage>,
}

/// How far the loop is with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
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

    /// Whether it was cancelled, perhaps before the loop had seen it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Marks the request as cancelled. Returns whether the loop has to be told: not when it was told before, nor when the request has ended.
    pub(crate) fn cancel(&self) -> bool {
        let before = self.cancelled.swap(true, Ordering::Relaxed);
        !before && *self.stage() != Stage::Ended
    }

    /// How far the loop is, unless that changes at this moment.
    pub(crate) fn peek(&self) -> Option<Stage> {
        self.stage.try_lock().ok().map(|stage| *stage)
    }
}
