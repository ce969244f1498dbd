//! Limits on a jar.

/// Limits on what servers can make a jar hold or send.
///
/// In a [`LimitExceeded`](crate::LimitExceeded) their names are those of the fields with `cookies.` in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CookieLimits {
    /// Bytes of name and value together; a cookie beyond is refused. Default 4096 (RFC 6265bis §5.6).
    pub pair_bytes: usize,
    /// Bytes of one attribute's value; an attribute beyond is passed over. Default 1024 (RFC 6265bis §5.6).
    pub attribute_bytes: usize,
    /// Set-Cookie fields taken from one response; those beyond are refused. Default 50.
    pub per_response: usize,
    /// Cookies of one site, that is of one registrable domain with all its sub-domains. Default 180.
    pub per_site: usize,
    /// Cookies of the whole jar. Default 3000.
    pub total: usize,
    /// Bytes of a Cookie field's value; cookies beyond are left out of the request. Default 8 KiB.
    pub header_bytes: usize,
    /// Seconds after which every cookie expires, whatever it asked for. Default 400 days (RFC 6265bis §5.5).
    pub max_age: u64,
}

impl CookieLimits {
    /// The defaults, as each field states them.
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
