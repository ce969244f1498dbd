//! Liveness probes of idle connections, derived from the embedder's own polls.
//!
//! A poll that reports the readiness of all sockets probes every one of them, and silence means
//! nothing to read. It counts for connections that a transfer was given before the poll began. An
//! earlier poll does not count: stale bytes may have arrived after it checked the socket (RFC 9112
//! §9.2). A transfer with an idle connection therefore waits for the next poll, together with all
//! others. No times are compared.

use super::{Engine, Socket, Stage, TransferId};
use crate::time::{Instant, Now};
use crate::transfer::Input;

/// The moment before a poll; see [`Engine::begin_poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollMark(Turn);

/// The number of polls begun at some moment. It wraps around, since values that old are never
/// compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn(u32);

impl Turn {
    fn is_before(self, mark: PollMark) -> bool {
        (mark.0.0.wrapping_sub(self.0) as i32) > 0
    }
}

/// The probes, and the transfers that wait for one.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) begun: Turn,
    /// The last complete poll. `None`: each connection is probed individually.
    last_complete: Option<PollMark>,
    /// The waiting transfers, possibly with some that no longer wait.
    waiting: Vec<TransferId>,
}

impl Engine {
    /// Marks the beginning of a poll for the readiness of all sockets. [`Engine::mark_polled`]
    /// reports its end.
    pub fn begin_poll(&mut self) -> PollMark {
        self.probes.begun = Turn(self.probes.begun.0.wrapping_add(1));
        PollMark(self.probes.begun)
    }

    /// Reports a complete poll: since `mark`, the embedder has polled the readiness of all its
    /// sockets, and given [`Ready`](Input::Ready) for every readable one. The poll must have
    /// returned everything that the operating system reports, not only a first part.
    ///
    /// Connections without a report have nothing to read: requests that were given one before
    /// `mark` begin on it. From now on, a request with an idle connection
    /// [waits](Engine::awaits_poll) for the next poll, and needs no
    /// [`Output::Probe`](super::Output::Probe). The exception is a connection whose last read
    /// filled its buffer. [`Engine::probe_individually`] ends this mode.
    pub fn mark_polled(&mut self, now: Now, mark: PollMark) {
        self.now = now;
        self.probes.last_complete = Some(mark);
        self.end_waits();
    }

    /// Reports that there was no complete poll. Each idle connection is
    /// [probed](super::Output::Probe) individually before use, until the next
    /// [`Engine::mark_polled`].
    pub fn probe_individually(&mut self) {
        self.probes.last_complete = None;
        self.end_waits();
    }

    /// Resumes the waiting transfers at their turns. Until then, readiness of their connections may
    /// be reported.
    ///
    /// They come first: their responses are on the way then while the others are served, and the
    /// next poll reports them.
    fn end_waits(&mut self) {
        let mut waiting = std::mem::take(&mut self.probes.waiting);
        for id in waiting.drain(..).rev() {
            if let Some(slot) = self.transfers.get_mut(id.0) {
                slot.stage = Stage::Polled;
                if !std::mem::replace(&mut slot.queued, true) {
                    self.ready.push_front(id);
                }
            }
        }
        self.probes.waiting = waiting;
    }

    /// Whether a request waits for the next complete poll. That poll should then return at once.
    pub fn awaits_poll(&self) -> bool {
        !self.probes.waiting.is_empty()
    }

    /// Returns the earliest deadline of the transfers that wait for a poll. They have no timer,
    /// since nearly all of them wait for an immediate poll.
    pub(super) fn deadline_of_waiting(&self) -> Option<Instant> {
        self.probes.waiting.iter().filter_map(|id| self.transfer(*id)?.deadline()).min()
    }

    /// Reports the time to the transfers that wait for a poll and may have a due deadline.
    pub(super) fn expire_waiting(&mut self) {
        for at in 0..self.probes.waiting.len() {
            if let Some(&id) = self.probes.waiting.get(at)
                && self.transfer(id).is_some_and(|transfer| transfer.may_be_due(self.now.instant))
            {
                let told = self.transfer_input(self.now, id, Input::Tick);
                debug_assert_eq!(told, Ok(()));
            }
        }
    }
}

impl Probes {
    /// Whether a complete poll has found nothing to read from a connection since it was given to
    /// its transfer.
    pub(super) fn found_quiet(&self, socket: &Socket) -> bool {
        // If the last read filled its buffer, more may be waiting, and an edge-triggered poll would
        // not report it.
        self.last_complete.is_some_and(|mark| socket.drained && socket.given.is_before(mark))
    }

    /// Makes a transfer wait for the next complete poll if that can tell whether its connection is
    /// quiet. Returns whether it waits.
    pub(super) fn wait_for_poll(&mut self, id: TransferId, stage: &mut Stage, socket: &Socket) -> bool {
        let waits = self.last_complete.is_some() && socket.drained;
        if waits && *stage != Stage::AwaitsPoll {
            *stage = Stage::AwaitsPoll;
            self.waiting.push(id);
        }
        waits
    }
}
