//! Which proxy serves which URL, as data: ordered rules, and the variables of the environment that
//! programs agree on.
//!
//! The rules are evaluated for each hop, so a redirect may lead to another proxy or past all of
//! them. Nothing here reads the environment: transports pass the variables.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::proxy::{Proxy, ProxyError};
use crate::redaction;

/// Ordered rules that choose a proxy for a URL. The first that applies decides; a URL to which none
/// applies is requested directly. Cloning is cheap.
///
/// ```
/// use petition_core::{Proxy, ProxyRules};
///
/// let rules = ProxyRules::new()
///     .direct("localhost, .corp.example, 10.0.0.0/8")
///     .scheme("https", Proxy::new("http://secure.example:3128")?)
///     .otherwise(Proxy::new("socks5h://proxy.example")?);
/// let proxy = |url: &str| rules.find(&url.parse().unwrap()).map(Proxy::authority);
/// assert_eq!(proxy("http://wiki.corp.example/"), None);
/// assert_eq!(proxy("https://a.example/").as_deref(), Some("secure.example:3128"));
/// assert_eq!(proxy("http://a.example/").as_deref(), Some("proxy.example:1080"));
/// # Ok::<(), petition_core::route::proxy::ProxyError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct ProxyRules(Arc<Vec<Rule>>);

#[derive(Clone, PartialEq)]
struct Rule {
    applies: Applies,
    /// `None`: directly.
    proxy: Option<Proxy>,
    /// The variable that the rule comes from.
    variable: Option<&'static str>,
}

#[derive(Clone)]
enum Applies {
    Always,
    Scheme(Box<str>),
    Hosts(Vec<HostPattern>),
    If(Arc<dyn Fn(&Url) -> bool + Send + Sync>),
}

/// An entry of a list of hosts.
#[derive(Clone, Debug, PartialEq)]
struct HostPattern {
    text: Box<str>,
    host: HostMatch,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
enum HostMatch {
    Any,
    /// This domain and all below it.
    Domain(String),
    /// The addresses that share this many leading bits with this one.
    Network(IpAddr, u8),
}

impl ProxyRules {
    /// Creates rules that use no proxy.
    pub fn new() -> ProxyRules {
        ProxyRules::default()
    }

    /// Adds a rule: hosts in this list are requested directly.
    ///
    /// The list is that of the variable `NO_PROXY`: entries between commas or spaces. An entry is
    /// `*` for every host, a domain (with all domains below it; a leading `.` or `*.` changes
    /// nothing), an IP address, or a network such as `10.0.0.0/8` or `fd00::/8`. IPv4 entries apply to
    /// IPv4-mapped IPv6 addresses too. A port may follow:
    /// `example.com:8080`, `[::1]:8080`. Domains are compared in lower case and by their A-labels,
    /// label by label. Other entries have no effect; [`ProxyRules::explain`] does not name them.
    #[must_use]
    pub fn direct(self, hosts: &str) -> ProxyRules {
        self.with(Applies::Hosts(HostPattern::list(hosts)), None, None)
    }

    /// Adds a rule: hosts in this list, which has the form of [`ProxyRules::direct`], are requested
    /// through this proxy.
    #[must_use]
    pub fn hosts(self, hosts: &str, proxy: Proxy) -> ProxyRules {
        self.with(Applies::Hosts(HostPattern::list(hosts)), Some(proxy), None)
    }

    /// Adds a rule: URLs of this scheme, `http` or `https`, are requested through this proxy.
    #[must_use]
    pub fn scheme(self, scheme: &str, proxy: Proxy) -> ProxyRules {
        self.with(Applies::Scheme(scheme.to_ascii_lowercase().into()), Some(proxy), None)
    }

    /// Adds a rule: URLs for which `applies` returns true are requested through this proxy, or
    /// directly with `None`. It is called several times for each hop, and must be quick and always
    /// return the same.
    #[must_use]
    pub fn when(
        self,
        applies: impl Fn(&Url) -> bool + Send + Sync + 'static,
        proxy: impl Into<Option<Proxy>>,
    ) -> ProxyRules {
        self.with(Applies::If(Arc::new(applies)), proxy.into(), None)
    }

