//! Calls into a transfer, in which the caller's code may panic.

use super::{Engine, SessionAccess, Slot, TransferId};
use crate::error::Misuse;
use crate::time::Now;
use crate::transfer::Transfer;
use crate::unavailable::Unavailable;

/// The stage of a transfer, as far as the engine needs it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not polled yet.
    New,
    Begun,
    /// Waits for the poll that serves as liveness probe of its idle connection.
    AwaitsLook,
    /// The probe was made.
    Looked,
    /// The request has been written, or a piece of the body been used. The next output is a read, unless
    /// an input comes first.
    AwaitsResponse,
    /// Body bytes of which it does not know are in the read buffer.
    ShowsBody,
}

/// A transfer that is being called into. It is forgotten when the call returns, and so dropped only by a panic of code of
/// the caller's, such as a verifier of certificates: the next poll ends that transfer.
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
    /// Calls into a transfer. See [`Entered`].
    #[inline]
    pub(super) fn enter<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Transfer) -> R) -> Result<R, Misuse> {
        self.tell_of_direct(id);
        let entered = Entered { engine: self, id };
        let result = entered.engine.transfers.get_mut(id.0).map(|slot| {
            if slot.stage == Stage::AwaitsResponse {
                slot.stage = Stage::Begun;
            }
            call(&mut slot.transfer)
        });
        std::mem::forget(entered);
        let result = result.ok_or(Misuse::AlreadyEnded)?;
        self.enqueue(id);
        Ok(result)
    }
}

impl Slot {
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
