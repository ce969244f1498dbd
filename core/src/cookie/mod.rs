//! The cookie jar: which cookies a response may set, and which a request carries (RFC 6265bis).
//!
//! [`Jar::receive`] parses a Set-Cookie value (§5.6, [`parse_set_cookie`]) and decides whether it
//! may be stored (§5.7); [`Rejected`] lists every reason against it. It then stores the cookie
//! within the [`CookieLimits`]. For each request [`Jar::header`] selects the matching cookies
//! (§5.8.3) and orders them. [`Jar::explain`] gives the decision and its reason for every cookie of
//! a site. [`Jar::save`] and [`Jar::load`] convert a jar to and from text. [`Jar::export_netscape`]
//! and [`Jar::import_netscape`] exchange cookies with other programs.
//!
//! The caller supplies the time and the context of the request ([`SiteContext`]).
//! [`PublicSuffixes`] decides whether a domain is a public suffix.
//!
//! Not implemented: third-party blocking and partitioned cookies, which need a top-level document;
//! the two minutes in which some browsers send a cookie without SameSite with a cross-site POST;
//! and the RFC's "non-HTTP API" for scripts, which a client does not have.

mod admit;
mod attributes;
mod convert;
mod date;
mod explain;
mod grammar;
mod host;
mod jar;
mod limits;
mod netscape;
mod origin;
mod outcome;
mod path;
mod policy;
mod prefix;
mod rules;
mod set_cookie;
mod site_context;
mod store;
mod stored;
mod suffix;
#[cfg(feature = "public-suffix")]
mod suffix_table;
mod text;

pub use ::cookie::Cookie;
pub use attributes::{SameSite, Scope};
pub use convert::NotUtf8;
pub use date::{format_date, parse_date};
pub use explain::{Explained, Verdict};
pub use jar::{Jar, Received, Sent};
pub use limits::CookieLimits;
pub use netscape::Imported;
pub use origin::Loopback;
pub use outcome::{Change, Rejected};
pub use policy::Policy;
pub use prefix::NamePrefix;
pub use rules::{RuleError, SuffixRules};
pub use set_cookie::{ParseError, SetCookie, parse_set_cookie};
pub use site_context::SiteContext;
pub use stored::StoredCookie;
pub use suffix::{PublicSuffixList, PublicSuffixes};
pub use text::{LoadError, LoadErrorKind, Loaded, SaveSessions};

#[cfg(test)]
mod tests;
