//! The request target where it is not the URL's own (RFC 9112 §3.2).

use std::fmt;

use http::Method;

/// What stands as the request target of the first hop. After a redirect it is the next URL's again.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum RequestTarget {
    /// Path and query of the URL, or all of it to a proxy that forwards (RFC 9112 §3.2.1, §3.2.2).
    #[default]
    Url,
    /// `*`: the server as a whole, whatever the URL's path; for OPTIONS only, also to a proxy (RFC 9112 §3.2.4).
    Asterisk,
    /// This path, with a query if there is one, in the place of the URL's and exactly as given: dot segments stay, nothing
    /// is escaped. It begins with `/` and is printable ASCII without `#`. Cookies and redirects go by the URL.
    Path(Box<str>),
}

impl fmt::Debug for RequestTarget {
    // A query may carry secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestTarget::Url => f.write_str("Url"),
            RequestTarget::Asterisk => f.write_str("Asterisk"),
            RequestTarget::Path(path) => match path.split_once('?') {
                Some((path, _)) => write!(f, "Path({path:?}?…)"),
                None => write!(f, "Path({path:?})"),
            },
        }
    }
}

impl RequestTarget {
    /// Whether this may be the target of a request with that method.
    ///
    /// # Errors
    /// What a request with this target needs.
    pub(crate) fn check(&self, method: &Method) -> Result<(), &'static str> {
        match self {
            RequestTarget::Url => Ok(()),
            RequestTarget::Asterisk if *method == Method::OPTIONS => Ok(()),
            RequestTarget::Asterisk => Err("the method OPTIONS for the target *"),
            RequestTarget::Path(path) if !path.starts_with('/') => Err("a path that begins with /"),
            RequestTarget::Path(path) if path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') => Ok(()),
            RequestTarget::Path(_) => Err("a path in printable ASCII without space and #"),
        }
    }
}
