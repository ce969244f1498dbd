//! A request as plain data: the text after `start` in a transcript, and the requests of a scenario.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use petition_core::policy::redirect::CrossOriginBody;
use petition_core::route::proxy::Tunnel;
use petition_core::tls::TlsConfig;
use petition_core::{Address, Auth, Body, ConnectTo, LookupCache, Method, Proxy, Request, Url};

use super::origins::{self, Origin};
use super::text_format;

/// A request body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BodySpec {
    /// None.
    #[default]
    None,
    /// In memory.
    Memory(Vec<u8>),
    /// Pushed by the driver.
    Stream {
        /// The length that is declared.
        length: Option<u64>,
        /// Whether the driver can start again.
        rewindable: bool,
    },
}

/// Credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// User and password.
    Basic(String, String),
    /// A token.
    Bearer(String),
    /// User and password, for the strongest scheme that is asked for.
    OnChallenge(String, String),
}

impl Credentials {
    fn auth(&self) -> Result<Auth, String> {
        match self {
            Credentials::Basic(user, password) => Auth::basic(user, password),
            Credentials::Bearer(token) => Auth::bearer(token),
            Credentials::OnChallenge(user, password) => Auth::on_challenge(user, password),
        }
        .map_err(|e| e.to_string())
    }
}

/// A proxy to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySpec {
    /// Its URL.
    pub url: String,
    /// Its credentials.
    pub credentials: Option<Credentials>,
    /// Whether http is tunnelled too.
    pub tunnel: bool,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestSpec {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Fields: name, value, marked as sensitive.
    pub fields: Vec<(String, String, bool)>,
    /// The request's own cookies.
    pub cookies: Vec<(String, String)>,
    /// Credentials for the origin.
    pub credentials: Option<Credentials>,
    /// The body.
    pub payload: BodySpec,
    /// The proxy.
    pub via: Option<ProxySpec>,
    /// The total timeout.
    pub timeout: Option<Duration>,
    /// The redirect limit, if it is not the default.
    pub redirects: Option<u32>,
    /// Whether the body may not be sent to another origin.
    pub body_stays: bool,
    /// Whether the connection is closed afterwards.
    pub close: bool,
    /// Whether the jar is unused.
    pub no_cookies: bool,
    /// `Expect: 100-continue`.
    pub expect: bool,
    /// Whether it may be processed twice.
    pub idempotent: bool,
    /// HTTP/1.0.
    pub http10: bool,
    /// Without HSTS.
    pub no_hsts: bool,
    /// Addresses to connect to instead of looking up a host.
    pub addresses: Vec<AddressRule>,
    /// Static addresses, and other hosts to connect to.
    pub names: Vec<NameRule>,
    /// Whether look-ups are kept, for a time.
    pub keeps_lookups: bool,
}

/// How long look-ups are kept, and how many.
const KEPT_LOOKUPS: LookupCache = LookupCache::new(Duration::from_secs(20)).entries(2);

/// What a request knows about a host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// A name and port, and its address.
    Static(String, u16, IpAddr),
    /// `host:port`, and what to connect to instead.
    Host(String, String),
}

impl NameRule {
    fn write(&self) -> String {
        match self {
            NameRule::Static(host, port, address) => format!("static {host} {port} {address}"),
            NameRule::Host(of, to) => format!("host {of} {to}"),
        }
    }

    fn parse(text: &str) -> Result<NameRule, String> {
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["static", host, port, address] => Ok(NameRule::Static(
                host.into(),
                port.parse().map_err(|_| format!("expected a port: {port}"))?,
                address.parse().map_err(|_| format!("expected an address: {address}"))?,
            )),
            ["host", of, to] => Ok(NameRule::Host(of.into(), to.into())),
            _ => Err(format!("expected a rule for a name: {text}")),
        }
    }
}

/// An address, and the origin that leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRule {
    /// The origin's URL; `None` for the origin of the request's URL.
    pub origin: Option<String>,
    /// The address: no TCP address.
    pub address: Address,
}

impl AddressRule {
    fn write(&self) -> String {
        let origin = self.origin.as_deref().unwrap_or("own");
        match &self.address {
            Address::Custom(identity) => format!("{origin} custom {}", identity.as_str()),
            Address::Unix(path) => format!("{origin} unix {}", path.display()),
            Address::Tcp(address) => format!("{origin} tcp {address}"),
        }
    }

    fn parse(text: &str) -> Result<AddressRule, String> {
        let mut words = text.splitn(3, ' ');
        let (Some(origin), Some(kind), Some(name)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("expected an origin, a kind and an address: {text}"));
        };
        let address = match kind {
            "unix" => Address::unix(name),
            "custom" => Address::custom(name),
            "tcp" => Address::Tcp(name.parse().map_err(|_| format!("expected an address: {name}"))?),
            _ => return Err(format!("unknown kind of address: {kind}")),
        };
        Ok(AddressRule { origin: (origin != "own").then(|| origin.to_owned()), address })
    }
}

