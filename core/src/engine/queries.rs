//! Queries of an engine: bytes, names, counts.

use super::{Engine, Owner, Socket, SocketId, TransferId};
use crate::buffer::Retained;
use crate::http1::ResponseHead;
use crate::route::address::Address;
use crate::route::pool::PoolStatistics;
use crate::transfer::{ResponseInfo, Side, Transfer};

impl Engine {
    /// Returns the bytes to write to a socket.
    pub fn outgoing(&self, socket: SocketId) -> &[u8] {
        self.served(socket).map_or(&[], Transfer::outgoing)
    }

    /// Whether readiness of this side of a socket matters: it blocked last time, or the socket is
    /// connecting (write) or idle (read). A level-triggered poll registers interest in these sides.
    pub fn awaits(&self, socket: SocketId, side: Side) -> bool {
        let Some(known) = self.sockets.get(socket.0) else { return false };
        match known.owner {
            Owner::Transfer(_) if side == Side::Read && known.drained => true,
            Owner::Transfer(id) => self.transfer(id).is_some_and(|transfer| transfer.is_blocked(side)),
            Owner::Attempt(..) => side == Side::Write,
            Owner::Idle(..) => side == Side::Read,
            Owner::Closing => false,
        }
    }

    /// Whether there is nothing to do before the next input or [`Engine::deadline`]:
    /// [`Engine::poll`] would return [`Output::Wait`](super::Output::Wait). A request may still
    /// [wait for a poll](Engine::awaits_poll).
    pub fn is_at_rest(&self) -> bool {
        let queued = self.current.is_some() || !self.ready.is_empty();
        !queued && self.closing.is_empty() && self.panicked.is_empty()
    }

    /// Whether a socket is connecting: [`Engine::connected`] or [`Engine::connect_failed`] is due.
    pub fn is_connecting(&self, socket: SocketId) -> bool {
        matches!(self.sockets.get(socket.0), Some(Socket { owner: Owner::Attempt(..), .. }))
    }

    /// Returns the available body bytes.
    pub fn body(&self, id: TransferId) -> &[u8] {
        match self.buffer.shown(id) {
            Some(bytes) => bytes,
            None => self.transfer(id).map_or(&[], Transfer::body),
        }
    }

    /// Returns the name and port for [`Output::Resolve`](super::Output::Resolve).
    pub fn peer_name(&self, id: TransferId) -> Option<(&str, u16)> {
        self.transfer(id)?.peer_name()
    }

    /// Returns the name and port that a connecting socket is to reach: the origin's, or its proxy's.
    pub fn connects_to(&self, socket: SocketId) -> Option<(&str, u16)> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Attempt(id, _) => self.peer_name(id),
            _ => None,
        }
    }

    /// Returns the address that this socket connects to; `None` if it is not connecting.
    pub fn address(&self, socket: SocketId) -> Option<&Address> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Attempt(id, attempt) => self.transfer(id)?.address(attempt),
            _ => None,
        }
    }

    /// Returns a transfer that has not ended.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.get(id.0).map(|slot| &slot.transfer)
    }

    /// Limits the body of a transfer as [`Transfer::limit_body`] does.
    pub fn limit_body(&mut self, id: TransferId, name: &'static str, limit: Option<u64>) {
        self.report_direct(id);
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.transfer.limit_body(name, limit);
        }
    }

    /// Returns the socket that currently has this [`SocketId::index`].
    pub fn socket_at(&self, index: usize) -> Option<SocketId> {
        self.sockets.key_at(index).map(SocketId)
    }

    /// Returns the number of transfers that have not ended.
    pub fn len(&self) -> usize {
        self.transfers.len()
    }

    /// Whether there are no transfers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of open sockets, idle ones included.
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Returns the storage held for bytes: by all transfers and idle connections, the shared read
    /// buffer, and the storage for the next request.
    pub fn retained(&self) -> Retained {
        let transfers = self.transfers.keys().filter_map(|key| self.transfers.get(key));
        let idle = self.pool.idle().map(|kept| kept.link.retained());
        let own = Retained { received: self.buffer.capacity(), outgoing: self.spare.capacity() };
        transfers.map(|slot| slot.transfer.retained()).chain(idle).sum::<Retained>() + own
    }

    /// Returns the statistics of the pool.
    pub fn statistics(&self) -> PoolStatistics {
        self.pool.statistics()
    }

    /// As [`Transfer::response_info`]; `None` when the transfer is not the engine's.
    pub fn response_info(&mut self, id: TransferId, head: ResponseHead) -> Option<ResponseInfo> {
        Some(self.transfers.get_mut(id.0)?.transfer.response_info(head))
    }

    fn served(&self, socket: SocketId) -> Option<&Transfer> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Transfer(id) => self.transfer(id),
            _ => None,
        }
    }
}
