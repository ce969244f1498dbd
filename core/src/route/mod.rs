//! The route to an origin: the identity of a connection, and the layers that a new one needs.
//!
//! An idle connection serves a request only if every part of the route is equal: scheme, host,
//! port, the proxy with its credentials, the destination if the caller's rules name one, and the TLS
//! configuration, compared by identity.

pub mod address;
pub mod address_policy;
pub mod connect_to;
mod destination;
pub mod dial;
pub mod host_port;
pub mod lookup_cache;
pub mod pool;
pub mod proxy;
pub mod proxy_rules;
pub mod resolve;
pub mod static_addresses;

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http::HeaderValue;
use url::Url;

use crate::error::ErrorKind;
use crate::headers::{Headers, USER_AGENT};
use crate::http1::Config;
use crate::link::{Layer, Link, ProxyFailure, Socks, SocksFailure, SocksTarget, SocksVersion, Tunnel};
use crate::origin::Scheme;
use crate::policy::auth::Auth;
use crate::route::address::Address;
pub(crate) use crate::route::destination::Destination;
use crate::route::proxy::{Names, Proxy};
use crate::seed::Seed;
#[cfg(not(feature = "tls"))]
use crate::tls::TlsConfigError;
#[cfg(feature = "tls")]
use crate::tls::{TlsConfig, TlsLayer};

/// A route over TLS is made with a configuration.
#[cfg(feature = "tls")]
const NO_CONFIG: ErrorKind = ErrorKind::Internal("a route over TLS without its configuration");

/// The key of a pooled connection. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Route(Arc<RouteKey>);

