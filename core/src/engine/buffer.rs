//! The shared read buffer: its owner, and body bytes that are delivered in place.
//!
//! Decides when a connection gets the buffer. If a transfer expects body bytes that need no
//! inspection, the buffer stays here. If a read takes no more than those, [`Engine::body`] returns
//! them from here, and the transfer learns of them once they are consumed: two calls into it per
//! read instead of five. Any other event (another input, a pause, a limit, a read of another
//! connection) first turns them into an ordinary read.

use super::entered::Stage;
use super::{Engine, Owner, SocketId, TransferId};
use crate::error::Misuse;
use crate::time::Now;
use crate::transfer::{Input, Output, Transfer};

/// The size of the shared read buffer, in bytes.
pub const READ_BUFFER: usize = 256 * 1024;

/// The part of it, in bytes, for a transfer that is not known to take more at once. Unconsumed
/// bytes of a paused transfer move to storage of its own, and there may be many such transfers.
pub const FIRST_READ: usize = 64 * 1024;

/// The shared read buffer.
#[derive(Default)]
pub(super) enum ReadBuffer {
    #[default]
    None,
    Here(Vec<u8>),
    Lent(SocketId),
    Direct(DirectBytes),
}

/// The buffer while it takes body bytes that need no inspection.
pub(super) struct DirectBytes {
    storage: Vec<u8>,
    socket: SocketId,
    id: TransferId,
    /// When they arrived.
    came: Now,
    /// The numbers of consumed and of all bytes; 0 before they arrive.
    used: usize,
    end: usize,
}

impl ReadBuffer {
    /// Returns the unconsumed bytes of this transfer that it does not know of.
    #[inline]
    pub(super) fn shown(&self, id: TransferId) -> Option<&[u8]> {
        match self {
            ReadBuffer::Direct(direct) if direct.end > 0 && direct.id == id => {
                direct.storage.get(direct.used..direct.end)
            }
            _ => None,
        }
    }

    /// Returns the storage held here, not by a connection.
    pub(super) fn capacity(&self) -> usize {
        match self {
            ReadBuffer::None | ReadBuffer::Lent(_) => 0,
            ReadBuffer::Here(storage) | ReadBuffer::Direct(DirectBytes { storage, .. }) => storage.capacity(),
        }
    }
}

impl Engine {
    /// Returns the space to read into from a socket, with [`Filled`](crate::Input::Filled). Usually
    /// it is part of the shared read buffer: [`FIRST_READ`] bytes, or all [`READ_BUFFER`] bytes if
    /// the last read was large and no [pause](Engine::pause) followed.
    pub fn space(&mut self, socket: SocketId) -> &mut [u8] {
        let Some(Owner::Transfer(id)) = self.sockets.get(socket.0).map(|known| &known.owner) else { return &mut [] };
        let id = *id;
        self.report_direct(id);
        let direct = self.transfer(id).is_some_and(Transfer::reads_direct);
        let has = match &self.buffer {
            ReadBuffer::Lent(to) => *to == socket && !direct,
            ReadBuffer::Direct(bytes) => bytes.socket == socket && bytes.id == id && direct,
            _ => false,
        };
        if !has {
            self.recall_buffer();
        }
        let Some(slot) = self.transfers.get_mut(id.0) else { return &mut [] };
        if !has {
            let storage = match std::mem::take(&mut self.buffer) {
                ReadBuffer::Here(storage) => storage,
                _ => vec![0; READ_BUFFER],
            };
            self.buffer = if direct && storage.len() >= READ_BUFFER {
                ReadBuffer::Direct(DirectBytes { storage, socket, id, came: self.now, used: 0, end: 0 })
            } else {
                match slot.transfer.give_read_buffer(storage) {
                    Ok(()) => ReadBuffer::Lent(socket),
                    Err(storage) => ReadBuffer::Here(storage),
                }
            };
        }
        let most = if slot.bulk { READ_BUFFER } else { FIRST_READ };
        let space = match &mut self.buffer {
            ReadBuffer::Direct(direct) => direct.storage.as_mut_slice(),
            _ => slot.transfer.space(),
        };
        let most = most.min(space.len());
        space.get_mut(..most).unwrap_or_default()
    }

    /// Records `n` bytes read into [`Engine::space`]. Returns whether the transfer need not know
    /// yet.
    #[inline]
    pub(super) fn filled_direct(&mut self, id: TransferId, socket: SocketId, n: usize) -> bool {
        let now = self.now;
        let ReadBuffer::Direct(direct) = &mut self.buffer else { return false };
        let Some(slot) = self.transfers.get_mut(id.0) else { return false };
        if direct.socket != socket || direct.id != id || direct.end > 0 {
            return false;
        }
        if !slot.paused && n <= direct.storage.len() && slot.transfer.may_take_direct(now, n) {
            (direct.came, direct.used, direct.end) = (now, 0, n);
            slot.stage = Stage::ShowsBody;
            self.enqueue(id);
            return true;
        }
        // These bytes need inspection.
        if let ReadBuffer::Direct(DirectBytes { storage, .. }) = std::mem::take(&mut self.buffer) {
            self.buffer = match slot.transfer.give_read_buffer(storage) {
                Ok(()) => ReadBuffer::Lent(socket),
                Err(storage) => ReadBuffer::Here(storage),
            };
        }
        false
    }

