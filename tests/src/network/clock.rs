//! Virtual time.

use std::time::Duration;

use petition_core::{Instant, Now, UnixTime};

/// The wall clock at the beginning: some day in 2026.
const WALL: u64 = 1_780_000_000;

/// The two clocks of a world. Time passes only when a world says so.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// The monotonic clock.
    pub(crate) now: Duration,
    /// By how many seconds the wall clock is off.
    pub(crate) wall_offset: i64,
}

impl Clock {
    /// A clock that starts at this time.
    pub(crate) const fn starting_at(now: Duration) -> Clock {
        Clock { now, wall_offset: 0 }
    }

    /// Returns the wall clock in Unix time.
    pub(crate) fn wall(&self) -> u64 {
        (WALL + self.now.as_secs()).saturating_add_signed(self.wall_offset)
    }

    /// Returns both clocks as the machines take them.
    pub(crate) fn clocks(&self) -> Now {
        Now::new(Instant::from_origin(self.now), UnixTime(self.wall()))
    }
}
