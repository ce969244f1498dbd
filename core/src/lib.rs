//! A whole HTTP/1.1 client session as deterministic state machines.
#![forbid(unsafe_code)]

pub mod buffer;
pub mod http1;
pub mod limits;
pub mod link;
pub mod time;
pub mod tls;

pub use limits::{LimitExceeded, Limits};
pub use time::{Instant, Now, UnixTime};
