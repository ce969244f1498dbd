//! The limit on delivered body bytes, counted after decoding, and for plain bodies as well.

use crate::{LimitExceeded, Limits};

/// Counts delivered bytes against `body_bytes` or `stream_bytes`.
///
/// The caller reads at most [`SizeLimit::slice_len`] bytes and reports them to [`SizeLimit::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimit {
    name: &'static str,
    limit: u64,
    taken: u64,
}

impl SizeLimit {
    /// Creates a limit with this name and value and a count of zero.
    pub const fn new(name: &'static str, limit: u64) -> SizeLimit {
        SizeLimit { name, limit, taken: 0 }
    }

    /// Creates the limit for a body collected in memory: [`Limits::body_bytes`].
    pub const fn body(limits: &Limits) -> SizeLimit {
        SizeLimit::new("body_bytes", limits.body_bytes)
    }

    /// Creates the limit for a streamed body: [`Limits::stream_bytes`], or none if that is unset.
    pub const fn stream(limits: &Limits) -> SizeLimit {
        let limit = match limits.stream_bytes {
            Some(limit) => limit,
            None => u64::MAX,
        };
        SizeLimit::new("stream_bytes", limit)
    }

    /// Replaces the limit; bytes already counted stay counted.
    pub const fn change(&mut self, name: &'static str, limit: u64) {
        (self.name, self.limit) = (name, limit);
    }

    /// Returns the number of bytes counted so far.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Returns the number of bytes that may still be counted.
    pub const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.taken)
    }

    /// Returns how much of a slice of `len` bytes to fill: the rest of the limit, but at least one
    /// byte, because only an excess byte shows that the limit is exceeded. Zero only if `len` is
    /// zero.
    pub fn slice_len(&self, len: usize) -> usize {
        let left = self.limit.saturating_sub(self.taken).max(1);
        usize::try_from(left).map_or(len, |left| left.min(len))
    }

    /// Counts `bytes` more.
    ///
    /// # Errors
    /// [`LimitExceeded`] if the limit is exceeded; none of these bytes may be delivered. Its
    /// `found` is the limit plus one, whatever the size of the pieces.
    pub fn take(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        let taken = self.taken.saturating_add(bytes as u64);
        if taken > self.limit {
            return Err(LimitExceeded { name: self.name, limit: self.limit, found: self.limit.saturating_add(1) });
        }
        self.taken = taken;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_exceeded_by_one_more_byte() {
        let mut size = SizeLimit::body(&Limits { body_bytes: 10, ..Limits::DEFAULT });
        assert_eq!(size.slice_len(64), 10);
        size.take(10).unwrap();
        assert_eq!(size.slice_len(64), 1);
        size.take(0).unwrap();
        assert_eq!(size.take(1), Err(LimitExceeded { name: "body_bytes", limit: 10, found: 11 }));
        assert_eq!(size.taken(), 10);
    }

    #[test]
    fn streams_are_unlimited_by_default() {
        let mut size = SizeLimit::stream(&Limits::DEFAULT);
        assert_eq!(size.slice_len(1 << 20), 1 << 20);
        size.take(usize::MAX).unwrap();
        let mut size = SizeLimit::stream(&Limits { stream_bytes: Some(3), ..Limits::DEFAULT });
        assert_eq!(size.take(400).unwrap_err().to_string(), "limit stream_bytes is 3, found 4");
    }
}
