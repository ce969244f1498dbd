//! A read buffer: received bytes that are not consumed yet.
//!
//! The unread bytes lie between two marks in one vector. A layer can decrypt in place, and the
//! layers above read the bytes where they are. The storage can come from outside
//! ([`Buffer::from_vec`]) and go back there: a driver with one large read buffer gives it to the
//! connection that reads next. An empty buffer needs no storage.
//!
//! Work is linear: bytes move to the front only after at least as many have been consumed. The code
//! that fills the buffer bounds its size, not this type.

use std::fmt;

/// The storage that a state machine holds for bytes, empty or not: its memory cost while waiting.
///
/// [`Limits`](crate::Limits) and fixed sizes bound it, whatever a peer does. It excludes what the
/// caller provided (the request, a body in memory) and what was returned (heads). It also excludes
/// the internals of rustls and codecs, which have their own bounds
/// ([`Limits::decode_memory`](crate::Limits::decode_memory) for codecs).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Retained {
    /// Bytes of storage for received data: read buffers, incomplete heads and trailers, decoder
    /// output.
    pub received: usize,
    /// Bytes of storage for pending output.
    pub outgoing: usize,
}

impl Retained {
    /// Returns the sum of both.
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
/// The vector is initialized once; after that, providing space costs nothing.
#[derive(Default)]
pub struct Buffer {
    /// Always initialized over its whole length; `start <= end <= storage.len()`.
    storage: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Creates an empty buffer without storage.
    pub const fn new() -> Self {
        Buffer { storage: Vec::new(), start: 0, end: 0 }
    }

    /// Creates an empty buffer that uses the whole capacity of `storage`. Its content is discarded.
    ///
    /// The part beyond the vector's length is zeroed once. A vector from [`Buffer::into_vec`] can
    /// be passed in again at no cost.
    pub fn from_vec(mut storage: Vec<u8>) -> Self {
        storage.resize(storage.capacity(), 0);
        Buffer { storage, start: 0, end: 0 }
    }

    /// Returns the storage, initialized over its whole length. Unread bytes are lost.
    pub fn into_vec(self) -> Vec<u8> {
        self.storage
    }

    /// Returns the unread bytes.
    pub fn unread(&self) -> &[u8] {
        &self.storage[self.start..self.end]
    }

    /// Returns the unread bytes for changing in place.
    pub fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..self.end]
    }

    /// Returns the number of unread bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are no unread bytes.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the size of the storage in bytes.
    pub fn capacity(&self) -> usize {
        self.storage.capacity()
    }

    /// Consumes the first `n` unread bytes, at most all of them.
    pub fn consume(&mut self, n: usize) {
        if n >= self.len() {
            (self.start, self.end) = (0, 0);
        } else {
            self.start += n;
        }
    }

    /// Returns all free space after the unread bytes, at least `min` bytes. Report bytes written
    /// there with [`Buffer::filled`].
    ///
    /// Moves the bytes or grows the storage if less than `min` bytes are free.
    pub fn space(&mut self, min: usize) -> &mut [u8] {
        if self.storage.len() - self.end < min {
            self.make_room(min);
        }
        &mut self.storage[self.end..]
    }

    /// Adds `n` bytes that were written to the start of [`Buffer::space`], at most all of it.
    pub fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.storage.len());
    }

    /// Appends a copy of `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Frees the storage. Unread bytes are lost.
    pub fn release(&mut self) {
        *self = Buffer::new();
    }

    #[cold]
    fn make_room(&mut self, min: usize) {
        let len = self.len();
        if self.start >= len && self.storage.len() - len >= min {
            self.storage.copy_within(self.start..self.end, 0);
        } else {
            // Doubling keeps growth linear; a fresh zeroed vector lets the allocator hand out zero
            // pages.
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
        // The bytes may be secret: show only their number.
        f.debug_struct("Buffer").field("unread", &self.len()).field("capacity", &self.capacity()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_order() {
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
    fn never_empty_buffer_stays_small() {
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
    fn storage_passes_in_and_out_unchanged() {
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
    fn empty_buffer_restarts_at_the_front() {
        let mut buffer = Buffer::from_vec(vec![0; 8]);
        buffer.extend(b"12345678");
        buffer.consume(8);
        assert_eq!(buffer.space(8).len(), 8);
        assert_eq!(buffer.capacity(), 8);
    }

    #[test]
    fn excessive_reports_are_clamped() {
        let mut buffer = Buffer::from_vec(vec![0; 8]);
        buffer.filled(usize::MAX);
        assert_eq!(buffer.len(), 8);
        buffer.consume(usize::MAX);
        assert!(buffer.is_empty());
        buffer.release();
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn bytes_move_only_after_as_many_were_consumed() {
        let mut buffer = Buffer::from_vec(vec![0; 12]);
        let address = buffer.unread().as_ptr();
        buffer.extend(b"abcdefghijkl");
        buffer.consume(6);
        // Six bytes were consumed and six are left: six more fit without new storage.
        assert_eq!((buffer.space(6).len(), buffer.unread()), (6, &b"ghijkl"[..]));
        assert_eq!((buffer.unread().as_ptr(), buffer.capacity()), (address, 12));
        buffer.extend(b"mnopqr");
        buffer.consume(5);
        // Five were consumed and seven are left: moving them would not pay.
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
