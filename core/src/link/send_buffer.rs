//! Bytes that wait to be sent.

/// A queue of bytes: appended at the end, taken from the front. It holds no storage while empty.
#[derive(Default)]
pub(super) struct SendBuffer {
    bytes: Vec<u8>,
    sent: usize,
}

impl SendBuffer {
    /// Returns the waiting bytes.
    pub(super) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Returns the vector to append to.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        // Drop the sent bytes once they are the larger part, so that no byte moves more than once
        // for each byte sent.
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Removes the first `n` bytes; an excessive `n` counts as all of them.
    pub(super) fn sent(&mut self, n: usize) {
        self.sent = self.sent.saturating_add(n);
        if self.sent >= self.bytes.len() {
            *self = SendBuffer::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SendBuffer;

    #[test]
    fn sent_bytes_are_dropped_at_half_size() {
        let mut buffer = SendBuffer::default();
        buffer.end().extend_from_slice(b"0123456789");
        buffer.sent(5);
        assert_eq!(buffer.end(), b"0123456789", "half of the bytes are not worth a move");
        buffer.sent(1);
        assert_eq!(buffer.end(), b"6789");
        buffer.end().extend_from_slice(b"ab");
        assert_eq!(buffer.unsent(), b"6789ab");
        buffer.sent(99);
        assert!(buffer.unsent().is_empty() && buffer.capacity() == 0);
    }
}
