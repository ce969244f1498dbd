//! Chooses the credentials of a request. The most explicit ones win, in this order:
//!
//! 1. The request's own option `auth`.
//! 2. Userinfo in the request's URL. If it has no password, netrc may provide that user's password.
//! 3. The credentials of the URL's origin (`auth_for`), the request's before the session's.
//! 4. The session's option `auth`.
//! 5. The netrc entry of the URL's host.
//!
//! A request that clears `auth` uses only the credentials of its URL.

use ::url::Url;

use crate::options::{ResolvedOptions, Setting};
use crate::policy::auth::{Auth, AuthError, OriginAuth};
use crate::url::UserInfo;

/// Returns the credentials of a request to `url`. `own` is its own option, and `settings` are the
/// merged ones.
///
/// # Errors
/// [`AuthError`] if userinfo or netrc contains characters that Basic cannot carry.
pub(crate) fn choose(
    own: Option<&Setting<Option<Auth>>>,
    userinfo: Option<&UserInfo>,
    url: &Url,
    settings: &ResolvedOptions,
) -> Result<Option<Auth>, AuthError> {
    match (own, userinfo) {
        (Some(Setting::Set(Some(auth))), _) => Ok(Some(auth.clone())),
        (_, Some(UserInfo { user, password })) => {
            if let (None, Some(netrc)) = (password, &settings.netrc)
                && let Some(auth) = netrc.find(url, Some(user))?
            {
                return Ok(Some(auth));
            }
            Auth::basic(user, password.as_deref().unwrap_or_default()).map(Some)
        }
        (_, None) => match (settings.origin_auth.find(url), &settings.auth) {
            (Some(auth), _) | (None, Some(auth)) => Ok(Some(auth.clone())),
            (None, None) => settings.netrc.as_ref().map_or(Ok(None), |netrc| netrc.find(url, None)),
        },
    }
}

/// Removes the credentials that do not belong to the request itself.
pub(crate) fn clear(settings: &mut ResolvedOptions) {
    settings.origin_auth = OriginAuth::new();
    settings.settings.netrc = None;
}

/// Returns the credentials that are bound to the origin or host of `url`, which a redirect leads to.
/// The `default` entry of netrc is bound to no host.
///
/// # Errors
/// [`AuthError`] if netrc contains characters that Basic cannot carry.
pub(crate) fn bound_to(url: &Url, settings: &ResolvedOptions) -> Result<Option<Auth>, AuthError> {
    match (settings.origin_auth.find(url), &settings.netrc) {
        (Some(auth), _) => Ok(Some(auth.clone())),
        (None, Some(netrc)) => netrc.find_named(url),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