impl RequestSpec {
    /// Returns the address that a hop to this origin must use; `None` for TCP after a look-up. `own`
    /// tells whether it is the origin of the request's URL.
    pub(super) fn address_of(&self, origin: &str, own: bool) -> Option<&Address> {
        let rule = self.addresses.iter().find(|rule| rule.origin.as_deref() == Some(origin));
        let own_rule = || self.addresses.iter().find(|rule| own && rule.origin.is_none());
        rule.or_else(own_rule).map(|rule| &rule.address)
    }

    /// Returns the address that a hop to this host and port must connect to over TCP, if a rule names
    /// one.
    pub(super) fn tcp_address_of(&self, origin: &Origin) -> Option<IpAddr> {
        self.names.iter().find_map(|rule| match rule {
            NameRule::Static(host, port, address) => (host == origin.host && *port == origin.port).then_some(*address),
            NameRule::Host(of, _) => {
                (*of == format!("{}:{}", origin.host, origin.port)).then(|| origins::alias_address(origin.machine))
            }
        })
    }

    /// Returns the request for core, with these TLS settings.
    ///
    /// # Errors
    /// The fault of the text.
    pub fn request(&self, tls: Option<&TlsConfig>) -> Result<Request, String> {
        let method: Method = self.method.parse().map_err(|_| "no method")?;
        let mut request = Request::new(method, self.url.as_str());
        for (name, value, sensitive) in &self.fields {
            match sensitive {
                true => request.set_sensitive_header(name, value),
                false => request.append_header(name, value),
            }
        }
        for (name, value) in &self.cookies {
            request.set_cookie(name, value);
        }
        match &self.credentials {
            Some(Credentials::Basic(user, password)) => request.set_basic_auth(user, password),
            Some(Credentials::Bearer(token)) => request.set_bearer_auth(token),
            Some(other) => drop(request.options_mut().auth(other.auth()?)),
            None => {}
        }
        match &self.payload {
            BodySpec::None => {}
            BodySpec::Memory(bytes) => request.set_data(bytes.clone()),
            BodySpec::Stream { length, rewindable } => {
                request.set_data(Body::Stream { length: *length, rewindable: *rewindable });
            }
        }
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        if let Some(most) = self.redirects {
            request.options_mut().redirects(|r| {
                r.max(most);
            });
        }
        if self.body_stays {
            request.options_mut().redirects(|r| {
                r.cross_origin_body(CrossOriginBody::Refuse);
            });
        }
        if self.close || self.no_cookies || self.expect || self.idempotent || self.http10 {
            let options = request.options_mut();
            if self.close {
                options.keep_alive(false);
            }
            if self.no_cookies {
                options.cookie_jar(false);
            }
            if self.expect {
                options.expect_continue(Duration::from_secs(1));
            }
            if self.idempotent {
                options.idempotent(true);
            }
            if self.http10 {
                options.version(petition_core::http1::Version::Http10);
            }
        }
        if self.no_hsts {
            request.options_mut().hsts(false);
        }
        if let Some(via) = &self.via {
            let mut proxy = Proxy::new(&via.url).map_err(|e| e.to_string())?;
            if let Some(credentials) = &via.credentials {
                proxy = proxy.auth(credentials.auth()?).map_err(|e| e.to_string())?;
            }
            if via.tunnel {
                proxy = proxy.tunnel(Tunnel::Always);
            }
            request.options_mut().proxy(proxy);
        }
        let hosts = || self.names.iter().filter(|rule| matches!(rule, NameRule::Host(..)));
        if !self.addresses.is_empty() || hosts().next().is_some() {
            let mut rules = ConnectTo::new();
            for rule in hosts() {
                let NameRule::Host(of, to) = rule else { continue };
                rules = rules.host(of, to).map_err(|e| e.to_string())?;
            }
            for AddressRule { origin, address } in &self.addresses {
                rules = match origin {
                    None => rules.request_origin(address.clone()),
                    Some(url) => {
                        let url = Url::parse(url).map_err(|e| e.to_string())?;
                        rules.origin(petition_core::origin::Origin::of(&url), address.clone())
                    }
                };
            }
            request.options_mut().connect_to(rules);
        }
        for rule in &self.names {
            if let NameRule::Static(host, port, address) = rule {
                request.set_resolve(host, *port, [*address]);
            }
        }
        if self.keeps_lookups {
            request.options_mut().lookup_cache(KEPT_LOOKUPS);
        }
        if let Some(tls) = tls {
            request.options_mut().tls(tls.clone());
        }
        Ok(request)
    }

