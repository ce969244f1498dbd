//! Bytes received and not used yet.
//!
//! Decides where read bytes are kept: in one vector, between two marks, so that a layer can decrypt in place
//! and what lies above can look at the bytes where they are. The storage can come from outside
//! ([`Buffer::from_vec`]) and go back there, so that a driver with one large read buffer lends it to whichever
//! connection is due; a buffer without bytes needs no storage at all.
//!
//! Work is linear: bytes move to the front only when at least as many bytes as move have been used up.
//! How much may be held is not decided here but by whoever fills the buffer.

use std::fmt;

/// The storage that a machine holds for bytes, empty or not: what it costs while it waits.
///
/// Held to what [`Limits`](crate::Limits) and fixed sizes allow, whatever a peer does. Not in it: what the caller brought (the request, a body in memory),
/// what was handed out (heads), and what codecs and rustls hold inside, which have bounds of their own ([`Limits::decode_memory`](crate::Limits::decode_memory) for codecs).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Retained {
    /// For what was received: read buffers, heads and trailers that have come in part, a step of decoding.
    pub received: usize,
    /// For what is to be sent.
    pub outgoing: usize,
}

impl Retained {
    /// Both together.
    pub const fn total(self) -> usize {
        self.received.saturating_add(self.outgoing)
    }
}

impl std::ops::Add for Retained {
    type Output = Retained;

    fn add(self, other: Retained) -> Retained {
        let received = self.received.saturating_add(other.received);
        Retained { received, outgoing: self.outgoing.saturating_add(other.outgoing) }
    }
}

impl std::iter::Sum for Retained {
    fn sum<I: Iterator<Item = Retained>>(all: I) -> Retained {
        all.fold(Retained::default(), std::ops::Add::add)
    }
}

/// A growing window of unread bytes over one vector.
///
/// Everything in the vector is initialised once; after that, making space costs nothing.
#[derive(Default)]
pub struct Buffer {
    /// Always initialised over its whole length; `start <= end <= storage.len()`.
    storage: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// A buffer without bytes and without storage.
    pub const fn new() -> Self {
        Buffer { storage: Vec::new(), start: 0, end: 0 }
    }

    /// A buffer without bytes that uses `storage`, at its whole capacity. What it held is forgotten.
    ///
    /// The part beyond the vector's length is zeroed here, once: a vector that comes back from
    /// [`Buffer::into_vec`] is handed in again at no cost.
    pub fn from_vec(mut storage: Vec<u8>) -> Self {
        storage.resize(storage.capacity(), 0);
        Buffer { storage, start: 0, end: 0 }
    }

    /// The storage, initialised over its whole length; bytes not used yet are lost.
    pub fn into_vec(self) -> Vec<u8> {
        self.storage
    }

    /// The bytes received and not used yet.
    pub fn unread(&self) -> &[u8] {
        &self.storage[self.start..self.end]
    }

