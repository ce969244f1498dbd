//! Pending responses: the result of a request, for a waiting thread or an awaiting task.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use petition_core::{Error, ErrorKind, Request, Unavailable};

use crate::handle::Handle;
use crate::response::Response;

type Outcome = Result<Response, Error>;

/// The slot for the result, which the callback fills.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
    filled: Condvar,
}

enum State {
    /// No result yet; holds the task to wake, if one awaits it.
    Waiting(Option<Waker>),
    Filled(Box<Outcome>),
    /// The callback was dropped without being called.
    Lost,
    Taken,
}

impl Default for State {
    fn default() -> Self {
        State::Waiting(None)
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, with: State) {
        let mut state = self.state();
        let State::Waiting(waker) = &mut *state else { return };
        let waker = waker.take();
        *state = with;
        drop(state);
        self.filled.notify_one();
        // Call the executor's code without the lock.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl State {
    /// Takes the result; `None` if there is none yet.
    fn take(&mut self) -> Option<Option<Outcome>> {
        if let State::Waiting(_) = self {
            return None;
        }
        match mem::replace(self, State::Taken) {
            State::Filled(outcome) => Some(Some(*outcome)),
            _ => Some(None),
        }
    }
}

/// Fills the slot once, at the latest on drop.
pub(crate) struct Filler(Arc<Slot>);

impl Filler {
    pub(crate) fn new() -> Filler {
        Filler(Arc::default())
    }

    pub(crate) fn slot(&self) -> Arc<Slot> {
        self.0.clone()
    }

    pub(crate) fn fill(self, outcome: Outcome) {
        self.0.fill(State::Filled(Box::new(outcome)));
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.0.fill(State::Lost);
    }
}

/// A sent request and its result: [`wait`](PendingResponse::wait) for it on this thread, or
/// `.await` it on any executor.
///
/// The request runs from the start; it does not depend on polling. The loop wakes the task once,
/// when the result is ready.
///
/// Dropping it cancels the request, as tasks and timeouts that drop a future expect.
/// [`detach`](PendingResponse::detach) lets the request continue.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = petition_mio::LoopThread::spawn(Default::default())?;
/// let response = client.get("https://httpbin.org/get").join().await?;
/// println!("{} {}", response.status(), response.text()?);
/// // A request builder can be awaited directly.
/// let response = client.get("https://httpbin.org/get").await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it cancels the request; `wait`, `.await` or `detach` it"]
pub struct PendingResponse {
    handle: Handle,
    slot: Arc<Slot>,
    /// For errors outside the transfer.
    request: Request,
    detached: bool,
}

impl PendingResponse {
    pub(crate) fn new(handle: Handle, slot: Arc<Slot>, request: Request) -> PendingResponse {
        PendingResponse { handle, slot, request, detached: false }
    }

    /// Returns a handle that can cancel the request from elsewhere.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Lets the request continue without waiting for its result. The loop drops the response.
    pub fn detach(mut self) -> Handle {
        self.detached = true;
        self.handle.clone()
    }

    /// Blocks until the result is ready. If you turn the loop yourself, turn it instead of waiting.
    ///
    /// # Errors
    /// As [`RequestBuilder::send`](crate::RequestBuilder::send). [`ErrorKind::Unavailable`] if
    /// waiting would never end:
    ///
    /// - Within a callback, on the loop's thread ([`Unavailable::LoopThread`]).
    /// - In a child process of the one that sent the request ([`Unavailable::ParentProcess`]).
    pub fn wait(mut self) -> Result<Response, Error> {
        if !self.handle.inbox.can_wait() {
            let why = if self.handle.inbox.is_here() { Unavailable::LoopThread } else { Unavailable::ParentProcess };
            return self.at_once().unwrap_or_else(|| Err(self.request.error(ErrorKind::Unavailable(why))));
        }
        let slot = self.slot.clone();
        let mut state = slot.state();
        loop {
            if let Some(outcome) = state.take() {
                return self.known(outcome);
            }
            state = slot.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns the result if it is ready. In a child process, the lock may never be released.
    fn at_once(&mut self) -> Option<Outcome> {
        let outcome = self.slot.state.try_lock().ok()?.take()?;
        Some(self.known(outcome))
    }

    fn known(&self, outcome: Option<Outcome>) -> Outcome {
        outcome.unwrap_or_else(|| Err(self.request.error(ErrorKind::Cancelled)))
    }
}

impl Future for PendingResponse {
    type Output = Result<Response, Error>;

    /// In a child process of the one that sent the request, returns an error of kind
    /// [`ErrorKind::Unavailable`].
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.handle.inbox.is_here() {
            let why = ErrorKind::Unavailable(Unavailable::ParentProcess);
            return Poll::Ready(self.at_once().unwrap_or_else(|| Err(self.request.error(why))));
        }
        let mut state = self.slot.state();
        if let Some(outcome) = state.take() {
            drop(state);
            return Poll::Ready(self.known(outcome));
        }
        let State::Waiting(waker) = &mut *state else { return Poll::Pending };
        match waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for PendingResponse {
    fn drop(&mut self) {
        if !self.detached {
            self.handle.cancel();
        }
    }
}

impl fmt::Debug for PendingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingResponse").field("handle", &self.handle).finish_non_exhaustive()
    }
}
