//! Calls into a transfer, within which code of the caller's may panic.

use super::{Engine, TransferId};
use crate::error::Misuse;
use crate::transfer::Transfer;

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
        let entered = Entered { engine: self, id };
        let result = entered.engine.transfers.get_mut(id.0).map(|slot| call(&mut slot.transfer));
        std::mem::forget(entered);
        let result = result.ok_or(Misuse::Ended)?;
        self.enqueue(id);
        Ok(result)
    }
}
