//! Whether anything can be read from a kept connection, known from the embedder's own polls.
//!
//! A poll that reports the readiness of all sockets is a look at every one of them, and its silence costs nothing. It
//! counts for a connection that a transfer was given before that poll began. Anything earlier does not: the poll may have
//! looked at the socket first, and then the stale bytes came (T47). So a transfer that is given a kept connection waits
//! for the next poll, with all others that wait. No time is compared.

use super::{Engine, SocketId, TransferId};
use crate::time::Now;
use crate::transfer::Input;

/// The moment before a poll: see [`Engine::begin_look`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look(Turn);

/// How many looks had begun at some moment. It wraps around: nothing is compared with what is that old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn(u32);

impl Turn {
    fn is_before(self, look: Look) -> bool {
        (look.0.0.wrapping_sub(self.0) as i32) > 0
    }
}

/// Looks, and who waits for one.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) begun: Turn,
    /// There will be a next one; else each connection is looked at by itself.
    follow: bool,
    /// Who waits, and perhaps some who do no longer.
    waiting: Vec<TransferId>,
}

impl Engine {
    /// The embedder is about to ask for the readiness of all its sockets. [`Engine::all_told`] says what came of it.
    pub fn begin_look(&mut self) -> Look {
        self.looks.begun = Turn(self.looks.begun.0.wrapping_add(1));
        Look(self.looks.begun)
    }

    /// The embedder has asked for the readiness of all its sockets since `look`, and has said
    /// [`Ready`](Input::Ready) wherever something can be read: all that the operating system had to report, not the
    /// first part of it.
    ///
    /// Kept connections of which nothing was said have nothing to read: requests that were given one before `look` begin
    /// on it. From now on a request that is given a kept connection [waits](Engine::awaits_look) for the next look and
    /// needs no [`Output::Check`](super::Output::Check), unless the last read left no room to tell whether there was
    /// more. [`Engine::look_at_each`] ends that.
    pub fn all_told(&mut self, now: Now, look: Look) {
        self.now = now;
        self.looks.follow = true;
        if self.looks.waiting.is_empty() {
            return;
        }
        let mut waiting = std::mem::take(&mut self.looks.waiting);
        waiting.retain(|id| {
            let Some(slot) = self.transfers.get_mut(id.0).filter(|slot| slot.waits_for_look) else { return false };
            let silent = slot.socket.and_then(|socket| self.sockets.get(socket.0)).filter(|known| known.dry);
            if silent.is_some_and(|known| !known.given.is_before(look)) {
                return true;
            }
            slot.waits_for_look = false;
            if silent.is_some() {
                // It may have ended meanwhile, as when it was cancelled.
                let _ = slot.transfer.handle(now, Input::Alive);
            }
            self.enqueue(*id);
            false
        });
        self.looks.waiting = waiting;
    }

    /// There is no such poll, or it did not tell all: each kept connection that is to be used is
    /// [looked at](super::Output::Check) by itself, until [`Engine::all_told`] is said again.
    pub fn look_at_each(&mut self) {
        self.looks.follow = false;
        for id in std::mem::take(&mut self.looks.waiting) {
            if let Some(slot) = self.transfers.get_mut(id.0) {
                slot.waits_for_look = false;
                self.enqueue(id);
            }
        }
    }

    /// Whether a request waits for the next look: then the poll that is it is not to wait for anything.
    pub fn awaits_look(&self) -> bool {
        !self.looks.waiting.is_empty()
    }

    /// Whether a transfer that was given a kept connection waits for the next look at it.
    pub(super) fn waits_for_look(&mut self, id: TransferId, socket: SocketId) -> bool {
        // Where the last read was filled there may be more, of which no poll tells.
        let waits = self.looks.follow && self.sockets.get(socket.0).is_some_and(|known| known.dry);
        let Some(slot) = self.transfers.get_mut(id.0) else { return false };
        if waits && !slot.waits_for_look {
            self.looks.waiting.push(id);
        }
        slot.waits_for_look = waits;
        waits
    }
}
