//! The door for URLs: what is let in, how it is resolved, and how it is written into a request.
//!
//! The `url` crate is the one parser. Text is looked at before it, so that what two parsers could read in
//! two ways is refused ([`parse_url`], [`join`]), and never after it: behind the door only the parsed
//! [`url::Url`] exists, with its host in canonical form (IPv4 in odd notation made plain, names in lower
//! case and A-labels). Its user information has been taken out, so that no later use can leak it.
//!
//! Refused at the door: schemes other than http and https, controls anywhere, spaces but in path, query and
//! fragment, a second `@`, a backslash up to the path, `%` in the host, zone ids, empty hosts and labels, and
//! ports that are not 1 to 65535 in digits. Encoded, once: what RFC 3986 does not allow in a path or query.

mod error;
mod excerpt;
mod parse;
mod query;
mod reference;
mod target;

pub use error::UrlError;
pub use parse::{UserInfo, accept_url, parse_url};
pub use query::append_query;
pub use reference::join;
pub use target::{QueryShown, absolute_target, host_header, redacted, request_target};

pub(crate) use excerpt::excerpt;
pub(crate) use reference::resolve_location;
