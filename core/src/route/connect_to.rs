//! Where to connect instead of the URL's host and port: Unix sockets, addresses of the embedder's
//! own, and other hosts.
//!
//! A local service trusts every client of its socket, so a peer must not lead there. An address
//! therefore belongs to an origin: the one that the request's own URL names, or one that a rule
//! names. A redirect to any other origin connects by name as usual, under the address policy. Only
//! [`ConnectTo::every_origin`] gives that up, for test doubles and the like.
//!
//! Another host is reached by TCP, like the host of any URL, so such a rule may match every host.
//!
//! Left out: the addresses of a name. See
//! [`StaticAddresses`](super::static_addresses::StaticAddresses).

use url::Url;

use super::address::Address;
use super::host_port::{HostPortError, parse_host_port, without_dot};
use super::port;
use crate::origin::{Origin, OriginRef};

/// Addresses and hosts to connect to instead of the URL's host and port.
///
/// The destination is part of a connection's identity: a connection to a Unix socket never serves a
/// request over TCP to the same origin. Only the connection differs. The `Host` field, TLS, cookies
/// and credentials are those of the URL.
///
/// A hop with an address uses no proxy, and the
/// [`AddressPolicy`](super::address_policy::AddressPolicy) applies only to TCP addresses. A hop
/// with another host is tunnelled through its proxy, if it has one, and the policy applies.
///
/// ```
/// use petition_core::route::connect_to::ConnectTo;
/// use petition_core::{Address, Url, origin::Origin};
///
/// let docker: Url = "http://docker.test/".parse()?;
/// let rules = ConnectTo::new().origin(Origin::of(&docker), Address::unix("/run/docker.sock"));
/// assert_eq!(rules.address(&docker.join("info")?), Some(&Address::unix("/run/docker.sock")));
/// assert_eq!(rules.address(&"http://other.test/".parse()?), None);
///
/// // Like curl's `--connect-to www.example:443:staging.example:8443`.
/// let staging = ConnectTo::new().host("www.example:443", "staging.example:8443")?;
/// # assert!(staging.address(&"https://www.example/".parse()?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectTo {
    rules: Vec<(Origin, Address)>,
    /// For the origin of the request's URL, which is not known yet.
    request_origin: Option<Address>,
    hosts: Vec<HostRule>,
    every_origin: Option<Address>,
}

/// A host and port, and their replacements. `None` matches any host or port, and as a replacement
/// keeps the URL's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HostRule {
    of: (Option<Box<str>>, Option<u16>),
    to: (Option<Box<str>>, Option<u16>),
}

