//! Limits of a cookie jar.

/// Limits on the cookies that servers can make a jar store or send.
///
/// A [`LimitExceeded`](crate::LimitExceeded) names them by field with the prefix `cookies.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CookieLimits {
    /// Maximum bytes of name and value together; longer cookies are rejected. Default: 4096 (RFC
    /// 6265bis §5.6).
    pub pair_bytes: usize,
    /// Maximum bytes of one attribute's value; longer attributes are ignored. Default: 1024 (RFC
    /// 6265bis §5.6).
    pub attribute_bytes: usize,
    /// Maximum Set-Cookie fields of one response; further ones are rejected. Default: 50.
    pub per_response: usize,
    /// Maximum cookies of one site: one registrable domain with all its subdomains. Default: 180.
    pub per_site: usize,
    /// Maximum cookies of the entire jar. Default: 3000.
    pub total: usize,
    /// Maximum bytes of a Cookie field's value; cookies that do not fit are omitted. Default: 8
    /// KiB.
    pub header_bytes: usize,
    /// Maximum lifetime of a cookie in seconds, whatever expiry it requests. Default: 400 days (RFC
    /// 6265bis §5.5).
    pub max_age: u64,
}

impl CookieLimits {
    /// The default limits, as stated for each field.
    pub const DEFAULT: CookieLimits = CookieLimits {
        pair_bytes: 4096,
        attribute_bytes: 1024,
        per_response: 50,
        per_site: 180,
        total: 3000,
        header_bytes: 8 * 1024,
        max_age: 400 * 24 * 60 * 60,
    };
}

impl Default for CookieLimits {
    fn default() -> Self {
        CookieLimits::DEFAULT
    }
}
