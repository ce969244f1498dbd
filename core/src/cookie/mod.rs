//! The cookie jar: which cookies a response may set, and which a request carries (RFC 6265bis).
//!
//! The story in the order it happens: [`Jar::receive`] parses a Set-Cookie value (§5.6, [`parse_set_cookie`]), decides
//! whether it may be stored (§5.7; [`Rejected`] has every reason it may not) and stores it within the [`CookieLimits`]. For each request
//! [`Jar::header`] picks the cookies that go with it (§5.8.3) and orders them. [`Jar::explain`] says the same for every
//! cookie of a site, with the reason. [`Jar::save`] and [`Jar::load`] keep a jar as text, [`Jar::export_netscape`] and
//! [`Jar::import_netscape`] trade with other programs.
//!
//! What the client's other parts must tell: the time, and how the request came about ([`SiteContext`]). Whether a domain is
//! a public suffix is the business of [`PublicSuffixes`].
//!
//! Left out: third-party blocking and partitioned cookies, which need a top-level document; the two minutes in which some browsers
//! send a cookie without SameSite with a cross-site POST; and scripts, the "non-HTTP API" of the RFC, which a client has not.

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
