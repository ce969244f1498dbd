//! A whole HTTP/1.1 client session as deterministic state machines.
#![forbid(unsafe_code)]

pub mod address_policy;
pub mod dial;
pub mod limits;
pub mod origin;
pub mod pool;
pub mod redirect;
pub mod time;
pub mod url_rules;

pub use limits::{LimitExceeded, Limits};
pub use time::{Instant, Now, UnixTime};
