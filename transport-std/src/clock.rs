//! The two clocks, read once per input.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as StdInstant, SystemTime};

use petition_core::{Instant, Now, UnixTime};

/// Returns the monotonic clock.
fn instant() -> Instant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    Instant::from_origin(ORIGIN.get_or_init(StdInstant::now).elapsed())
}

/// The wall clock in whole seconds, read at most once in each second of the monotonic clock:
/// cookies and certificates need no more, and each reading costs as much as one of the other clock.
struct WallClock(AtomicU64);

static WALL_CLOCK: WallClock = WallClock::new();

impl WallClock {
    /// The low bits hold the second of the last reading. The other bits hold that reading minus its
    /// second.
    const SECOND_BITS: u32 = 28;
    const SECOND: u64 = (1 << Self::SECOND_BITS) - 1;
    const NEVER: u64 = u64::MAX;

    const fn new() -> WallClock {
        WallClock(AtomicU64::new(WallClock::NEVER))
    }

    /// Returns the wall clock in this second of the monotonic one. `read` reads it.
    fn at(&self, second: u64, read: impl FnOnce() -> u64) -> UnixTime {
        let last = self.0.load(Ordering::Relaxed);
        if last != WallClock::NEVER && last & WallClock::SECOND == second & WallClock::SECOND {
            return UnixTime((last >> WallClock::SECOND_BITS).saturating_add(second));
        }
        let unix = read();
        let before = unix.checked_sub(second).filter(|before| *before <= WallClock::NEVER >> WallClock::SECOND_BITS);
        let reading = before.map(|before| before << WallClock::SECOND_BITS | second & WallClock::SECOND);
        self.0.store(reading.unwrap_or(WallClock::NEVER), Ordering::Relaxed);
        UnixTime(unix)
    }
}

fn read_wall_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The clocks of one call. The monotonic clock is read after operations that may take time, not for
/// every input. The wall clock is read once and advances with the monotonic one, so that a step
/// during a call has no effect.
pub(crate) struct Clock {
    began: Now,
    now: Now,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        let instant = instant();
        let began = Now::new(instant, WALL_CLOCK.at(instant.since_origin().as_secs(), read_wall_clock));
        Clock { began, now: began }
    }

    /// Returns the last reading.
    pub(crate) fn now(&self) -> Now {
        self.now
    }

    /// Reads the clock.
    pub(crate) fn read(&mut self) {
        let instant = instant();
        let passed = (instant - self.began.instant).as_secs();
        self.now = Now::new(instant, self.began.unix.saturating_add(passed));
    }

    /// Returns the time left before a deadline: zero if it has passed, `None` if there is none.
    pub(crate) fn left(&self, deadline: Option<Instant>) -> Option<Duration> {
        deadline.map(|at| at - self.now.instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_is_read_once_a_second() {
        let clock = WallClock::new();
        let unread = || unreachable!("it was read in this second");
        assert_eq!(clock.at(7, || 1_800_000_000), UnixTime(1_800_000_000));
        assert_eq!(clock.at(7, unread), UnixTime(1_800_000_000));
        // It was set back.
        assert_eq!(clock.at(8, || 1_700_000_000), UnixTime(1_700_000_000));
        assert_eq!(clock.at(8, unread), UnixTime(1_700_000_000));
    }

    #[test]
    fn extreme_wall_clocks_are_returned_as_read() {
        let clock = WallClock::new();
        for (second, unix) in [(100, 3), (u64::MAX, 5), (0, u64::MAX), (WallClock::SECOND, u64::MAX), (1, 1 << 40)] {
            assert_eq!(clock.at(second, || unix), UnixTime(unix));
            assert_eq!(clock.at(second, || unix), UnixTime(unix));
        }
    }
}