    /// Adds a rule: all other URLs are requested through this proxy.
    #[must_use]
    pub fn otherwise(self, proxy: Proxy) -> ProxyRules {
        self.with(Applies::Always, Some(proxy), None)
    }

    fn with(mut self, applies: Applies, proxy: Option<Proxy>, variable: Option<&'static str>) -> ProxyRules {
        Arc::make_mut(&mut self.0).push(Rule { applies, proxy, variable });
        self
    }

    /// Creates rules from environment variables, given as names and values:
    ///
    /// - `no_proxy` or `NO_PROXY`: the hosts to request directly, as in [`ProxyRules::direct`];
    /// - `http_proxy` or `HTTP_PROXY`: the proxy for http URLs. The latter is ignored if
    ///   `REQUEST_METHOD` is set: in a CGI program, a client chooses its value;
    /// - `https_proxy` or `HTTPS_PROXY`: the proxy for https URLs;
    /// - `all_proxy` or `ALL_PROXY`: the proxy for URLs without one of the above.
    ///
    /// The name in lower case wins. Empty values count as absent. Proxies are written as in
    /// [`Proxy::new`].
    ///
    /// # Errors
    /// [`ProxyError::Variable`] if the value of a variable names no valid proxy.
    pub fn from_variables<N: AsRef<str>, V: AsRef<str>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<ProxyRules, ProxyError> {
        const NAMES: [&str; 9] = [
            "no_proxy",
            "NO_PROXY",
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "REQUEST_METHOD",
        ];
        let mut values: [Option<String>; 9] = Default::default();
        let mut is_cgi = false;
        for (name, value) in variables {
            let Some(at) = NAMES.iter().position(|known| *known == name.as_ref()) else { continue };
            is_cgi |= NAMES.get(at) == Some(&"REQUEST_METHOD");
            if let Some(slot) = values.get_mut(at).filter(|_| !value.as_ref().is_empty()) {
                *slot = Some(value.as_ref().to_owned());
            }
        }
        let [no, no_upper, http, http_upper, https, https_upper, all, all_upper, _] = values;
        let choose = |lower: Option<String>, upper: Option<String>, names: [&'static str; 2]| match (lower, upper) {
            (Some(value), _) => Some((names[0], value)),
            (None, Some(value)) => Some((names[1], value)),
            (None, None) => None,
        };
        let http_upper = http_upper.filter(|_| !is_cgi);
        let mut rules = ProxyRules::new();
        if let Some((name, value)) = choose(no, no_upper, ["no_proxy", "NO_PROXY"]) {
            rules = rules.with(Applies::Hosts(HostPattern::list(&value)), None, Some(name));
        }
        for (applies, chosen) in [
            (Applies::Scheme("http".into()), choose(http, http_upper, ["http_proxy", "HTTP_PROXY"])),
            (Applies::Scheme("https".into()), choose(https, https_upper, ["https_proxy", "HTTPS_PROXY"])),
            (Applies::Always, choose(all, all_upper, ["all_proxy", "ALL_PROXY"])),
        ] {
            if let Some((name, value)) = chosen {
                let proxy = Proxy::new(&value).map_err(|why| ProxyError::Variable { name, why: Box::new(why) })?;
                rules = rules.with(applies, Some(proxy), Some(name));
            }
        }
        Ok(rules)
    }

    /// Returns the proxy for a URL; `None` if it is requested directly.
    pub fn find(&self, url: &Url) -> Option<&Proxy> {
        self.rule(url)?.0.proxy.as_ref()
    }

    /// Returns the proxy for a URL and the reason in words, for logs. Shows no credentials.
    pub fn explain(&self, url: &Url) -> String {
        let Some((rule, entry)) = self.rule(url) else { return "directly: no rule applies".into() };
        let way = match &rule.proxy {
            Some(proxy) => format!("through {}", proxy.authority()),
            None => "directly".to_owned(),
        };
        let reason = match (&rule.applies, entry) {
            (_, Some(entry)) => format!("the host matches {entry:?}"),
            (Applies::Scheme(scheme), _) => format!("the scheme is {scheme}"),
            (Applies::If(_), _) => "a function of the caller's applies".to_owned(),
            _ => "no earlier rule applies".to_owned(),
        };
        match rule.variable {
            Some(variable) => format!("{way}: {reason} ({variable})"),
            None => format!("{way}: {reason}"),
        }
    }

