//! The commands to the loop, and the request state that a handle and the loop share.
//!
//! Handles and look-ups create commands, the queue carries them, and the driver runs them. This
//! module holds the types that they share.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use petition_core::engine::{Group, TransferId};
use petition_core::{Error, ErrorKind, Instant, Transfer};

use petition_shared::MultipartReader;

use crate::job::Job;

/// A name to look up: host and port.
pub(crate) type Name = (Box<str>, u16);

/// A command to the loop.
pub(crate) enum Command {
    /// Start a request, or report that it cannot start.
    Start(Start),
    /// End a request with an error.
    Cancel(Arc<RequestState>),
    /// Pause the delivery of a body.
    Pause(Arc<RequestState>),
    /// Resume the delivery, and ask the body source again.
    Resume(Arc<RequestState>),
    /// End every request of this group.
    CancelGroup(u64),
    /// A look-up has ended.
    Resolved(Name, io::Result<Vec<SocketAddr>>),
    /// A stream without an event source may be ready.
    StreamsReady,
    /// Return from [`EventLoop::run`](crate::EventLoop::run).
    Stop,
}

/// A request to start. Small, since many may wait at once.
pub(crate) struct Start {
    pub(crate) transfer: Result<Transfer, Error>,
    pub(crate) group: Option<Group>,
    pub(crate) ticket: Arc<RequestState>,
    pub(crate) job: Job,
    /// The source of the request body, unless the job provides it.
    pub(crate) source: Option<Box<MultipartReader>>,
}

/// A request that starts at this time.
pub(crate) type Delayed = Box<(Instant, Start)>;

impl Start {
    /// Ends the job, and all that would follow it, without starting it.
    pub(crate) fn refuse(self) {
        let mut next = Some(self);
        while let Some(start) = next {
            let error = match start.transfer {
                Err(error) => error,
                Ok(transfer) => transfer.error(ErrorKind::Cancelled),
            };
            next = start.job.end(None, Some(error), &mut None).map(|delayed| delayed.1);
        }
    }
}

/// The state of a request that a handle and the loop share.
pub(crate) struct RequestState {
    /// Whether it was cancelled. A command follows, in case the loop checked earlier.
    cancelled: AtomicBool,
    stage: Mutex<Stage>,
}

/// The stage of a request in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The loop has not started it yet.
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

    /// Marks the request as one that the loop starts later. [`RequestState::cancel`] then notifies
    /// the loop.
    pub(crate) fn set_delayed(&self) {
        *self.stage() = Stage::Sent;
    }

    /// Whether it was cancelled, possibly before the loop started it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Marks the request as cancelled. Returns whether the loop must be notified: not if it was
    /// before, or if the request has ended.
    pub(crate) fn cancel(&self) -> bool {
        let before = self.cancelled.swap(true, Ordering::Relaxed);
        !before && *self.stage() != Stage::Ended
    }

    /// Returns the stage, unless it is changing right now.
    pub(crate) fn peek(&self) -> Option<Stage> {
        self.stage.try_lock().ok().map(|stage| *stage)
    }
}