    /// Returns the text after `start t1 `: the first line, and one indented line for each further
    /// part.
    pub fn write(&self) -> String {
        let mut out = format!("{} {}\n", self.method, self.url);
        let mut line = |word: &str, rest: &str| {
            let _ = writeln!(out, "    {}", format!("{word} {rest}").trim_end());
        };
        let text = |text: &str| text_format::write(text.as_bytes());
        for (name, value, sensitive) in &self.fields {
            line(if *sensitive { "sensitive" } else { "field" }, &format!("{name} {}", text(value)));
        }
        for (name, value) in &self.cookies {
            line("cookie", &format!("{name} {}", text(value)));
        }
        let credentials = |credentials: &Credentials| match credentials {
            Credentials::Basic(user, password) => format!("basic {user} {password}"),
            Credentials::Bearer(token) => format!("bearer {token}"),
            Credentials::OnChallenge(user, password) => format!("challenge {user} {password}"),
        };
        if let Some(known) = &self.credentials {
            line("credentials", &credentials(known));
        }
        match &self.payload {
            BodySpec::None => {}
            BodySpec::Memory(bytes) => line("body", &text_format::write(bytes)),
            BodySpec::Stream { length, rewindable } => {
                let length = length.map_or("?".into(), |n| n.to_string());
                line("stream", &format!("{length} {}", if *rewindable { "rewindable" } else { "once" }));
            }
        }
        if let Some(via) = &self.via {
            let known = via.credentials.as_ref().map_or("-".into(), credentials);
            line("proxy", &format!("{} {} {known}", via.url, if via.tunnel { "tunnel" } else { "forward" }));
        }
        for rule in &self.addresses {
            line("address", &rule.write());
        }
        for rule in &self.names {
            line("name", &rule.write());
        }
        if let Some(timeout) = self.timeout {
            line("timeout", &timeout.as_micros().to_string());
        }
        if let Some(redirects) = self.redirects {
            line("redirects", &redirects.to_string());
        }
        let flags = [
            ("body_stays", self.body_stays),
            ("close", self.close),
            ("no_cookies", self.no_cookies),
            ("expect", self.expect),
            ("idempotent", self.idempotent),
            ("http10", self.http10),
            ("no_hsts", self.no_hsts),
            ("keeps_lookups", self.keeps_lookups),
        ];
        for (word, _) in flags.iter().filter(|(_, set)| *set) {
            line(word, "");
        }
        out
    }

    /// Adds one of the indented lines.
    ///
    /// # Errors
    /// The fault of the text.
    pub fn line(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let text = |text: &str| {
            text_format::parse(text).and_then(|bytes| String::from_utf8(bytes).map_err(|_| "expected UTF-8".into()))
        };
        let two = |rest: &str| {
            rest.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or(format!("expected two words: {rest}"))
        };
        let credentials = |rest: &str| -> Result<Credentials, String> {
            Ok(match two(rest)? {
                (kind, rest) if kind == "basic" => {
                    let (user, password) = two(&rest)?;
                    Credentials::Basic(user, password)
                }
                (kind, rest) if kind == "challenge" => {
                    let (user, password) = two(&rest)?;
                    Credentials::OnChallenge(user, password)
                }
                (_, token) => Credentials::Bearer(token),
            })
        };
        match word {
            "field" | "sensitive" => {
                let (name, value) = two(rest)?;
                self.fields.push((name, text(&value)?, word == "sensitive"));
            }
            "cookie" => {
                let (name, value) = two(rest)?;
                self.cookies.push((name, text(&value)?));
            }
            "credentials" => self.credentials = Some(credentials(rest)?),
            "body" => self.payload = BodySpec::Memory(text_format::parse(rest)?),
            "stream" => {
                let (length, kind) = two(rest)?;
                self.payload = BodySpec::Stream { length: length.parse().ok(), rewindable: kind == "rewindable" };
            }
            "proxy" => {
                let (url, rest) = two(rest)?;
                let (kind, known) = two(&rest)?;
                let known = if known == "-" { None } else { Some(credentials(&known)?) };
                self.via = Some(ProxySpec { url, credentials: known, tunnel: kind == "tunnel" });
            }
            "address" => self.addresses.push(AddressRule::parse(rest)?),
            "name" => self.names.push(NameRule::parse(rest)?),
            "timeout" => {
                self.timeout = Some(Duration::from_micros(rest.parse().map_err(|_| "expected microseconds")?));
            }
            "redirects" => self.redirects = Some(rest.parse().map_err(|_| "expected a number")?),
            "body_stays" => self.body_stays = true,
            "close" => self.close = true,
            "no_cookies" => self.no_cookies = true,
            "expect" => self.expect = true,
            "idempotent" => self.idempotent = true,
            "http10" => self.http10 = true,
            "no_hsts" => self.no_hsts = true,
            "keeps_lookups" => self.keeps_lookups = true,
            other => return Err(format!("unknown line of a request: {other}")),
        }
        Ok(())
    }
}
