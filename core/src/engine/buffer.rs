//! The one read buffer: which connection has it, and body bytes that are shown where they were read.
//!
//! Decides when the buffer is lent to a connection and when not. Where the transfer expects body bytes
//! that need no inspection, the buffer stays here. If a read then brings no more than those,
//! [`Engine::body`] shows them from here, and the transfer learns of them when they are used: two calls
//! into it for each read instead of five. Whatever comes in between (another input, a pause, a limit,
//! another connection that is read from) makes them an ordinary read before it counts.

use super::entered::Stage;
use super::{Engine, Owner, SocketId, TransferId};
use crate::error::Misuse;
use crate::time::Now;
use crate::transfer::{Input, Output, Transfer};

/// The size of the one read buffer.
pub const READ_BUFFER: usize = 256 * 1024;

/// No more of it is given to a transfer of which it is not known that it takes so much at once. What one that is paused has not taken moves to storage of
/// its own, and there may be many.
pub const FIRST_READ: usize = 64 * 1024;

/// The one read buffer.
#[derive(Default)]
pub(super) enum ReadBuffer {
    #[default]
    None,
    Here(Vec<u8>),
    Lent(SocketId),
    Direct(DirectBytes),
}

/// The buffer, for body bytes that need no inspection.
pub(super) struct DirectBytes {
    storage: Vec<u8>,
    socket: SocketId,
    id: TransferId,
    /// When they came.
    came: Now,
    /// Those that are used, and all. None at all before they came.
    used: usize,
    end: usize,
}

impl ReadBuffer {
    /// The bytes that this transfer has not used, and does not know of.
    #[inline]
    pub(super) fn shown(&self, id: TransferId) -> Option<&[u8]> {
        match self {
            ReadBuffer::Direct(direct) if direct.end > 0 && direct.id == id => {
                direct.storage.get(direct.used..direct.end)
            }
            _ => None,
        }
    }

    /// What is held here, and not by a connection.
    pub(super) fn capacity(&self) -> usize {
        match self {
            ReadBuffer::None | ReadBuffer::Lent(_) => 0,
            ReadBuffer::Here(storage) | ReadBuffer::Direct(DirectBytes { storage, .. }) => storage.capacity(),
        }
    }
}

impl Engine {
    /// Where to read to from a socket, with [`Filled`](crate::Input::Filled): in most cases the engine's one read buffer, [`FIRST_READ`] bytes of it, or
    /// all [`READ_BUFFER`] bytes when the last read brought so much and the transfer was not [paused](Engine::pause) since.
    pub fn space(&mut self, socket: SocketId) -> &mut [u8] {
        let Some(Owner::Transfer(id)) = self.sockets.get(socket.0).map(|known| &known.owner) else { return &mut [] };
        let id = *id;
        self.tell_of_direct(id);
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

    /// `n` bytes were read into [`Engine::space`]. Whether the transfer need not know yet.
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
        // What came has to be inspected.
        if let ReadBuffer::Direct(DirectBytes { storage, .. }) = std::mem::take(&mut self.buffer) {
            self.buffer = match slot.transfer.give_read_buffer(storage) {
                Ok(()) => ReadBuffer::Lent(socket),
                Err(storage) => ReadBuffer::Here(storage),
            };
        }
        false
    }

    /// The embedder has used `n` of the bytes that are shown.
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

    /// Something else happens to a transfer: what is shown of its body is told as an ordinary read, at the
    /// time at which it came.
    #[inline]
    pub(super) fn tell_of_direct(&mut self, id: TransferId) {
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
        // They are shown from now on, and the time is the caller's.
        let shows = slot.transfer.poll();
        debug_assert!(matches!(shows, Output::Body), "{shows:?}");
    }

    /// Whoever has the read buffer gives it back. Nothing is left in it.
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

    /// The same, if this transfer has it: its connection is about to go.
    pub(super) fn recall_buffer_of(&mut self, id: TransferId) {
        let has = match &self.buffer {
            ReadBuffer::Lent(socket) => self.transfers.get(id.0).is_some_and(|slot| slot.socket == Some(*socket)),
            ReadBuffer::Direct(direct) => direct.id == id,
            _ => false,
        };
        if has {
            self.recall_buffer();
        }
    }

    fn served_mut(&mut self, socket: SocketId) -> Option<&mut Transfer> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Transfer(id) => self.transfers.get_mut(id.0).map(|slot| &mut slot.transfer),
            _ => None,
        }
    }
}
