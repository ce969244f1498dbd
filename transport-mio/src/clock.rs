//! The two clocks of the machine, read once for each input.

use std::sync::OnceLock;
use std::time::{Instant as StdInstant, SystemTime};

use petition_core::{Instant, Now, UnixTime};

/// Where the monotonic clock of this process begins for the core: the first time that anybody asks.
fn origin() -> StdInstant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    *ORIGIN.get_or_init(StdInstant::now)
}

/// Both clocks, now.
pub(crate) fn now() -> Now {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Now::new(instant(), UnixTime(unix))
}

/// The monotonic clock alone.
pub(crate) fn instant() -> Instant {
    Instant::from_origin(origin().elapsed())
}
