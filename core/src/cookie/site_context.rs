//! How a request came about, as far as SameSite asks (RFC 6265bis §5.2): an input, since only the embedder knows.

use super::attributes::SameSite;

/// How the request stands to the site that caused it. A client that acts for its user alone is always [`SiteContext::SameSite`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SiteContext {
    /// Caused by the user or by the same site. All cookies are sent and taken. The default.
    #[default]
    SameSite,
    /// Caused by another site, which opens the URL at the top level with a safe method (GET, HEAD, OPTIONS, TRACE): cookies with
    /// SameSite=Strict stay at home; all are taken.
    SafeNavigation,
    /// Caused by another site, which opens the URL at the top level with an unsafe method, such as a form's POST: only cookies
    /// with SameSite=None are sent; all are taken.
    UnsafeNavigation,
    /// Caused by another site in any other way: only cookies with SameSite=None are sent and taken.
    CrossSite,
}

impl SiteContext {
    /// Whether a cookie goes with such a request (RFC 6265bis §5.8.3). Unset counts as Lax.
    pub(super) fn sends(self, same_site: SameSite) -> bool {
        match self {
            SiteContext::SameSite => true,
            SiteContext::SafeNavigation => same_site != SameSite::Strict,
            SiteContext::UnsafeNavigation | SiteContext::CrossSite => same_site == SameSite::None,
        }
    }

    /// Whether the response to such a request may set a cookie (RFC 6265bis §5.7).
    pub(super) fn takes(self, same_site: SameSite) -> bool {
        self != SiteContext::CrossSite || same_site == SameSite::None
    }
}
