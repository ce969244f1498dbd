//! Counts the memory of decoder windows and tables over all transfers of a session.
//!
//! A `gzip` or `deflate` body needs less than 64 KiB; the number of transfers bounds these, so they
//! are not counted. The peer chooses the windows of `br` and `zstd`, and there may be many. They
//! are counted together, and a decoder that would exceed
//! [`Limits::decode_memory`](crate::Limits::decode_memory) ends its transfer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::LimitExceeded;

/// A byte count shared by the decoders of a session. Clones share the same count.
#[derive(Clone, Debug, Default)]
pub struct DecodeMemory(Arc<AtomicUsize>);

impl DecodeMemory {
    /// Returns the bytes that decoders hold now.
    pub fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The share of one decoder; returned when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    all: DecodeMemory,
    limit: u64,
    held: usize,
}

impl Share {
    pub(super) fn new(all: DecodeMemory, limit: u64) -> Share {
        Share { all, limit, held: 0 }
    }

    /// Sets the bytes that the decoder holds to `now`.
    ///
    /// # Errors
    /// [`LimitExceeded`] if the total exceeds the limit.
    pub(super) fn hold(&mut self, now: usize) -> Result<(), LimitExceeded> {
        let (count, before) = (&self.all.0, self.held);
        self.held = now;
        if now == before {
            return Ok(());
        }
        if now < before {
            count.fetch_sub(before - now, Ordering::Relaxed);
            return Ok(());
        }
        let more = now - before;
        let all = count.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        LimitExceeded::check("decode_memory", self.limit, all as u64)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.held, Ordering::Relaxed);
    }
}
