//! The oracle for request heads: their bytes on the wire, derived from the rules, not from core's
//! code.

use super::origins::Origin;
use super::request_spec::{BodySpec, Credentials, RequestSpec};

/// The head of one hop without its cookies, and whether there is a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The request line and the fields before Cookie, without line ends.
    pub(super) before: Vec<String>,
    /// The fields after Cookie, with `Expect` if requested.
    pub(super) after: Vec<String>,
    /// The request's own cookies, after those of the jar.
    pub(super) own_cookies: Vec<(String, String)>,
    /// Whether the jar's cookies are added.
    pub(super) jar: bool,
    /// The method.
    pub(super) method: String,
    /// Whether there is a body.
    pub(super) body: bool,
    /// Whether it is chunked.
    pub(super) chunked: bool,
    /// Whether `after` contains `Expect: 100-continue`.
    pub(super) expect: bool,
    /// Whether the request has `Connection: close`.
    pub(super) close: bool,
    /// Whether the request may be processed twice.
    pub(super) repeatable: bool,
    /// The user and the password with which it answers challenges.
    pub(super) login: Option<(String, String)>,
}

/// The request at some hop.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The method.
    pub(super) method: String,
    fields: Vec<(String, String, bool)>,
    credentials: Option<Credentials>,
    cookies: Vec<(String, String)>,
    body: bool,
}

const SECRET: [&str; 2] = ["X-Api-Key", "Cookie"];

impl Chain {
    /// `bound` means that the session has a base URL of another origin: its secrets are omitted.
    pub(super) fn new(spec: &RequestSpec, session: &[(String, String, bool)], bound: bool) -> Chain {
        let mut fields = session.to_vec();
        fields.retain(|(.., sensitive)| !(bound && *sensitive));
        fields.extend(spec.fields.iter().cloned());
        Chain {
            method: spec.method.clone(),
            fields,
            credentials: spec.credentials.clone(),
            cookies: spec.cookies.clone(),
            body: spec.payload != BodySpec::None,
        }
    }

    /// Returns the credentials that wait for a challenge.
    pub(super) fn login(&self) -> Option<(String, String)> {
        match &self.credentials {
            Some(Credentials::OnChallenge(user, password)) => Some((user.clone(), password.clone())),
            _ => None,
        }
    }

    /// Returns true if the next hop keeps the body (RFC 9110 §15.4).
    pub(super) fn keeps_body(&self, status: u16) -> bool {
        let becomes_get = match status {
            303 => true,
            301 | 302 => self.method == "POST",
            _ => false,
        };
        self.body && !becomes_get
    }

    pub(super) fn follow(&mut self, status: u16, from: &Origin, to: &Origin) {
        let rewritten = status == 303 || matches!(status, 301 | 302) && self.method == "POST";
        if rewritten {
            if self.method != "HEAD" {
                self.method = "GET".into();
            }
            self.fields.retain(|(name, ..)| !name.starts_with("Content-"));
            self.body = false;
        }
        if from != to {
            // T1, T2, T5: dropped for the rest of the chain.
            self.fields.retain(|(name, _, sensitive)| !sensitive && !SECRET.contains(&name.as_str()));
            self.credentials = None;
            self.cookies.clear();
        }
    }
}

pub(super) fn of(chain: &Chain, origin: &Origin, target: &str, spec: &RequestSpec) -> Expected {
    let version = if spec.http10 { "HTTP/1.0" } else { "HTTP/1.1" };
    let forward = spec.via.as_ref().filter(|via| !via.tunnel && !origin.secure);
    let target = if forward.is_some() { format!("{}{target}", origin.url()) } else { target.to_owned() };
    let mut before = vec![format!("{} {target} {version}", chain.method), format!("Host: {}", origin.authority())];
    before.push(format!("User-Agent: petition/{}", env!("CARGO_PKG_VERSION")));
    before.push("Accept: */*".into());
    before.push("Accept-Encoding: gzip, deflate, br, zstd".into());
    before.extend(chain.fields.iter().map(|(name, value, _)| format!("{name}: {value}")));
    let fixed = chain.credentials.as_ref().filter(|known| !matches!(known, Credentials::OnChallenge(..)));
    before.extend(fixed.map(|known| format!("Authorization: {}", authorization(known))));
    let proxy = forward.and_then(|via| via.credentials.as_ref());
    before.extend(proxy.map(|known| format!("Proxy-Authorization: {}", authorization(known))));
    let cookie_field = chain.fields.iter().any(|(name, ..)| name == "Cookie");
    let mut after = Vec::new();
    let (mut chunked, mut expect) = (false, false);
    match &spec.payload {
        _ if !chain.body => {
            if matches!(chain.method.as_str(), "POST" | "PUT" | "PATCH") {
                after.push("Content-Length: 0".into());
            }
        }
        BodySpec::None => {}
        BodySpec::Memory(bytes) => after.push(format!("Content-Length: {}", bytes.len())),
        BodySpec::Stream { length: Some(n), .. } => after.push(format!("Content-Length: {n}")),
        BodySpec::Stream { length: None, .. } => {
            chunked = true;
            after.push("Transfer-Encoding: chunked".into());
        }
    }
    if spec.expect && chain.body {
        expect = true;
        after.push("Expect: 100-continue".into());
    }
    if spec.close {
        after.push("Connection: close".into());
    } else if spec.http10 {
        after.push("Connection: keep-alive".into());
    }
    let harmless = matches!(chain.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" | "TRACE");
    Expected {
        before,
        after,
        own_cookies: if cookie_field { Vec::new() } else { chain.cookies.clone() },
        jar: !spec.no_cookies && !cookie_field,
        method: chain.method.clone(),
        body: chain.body,
        chunked,
        expect,
        close: spec.close,
        repeatable: harmless || spec.idempotent,
        login: chain.login(),
    }
}

pub(super) fn authorization(credentials: &Credentials) -> String {
    use base64::Engine;
    match credentials {
        Credentials::Basic(user, password) | Credentials::OnChallenge(user, password) => {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
        }
        Credentials::Bearer(token) => format!("Bearer {token}"),
    }
}
