//! The credentials of an operation, and their scheme.

use petition_core::Auth;

use super::op::Declined;

/// Removes the userinfo of a URL and returns its user and password.
pub(super) fn take_userinfo(url: &mut String) -> Option<(String, String)> {
    let mut parsed = url::Url::parse(url).ok().filter(|parsed| !parsed.username().is_empty())?;
    let decode = |text: &str| {
        // The decoder of forms, without what is special to forms.
        let text = text.replace('+', "%2B").replace('&', "%26");
        url::form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    let taken = (decode(parsed.username()), decode(parsed.password().unwrap_or_default()));
    parsed.set_username("").ok()?;
    parsed.set_password(None).ok()?;
    *url = parsed.into();
    Some(taken)
}

/// How credentials are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scheme {
    Basic,
    Digest,
    /// The strongest that the server offers.
    Any,
}

impl Scheme {
    pub(super) fn named(name: &str) -> Result<Scheme, Declined> {
        match name {
            "basic" | "none" | "" => Ok(Scheme::Basic),
            "digest" => Ok(Scheme::Digest),
            "any" => Ok(Scheme::Any),
            _ => Err(Declined(format!("credentials of the scheme {name} are not supported"))),
        }
    }

    pub(super) fn auth(self, user: &str, password: &str) -> Result<Auth, String> {
        match self {
            Scheme::Basic => Auth::basic(user, password),
            Scheme::Digest => Auth::digest(user, password),
            Scheme::Any => Auth::on_challenge(user, password),
        }
        .map_err(|error| error.to_string())
    }
}
