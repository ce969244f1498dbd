//! Whether anything can be read from a kept connection, known from the embedder's own polls.
//!
//! A poll that reports the readiness of all sockets is a look at every one of them, and its silence costs nothing. It
//! counts for a connection that a transfer was given before that poll began. Anything earlier does not: the poll may have
//! looked at the socket first, and then the stale bytes came (T47). So a transfer that is given a kept connection waits
//! for the next poll, with all others that wait. No time is compared.

use super::{Engine, SocketId, Stage, TransferId};
use crate::time::Now;
use crate::transfer::Input;

/// The moment before a poll: see [`Engine::begin_poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollMark(Turn);

/// How many looks had begun at some moment. It wraps around: nothing is compared with what is that old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn(u32);

impl Turn {
    fn is_before(self, mark: PollMark) -> bool {
        (mark.0.0.wrapping_sub(self.0) as i32) > 0
    }
}

/// Probes, and who waits for one.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) begun: Turn,
    /// The last one that told all. `None`: each connection is looked at by itself.
    told: Option<PollMark>,
    /// Who waits, and perhaps some who do no longer.
    waiting: Vec<TransferId>,
}

impl Engine {
    /// The embedder is about to ask for the readiness of all its sockets. [`Engine::mark_polled`] says what came of it.
    pub fn begin_poll(&mut self) -> PollMark {
        self.probes.begun = Turn(self.probes.begun.0.wrapping_add(1));
        PollMark(self.probes.begun)
    }

    /// The embedder has asked for the readiness of all its sockets since `look`, and has said
    /// [`Ready`](Input::Ready) wherever something can be read: all that the operating system had to report, not the
    /// first part of it.
    ///
    /// IdleConnection connections of which nothing was said have nothing to read: requests that were given one before `look` begin
    /// on it. From now on a request that is given a kept connection [waits](Engine::awaits_poll) for the next look and
    /// needs no [`Output::Probe`](super::Output::Probe), unless the last read left no room to tell whether there was
    /// more. [`Engine::look_at_each`] ends that.
    pub fn mark_polled(&mut self, now: Now, mark: PollMark) {
        self.now = now;
        self.probes.told = Some(mark);
        self.end_waits();
    }

    /// There is no such poll, or it did not tell all: each kept connection that is to be used is
    /// [looked at](super::Output::Probe) by itself, until [`Engine::mark_polled`] is said again.
    pub fn look_at_each(&mut self) {
        self.probes.told = None;
        self.end_waits();
    }

    /// Each of those that wait goes on at its turn. Until then something may be heard of its connection.
    fn end_waits(&mut self) {
        let mut waiting = std::mem::take(&mut self.probes.waiting);
        for id in waiting.drain(..) {
            if let Some(slot) = self.transfers.get_mut(id.0) {
                slot.stage = Stage::Looked;
                self.enqueue(id);
            }
        }
        self.probes.waiting = waiting;
    }

    /// Whether a request waits for the next mark: then the poll that is it is not to wait for anything.
    pub fn awaits_poll(&self) -> bool {
        !self.probes.waiting.is_empty()
    }

    /// Whether a look has found nothing to read from a connection since it was given out.
    fn is_quiet(&self, socket: SocketId) -> bool {
        match (self.sockets.get(socket.0), self.probes.told) {
            // Where the last read was filled there may be more, of which no poll tells.
            (Some(known), Some(mark)) => known.drained && known.given.is_before(mark),
            _ => false,
        }
    }

    /// A transfer has waited for a mark, and goes on if it has found its connection quiet: its request is written out.
    /// Says the socket where nothing is to be done before the write.
    pub(super) fn begin_if_quiet(&mut self, id: TransferId) -> Option<SocketId> {
        let slot = self.transfers.get_mut(id.0)?;
        slot.stage = Stage::Begun;
        let socket = slot.socket?;
        if !self.is_quiet(socket) {
            return None;
        }
        self.lend_storage(id);
        let slot = self.transfers.get_mut(id.0)?;
        // It may have ended meanwhile, as when it was cancelled.
        let _ = slot.transfer.handle(self.now, Input::Alive);
        slot.transfer.awaits_write().then_some(socket)
    }

    /// Whether the next look is to tell if anything can be read from the kept connection of a transfer, which waits then.
    pub(super) fn awaits_look_at(&mut self, id: TransferId, socket: SocketId) -> bool {
        let follows = self.probes.told.is_some() && self.sockets.get(socket.0).is_some_and(|known| known.drained);
        if let Some(slot) = self.transfers.get_mut(id.0).filter(|_| follows)
            && slot.stage != Stage::AwaitsLook
        {
            slot.stage = Stage::AwaitsLook;
            self.probes.waiting.push(id);
        }
        follows
    }
}
