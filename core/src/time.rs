//! Time types: time enters the state machines only as an argument.
//!
//! Two clocks answer different questions. Deadlines use a monotonic clock ([`Instant`]) that never
//! jumps. Cookies, HSTS and certificates use the wall clock ([`UnixTime`]), which may be stepped at
//! any moment. Both are plain numbers, so that tests, recordings and fuzz inputs can contain them.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
pub use std::time::Duration;

/// A point on the embedder's monotonic clock: the time since an origin that the embedder chooses.
/// It has a resolution of one nanosecond and a range of 584 years.
///
/// Only differences are meaningful. All arithmetic saturates: no input makes it panic.
///
/// It counts from one, so that `Option<Instant>` has the same size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

/// Converts to nanoseconds. They fit one word, since every input compares instants.
const fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
}

impl Instant {
    /// The origin of the clock.
    pub const ZERO: Instant = Instant(NonZeroU64::MIN);

    /// Returns the instant `since_origin` after the origin.
    pub const fn from_origin(since_origin: Duration) -> Self {
        Instant(NonZeroU64::MIN.saturating_add(nanos(since_origin)))
    }

    /// Returns the time since the origin.
    pub const fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0.get() - 1)
    }

    /// Returns the time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// Returns `self + duration`, at most the greatest instant.
    pub const fn saturating_add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(nanos(duration)))
    }
}

impl Default for Instant {
    fn default() -> Self {
        Instant::ZERO
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&(self.0.get() - 1)).finish()
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, duration: Duration) -> Instant {
        self.saturating_add(duration)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_since(earlier)
    }
}

/// Wall-clock time in whole seconds since 1970-01-01T00:00:00Z. Earlier times cannot be
/// represented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// Returns `self + seconds`, at most the greatest time.
    pub const fn saturating_add(self, seconds: u64) -> UnixTime {
        UnixTime(self.0.saturating_add(seconds))
    }

    /// Returns the seconds from `earlier` to `self`; zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: UnixTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s after the epoch", self.0)
    }
}

/// Both clocks, read at the same moment. Every input to a state machine carries one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Now {
    /// The monotonic clock, for deadlines.
    pub instant: Instant,
    /// The wall clock, for cookies, HSTS and certificates.
    pub unix: UnixTime,
}

impl Now {
    /// Combines both clocks.
    pub const fn new(instant: Instant, unix: UnixTime) -> Self {
        Now { instant, unix }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_saturate_in_both_directions() {
        let one = Instant::from_origin(Duration::from_secs(1));
        let two = Instant::from_origin(Duration::from_secs(2));
        assert_eq!(two - one, Duration::from_secs(1));
        assert_eq!(one - two, Duration::ZERO);
        assert_eq!(Instant::from_origin(Duration::MAX) + Duration::from_secs(1), Instant::from_origin(Duration::MAX));
    }

    #[test]
    fn optional_instant_has_the_same_size() {
        assert_eq!(size_of::<Option<Instant>>(), size_of::<Instant>());
        assert_eq!((Instant::default(), Instant::ZERO.since_origin()), (Instant::ZERO, Duration::ZERO));
        assert_eq!(Instant::from_origin(Duration::from_nanos(7)).since_origin(), Duration::from_nanos(7));
    }

    #[test]
    fn wall_clock_differences_clamp_at_zero() {
        assert_eq!(UnixTime(5).saturating_since(UnixTime(9)), 0);
        assert_eq!(UnixTime(u64::MAX).saturating_add(1), UnixTime(u64::MAX));
    }
}
