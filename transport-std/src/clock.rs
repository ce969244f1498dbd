//! The two clocks, read once per input.

use std::sync::OnceLock;
use std::time::{Duration, Instant as StdInstant, SystemTime};

use petition_core::{Instant, Now, UnixTime};

/// Returns the origin of this process's monotonic clock: the first call.
fn origin() -> StdInstant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    *ORIGIN.get_or_init(StdInstant::now)
}

/// Returns the monotonic clock.
fn instant() -> Instant {
    Instant::from_origin(origin().elapsed())
}

/// The clocks of one call. The monotonic clock is read after operations that may take time, not for
/// every input. The wall clock is read once and advances with the monotonic one, so that a step
/// during a call has no effect.
pub(crate) struct Clock {
    began: Now,
    now: Now,
    /// Whether time has passed since the last reading.
    stale: bool,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let began = Now::new(instant(), UnixTime(unix));
        Clock { began, now: began, stale: false }
    }

    /// Returns the last reading.
    pub(crate) fn now(&self) -> Now {
        self.now
    }

    /// Marks the reading as stale: the caller takes time. The next [`Clock::refresh`] reads the
    /// clock.
    pub(crate) fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Reads the clock if time has passed.
    pub(crate) fn refresh(&mut self) {
        if self.stale {
            self.read();
        }
    }

    /// Reads the clock.
    pub(crate) fn read(&mut self) {
        self.stale = false;
        let instant = instant();
        let passed = (instant - self.began.instant).as_secs();
        self.now = Now::new(instant, self.began.unix.saturating_add(passed));
    }

    /// Returns the time left before a deadline: zero if it has passed, `None` if there is none.
    pub(crate) fn left(&self, deadline: Option<Instant>) -> Option<Duration> {
        deadline.map(|at| at - self.now.instant)
    }
}