#[derive(Debug, PartialEq, Eq)]
struct RouteKey {
    /// The hash of all other fields, keyed with the session's seed. Computed once, since a key is
    /// looked up more often than it is made.
    hash: u64,
    scheme: Scheme,
    host: Box<str>,
    port: u16,
    proxy: Option<Proxy>,
    /// The destination under the caller's rules.
    destination: Option<Box<Destination>>,
    /// The credentials that the connection is bound to.
    bound: Option<Auth>,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl Route {
    /// Returns the route to the origin of `url`. `tls` configures the TLS of the origin and of the
    /// proxy. `last` caches the most recent route, which the next request is likely to share.
    pub(crate) fn new(
        url: &Url,
        proxy: Option<&Proxy>,
        destination: Option<Destination>,
        bound: Option<&Auth>,
        #[cfg(feature = "tls")] tls: Option<TlsConfig>,
        seed: Seed,
        last: &mut Option<Route>,
    ) -> Route {
        let (scheme, host, port) = (Scheme::of(url), url.host_str().unwrap_or_default(), port(url));
        if let Some(Route(key)) = last {
            let same = key.port == port && key.scheme == scheme && *key.host == *host && key.proxy.as_ref() == proxy;
            let same = same && key.destination.as_deref() == destination.as_ref();
            let same = same && key.bound.as_ref() == bound;
            #[cfg(feature = "tls")]
            let same = same && key.tls == tls;
            if same {
                return Route(key.clone());
            }
        }
        let mut hasher = seed.hasher();
        (scheme, host, port, proxy, &destination).hash(&mut hasher);
        #[cfg(feature = "tls")]
        tls.hash(&mut hasher);
        let route = Route(Arc::new(RouteKey {
            hash: hasher.finish(),
            scheme,
            host: host.into(),
            port,
            proxy: proxy.cloned(),
            destination: destination.map(Box::new),
            bound: bound.cloned(),
            #[cfg(feature = "tls")]
            tls,
        }));
        last.insert(route).clone()
    }

    /// Whether both are the same allocation, not merely equal.
    pub(crate) fn ptr_eq(&self, other: &Route) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the host and port to connect to: the proxy's, or else those that the caller named,
    /// or else the origin's. A literal IPv6 address has no brackets.
    pub fn peer_name(&self) -> (&str, u16) {
        let (host, port) = match &self.0.proxy {
            Some(proxy) => (proxy.url().host_str().unwrap_or_default(), port(proxy.url())),
            None => self.target_name(),
        };
        (without_brackets(host), port)
    }

    /// Returns the host and port that serve the origin: the URL's, unless the caller named others.
    /// An IPv6 address is in brackets.
    pub(crate) fn target_name(&self) -> (&str, u16) {
        let named = self.0.destination.as_ref().and_then(|destination| destination.name());
        named.unwrap_or((&self.0.host, self.0.port))
    }

    /// Returns the origin's host and port if a SOCKS proxy must be given its address.
    pub(crate) fn local_target(&self) -> Option<(&str, u16)> {
        match self.0.proxy.as_ref()?.socks()? {
            (_, Names::Local) => {
                let (host, port) = self.target_name();
                Some((without_brackets(host), port))
            }
            (_, Names::Remote) => None,
        }
    }

    /// Whether the route has TLS that verifies the origin's certificate. The caller's own verifier
    /// counts.
    pub(crate) fn is_verified(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.0.scheme == Scheme::Https
            && self.0.tls.as_ref().is_some_and(|config| !config.accepts_invalid_certs());
        #[cfg(not(feature = "tls"))]
        return false;
    }

    /// Whether a connection to `peer` may serve this route: one over TCP never serves a route with
    /// an address of another kind, and the reverse.
    pub(crate) fn leads_to(&self, peer: Option<&Address>) -> bool {
        match (self.0.destination.as_ref().and_then(|destination| destination.address()), peer) {
            (None, peer) => peer.is_none_or(|peer| peer.socket_addr().is_some()),
            (address, peer) => address == peer,
        }
    }

    /// Returns the addresses if no look-up is needed: the one that the caller named, or those of
    /// [`Route::peer_name`] for names with static addresses, literals and loopback names (RFC 6761
    /// §6.3).
    pub(crate) fn known_addresses(&self) -> Option<Vec<Address>> {
        if let Some(destination) = &self.0.destination {
            if let Some(address) = destination.address() {
                return Some(vec![address.clone()]);
            }
            if let Some(addresses) = &destination.of_peer {
                return Some(addresses.iter().copied().map(Address::Tcp).collect());
            }
        }
        let (host, port) = self.peer_name();
        known_addresses(host, port)
    }

    /// Returns the addresses of [`Route::local_target`] if no look-up is needed.
    pub(crate) fn known_target(&self) -> Option<Vec<Address>> {
        if let Some(addresses) = self.0.destination.as_ref().and_then(|to| to.behind_proxy.as_ref()) {
            return Some(addresses.iter().copied().map(Address::Tcp).collect());
        }
        let (host, port) = self.local_target()?;
        known_addresses(host, port)
    }

    /// Returns the proxy.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.0.proxy.as_ref()
    }

