//! The context of a request, as SameSite defines it (RFC 6265bis §5.2). It is an input, since only
//! the embedder knows it.

use super::attributes::SameSite;

/// How a request relates to the site that caused it. A client that acts only for its user always
/// uses [`SiteContext::SameSite`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SiteContext {
    /// Caused by the user or by the same site. All cookies are sent and accepted. The default.
    #[default]
    SameSite,
    /// Caused by another site that opens the URL at the top level with a safe method (GET, HEAD,
    /// OPTIONS, TRACE). Cookies with SameSite=Strict are not sent; all are accepted.
    SafeNavigation,
    /// Caused by another site that opens the URL at the top level with an unsafe method, such as a
    /// form's POST. Only cookies with SameSite=None are sent; all are accepted.
    UnsafeNavigation,
    /// Caused by another site in any other way. Only cookies with SameSite=None are sent and
    /// accepted.
    CrossSite,
}

impl SiteContext {
    /// Whether such a request carries a cookie (RFC 6265bis §5.8.3). Unset counts as Lax.
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
