//! The limit on how much body is delivered, counted after decoding (and for plain bodies alike).

use crate::{LimitExceeded, Limits};

/// Counts delivered bytes against `body_bytes` or `stream_bytes`.
///
/// The caller asks for no more than [`SizeLimit::slice_len`] and hands what came to [`SizeLimit::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimit {
    name: &'static str,
    limit: u64,
    taken: u64,
}

impl SizeLimit {
    /// A limit of this name and value, with nothing counted yet.
    pub const fn new(name: &'static str, limit: u64) -> SizeLimit {
        SizeLimit { name, limit, taken: 0 }
    }

    /// For a body that is collected as a whole: [`Limits::body_bytes`].
    pub const fn body(limits: &Limits) -> SizeLimit {
        SizeLimit::new("body_bytes", limits.body_bytes)
    }

    /// For a body that is streamed: [`Limits::stream_bytes`]; without one, nothing is ever refused.
    pub const fn stream(limits: &Limits) -> SizeLimit {
        let limit = match limits.stream_bytes {
            Some(limit) => limit,
            None => u64::MAX,
        };
        SizeLimit::new("stream_bytes", limit)
    }

    /// From now on this limit holds, for what was counted before as well.
    pub const fn change(&mut self, name: &'static str, limit: u64) {
        (self.name, self.limit) = (name, limit);
    }

    /// Bytes counted so far.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that may still be counted.
    pub const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.taken)
    }

    /// How much of a slice of `len` bytes to fill: what is still allowed, and at least one byte, because only a
    /// byte too many shows that the limit is exceeded. Zero only for a `len` of zero.
    pub fn slice_len(&self, len: usize) -> usize {
        let left = self.limit.saturating_sub(self.taken).max(1);
        usize::try_from(left).map_or(len, |left| left.min(len))
    }

    /// Counts `bytes` more.
    ///
    /// # Errors
    /// The limit is exceeded: none of these bytes may be delivered. `seen` is the limit and one more,
    /// whatever the size of the pieces.
    pub fn take(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        let taken = self.taken.saturating_add(bytes as u64);
        if taken > self.limit {
            return Err(LimitExceeded { name: self.name, limit: self.limit, seen: self.limit.saturating_add(1) });
        }
        self.taken = taken;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_allowed_and_one_byte_more_is_not() {
        let mut size = SizeLimit::body(&Limits { body_bytes: 10, ..Limits::DEFAULT });
        assert_eq!(size.slice_len(64), 10);
        size.take(10).unwrap();
        assert_eq!(size.slice_len(64), 1);
        size.take(0).unwrap();
        assert_eq!(size.take(1), Err(LimitExceeded { name: "body_bytes", limit: 10, seen: 11 }));
        assert_eq!(size.taken(), 10);
    }

    #[test]
    fn a_stream_has_no_limit_unless_one_is_set() {
        let mut size = SizeLimit::stream(&Limits::DEFAULT);
        assert_eq!(size.slice_len(1 << 20), 1 << 20);
        size.take(usize::MAX).unwrap();
        let mut size = SizeLimit::stream(&Limits { stream_bytes: Some(3), ..Limits::DEFAULT });
        assert_eq!(size.take(400).unwrap_err().to_string(), "limit stream_bytes is 3, found 4");
    }
}