    /// Returns the rule that applies, and the entry of its list of hosts.
    fn rule(&self, url: &Url) -> Option<(&Rule, Option<&str>)> {
        self.0.iter().find_map(|rule| {
            let entry = match &rule.applies {
                Applies::Always => None,
                Applies::Scheme(scheme) if **scheme == *url.scheme() => None,
                Applies::If(applies) if applies(url) => None,
                Applies::Hosts(list) => Some(&*list.iter().find(|entry| entry.matches(url))?.text),
                Applies::Scheme(_) | Applies::If(_) => return None,
            };
            Some((rule, entry))
        })
    }

    /// Replaces a proxy wherever it occurs.
    #[cfg(feature = "tls")]
    pub(crate) fn replace(&mut self, old: &Proxy, new: &Proxy) {
        for rule in Arc::make_mut(&mut self.0) {
            if rule.proxy.as_ref() == Some(old) {
                rule.proxy = Some(new.clone());
            }
        }
    }
}

impl HostPattern {
    fn list(text: &str) -> Vec<HostPattern> {
        text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).filter_map(HostPattern::parse).collect()
    }

    fn parse(text: &str) -> Option<HostPattern> {
        let pattern = |host, port| Some(HostPattern { text: text.into(), host, port });
        if text == "*" {
            return pattern(HostMatch::Any, None);
        }
        if let Some(port) = text.strip_prefix("*:") {
            return pattern(HostMatch::Any, Some(port.parse().ok()?));
        }
        if let Some((address, bits)) = text.split_once('/') {
            let (bits, port) = match bits.split_once(':') {
                Some((bits, port)) => (bits, Some(port.parse::<u16>().ok()?)),
                None => (bits, None),
            };
            let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            return if bits <= most { pattern(HostMatch::Network(address, bits), port) } else { None };
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return pattern(HostMatch::of(address), None);
        }
        if let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            let port = match port.strip_prefix(':') {
                Some(port) => Some(port.parse::<u16>().ok()?),
                None if port.is_empty() => None,
                None => return None,
            };
            return pattern(HostMatch::of(IpAddr::V6(address.parse().ok()?)), port);
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
            None => (text, None),
        };
        let name = host.strip_prefix("*.").or(host.strip_prefix('.')).unwrap_or(host);
        match Host::parse(name).ok()? {
            Host::Domain(name) => pattern(HostMatch::Domain(name.trim_end_matches('.').to_owned()), port),
            Host::Ipv4(address) => pattern(HostMatch::of(address.into()), port),
            Host::Ipv6(address) => pattern(HostMatch::of(address.into()), port),
        }
    }

    fn matches(&self, url: &Url) -> bool {
        if self.port.is_some_and(|port| url.port_or_known_default() != Some(port)) {
            return false;
        }
        match (&self.host, url.host()) {
            (HostMatch::Any, _) => true,
            (HostMatch::Domain(domain), Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.');
                let above = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
                above.is_some_and(|(front, end)| end == domain && (front.is_empty() || front.ends_with('.')))
            }
            (HostMatch::Network(network, bits), Some(Host::Ipv4(address))) => within(address.into(), *network, *bits),
            (HostMatch::Network(network @ IpAddr::V4(_), bits), Some(Host::Ipv6(address))) => {
                // The same host, written as an IPv4-mapped address (RFC 4291 §2.5.5.2).
                address.to_ipv4_mapped().is_some_and(|address| within(address.into(), *network, *bits))
            }
            (HostMatch::Network(network, bits), Some(Host::Ipv6(address))) => within(address.into(), *network, *bits),
            _ => false,
        }
    }
}

impl HostMatch {
    fn of(address: IpAddr) -> HostMatch {
        HostMatch::Network(address, if address.is_ipv4() { 32 } else { 128 })
    }
}

/// Whether an address shares the leading `bits` with a network's.
fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let differing = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (u32::from(address) ^ u32::from(network)).leading_zeros(),
        (IpAddr::V6(address), IpAddr::V6(network)) => (u128::from(address) ^ u128::from(network)).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(bits)
}