/// Where to connect instead of the URL's host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Address(Address),
    /// A host, in brackets if it is an IPv6 address, and a port.
    Name(Box<str>, u16),
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

    /// Connects to the host and port `to` for URLs with the host and port `of`, including targets
    /// of redirects. Each is `host:port`. An empty part of `of` matches any host or port; an empty
    /// part of `to` keeps the URL's, as in curl's `--connect-to`. The first matching rule applies.
    ///
    /// Rules by origin and [`ConnectTo::request_origin`] take precedence.
    ///
    /// # Errors
    /// If `of` or `to` is not of this form, or has an invalid host or port.
    pub fn host(mut self, of: &str, to: &str) -> Result<ConnectTo, HostPortError> {
        self.hosts.push(HostRule { of: parse_host_port(of)?, to: parse_host_port(to)? });
        Ok(self)
    }

    /// Connects to this address for every origin without another rule.
    ///
    /// Any peer can then lead to it by a redirect, under any name. Use it only if that is harmless.
    #[must_use]
    pub fn every_origin(mut self, address: impl Into<Address>) -> ConnectTo {
        self.every_origin = Some(address.into());
        self
    }

    /// Returns the address for a request to `url`; `None` if the request connects to a host.
    pub fn address(&self, url: &Url) -> Option<&Address> {
        self.own_address(url).or_else(|| self.every_origin.as_ref().filter(|_| self.host_rule(url).is_none()))
    }

    /// Returns the destination of a request to `url`; `None` if it is the URL's host and port.
    pub(super) fn target(&self, url: &Url) -> Option<Target> {
        if let Some(address) = self.address(url) {
            return Some(Target::Address(address.clone()));
        }
        let (to, own) = (&self.host_rule(url)?.to, (url.host_str().unwrap_or_default(), port(url)));
        let (host, port) = (to.0.as_deref().unwrap_or(own.0), to.1.unwrap_or(own.1));
        ((host, port) != own).then(|| Target::Name(host.into(), port))
    }

    fn own_address(&self, url: &Url) -> Option<&Address> {
        let origin = OriginRef::of(url);
        let rule = self.rules.iter().find(|(of, _)| *of == origin).map(|(_, address)| address);
        rule.or(self.request_origin.as_ref())
    }

    fn host_rule(&self, url: &Url) -> Option<&HostRule> {
        let own = (without_dot(url.host_str().unwrap_or_default()), port(url));
        self.hosts.iter().find(|HostRule { of: (host, port), .. }| {
            host.as_deref().is_none_or(|host| host == own.0) && port.is_none_or(|port| port == own.1)
        })
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
    fn host_rules_match_as_those_of_curl() {
        let name = |host: &str, port| Some(Target::Name(host.into(), port));
        for (of, to, of_url, expected) in [
            ("a.test:443", "b.test:8443", "https://a.test/", name("b.test", 8443)),
            ("a.test:443", "b.test:8443", "https://A.test./", name("b.test", 8443)),
            ("a.test:443", "b.test:8443", "http://a.test:443/", name("b.test", 8443)),
            ("a.test:443", "b.test:8443", "http://a.test/", None),
            ("a.test:443", "b.test:8443", "https://x.a.test/", None),
            ("a.test:", "b.test:", "http://a.test:81/", name("b.test", 81)),
            (":80", ":8080", "http://c.test/", name("c.test", 8080)),
            (":", "[::1]:9", "http://[::2]/", name("[::1]", 9)),
            (":", ":", "http://a.test/", None),
            ("a.test:", "a.test:80", "http://a.test/", None),
        ] {
            let rules = ConnectTo::new().host(of, to).unwrap();
            assert_eq!(rules.target(&url(of_url)), expected, "{of} {to} {of_url}");
        }
        assert_eq!(ConnectTo::new().host("a.test", ":"), Err(HostPortError::Form));
        assert_eq!(ConnectTo::new().host(":", "a b:"), Err(HostPortError::Host));
    }

    #[test]
    fn first_host_rule_counts_after_those_by_origin() {
        let rules = ConnectTo::new().host("a.test:", "one.test:").unwrap().host(":", "two.test:").unwrap();
        assert_eq!(rules.target(&url("http://a.test/")), Some(Target::Name("one.test".into(), 80)));
        assert_eq!(rules.target(&url("http://b.test/")), Some(Target::Name("two.test".into(), 80)));
        let rules = rules.every_origin(unix("every"));
        assert_eq!(rules.target(&url("http://a.test/")), Some(Target::Name("one.test".into(), 80)));
        let rules = rules.origin(Origin::of(&url("http://a.test/")), unix("a"));
        assert_eq!(rules.target(&url("http://a.test/")), Some(Target::Address(unix("a"))));
        assert_eq!(rules.address(&url("http://b.test/")), None);
        let rules = rules.request_origin(unix("own"));
        assert_eq!(rules.target(&url("http://b.test/")), Some(Target::Address(unix("own"))));
    }

    #[test]
    fn empty_list_is_no_setting() {
        assert_eq!(ConnectTo::from(unix("own")).without_request_origin(), None);
        assert_eq!(ConnectTo::new().address(&url("http://a.test/")), None);
    }
}
