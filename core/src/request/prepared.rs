//! A request with all options merged and checked, and the fields of one of its hops.
//!
//! # The order of fields
//!
//! 1. Host (RFC 9110 §7.2)
//! 2. User-Agent, Accept and Accept-Encoding
//! 3. The caller's fields in the caller's order and case, the session's before the request's
//! 4. Referer, the body's Content-Type, Authorization, the proxy's fields, and Cookie
//! 5. The framing fields
//!
//! A field that the caller sets or removes is never added automatically.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::Method;
use url::{Position, Url};

use crate::content::decode::accept_encoding;
use crate::headers::{HeaderError, Headers, OWNED, USER_AGENT};
use crate::http1::{BodyLength, EncodedHeaders, Version};
use crate::options::{Params, RequestTarget, ResolvedOptions, Settings};
use crate::policy::RequestParts;
use crate::policy::auth::{Answers, Auth};
use crate::redaction;
use crate::request::BuildError;
use crate::request::body::Body;
use crate::route::Destination;
use crate::route::address::Address;
use crate::route::proxy::Proxy;
use crate::route::proxy_rules::ProxyRules;
use crate::url::{absolute_target, host_header, request_target};

/// A request that is ready to be sent. Sending does not change it. Its Debug output shows no
/// secrets.
#[derive(Clone)]
#[must_use = "nothing is sent until a transfer runs"]
pub struct Prepared {
    pub(crate) method: Method,
    pub(crate) url: Arc<Url>,
    pub(crate) headers: Arc<Headers>,
    /// The automatic fields and `headers`, already encoded, if the session has them.
    pub(crate) encoded: Option<Arc<EncodedHeaders>>,
    pub(crate) cookies: Params,
    pub(crate) auth: Option<Auth>,
    pub(crate) body: Body,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) settings: Arc<ResolvedOptions>,
}

impl Prepared {
    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL without userinfo.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the caller's fields: the session's and the request's merged, without automatic ones.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Returns the merged settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the address that the caller named for the current hop, if any.
    fn address(&self) -> Option<&Address> {
        self.settings.connect_to.as_ref()?.address(&self.url)
    }

    /// Returns the destination of the current hop under the caller's rules.
    #[inline]
    pub(crate) fn destination(&self) -> Option<Destination> {
        // Most requests have no rules.
        if self.settings.connect_to.is_none() && self.settings.static_addresses.is_empty() {
            return None;
        }
        self.destination_by_rules()
    }

    #[inline(never)]
    fn destination_by_rules(&self) -> Option<Destination> {
        Destination::new(&self.url, self.proxy(), self.settings.connect_to.as_ref(), &self.settings.static_addresses)
    }

