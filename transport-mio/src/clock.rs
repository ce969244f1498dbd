//! The two clocks, read once per input.

use std::sync::OnceLock;
use std::time::{Instant as StdInstant, SystemTime};

use petition_core::{Instant, Now, UnixTime};

/// Returns the origin of this process's monotonic clock: the first call.
fn origin() -> StdInstant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    *ORIGIN.get_or_init(StdInstant::now)
}

/// Returns both clocks.
pub(crate) fn now() -> Now {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Now::new(instant(), UnixTime(unix))
}

/// Returns the monotonic clock.
pub(crate) fn instant() -> Instant {
    Instant::from_origin(origin().elapsed())
}