    /// Returns the proxy if it forwards the request instead of tunnelling it.
    pub(crate) fn forward<'a>(&'a self, url: &Url) -> Option<&'a Proxy> {
        self.0.proxy.as_ref().filter(|proxy| !self.tunnels(proxy, url))
    }

    /// Whether a request uses a tunnel. A forwarding proxy would connect to the URL's host, not to
    /// the host that the caller named.
    fn tunnels(&self, proxy: &Proxy, url: &Url) -> bool {
        proxy.tunnels(url) || self.0.destination.as_ref().is_some_and(|destination| destination.name().is_some())
    }

    /// Returns the layers of a new connection for a request to `url` with `headers`, from the
    /// socket upwards. `target` is the address of [`Route::local_target`],
    /// `proxy_answer` the proxy's credentials if they depend on a challenge.
    ///
    /// # Errors
    /// TLS is not available for this name, the head of CONNECT cannot be written, or SOCKS cannot
    /// carry the target or the credentials.
    pub(crate) fn layers(
        &self,
        url: &Url,
        headers: &Headers,
        framing: &Arc<Config>,
        target: Option<SocketAddr>,
        proxy_answer: Option<&HeaderValue>,
    ) -> Result<Vec<Box<dyn Layer>>, ErrorKind> {
        let mut layers: Vec<Box<dyn Layer>> = Vec::new();
        if let Some(proxy) = &self.0.proxy {
            if proxy.is_https() {
                layers.push(self.proxy_tls(proxy)?);
            }
            if let Some((version, _)) = proxy.socks() {
                let socks = self
                    .socks(version, proxy, target)
                    .map_err(|failure| ErrorKind::Proxy(ProxyFailure::Socks(failure)));
                layers.push(Box::new(socks?));
            } else if self.tunnels(proxy, url) {
                layers.push(Box::new(self.tunnel(proxy, headers, framing, proxy_answer)?));
            }
        }
        if self.0.scheme == Scheme::Https {
            layers.push(self.origin_tls()?);
        }
        Ok(layers)
    }

    /// Whether an open link has the TLS layers that this route needs. Tunnels leave the stack once
    /// open, and the embedder's own layers are not checked.
    pub(crate) fn fits(&self, link: &Link) -> bool {
        let proxy_tls = self.0.proxy.as_ref().is_some_and(Proxy::is_https);
        link.tls_layers() == usize::from(proxy_tls) + usize::from(self.0.scheme == Scheme::Https)
    }

    fn socks(&self, version: SocksVersion, proxy: &Proxy, target: Option<SocketAddr>) -> Result<Socks, SocksFailure> {
        let (host, port) = self.target_name();
        let host = without_brackets(host);
        let literal = || Some(SocketAddr::from((host.parse::<IpAddr>().ok()?, port)));
        let target = match target.or_else(literal) {
            Some(address) => SocksTarget::Address(address),
            None => SocksTarget::Name(host.to_owned(), port),
        };
        let credentials = match proxy.credentials() {
            Some(auth) => Some(auth.user_and_password().ok_or(SocksFailure::Credentials)?),
            None => None,
        };
        Socks::new(version, &target, credentials.as_ref().map(|(user, password)| (&user[..], &password[..])))
    }

    fn tunnel(
        &self,
        proxy: &Proxy,
        origin_headers: &Headers,
        framing: &Arc<Config>,
        answer: Option<&HeaderValue>,
    ) -> Result<Tunnel, ErrorKind> {
        let (host, port) = self.target_name();
        let authority = format!("{host}:{port}");
        let headers = proxy.headers();
        let agent = origin_headers.get("user-agent").map_or(USER_AGENT.as_bytes(), |value| value.as_bytes());
        let agent = (!headers.contains("user-agent")).then_some(("User-Agent", agent));
        let auth = proxy.credentials().and_then(|auth| auth.header_value().or(answer));
        let auth = auth.map(|value| ("Proxy-Authorization", value.as_bytes()));
        let own = headers.iter().map(|(name, value)| (name, value.as_bytes()));
        let fields = agent.into_iter().chain(auth).chain(own);
        Tunnel::new(framing.clone(), &authority, fields).map_err(|e| ErrorKind::Head(e.into()))
    }

    #[cfg(feature = "tls")]
    fn origin_tls(&self) -> Result<Box<dyn Layer>, ErrorKind> {
        let config = self.0.tls.as_ref().ok_or(NO_CONFIG)?;
        Ok(Box::new(TlsLayer::new(config, &self.0.host).map_err(ErrorKind::Tls)?))
    }

    #[cfg(feature = "tls")]
    fn proxy_tls(&self, proxy: &Proxy) -> Result<Box<dyn Layer>, ErrorKind> {
        let config = proxy.tls_config().or(self.0.tls.as_ref()).ok_or(NO_CONFIG)?;
        Ok(Box::new(TlsLayer::new(config, proxy.url().host_str().unwrap_or_default()).map_err(ErrorKind::Tls)?))
    }

    #[cfg(not(feature = "tls"))]
    fn origin_tls(&self) -> Result<Box<dyn Layer>, ErrorKind> {
        Err(ErrorKind::TlsConfig(TlsConfigError::NotCompiledIn))
    }

    #[cfg(not(feature = "tls"))]
    fn proxy_tls(&self, _: &Proxy) -> Result<Box<dyn Layer>, ErrorKind> {
        Err(ErrorKind::TlsConfig(TlsConfigError::NotCompiledIn))
    }
}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Route) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Route {}