    /// Returns the proxy of the current hop. A hop whose address the caller named has none.
    #[inline]
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        // Most requests have no rules.
        self.settings.proxy.as_ref().and_then(|rules| self.proxy_by(rules))
    }

    #[inline(never)]
    fn proxy_by<'a>(&self, rules: &'a ProxyRules) -> Option<&'a Proxy> {
        if self.address().is_some() { None } else { rules.find(&self.url) }
    }

    /// Checks everything that can be checked before sending.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if self.method.as_str().len() > 32 {
            return Err(BuildError::MethodTooLong);
        }
        if self.method == Method::CONNECT {
            return Err(BuildError::Connect);
        }
        if self.settings.https_only && self.url.scheme() != "https" {
            return Err(BuildError::HttpsOnly);
        }
        if self.settings.version == Version::Http10 && self.body.length().is_none() {
            return Err(BuildError::LengthNeeded);
        }
        self.settings.target.check(&self.method).map_err(BuildError::Target)?;
        if self.encoded.is_none() {
            for (name, value) in self.headers.iter() {
                self.check_field(name, value.as_bytes())?;
            }
            for name in self.headers.removed() {
                self.check_removed(name)?;
            }
        }
        for (name, value) in self.cookies.iter() {
            if name.contains('=') || name.bytes().chain(value.bytes()).any(|b| b < 0x20 || b == 0x7f || b == b';') {
                return Err(BuildError::cookie(name));
            }
        }
        Ok(())
    }

    /// Checks a field that the caller set: core owns the framing fields, and Host must be valid.
    fn check_field(&self, name: &str, value: &[u8]) -> Result<(), BuildError> {
        let owned = |instead| BuildError::Header(HeaderError::Owned { name: name.into(), instead });
        if let Some((_, instead)) = OWNED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(owned(instead));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            let matches_body = self.body_length() == BodyLength::Chunked && value.eq_ignore_ascii_case(b"chunked");
            return if matches_body { Ok(()) } else { Err(owned("only a body of unknown length is chunked")) };
        }
        if name.eq_ignore_ascii_case("content-length") {
            let declared = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            let actual = match self.body_length() {
                BodyLength::Chunked => None,
                BodyLength::Known(n) => Some(n),
                BodyLength::None => Some(0),
            };
            if declared.and_then(|text| text.parse().ok()) != actual || actual.is_none() {
                let declared = String::from_utf8_lossy(value).escape_debug().take(32).collect();
                return Err(BuildError::ContentLength { declared, actual });
            }
        }
        if name.eq_ignore_ascii_case("host") {
            let host = std::str::from_utf8(value).ok().and_then(|text| text.parse::<http::uri::Authority>().ok());
            if !value.is_empty() && host.is_none_or(|host| host.as_str().contains('@')) {
                let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
                let byte = value.iter().copied().find(|byte| !is_allowed(byte));
                return Err(BuildError::Header(HeaderError::Host { byte }));
            }
        }
        Ok(())
    }

    /// Checks a field that the caller removed. Required fields cannot be removed: Host (RFC 9112
    /// §3.2), the framing field if there is a body, and those that an option needs.
    fn check_removed(&self, name: &str) -> Result<(), BuildError> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let framing = match self.body_length() {
            BodyLength::None => None,
            BodyLength::Known(_) => Some("content-length"),
            BodyLength::Chunked => Some("transfer-encoding"),
        };
        if is("host") || framing.is_some_and(is) {
            return Err(BuildError::Header(HeaderError::Required { name: name.into() }));
        }
        let needed = [
            (!self.settings.keep_alive || self.takes_transfer_codings(), "connection"),
            (self.settings.expect_continue.is_some(), "expect"),
            (self.takes_transfer_codings(), "te"),
        ];
        match OWNED.iter().find(|(known, _)| is(known) && needed.contains(&(true, known))) {
            Some((_, instead)) => Err(BuildError::Header(HeaderError::Owned { name: name.into(), instead })),
            None => Ok(()),
        }
    }

    /// Returns the framing of the body. A method that anticipates content sends Content-Length even
    /// without a body (RFC 9110 §8.6).
    pub(crate) fn body_length(&self) -> BodyLength {
        match (&self.body, self.body.length()) {
            (Body::Empty, _) if !matches!(self.method, Method::POST | Method::PUT | Method::PATCH) => BodyLength::None,
            (_, Some(n)) => BodyLength::Known(n),
            (_, None) => BodyLength::Chunked,
        }
    }

    /// Whether the request asks for transfer codings and decodes them (RFC 9110 §10.1.4). HTTP/1.0
    /// has none.
    pub(crate) fn takes_transfer_codings(&self) -> bool {
        self.settings.transfer_coding && self.settings.version == Version::Http11 && cfg!(feature = "gzip")
    }

    /// Returns the request target (RFC 9112 §3.2): absolute-form for a forwarding proxy,
    /// origin-form otherwise, unless the option `target` is set.
    pub(crate) fn target(&self, forward: bool) -> Cow<'_, str> {
        match (&self.settings.target, forward) {
            (RequestTarget::Url, false) => request_target(&self.url).into(),
            (RequestTarget::Url, true) => absolute_target(&self.url).into(),
            (RequestTarget::Asterisk, _) => "*".into(),
            (RequestTarget::Path(path), false) => (&**path).into(),
            (RequestTarget::Path(path), true) => format!("{}{path}", &self.url[..Position::BeforePath]).into(),
        }
    }

    /// Returns the URL that cookies match against. Its host is that of an explicit Host field,
    /// since the request is meant for that host (RFC 9110 §7.2). Scheme and path are the URL's, and
    /// so is the host if the field's is invalid.
    pub(crate) fn cookie_url(&self) -> Cow<'_, Url> {
        if self.encoded.is_some() {
            return Cow::Borrowed(&self.url);
        }
        let host = self.headers.get("host").and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let authority = host.and_then(|text| text.parse::<http::uri::Authority>().ok());
        let Some(authority) = authority else { return Cow::Borrowed(&self.url) };
        let mut url = Url::clone(&self.url);
        match url.set_host(Some(authority.host())) {
            Ok(()) => Cow::Owned(url),
            Err(_) => Cow::Borrowed(&self.url),
        }
    }

    /// Returns the Host field. The hop's fields are this one, [`Prepared::general`],
    /// [`Prepared::special`], and the framing fields, in this order.
    pub(crate) fn host(&self) -> (&str, &[u8]) {
        let own = if self.encoded.is_some() { None } else { self.headers.get("host") };
        ("Host", own.map_or_else(|| host_header(&self.url).as_bytes(), |value| value.as_bytes()))
    }

    /// Returns the fields that many requests share.
    pub(crate) fn general(&self) -> impl Iterator<Item = (&str, &[u8])> {
        general(&self.headers, self.settings.decode)
    }

    /// Returns the fields of this hop alone; `None` if there are none, as for most requests.
    pub(crate) fn special<'a>(
        &'a self,
        forward: Option<&'a Proxy>,
        referer: Option<&'a str>,
        cookie: &'a [u8],
        answers: Option<&'a Answers>,
    ) -> Option<impl Iterator<Item = (&'a str, &'a [u8])>> {
        if forward.is_none()
            && referer.is_none()
            && cookie.is_empty()
            && self.auth.is_none()
            && self.content_type.is_none()
        {
            return None;
        }
        let headers = &*self.headers;
        let content_type = self.content_type.filter(|_| !headers.contains("content-type"));
        let auth = self.auth.as_ref().filter(|_| !headers.contains("authorization"));
        let auth = auth.and_then(|auth| auth.header_value().or(answers.and_then(|answers| answers.origin.as_ref())));
        let proxy_auth = forward.and_then(Proxy::credentials);
        let proxy_auth =
            proxy_auth.and_then(|auth| auth.header_value().or(answers.and_then(|answers| answers.proxy.as_ref())));
        let cookie = (!cookie.is_empty() && !headers.contains("cookie")).then_some(("Cookie", cookie));
        let referer = referer.filter(|_| !headers.contains("referer"));
        let fields = [
            referer.map(|text| ("Referer", text.as_bytes())),
            content_type.map(|value| ("Content-Type", value.as_bytes())),
            auth.map(|auth| ("Authorization", auth.as_bytes())),
            proxy_auth.map(|auth| ("Proxy-Authorization", auth.as_bytes())),
        ]
        .into_iter()
        .flatten()
        .chain(forward.into_iter().flat_map(|p| p.headers().iter()).map(|(n, v)| (n, v.as_bytes())))
        .chain(cookie);
        Some(fields)
    }
}

