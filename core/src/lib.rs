//! A whole HTTP/1.1 client session as deterministic state machines.
#![forbid(unsafe_code)]

pub mod address_policy;
pub mod auth;
pub mod body;
pub mod buffer;
pub mod cookie;
pub mod decode;
pub mod dial;
pub mod engine;
pub mod error;
pub mod http1;
pub mod http_date;
pub mod limits;
pub mod link;
pub mod media_type;
pub mod options;
pub mod origin;
pub mod pool;
pub mod prepared;
pub mod proxy;
pub mod redirect;
pub mod request;
pub mod resolve;
pub mod session;
pub mod text;
pub mod time;
#[cfg(feature = "tls")]
pub mod tls;
pub mod transfer;
pub mod url_rules;

pub use auth::Auth;
pub use body::Body;
pub use error::{Error, ErrorKind, IoFailure, Misuse, Phase, Processed, Timeout};
pub use limits::{LimitExceeded, Limits};
pub use options::{Headers, Options, Pairs, Setting, Settings};
pub use prepared::Prepared;
pub use proxy::Proxy;
pub use request::{BuildError, Request};
pub use session::Session;
pub use time::{Instant, Now, UnixTime};
pub use transfer::{Event, Input, Output, Side, Transfer};

pub use http::{Method, StatusCode};
#[cfg(feature = "json")]
#[doc(hidden)]
pub use serde::Serialize;