impl From<Proxy> for ProxyRules {
    /// Every URL is requested through this proxy.
    fn from(proxy: Proxy) -> ProxyRules {
        ProxyRules::new().otherwise(proxy)
    }
}

impl PartialEq for Applies {
    /// Functions of the caller's are equal if they are the same.
    fn eq(&self, other: &Applies) -> bool {
        match (self, other) {
            (Applies::Always, Applies::Always) => true,
            (Applies::Scheme(one), Applies::Scheme(other)) => one == other,
            (Applies::Hosts(one), Applies::Hosts(other)) => one == other,
            (Applies::If(one), Applies::If(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl fmt::Debug for ProxyRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = |hosts: &[HostPattern]| hosts.iter().map(|host| host.text.clone()).collect::<Vec<_>>();
        match &self.applies {
            Applies::Always => write!(f, "otherwise ")?,
            Applies::Scheme(scheme) => write!(f, "scheme {scheme} ")?,
            Applies::Hosts(list) => write!(f, "hosts {:?} ", hosts(list))?,
            Applies::If(_) => write!(f, "if … ")?,
        }
        match &self.proxy {
            Some(proxy) => redaction::url(proxy.url()).fmt(f),
            None => f.write_str("directly"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(list: &str, url: &str) -> bool {
        let rules = ProxyRules::new().direct(list).otherwise(Proxy::new("p.test").unwrap());
        rules.find(&Url::parse(url).unwrap()).is_none()
    }

    #[test]
    fn t78_hosts_match_at_label_boundaries() {
        for (list, url, expected) in [
            ("example.com", "http://example.com/", true),
            ("example.com", "http://www.example.com/", true),
            ("example.com", "http://badexample.com/", false),
            ("example.com", "http://example.com.evil.test/", false),
            ("example.com", "http://com/", false),
            (".example.com", "http://example.com/", true),
            ("*.example.com", "http://a.b.example.com/", true),
            ("EXAMPLE.com.", "http://www.Example.COM./", true),
            ("bücher.test", "http://xn--bcher-kva.test/", true),
            ("a.test,b.test", "http://b.test/", true),
            (" a.test  b.test ", "http://b.test/", true),
            (",,", "http://a.test/", false),
            ("", "http://a.test/", false),
            ("*", "http://[::1]/", true),
            ("*", "https://a.test/", true),
            ("a.test*", "http://a.test/", false),
        ] {
            assert_eq!(direct(list, url), expected, "{list:?} {url}");
        }
    }

    #[test]
    fn t78_addresses_networks_and_ports_match_exactly() {
        for (list, url, expected) in [
            ("127.0.0.1", "http://127.0.0.1:8080/", true),
            ("0.0.1", "http://127.0.0.1/", false),
            ("127.0.0.1", "http://1.127.0.0.1.test/", false),
            ("10.0.0.0/8", "http://10.255.0.1/", true),
            ("10.0.0.0/8", "http://11.0.0.1/", false),
            ("192.168.0.16/28", "http://192.168.0.31/", true),
            ("192.168.0.16/28", "http://192.168.0.32/", false),
            ("0.0.0.0/0", "http://8.8.8.8/", true),
            ("0.0.0.0/0", "http://[::1]/", false),
            ("10.0.0.0/33", "http://10.0.0.0/", false),
            ("::1", "http://[::1]/", true),
            ("[::1]", "http://[::1]:81/", true),
            ("[::1]:80", "http://[::1]:81/", false),
            ("fd00::/8", "http://[fdff::1]/", true),
            ("fd00::/8", "http://[fe00::1]/", false),
            ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", true),
            ("10.0.0.0/8", "http://[::ffff:11.0.0.1]/", false),
            ("10.0.0.0/8:8080", "http://10.0.0.1:8080/", true),
            ("10.0.0.0/8:8080", "http://10.0.0.1/", false),
            ("*:8080", "http://a.test:8080/", true),
            ("*:8080", "http://a.test/", false),
            ("example.com:8080", "http://example.com:8080/", true),
            ("example.com:8080", "http://example.com/", false),
            ("example.com:443", "https://www.example.com/", true),
            ("example.com:http", "http://example.com/", false),
            ("127.0.0.1:80", "http://127.1/", true),
            ("10.0.0.0/8", "http://10.0.0.1.example/", false),
        ] {
            assert_eq!(direct(list, url), expected, "{list:?} {url}");
        }
    }

    #[test]
    fn first_rule_that_applies_decides() {
        let proxy = |name: &str| Proxy::new(name).unwrap();
        let rules = ProxyRules::new()
            .hosts("one.test", proxy("one"))
            .direct("two.test")
            .when(|url| url.path() == "/three", proxy("three"))
            .when(|url| url.path() == "/direct", None)
            .scheme("HTTPS", proxy("secure"))
            .otherwise(proxy("socks5h://user:canary@rest"));
        for (url, authority, reason) in [
            ("https://one.test/", Some("one:80"), "through one:80: the host matches \"one.test\""),
            ("https://a.two.test/three", None, "directly: the host matches \"two.test\""),
            ("https://a.test/three", Some("three:80"), "through three:80: a function of the caller's applies"),
            ("https://a.test/direct", None, "directly: a function of the caller's applies"),
            ("https://a.test/", Some("secure:80"), "through secure:80: the scheme is https"),
            ("http://a.test/", Some("rest:1080"), "through rest:1080: no earlier rule applies"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(rules.find(&url).map(Proxy::authority).as_deref(), authority, "{url}");
            assert_eq!(rules.explain(&url), reason);
        }
        assert!(!format!("{rules:?}").contains("canary"));
        assert_eq!(ProxyRules::new().explain(&Url::parse("http://a/").unwrap()), "directly: no rule applies");
        assert_eq!(rules, rules.clone());
        assert_ne!(rules, ProxyRules::from(proxy("one")));
    }

    /// The proxies for http, for https, and for a host in NO_PROXY.
    fn of(variables: &[(&str, &str)]) -> [Option<String>; 3] {
        let rules = ProxyRules::from_variables(variables.iter().copied()).unwrap();
        ["http://a.test/", "https://a.test/", "https://no.test/"]
            .map(|url| rules.find(&Url::parse(url).unwrap()).map(|proxy| proxy.url().host_str().unwrap().to_owned()))
    }

    #[test]
    fn t30_lower_case_wins_and_cgi_is_guarded() {
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(of(&[]), [None, None, None]);
        assert_eq!(of(&[("http_proxy", "l:1"), ("HTTP_PROXY", "u:1")]), [some("l"), None, None]);
        assert_eq!(of(&[("HTTP_PROXY", "u:1"), ("http_proxy", "")]), [some("u"), None, None]);
        // A CGI program's variables come from the request: HTTP_PROXY is its field Proxy.
        assert_eq!(of(&[("HTTP_PROXY", "u:1"), ("REQUEST_METHOD", "GET")]), [None, None, None]);
        assert_eq!(of(&[("HTTP_PROXY", "u:1"), ("REQUEST_METHOD", "")]), [None, None, None]);
        let cgi = [("HTTPS_PROXY", "u:1"), ("http_proxy", "l:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(of(&cgi), [some("l"), some("u"), some("u")]);
        let all = [("ALL_PROXY", "socks5://all"), ("https_proxy", "https://s:1"), ("NO_PROXY", "no.test")];
        assert_eq!(of(&all), [some("all"), some("s"), None]);
        assert_eq!(of(&[("all_proxy", "all"), ("no_proxy", "*"), ("NO_PROXY", "x")]), [None, None, None]);
    }

    #[test]
    fn explanation_names_the_variable() {
        let variables = [("NO_PROXY", "no.test"), ("all_proxy", "p:1")];
        let rules = ProxyRules::from_variables(variables).unwrap();
        let explain = |url: &str| rules.explain(&Url::parse(url).unwrap());
        assert_eq!(explain("http://no.test/"), "directly: the host matches \"no.test\" (NO_PROXY)");
        assert_eq!(explain("http://a.test/"), "through p:1: no earlier rule applies (all_proxy)");
        let error = ProxyRules::from_variables([("HTTPS_PROXY", "ftp://user:canary@p")]).unwrap_err().to_string();
        assert!(error.starts_with("the environment variable HTTPS_PROXY: invalid proxy URL: "), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}
