//! A whole HTTP/1.1 client session as deterministic state machines.
#![forbid(unsafe_code)]

pub mod cookie;
pub mod http_date;
pub mod limits;
pub mod time;

pub use limits::{LimitExceeded, Limits};
pub use time::{Instant, Now, UnixTime};
