//! Calls into a transfer, in which the caller's code may panic.

use super::timers::Timers;
use super::{Engine, SessionAccess, Slot, TransferId};
use crate::error::Misuse;
use crate::time::Now;
use crate::transfer::{Input, Transfer};
use crate::unavailable::Unavailable;

/// The stage of a transfer, as far as the engine needs it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not polled yet.
    New,
    Begun,
    /// Waits for the poll that serves as liveness probe of its idle connection.
    AwaitsPoll,
    /// That poll was made.
    Polled,
    /// The request is written, or a piece of the body is consumed. The next output is a read,
    /// unless an input comes first.
    AwaitsResponse,
    /// The read buffer holds body bytes that the transfer does not know of.
    ShowsBody,
}

/// A guard for a call into a transfer. It is forgotten on return, and so dropped only if the
/// caller's code panics, such as a certificate verifier. The next poll then ends that transfer.
pub(super) struct Entered<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) id: TransferId,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.engine.panicked.push(self.id);
    }
}

impl Engine {
    /// Calls into a transfer; see [`Entered`].
    #[inline]
    pub(super) fn enter<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Transfer) -> R) -> Result<R, Misuse> {
        self.report_direct(id);
        let entered = Entered { engine: self, id };
        let Engine { transfers, ready, current, .. } = &mut *entered.engine;
        let result = transfers.get_mut(id.0).map(|slot| {
            if slot.stage == Stage::AwaitsResponse {
                slot.stage = Stage::Begun;
            }
            let result = call(&mut slot.transfer);
            Engine::queue(ready, *current, id, slot);
            result
        });
        std::mem::forget(entered);
        result.ok_or(Misuse::AlreadyEnded)
    }
}

impl Slot {
    /// Answers the liveness probe of a quiet connection, and encodes the request into `spare`
    /// storage. Returns whether the write can follow at once.
    #[inline]
    pub(super) fn begin_exchange(&mut self, now: Now, spare: &mut Vec<u8>) -> bool {
        self.transfer.swap_write_buffer(spare);
        // The transfer may have ended meanwhile, for example by cancellation.
        let _ = self.transfer.handle(now, Input::Alive);
        self.transfer.awaits_write()
    }

    /// Sets the timer of a transfer with no work before its next input or deadline, and takes its
    /// unused write storage.
    pub(super) fn arm(&mut self, id: TransferId, timers: &mut Timers, spare: &mut Vec<u8>) {
        if let Some(at) = self.transfer.deadline() {
            timers.arm(id.index(), at);
        }
        let mut storage = Vec::new();
        self.transfer.swap_write_buffer(&mut storage);
        if storage.capacity() > 0 {
            *spare = storage;
        }
    }

    /// Answers the transfer's request for the session.
    #[inline(never)]
    pub(super) fn synchronise(
        &mut self,
        now: Now,
        session: &mut impl SessionAccess,
    ) -> Result<Result<(), Misuse>, Unavailable> {
        session.with(|session| self.transfer.sync(now, session))
    }
}
