//! The two clocks of the machine, read once for each input.

use std::sync::OnceLock;
use std::time::{Duration, Instant as StdInstant, SystemTime};

use petition_core::{Instant, Now, UnixTime};

/// Where the monotonic clock of this process begins for the core: the first time that anybody asks.
fn origin() -> StdInstant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    *ORIGIN.get_or_init(StdInstant::now)
}

/// The monotonic clock.
fn instant() -> Instant {
    Instant::from_origin(origin().elapsed())
}

/// The clocks of one call. They are read again after whatever may have taken time, and not for every word between this crate and the core; the
/// wall clock is read once and goes on with the other, so that a step of it in the midst of a call does not count.
pub(crate) struct Clock {
    began: Now,
    now: Now,
    /// Time has passed since it was read.
    stale: bool,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let began = Now::new(instant(), UnixTime(unix));
        Clock { began, now: began, stale: false }
    }

    /// As it was when it was last read.
    pub(crate) fn now(&self) -> Now {
        self.now
    }

    /// Time passes in the caller's hands. It is read when it is needed.
    pub(crate) fn let_pass(&mut self) {
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

    /// The time left before a deadline; zero when it has passed, `None` when there is none.
    pub(crate) fn left(&self, deadline: Option<Instant>) -> Option<Duration> {
        deadline.map(|at| at - self.now.instant)
    }
}