    /// Consumes `n` of the delivered bytes.
    pub(super) fn consumed_direct(&mut self, id: TransferId, n: usize) -> Result<(), Misuse> {
        let ReadBuffer::Direct(direct) = &mut self.buffer else { return Err(Misuse::UnexpectedInput) };
        if n > direct.end - direct.used {
            return Err(Misuse::TooManyBytes);
        }
        direct.used += n;
        let (came, socket, all) = (direct.came, direct.socket, direct.end);
        if direct.used < all {
            return Ok(());
        }
        (direct.used, direct.end) = (0, 0);
        let now = self.now;
        let Some(slot) = self.transfers.get_mut(id.0) else { return Ok(()) };
        slot.transfer.took_direct(came, now, all);
        if !slot.transfer.reads_direct() {
            slot.stage = Stage::Begun;
            self.enqueue(id);
            return Ok(());
        }
        slot.stage = Stage::AwaitsResponse;
        if self.current.is_some_and(|(current, _)| current == id)
            && self.sockets.get(socket.0).is_some_and(|known| known.drained)
        {
            self.current = None;
            self.arm(id);
        } else {
            self.enqueue(id);
        }
        Ok(())
    }

    /// Reports delivered bytes to their transfer as an ordinary read, with their time of arrival,
    /// before another event.
    #[inline]
    pub(super) fn report_direct(&mut self, id: TransferId) {
        if self.buffer.shown(id).is_some() {
            self.end_direct();
        }
    }

    #[cold]
    fn end_direct(&mut self) {
        let ReadBuffer::Direct(direct) = std::mem::take(&mut self.buffer) else { return };
        let DirectBytes { mut storage, socket, id, came, used, end } = direct;
        let Some(slot) = self.transfers.get_mut(id.0) else {
            self.buffer = ReadBuffer::Here(storage);
            return;
        };
        slot.stage = Stage::Begun;
        if used > 0 {
            let told = slot.transfer.handle(came, Input::ReadDirect(used));
            debug_assert_eq!(told, Ok(()));
            storage.copy_within(used..end, 0);
        }
        let rest = end - used;
        let (told, buffer) = match slot.transfer.give_read_buffer(storage) {
            Ok(()) => (slot.transfer.handle(came, Input::Filled(rest)), ReadBuffer::Lent(socket)),
            Err(storage) => {
                let bytes = storage.get(..rest).unwrap_or_default();
                (slot.transfer.handle(came, Input::Received(bytes)), ReadBuffer::Here(storage))
            }
        };
        debug_assert_eq!(told, Ok(()));
        self.buffer = buffer;
        // The transfer delivers them from now on, in the caller's time.
        let shows = slot.transfer.poll();
        debug_assert!(matches!(shows, Output::Body), "{shows:?}");
    }

    /// Takes the read buffer back from its owner, without unread bytes.
    pub(super) fn recall_buffer(&mut self) {
        if let ReadBuffer::Direct(direct) = &self.buffer {
            match direct.end {
                0 => {
                    if let ReadBuffer::Direct(direct) = std::mem::take(&mut self.buffer) {
                        self.buffer = ReadBuffer::Here(direct.storage);
                    }
                }
                _ => self.end_direct(),
            }
        }
        if let ReadBuffer::Lent(socket) = self.buffer {
            let storage = self.served_mut(socket).and_then(Transfer::take_read_buffer);
            self.buffer = storage.map_or(ReadBuffer::None, ReadBuffer::Here);
        }
    }

    /// Takes the read buffer back from this transfer, whose connection is about to close.
    pub(super) fn recall_buffer_of(&mut self, id: TransferId) {
        match &self.buffer {
            ReadBuffer::Lent(socket) => {
                if let Some(slot) = self.transfers.get_mut(id.0)
                    && slot.socket == Some(*socket)
                {
                    self.buffer = slot.transfer.take_read_buffer().map_or(ReadBuffer::None, ReadBuffer::Here);
                }
            }
            ReadBuffer::Direct(direct) if direct.id == id => self.recall_buffer(),
            _ => {}
        }
    }

    fn served_mut(&mut self, socket: SocketId) -> Option<&mut Transfer> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Transfer(id) => self.transfers.get_mut(id.0).map(|slot| &mut slot.transfer),
            _ => None,
        }
    }
}