/// Returns the automatic fields that depend on neither URL nor body, then the caller's.
fn general(headers: &Headers, decode: bool) -> impl Iterator<Item = (&str, &[u8])> {
    let automatic = |name: &'static str, value: &'static str| {
        (!value.is_empty() && !headers.contains(name)).then_some((name, value.as_bytes()))
    };
    let codings = if decode && !headers.contains("range") { accept_encoding() } else { "" };
    [automatic("User-Agent", USER_AGENT), automatic("Accept", "*/*"), automatic("Accept-Encoding", codings)]
        .into_iter()
        .flatten()
        .chain(headers.iter().filter(|(name, _)| !is_host_or_framing(name)).map(|(n, v)| (n, v.as_bytes())))
}

/// Encodes [`Prepared::general`] for all requests without fields of their own. Returns `None` if a
/// field is invalid, or needs a check for each request: Host, framing, and those that core writes.
pub(crate) fn encode_general(headers: &Headers, decode: bool) -> Option<Arc<EncodedHeaders>> {
    let special = |name: &str| is_host_or_framing(name) || OWNED.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if headers.iter().map(|(name, _)| name).chain(headers.removed()).any(special) {
        return None;
    }
    EncodedHeaders::new(general(headers, decode)).ok().map(Arc::new)
}

impl RequestParts for Prepared {
    fn target(&self, forward: bool) -> String {
        Prepared::target(self, forward).into_owned()
    }

    fn body(&self) -> Option<&[u8]> {
        self.body.in_memory()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("method", &self.method)
            .field("url", &redaction::url(&self.url))
            .field("headers", &self.headers)
            .field("cookies", &self.cookies)
            .field("auth", &self.auth)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

fn is_host_or_framing(name: &str) -> bool {
    ["host", "content-length", "transfer-encoding"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
#[path = "prepared_tests.rs"]
mod tests;
