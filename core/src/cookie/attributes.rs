//! Cookie attributes with more than two values, and the placeholder that hides values in `Debug`.

use std::fmt;

/// The SameSite attribute (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Absent or unrecognized: treated as Lax, but saved as unset.
    #[default]
    Unset,
    /// Sent with every request, including those caused by other sites.
    None,
    /// Sent with a request caused by another site only if it opens the URL at the top level with a
    /// safe method.
    Lax,
    /// Sent only with requests caused by the same site.
    Strict,
}

impl SameSite {
    pub(super) fn from_attribute(value: &[u8]) -> Self {
        let is = |known: &str| value.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if is("none") => SameSite::None,
            () if is("lax") => SameSite::Lax,
            () if is("strict") => SameSite::Strict,
            () => SameSite::Unset,
        }
    }
}

/// The hosts that receive a cookie (the host-only flag of RFC 6265bis §5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Only the host that set it.
    HostOnly,
    /// The domain in its Domain attribute, and all hosts below it.
    Domain,
}

/// Replaces a value in `Debug` output.
pub(super) struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
