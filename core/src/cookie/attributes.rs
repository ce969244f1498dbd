//! Attributes of a cookie that are more than a flag, and how `Debug` hides a value.

use std::fmt;

/// The SameSite attribute (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Absent or not understood: treated as Lax, and told apart from it when saved.
    #[default]
    Unset,
    /// Sent whoever caused the request.
    None,
    /// Sent when another site caused the request only if that opens the URL at the top level with a safe method.
    Lax,
    /// Sent only when the same site caused the request.
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

/// Which hosts a cookie goes to (the host-only flag of RFC 6265bis §5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The host that set it, and no other.
    HostOnly,
    /// The domain that it named, and all hosts below.
    Domain,
}

/// Stands for a value in `Debug`.
pub(super) struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