/// Returns the addresses of a literal or a loopback name (RFC 6761 §6.3), which need no look-up.
fn known_addresses(host: &str, port: u16) -> Option<Vec<Address>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(vec![SocketAddr::from((ip, port)).into()]);
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let local = name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    let loopback: [IpAddr; 2] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    local.then(|| loopback.map(|ip| SocketAddr::from((ip, port)).into()).into())
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or_default()
}

/// Whether a request needs a TLS configuration: for the origin, or for its proxy.
pub(crate) fn needs_tls(url: &Url, proxy: Option<&Proxy>) -> bool {
    url.scheme() == "https" || proxy.is_some_and(Proxy::is_https)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::auth::{AuthExchange, AuthRequest, AuthScheme, Challenge};
    use crate::seed::TestSeed;
    use crate::{Method, Request, Session};

    /// The hash of an origin's route in a session with this seed.
    fn hash(seed: Seed, url: &str) -> u64 {
        let mut session = Session::seeded(seed);
        let request = session.prepare(&Request::new(Method::GET, url)).unwrap();
        #[cfg(feature = "tls")]
        let route = Route::new(request.url(), None, None, None, None, session.seed, &mut session.route);
        #[cfg(not(feature = "tls"))]
        let route = Route::new(request.url(), None, None, None, session.seed, &mut session.route);
        let mut hasher = Seed::from(TestSeed(0)).hasher();
        route.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    #[cfg(feature = "tls")]
    fn t17_route_that_accepts_any_certificate_is_not_verified() {
        let session = Session::new();
        let is_verified = |url: &str, tls: Option<TlsConfig>| {
            let request = session.prepare(&Request::new(Method::GET, url)).unwrap();
            Route::new(request.url(), None, None, None, tls, session.seed, &mut None).is_verified()
        };
        let roots = TlsConfig::builder().build().unwrap();
        let any = TlsConfig::builder().danger_accept_invalid_certs().build().unwrap();
        assert!(is_verified("https://a.test/", Some(roots.clone())));
        assert!(!is_verified("https://a.test/", Some(any)));
        assert!(!is_verified("http://a.test/", Some(roots)), "the TLS is that of a proxy");
    }

    #[test]
    fn t9_connection_of_a_bound_scheme_serves_its_credentials_alone() {
        struct Bound(bool);
        impl AuthScheme for Bound {
            fn name(&self) -> &str {
                "Bound"
            }
            fn binds_connection(&self) -> bool {
                self.0
            }
            fn begin(&self) -> Box<dyn AuthExchange> {
                Box::new(Bound(true))
            }
        }
        impl AuthExchange for Bound {
            fn answer(&mut self, _: &[Challenge], _: &AuthRequest<'_>) -> Option<HeaderValue> {
                None
            }
        }
        let mut session = Session::new();
        let mut route = |auth: Option<&Auth>| {
            let mut request = Request::new(Method::GET, "http://a.test/");
            request.options_mut().auth(auth.cloned());
            let mut transfer = crate::Transfer::new(session.prepare(&request).unwrap(), crate::Now::default());
            transfer.sync(crate::Now::default(), &mut session).unwrap();
            transfer.route().unwrap().clone()
        };
        let (one, other, free) = (Auth::scheme(Bound(true)), Auth::scheme(Bound(true)), Auth::scheme(Bound(false)));
        let basic = Auth::basic("u", "p").unwrap();
        assert!(route(None) == route(Some(&basic)) && route(None) == route(Some(&free)));
        assert!(route(Some(&one)) == route(Some(&one.clone())));
        assert!(route(Some(&one)) != route(None) && route(Some(&one)) != route(Some(&other)));
    }

    #[test]
    fn hash_of_a_route_depends_on_the_seed() {
        let seeds = [TestSeed(0).into(), Seed::from_bits([7, 0]), Seed::from_bits([7, 9])];
        let [known, one, two] = seeds.map(|seed| hash(seed, "http://a.test/"));
        assert!(known != one && one != two && known != two);
        assert_eq!(known, hash(TestSeed(0).into(), "http://a.test/another"));
        assert_ne!(known, hash(TestSeed(0).into(), "http://b.test/"));
    }
}
