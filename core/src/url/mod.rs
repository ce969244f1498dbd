//! URL validation, reference resolution and the forms that a request uses.
//!
//! The `url` crate is the only parser. Lexical checks run on the text first and reject input that
//! two parsers could read differently ([`parse_url`], [`join`]). All later code sees only the
//! parsed [`url::Url`] with a canonical host: plain IPv4, lower-case names, A-labels. User
//! information is removed, so no later use can leak it.
//!
//! Rejected are: schemes other than http and https; control characters anywhere; spaces outside
//! path, query and fragment; a second `@`; a backslash before the path; `%` in the host; zone
//! identifiers; empty hosts and labels; ports that are not decimal numbers from 1 to 65535.
//! Percent-encoded once: characters that RFC 3986 does not allow in a path or query.

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
