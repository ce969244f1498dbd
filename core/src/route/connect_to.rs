//! Where to connect instead of looking up a name: Unix sockets and addresses of the embedder's own.
//!
//! A local service trusts every client of its socket, so a peer must not lead there. An address
//! therefore belongs to an origin: the one that the request's own URL names, or one that a rule
//! names. A redirect to any other origin connects by name as usual, under the address policy. Only
//! [`ConnectTo::every_origin`] gives that up, for test doubles and the like.
//!
//! Left out: another name to connect to.

use url::Url;

use super::address::Address;
use crate::origin::{Origin, OriginRef};

/// Addresses to connect to instead of looking up the URL's host.
///
/// The address is part of a connection's identity: a connection to a Unix socket never serves a
/// request over TCP to the same origin. Only the connection differs. The `Host` field, TLS, cookies
/// and credentials are those of the URL. A hop with such an address uses no proxy, and no
/// [`AddressPolicy`](super::address_policy::AddressPolicy) applies unless it is a TCP address.
///
/// ```
/// use petition_core::route::connect_to::ConnectTo;
/// use petition_core::{Address, Url, origin::Origin};
///
/// let docker: Url = "http://docker.test/".parse()?;
/// let rules = ConnectTo::new().origin(Origin::of(&docker), Address::unix("/run/docker.sock"));
/// assert_eq!(rules.address(&docker.join("info")?), Some(&Address::unix("/run/docker.sock")));
/// assert_eq!(rules.address(&"http://other.test/".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectTo {
    rules: Vec<(Origin, Address)>,
    /// For the origin of the request's URL, which is not known yet.
    request_origin: Option<Address>,
    every_origin: Option<Address>,
}

impl ConnectTo {
    /// Creates an empty list: every origin is connected to by its name.
    pub fn new() -> ConnectTo {
        ConnectTo::default()
    }

    /// Connects to this address for the origin of the request's URL, but not for other origins that
    /// a redirect leads to.
    ///
    /// Set on a session, it applies to every request, within the session's
    /// [`SecretScope`](crate::SecretScope). With a base URL that is the base URL's origin.
    #[must_use]
    pub fn request_origin(mut self, address: impl Into<Address>) -> ConnectTo {
        self.request_origin = Some(address.into());
        self
    }

    /// Connects to this address for this origin, also if a redirect leads to it. Precedes
    /// [`ConnectTo::request_origin`]; of two rules for one origin, the first counts.
    #[must_use]
    pub fn origin(mut self, origin: Origin, address: impl Into<Address>) -> ConnectTo {
        self.rules.push((origin, address.into()));
        self
    }

    /// Connects to this address for every origin without another rule.
    ///
    /// Any peer can then lead to it by a redirect, under any name. Use it only if that is harmless.
    #[must_use]
    pub fn every_origin(mut self, address: impl Into<Address>) -> ConnectTo {
        self.every_origin = Some(address.into());
        self
    }

    /// Returns the address for a request to `url`; `None` if its host is to be looked up.
    pub fn address(&self, url: &Url) -> Option<&Address> {
        let origin = OriginRef::of(url);
        let rule = self.rules.iter().find(|(of, _)| *of == origin).map(|(_, address)| address);
        rule.or(self.request_origin.as_ref()).or(self.every_origin.as_ref())
    }

    /// Binds the address for the request's own origin to the origin of `url`, which the request is
    /// about to leave.
    pub(crate) fn bind(&mut self, url: &Url) {
        if let Some(address) = self.request_origin.take() {
            self.rules.push((Origin::of(url), address));
        }
    }

    /// Removes the address for the request's own origin: the session must not lend it to this
    /// request. Returns `None` if nothing is left.
    pub(crate) fn without_request_origin(mut self) -> Option<ConnectTo> {
        self.request_origin = None;
        (self != ConnectTo::default()).then_some(self)
    }
}

/// Connects to this address for the origin of the request's URL: [`ConnectTo::request_origin`].
impl From<Address> for ConnectTo {
    fn from(address: Address) -> ConnectTo {
        ConnectTo::new().request_origin(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn unix(name: &str) -> Address {
        Address::unix(name)
    }

    #[test]
    fn first_rule_for_an_origin_precedes_the_general_ones() {
        let a = Origin::of(&url("http://a.test/"));
        let rules = ConnectTo::new()
            .every_origin(unix("every"))
            .request_origin(unix("own"))
            .origin(a.clone(), unix("a"))
            .origin(a, unix("second"));
        assert_eq!(rules.address(&url("http://a.test/x")), Some(&unix("a")));
        assert_eq!(rules.address(&url("http://b.test/")), Some(&unix("own")));
        assert_eq!(rules.address(&url("https://a.test/")), Some(&unix("own")));
        assert_eq!(rules.without_request_origin().unwrap().address(&url("http://b.test/")), Some(&unix("every")));
    }

    #[test]
    fn bound_address_stays_with_the_origin_that_was_left() {
        let mut rules = ConnectTo::from(unix("own"));
        rules.bind(&url("http://a.test/"));
        assert_eq!(rules.address(&url("http://a.test/2")), Some(&unix("own")));
        assert_eq!(rules.address(&url("http://b.test/")), None);
        assert_eq!(rules.address(&url("http://a.test:81/")), None);
        rules.bind(&url("http://b.test/"));
        assert_eq!(rules.address(&url("http://b.test/")), None);
    }

    #[test]
    fn empty_list_is_no_setting() {
        assert_eq!(ConnectTo::from(unix("own")).without_request_origin(), None);
        assert_eq!(ConnectTo::new().address(&url("http://a.test/")), None);
    }
}
