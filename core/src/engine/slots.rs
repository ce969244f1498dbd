//! Connection slots: which transfer gets one, which waits, and when a slot becomes free.

use super::{Engine, IdleConnection, Output, Owner, PendingConnects, Socket, SocketId, TransferId};
use crate::policy::Acquire;
use crate::route::dial::AttemptId;
use crate::route::pool::{Pooled, Take};
use crate::transfer::Input;

impl Engine {
    pub(super) fn open(&mut self, id: TransferId, attempt: AttemptId) -> Option<Output> {
        let slot = self.transfers.get_mut(id.0)?;
        let socket = Socket {
            owner: Owner::Attempt(id, attempt),
            opened_at: self.now.instant,
            drained: false,
            given: self.probes.begun,
        };
        let socket = SocketId(self.sockets.insert(socket));
        slot.dialing.get_or_insert_default().attempts.push((attempt, socket));
        Some(Output::Connect(socket))
    }

    pub(super) fn abandon(&mut self, id: TransferId, attempt: AttemptId) -> Option<Output> {
        let slot = self.transfers.get_mut(id.0)?;
        let dialing = slot.dialing.as_mut()?;
        let at = dialing.attempts.iter().position(|(known, _)| *known == attempt)?;
        let (_, socket) = dialing.attempts.swap_remove(at);
        if dialing.attempts.is_empty() {
            slot.dialing = None;
        }
        self.sockets.remove(socket.0);
        Some(Output::Close(socket))
    }

    /// Answers a transfer's order for a connection. Returns false if the transfer must wait for a
    /// slot.
    pub(super) fn acquire_or_wait(&mut self, id: TransferId) -> bool {
        // No transfer overtakes those that wait for the same route.
        let must_queue = !self.waiting.is_empty() && {
            let route = self.transfers.get(id.0).and_then(|slot| slot.transfer.route());
            route.is_some_and(|route| self.waiting.has(route))
        };
        let acquired = !must_queue && self.acquire(id);
        if !acquired {
            self.wait_for_slot(id);
        }
        acquired
    }

    /// Gives a transfer a slot, with an idle connection if one fits. Returns false if no slot is
    /// free.
    fn acquire(&mut self, id: TransferId) -> bool {
        // A transfer that was cancelled meanwhile needs no slot.
        let Some(slot) = self.transfers.get_mut(id.0).filter(|slot| !slot.transfer.is_ended()) else { return true };
        let Some(route) = slot.transfer.route() else { return true };
        let taken = match slot.transfer.acquires() {
            Acquire::Any => self.pool.take(route, self.now.instant),
            Acquire::New => self.pool.open(route),
        };
        let (input, evicted) = match taken {
            Take::Full => return false,
            Take::Open { evicted } => (Input::OpenNew, evicted),
            Take::Reuse { pooled } => {
                let IdleConnection { socket, link, address } = pooled.item;
                if let Some(known) = self.sockets.get_mut(socket.0) {
                    known.owner = Owner::Transfer(id);
                    known.given = self.probes.begun;
                }
                slot.socket = Some(socket);
                (Input::Acquired { link, peer: address }, None)
            }
        };
        slot.counted = true;
        let told = slot.transfer.handle(self.now, input);
        debug_assert_eq!(told, Ok(()));
        if let Some(evicted) = evicted {
            self.close_later(evicted.socket);
        }
        true
    }

    /// Gives the transfer the shared write storage: its request is about to be encoded.
    pub(super) fn give_write_storage(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.transfer.swap_write_buffer(&mut self.spare);
        }
    }

    pub(super) fn release(&mut self, id: TransferId) {
        self.recall_buffer_of(id);
        let Some(slot) = self.transfers.get_mut(id.0) else { return };
        let address = slot.transfer.peer().cloned();
        let (Some((key, mut link)), Some(socket)) = (slot.transfer.take_link(), slot.socket.take()) else { return };
        slot.counted = false;
        let mut storage = Vec::new();
        link.swap_write_buffer(&mut storage);
        if storage.capacity() > 0 {
            self.spare = storage;
        }
        let hint = link.http().keep_alive_timeout();
        let Some(known) = self.sockets.get_mut(socket.0) else { return };
        let pooled = Pooled { key, item: IdleConnection { socket, link, address }, opened_at: known.opened_at };
        // Only waiting transfers need the key again.
        let freed = (!self.waiting.is_empty()).then(|| pooled.key.clone());
        match self.pool.insert(pooled, self.now.instant, hint) {
            Ok((idle, evicted)) => {
                known.owner = Owner::Idle(idle);
                if let Some(evicted) = evicted {
                    self.close_later(evicted.socket);
                }
            }
            Err(item) => self.close_later(item.socket),
        }
        if let Some(route) = freed {
            self.waiting.freed(&route);
            self.admit();
        }
    }

    /// Closes the transfer's connection.
    pub(super) fn close(&mut self, id: TransferId) -> Option<Output> {
        self.recall_buffer_of(id);
        let socket = self.transfers.get_mut(id.0)?.socket.take()?;
        self.sockets.remove(socket.0);
        Some(Output::Close(socket))
    }

    pub(super) fn close_later(&mut self, socket: SocketId) {
        if let Some(known) = self.sockets.get_mut(socket.0) {
            known.owner = Owner::Closing;
            self.closing.push(socket);
        }
    }

    pub(super) fn free_slot(&mut self, id: TransferId) {
        let Some(slot) = self.transfers.get_mut(id.0) else { return };
        if std::mem::take(&mut slot.counted)
            && let Some(route) = slot.transfer.route()
        {
            self.pool.closed(route);
            self.waiting.freed(route);
            self.admit();
        }
    }

    /// Retries the longest-waiting transfers: a slot may be free.
    pub(super) fn admit(&mut self) {
        while let Some(id) = self.waiting.first() {
            if self.acquire(id) {
                self.leave_slot_queue(id);
                self.enqueue(id);
                continue;
            }
            let route = self.transfers.get(id.0).and_then(|slot| slot.transfer.route());
            match route.filter(|route| self.pool.key_is_full(*route)) {
                Some(route) => self.waiting.hold_back(route),
                // The total limit is reached: no other transfer can get a slot either.
                None => return,
            }
        }
    }

    fn wait_for_slot(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0)
            && slot.waits.is_none()
            && let Some(route) = slot.transfer.route()
        {
            let held_back = self.pool.key_is_full(route);
            slot.waits = Some(self.waiting.push(route, id, held_back));
        }
        self.arm(id);
    }

    pub(super) fn leave_slot_queue(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0)
            && let Some(ticket) = slot.waits.take()
            && let Some(route) = slot.transfer.route()
        {
            self.waiting.remove(route, ticket);
        }
    }
}

impl PendingConnects {
    /// Removes the attempt with this socket.
    pub(super) fn forget(dialing: &mut Option<Box<PendingConnects>>, socket: SocketId) {
        if let Some(all) = dialing {
            all.attempts.retain(|(_, known)| *known != socket);
            if all.attempts.is_empty() {
                *dialing = None;
            }
        }
    }
}
