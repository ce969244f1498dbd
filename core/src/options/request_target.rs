//! Request targets other than the URL's own (RFC 9112 §3.2).

use std::fmt;

use http::Method;

/// The request target of the first hop. After a redirect, the target is that of the next URL.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum RequestTarget {
    /// Path and query of the URL, or the whole URL for a forwarding proxy (RFC 9112 §3.2.1,
    /// §3.2.2).
    #[default]
    Url,
    /// `*`: the server as a whole, whatever the URL's path. For OPTIONS only; also sent to a proxy
    /// (RFC 9112 §3.2.4).
    Asterisk,
    /// This path and optional query in place of the URL's, sent unchanged: dot segments stay, and
    /// nothing is escaped. It begins with `/` and is printable ASCII without `#`. Cookies and
    /// redirects use the URL.
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
    /// Checks that a request with this method may have this target.
    ///
    /// # Errors
    /// A text that says what was expected, if it may not or if the path is malformed.
    pub(crate) fn check(&self, method: &Method) -> Result<(), &'static str> {
        match self {
            RequestTarget::Url => Ok(()),
            RequestTarget::Asterisk if *method == Method::OPTIONS => Ok(()),
            RequestTarget::Asterisk => Err("the method OPTIONS with the target *"),
            RequestTarget::Path(path) if !path.starts_with('/') => Err("a path that begins with /"),
            RequestTarget::Path(path) if path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') => Ok(()),
            RequestTarget::Path(_) => Err("a path in printable ASCII without space and #"),
        }
    }
}
