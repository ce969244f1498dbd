//! Bytes that wait to be sent.

/// A queue of bytes: appended at the end, taken from the front. Empty, it holds no storage.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    /// What waits.
    pub(super) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Where more is appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        // What was sent is dropped once it is the greater part, so that no byte moves more than once for each sent.
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The first `n` bytes are gone; more than there are counts as all.
    pub(super) fn sent(&mut self, n: usize) {
        self.sent = self.sent.saturating_add(n);
        if self.sent >= self.bytes.len() {
            *self = Outbox::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outbox;

    #[test]
    fn sent_bytes_are_dropped_once_they_are_the_greater_part() {
        let mut buffer = Outbox::default();
        buffer.end().extend_from_slice(b"0123456789");
        buffer.sent(5);
        assert_eq!(buffer.end(), b"0123456789", "half of it is not worth a move");
        buffer.sent(1);
        assert_eq!(buffer.end(), b"6789");
        buffer.end().extend_from_slice(b"ab");
        assert_eq!(buffer.unsent(), b"6789ab");
        buffer.sent(99);
        assert!(buffer.unsent().is_empty() && buffer.capacity() == 0);
    }
}
