//! The inputs of an engine: sockets, bodies, time and cancellation.

use super::slab::Key;
use super::{Engine, FIRST_READ, Group, Owner, PendingConnects, Socket, SocketId, Stage, TransferId};
use crate::error::{IoFailure, Misuse};
use crate::route::dial::AttemptId;
use crate::time::{Instant, Now};
use crate::transfer::{Input, Side};

impl Engine {
    /// Answers [`Output::Connect`](super::Output::Connect): the socket is connected.
    ///
    /// # Errors
    /// [`Misuse::UnexpectedInput`] if the socket is not connecting.
    pub fn connected(&mut self, now: Now, socket: SocketId) -> Result<(), Misuse> {
        let (id, attempt) = self.attempt(now, socket)?;
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::AlreadyEnded)?;
        if slot.socket.is_none() {
            PendingConnects::forget(&mut slot.dialing, socket);
            slot.socket = Some(socket);
            if let Some(socket) = self.sockets.get_mut(socket.0) {
                socket.owner = Owner::Transfer(id);
                socket.opened_at = now.instant;
            }
        }
        unless_ended(self.tell(id, Input::Connected(attempt)))
    }

    /// Answers [`Output::Connect`](super::Output::Connect): connecting failed. The embedder closes
    /// the socket; its id is invalid from now on.
    ///
    /// # Errors
    /// [`Misuse::UnexpectedInput`] if the socket is not connecting.
    pub fn connect_failed(&mut self, now: Now, socket: SocketId, failure: IoFailure) -> Result<(), Misuse> {
        let (id, attempt) = self.attempt(now, socket)?;
        self.sockets.remove(socket.0);
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::AlreadyEnded)?;
        PendingConnects::forget(&mut slot.dialing, socket);
        unless_ended(self.tell(id, Input::ConnectFailed(attempt, failure)))
    }

    fn attempt(&mut self, now: Now, socket: SocketId) -> Result<(TransferId, AttemptId), Misuse> {
        self.now = now;
        match self.sockets.get(socket.0) {
            Some(Socket { owner: Owner::Attempt(id, attempt), .. }) => Ok((*id, *attempt)),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    /// Handles an input for a socket. [`Ready`](Input::Ready) may be given for any socket at any
    /// time; an idle one with something to read is closed (RFC 9112 §9.2).
    ///
    /// [`Blocked`](Input::Blocked) for the read side may be given without an offer, if the last
    /// read showed that there is no more. It holds for the socket until `Ready`, whatever transfer
    /// it serves. Each response then costs one read.
    ///
    /// # Errors
    /// [`Misuse`] if the input answers no output.
    #[inline(always)]
    pub fn socket_input(&mut self, now: Now, socket: SocketId, input: Input<'_>) -> Result<(), Misuse> {
        self.now = now;
        match input {
            Input::Blocked(Side::Read) => {
                if let Some(known) = self.sockets.get_mut(socket.0) {
                    known.drained = true;
                }
                Ok(())
            }
            Input::Ready(Side::Read) => self.readable(now, socket),
            input => self.moved(socket, input),
        }
    }

    /// Handles a readable socket.
    fn readable(&mut self, now: Now, socket: SocketId) -> Result<(), Misuse> {
        let Some(known) = self.sockets.get_mut(socket.0) else { return Ok(()) };
        known.drained = false;
        match known.owner {
            Owner::Transfer(id) => {
                let Some(slot) = self.transfers.get_mut(id.0) else { return Ok(()) };
                Engine::queue(&mut self.ready, self.current, id, slot);
                if slot.transfer.is_blocked(Side::Read) || slot.transfer.is_uploading() {
                    // It is blocked itself, or an upload would continue without reading.
                    return unless_ended(self.transfer_input(now, id, Input::Ready(Side::Read)));
                }
            }
            Owner::Idle(_) => self.remove_idle(socket),
            Owner::Attempt(..) | Owner::Closing => {}
        }
        Ok(())
    }

    /// Handles an input other than the read side's readiness.
    #[inline(never)]
    fn moved(&mut self, socket: SocketId, input: Input<'_>) -> Result<(), Misuse> {
        match self.sockets.get(socket.0) {
            Some(&Socket { owner: Owner::Transfer(id), drained, .. }) => {
                let wrote = matches!(input, Input::Wrote(_));
                match &input {
                    Input::Filled(n) => {
                        if let Some(slot) = self.transfers.get_mut(id.0) {
                            slot.bulk = *n >= FIRST_READ;
                        }
                        if self.filled_direct(id, socket, *n) {
                            return Ok(());
                        }
                    }
                    Input::Alive => self.give_write_storage(id),
                    input if is_engine_input(input) => return Err(Misuse::UnexpectedInput),
                    _ => {}
                }
                let result = unless_ended(self.tell(id, input));
                if wrote && drained {
                    self.rest(id);
                }
                result
            }
            Some(Socket { owner: Owner::Idle(_), .. }) if matches!(input, Input::Eof | Input::Failed(..)) => {
                self.remove_idle(socket);
                Ok(())
            }
            _ if matches!(input, Input::Ready(_) | Input::Blocked(_)) => Ok(()),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    /// Parks a transfer after a write without polling it, if nothing else is due. Nothing can be
    /// read yet.
    fn rest(&mut self, id: TransferId) {
        if self.current.is_some_and(|(current, _)| current == id)
            && let Some(slot) = self.transfers.get_mut(id.0)
            && slot.transfer.awaits_response()
        {
            self.current = None;
            slot.stage = Stage::AwaitsResponse;
            slot.arm(id, &mut self.timers, &mut self.spare);
        }
    }

    /// Removes an idle connection that has closed or has unexpected bytes to read.
    fn remove_idle(&mut self, socket: SocketId) {
        if let Some(Socket { owner: Owner::Idle(idle), .. }) = self.sockets.get(socket.0) {
            self.pool.remove(*idle);
            self.close_later(socket);
            self.admit();
        }
    }

    /// Handles an input for a transfer apart from its socket: name look-up, both bodies,
    /// cancellation.
    ///
    /// # Errors
    /// [`Misuse`] if the input answers no output, or the transfer has ended.
    #[inline]
    pub fn transfer_input(&mut self, now: Now, id: TransferId, input: Input<'_>) -> Result<(), Misuse> {
        self.now = now;
        if is_engine_input(&input) {
            return Err(self.transfers.get(id.0).map_or(Misuse::AlreadyEnded, |_| Misuse::UnexpectedInput));
        }
        match input {
            Input::Consumed(n) if self.buffer.shown(id).is_some() => self.consumed_direct(id, n),
            input => self.tell(id, input),
        }
    }

    #[inline]
    fn tell(&mut self, id: TransferId, input: Input<'_>) -> Result<(), Misuse> {
        let now = self.now;
        self.enter(id, |transfer| transfer.handle(now, input))?
    }

    /// Provides bytes of a streamed request body. Returns how many were accepted.
    ///
    /// # Errors
    /// As [`Transfer::push_body`](crate::Transfer::push_body).
    pub fn push_body(&mut self, now: Now, id: TransferId, bytes: &[u8]) -> Result<usize, Misuse> {
        self.now = now;
        self.enter(id, |transfer| transfer.push_body(now, bytes))?
    }

    /// Acts on due deadlines.
    pub fn tick(&mut self, now: Now) {
        self.now = now;
        while let Some(index) = self.timers.pop_due(now.instant) {
            let Some(id) = self.transfers.key_at(index).map(TransferId) else { continue };
            let Some(slot) = self.transfers.get_mut(id.0) else { continue };
            match slot.transfer.deadline() {
                Some(deadline) if deadline <= now.instant => {
                    let told = self.transfer_input(now, id, Input::Tick);
                    debug_assert_eq!(told, Ok(()));
                }
                Some(deadline) => self.timers.arm(index, deadline),
                None => {}
            }
        }
        self.expire_waiting();
        if self.pool.next_expiry().is_some_and(|at| at <= now.instant) {
            for expired in self.pool.expire(now.instant) {
                self.close_later(expired.socket);
            }
            self.admit();
        }
    }

    /// Returns when [`Engine::tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        [self.timers.next(), self.pool.next_expiry(), self.deadline_of_waiting()].into_iter().flatten().min()
    }

    /// Ends a transfer with an error of kind [`Cancelled`](crate::ErrorKind::Cancelled), unless it
    /// has ended.
    pub fn cancel(&mut self, now: Now, id: TransferId) {
        let _ = self.transfer_input(now, id, Input::Cancel);
    }

    /// Cancels every transfer of the group. The cost does not depend on other transfers.
    pub fn cancel_group(&mut self, now: Now, group: Group) {
        let first = (group.0, TransferId(Key::FIRST));
        let members: Vec<_> =
            self.groups.range(first..).take_while(|(of, _)| *of == group.0).map(|(_, id)| *id).collect();
        for id in members {
            self.cancel(now, id);
        }
    }

    /// Cancels every transfer and closes all idle connections.
    pub fn cancel_all(&mut self, now: Now) {
        let all: Vec<Key> = self.transfers.keys().collect();
        for id in all {
            self.cancel(now, TransferId(id));
        }
        self.close_idle();
    }

    /// Closes all idle connections. If no transfer is left, the next polls close every socket: a
    /// graceful shutdown.
    pub fn close_idle(&mut self) {
        for idle in self.pool.clear() {
            self.close_later(idle.socket);
        }
    }

    /// Pauses a transfer until [`Engine::resume`]: it gets no [`Output::Body`](super::Output::Body)
    /// and reads nothing. The time does not count against the peer.
    pub fn pause(&mut self, id: TransferId) {
        self.report_direct(id);
        if let Some(slot) = self.transfers.get_mut(id.0) {
            (slot.paused, slot.bulk) = (true, false);
        }
    }

    /// Resumes a [paused](Engine::pause) transfer.
    pub fn resume(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.paused = false;
        }
        self.enqueue(id);
    }
}

/// Whether this input answers an output that the engine handles itself. The engine could not serve
/// a connection that it does not know.
fn is_engine_input(input: &Input<'_>) -> bool {
    matches!(
        input,
        Input::Acquired { .. }
            | Input::OpenNew
            | Input::Connected(_)
            | Input::ConnectFailed(..)
            | Input::Unavailable(_)
    )
}

/// Ignores answers to a transfer that ended after the offer.
fn unless_ended(result: Result<(), Misuse>) -> Result<(), Misuse> {
    match result {
        Err(Misuse::AlreadyEnded) => Ok(()),
        result => result,
    }
}
