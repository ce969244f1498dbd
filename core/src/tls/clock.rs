//! The wall clock that rustls reads: the time of the input being processed.
//!
//! rustls asks its configuration for the time, and many connections share one configuration. Each
//! layer sets the clock before it calls rustls. With several threads, rustls may read the time set
//! by another; all of them are current.

use crate::UnixTime;
use rustls::pki_types;
use rustls::time_provider::TimeProvider;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Seconds since the epoch, as last set.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn set(&self, time: UnixTime) {
        self.0.store(time.0, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<pki_types::UnixTime> {
        Some(pki_types::UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
    }
}