    /// The same bytes, to be changed in place.
    pub fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..self.end]
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The size of the storage: what it costs to keep this buffer.
    pub fn capacity(&self) -> usize {
        self.storage.capacity()
    }

    /// The first `n` bytes are used up; more than there are counts as all of them.
    pub fn consume(&mut self, n: usize) {
        if n >= self.len() {
            (self.start, self.end) = (0, 0);
        } else {
            self.start += n;
        }
    }

    /// Room after the unread bytes: at least `min` bytes, all there is. Report what was written with
    /// [`Buffer::filled`].
    ///
    /// Moves or grows the storage when less room than `min` is left.
    pub fn space(&mut self, min: usize) -> &mut [u8] {
        if self.storage.len() - self.end < min {
            self.make_room(min);
        }
        &mut self.storage[self.end..]
    }

    /// `n` bytes were written to the front of [`Buffer::space`]; more than there was room for counts as all of it.
    pub fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.storage.len());
    }

    /// Appends a copy of `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Gives the storage back to the allocator; bytes not used yet are lost.
    pub fn release(&mut self) {
        *self = Buffer::new();
    }

    #[cold]
    fn make_room(&mut self, min: usize) {
        let len = self.len();
        if self.start >= len && self.storage.len() - len >= min {
            self.storage.copy_within(self.start..self.end, 0);
        } else {
            // Doubling keeps growth linear; a fresh zeroed vector lets the allocator hand out zero pages.
            let wanted = len.saturating_add(min).max(if len == 0 { 0 } else { self.storage.len().saturating_mul(2) });
            let mut grown = vec![0; wanted];
            grown[..len].copy_from_slice(self.unread());
            self.storage = grown;
        }
        (self.start, self.end) = (0, len);
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bytes may be secret: only their number is shown.
        f.debug_struct("Buffer").field("unread", &self.len()).field("capacity", &self.capacity()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_the_order_they_went_in() {
        let mut buffer = Buffer::new();
        let (mut put, mut took) = (0u8, 0u8);
        for round in 0..2000usize {
            let n = round * 7 % 23;
            let space = buffer.space(n);
            assert!(space.len() >= n);
            for slot in &mut space[..n] {
                *slot = put;
                put = put.wrapping_add(1);
            }
            buffer.filled(n);
            let n = (round * 5 % 24).min(buffer.len());
            for &byte in &buffer.unread()[..n] {
                assert_eq!(byte, took);
                took = took.wrapping_add(1);
            }
            buffer.consume(n);
        }
        assert!(buffer.capacity() < 1024, "{buffer:?}");
    }

    #[test]
    fn a_buffer_that_is_never_empty_stays_small() {
        let mut buffer = Buffer::new();
        buffer.extend(&[1; 100]);
        for _ in 0..1000 {
            buffer.extend(&[2; 1000]);
            buffer.consume(1000);
        }
        assert_eq!(buffer.len(), 100);
        assert!(buffer.capacity() < 8 * 1024, "{buffer:?}");
    }

    #[test]
    fn storage_is_lent_and_comes_back_the_same() {
        let vec = Vec::with_capacity(4096);
        let (capacity, address) = (vec.capacity(), vec.as_ptr());
        let mut buffer = Buffer::from_vec(vec);
        assert_eq!(buffer.space(1).len(), capacity);
        buffer.extend(b"abc");
        buffer.consume(3);
        assert!(buffer.is_empty());
        let vec = buffer.into_vec();
        assert_eq!((vec.capacity(), vec.as_ptr(), vec.len()), (capacity, address, capacity));
    }

    #[test]
    fn an_empty_buffer_starts_again_at_the_front() {
        let mut buffer = Buffer::from_vec(vec![0; 8]);
        buffer.extend(b"12345678");
        buffer.consume(8);
        assert_eq!(buffer.space(8).len(), 8);
        assert_eq!(buffer.capacity(), 8);
    }

    #[test]
    fn too_large_reports_are_cut_to_what_is_there() {
        let mut buffer = Buffer::from_vec(vec![0; 8]);
        buffer.filled(usize::MAX);
        assert_eq!(buffer.len(), 8);
        buffer.consume(usize::MAX);
        assert!(buffer.is_empty());
        buffer.release();
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn bytes_move_to_the_front_when_as_many_were_used_up() {
        let mut buffer = Buffer::from_vec(vec![0; 12]);
        let address = buffer.unread().as_ptr();
        buffer.extend(b"abcdefghijkl");
        buffer.consume(6);
        // Six bytes were used, six are left: room for six more without new storage.
        assert_eq!((buffer.space(6).len(), buffer.unread()), (6, &b"ghijkl"[..]));
        assert_eq!((buffer.unread().as_ptr(), buffer.capacity()), (address, 12));
        buffer.extend(b"mnopqr");
        buffer.consume(5);
        // Five were used and seven are left: moving them would not pay.
        assert!(!buffer.space(1).is_empty());
        assert_eq!((buffer.unread(), buffer.capacity()), (&b"lmnopqr"[..], 24));
        assert_eq!(format!("{buffer:?}"), "Buffer { unread: 7, capacity: 24 }");
    }

    #[test]
    fn storage_in_both_directions_adds_up() {
        let (a, b) = (Retained { received: 1, outgoing: 10 }, Retained { received: 200, outgoing: usize::MAX });
        assert_eq!(a + a, Retained { received: 2, outgoing: 20 });
        assert_eq!(a + b, Retained { received: 201, outgoing: usize::MAX });
        assert_eq!([a, a, a].into_iter().sum::<Retained>(), Retained { received: 3, outgoing: 30 });
        assert_eq!((a.total(), b.total()), (11, usize::MAX));
    }

    #[test]
    fn growing_keeps_the_unread_bytes() {
        let mut buffer = Buffer::new();
        buffer.extend(b"abcdef");
        buffer.consume(2);
        assert!(buffer.space(1000).len() >= 1000);
        assert_eq!(buffer.unread(), b"cdef");
        buffer.unread_mut()[0] = b'X';
        assert_eq!(buffer.unread(), b"Xdef");
    }
}
