//! The wall clock that rustls reads: the time of the input being processed.
//!
//! rustls asks its configuration for the time, and a configuration is shared by many connections. Each layer sets
//! the clock before it lets rustls work. With several threads the time read may be another's, which is as good: all
//! of them are "now".

use crate::UnixTime;
use rustls::pki_types;
use rustls::time_provider::TimeProvider;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Seconds since the epoch, as last told.
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
