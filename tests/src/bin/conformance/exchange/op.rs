//! Parses one operation, and declines what is not supported.

use petition_core::cookie::parse_date;
use petition_core::{Auth, Proxy, RequestTarget, UnixTime};
use serde_json::Value;

use super::address::{append_query, moved, queries};
use super::credentials::{Scheme, take_userinfo};
use super::names::Rule;
use super::proxies;
use crate::latin1;

/// Why a question is declined.
#[derive(Debug)]
pub(super) struct Declined(pub(super) String);

impl Declined {
    pub(super) fn because(reason: impl Into<String>) -> Declined {
        Declined(reason.into())
    }
}

/// Names, each with or without a value.
pub(super) type Pairs = Vec<(String, Option<Vec<u8>>)>;

/// The supported options.
const KNOWN: &[&str] = &[
    "method",
    "url",
    "headers",
    "body",
    "body_stream",
    "chunked",
    "follow",
    "max_redirs",
    "post301",
    "post302",
    "post303",
    "location_trusted",
    "auto_referer",
    "referer",
    "auth",
    "auth_scheme",
    "bearer",
    "netrc",
    "netrc_optional",
    "proxy",
    "proxy_auth",
    "proxy_basic",
    "proxy_digest",
    "proxy_anyauth",
    "proxy_tunnel",
    "proxy_headers",
    "noproxy",
    "cookie",
    "cookie_engine",
    "cookie_jar",
    "cookies",
    "junk_session_cookies",
    "compressed",
    "raw",
    "range",
    "resume_from",
    "time_cond",
    "timeout",
    "connect_timeout",
    "max_filesize",
    "fail",
    "fail_with_body",
    "http10",
    "append_query",
    "retry",
    "retry_delay",
    "retry_max_time",
    "retry_all_errors",
    "retry_connrefused",
    "expect100_timeout",
    "connect_to",
    "url_as_given",
    "path_as_is",
    "tr_encoding",
    "request_target",
    "url_query",
];

/// The body, and how it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Known(Vec<u8>),
    Stream(Vec<u8>),
}

/// The document is wanted only if it changed after that time, or did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    ModifiedSince(UnixTime),
    UnmodifiedSince(UnixTime),
}

/// How often the operation is retried, and after which failures.
#[derive(Clone, Debug, Default)]
pub(super) struct Retry {
    pub(super) times: u32,
    pub(super) delay: Option<f64>,
    pub(super) all_errors: bool,
    pub(super) connect_refused: bool,
    /// The longest pause, in seconds.
    pub(super) max_time: Option<f64>,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) method: String,
    pub(super) url: String,
    /// `None` removes the field.
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(super) body: Body,
    pub(super) follow: bool,
    pub(super) max_redirs: Option<u32>,
    pub(super) keep_post: [bool; 3],
    pub(super) location_trusted: bool,
    pub(super) auto_referer: bool,
    pub(super) referer: Option<Vec<u8>>,
    /// A description, if it is invalid.
    pub(super) auth: Result<Option<Auth>, String>,
    /// The text of a netrc file.
    pub(super) netrc: Option<String>,
    pub(super) bearer: Option<String>,
    /// A description, if it is invalid.
    pub(super) proxy: Result<Option<Proxy>, String>,
    pub(super) cookie: Option<Vec<u8>>,
    pub(super) cookie_engine: bool,
    /// Lines of a Netscape cookie file.
    pub(super) cookies: Vec<u8>,
    pub(super) junk_session_cookies: bool,
    pub(super) compressed: bool,
    pub(super) range: Option<String>,
    pub(super) resume_from: Option<u64>,
    pub(super) condition: Option<Condition>,
    pub(super) timeout: Option<f64>,
    pub(super) connect_timeout: Option<f64>,
    pub(super) max_filesize: Option<u64>,
    pub(super) fail: bool,
    pub(super) http10: bool,
    pub(super) retry: Retry,
    pub(super) expect100_timeout: Option<f64>,
    /// A description, if a rule is invalid.
    pub(super) connect_to: Result<Vec<Rule>, String>,
    /// The URL's host and port, if `connect_to` replaced its address.
    pub(super) host: Option<String>,
    pub(super) target: RequestTarget,
    pub(super) transfer_coding: bool,
}

/// The fields of an operation, parsed by type.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn flag(&self, name: &str) -> bool {
        match &self.0[name] {
            Value::Bool(flag) => *flag,
            _ => false,
        }
    }

    /// Returns `None` also for an empty string.
    fn text(&self, name: &str) -> Result<Option<String>, Declined> {
        match &self.0[name] {
            Value::Null => Ok(None),
            value => latin1::text(value).map(Some).ok_or_else(|| Declined::because(format!("{name}: not UTF-8"))),
        }
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Declined> {
        match &self.0[name] {
            Value::Null => Ok(None),
            value => latin1::bytes(value).map(Some).ok_or_else(|| Declined::because(format!("{name}: no byte string"))),
        }
    }

    /// Returns a number, which may be given as a string.
    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Declined> {
        let text = match &self.0[name] {
            Value::Null => return Ok(None),
            Value::String(text) => text.trim().to_owned(),
            value => value.to_string(),
        };
        text.parse().map(Some).map_err(|_| Declined::because(format!("{name}: not understood")))
    }

    fn credentials(&self, name: &str) -> Result<Option<(String, String)>, Declined> {
        if self.0[name].is_null() {
            return Ok(None);
        }
        let part = |part: &str| Fields(&self.0[name]).text(part).map(Option::unwrap_or_default);
        Ok(Some((part("user")?, part("password")?)))
    }

    fn pairs(&self, name: &str) -> Result<Pairs, Declined> {
        let fault = || Declined::because(format!("{name}: not understood"));
        let pairs = self.0[name].as_array().into_iter().flatten().map(|pair| {
            let value = match &pair[1] {
                Value::Null => None,
                value => Some(latin1::bytes(value).ok_or_else(fault)?),
            };
            Ok((latin1::text(&pair[0]).ok_or_else(fault)?, value))
        });
        pairs.collect()
    }
}

impl Op {
    /// Parses an operation. `env` is its environment.
    ///
    /// # Errors
    /// [`Declined`] for anything unsupported.
    pub(super) fn read(op: &Value, env: &Value) -> Result<Op, Declined> {
        let fields = Fields(op);
        for (name, value) in op.as_object().into_iter().flatten() {
            // Disabled options are off by default.
            let unset = matches!(value, Value::Null | Value::Bool(false)) || name.starts_with("no_");
            if !unset && !KNOWN.contains(&name.as_str()) {
                return Err(Declined(format!("{name} is not supported")));
            }
        }
        let scheme = Scheme::named(&fields.text("auth_scheme")?.unwrap_or_default())?;
        if op["netrc"] == Value::Bool(true) {
            return Err(Declined::because("netrc: a file, of which the driver gets no text"));
        }
        let mut url = fields.text("url")?.unwrap_or_default();
        if url::Url::parse(&url) == Err(url::ParseError::InvalidIpv4Address) {
            return Err(Declined::because("a host that ends in a number is no name by the URL standard"));
        }
        if let Some(query) = fields.text("append_query")? {
            append_query(&mut url, &query);
        }
        for query in queries(&op["url_query"])? {
            append_query(&mut url, &query);
        }
        let body = body(&fields)?;
        let connect_to = rules(&op["connect_to"]);
        let moved = connect_to.as_ref().ok().and_then(|rules| moved(rules, &url));
        if moved.is_some() && fields.flag("follow") {
            return Err(Declined::because("connect_to: an address in the URL, and redirects that begin there"));
        }
        let host = moved.map(|(to, host)| {
            url = to;
            host
        });
        let mut auth = fields.credentials("auth")?;
        // Userinfo is Basic to the library; a program takes it apart for other schemes.
        if auth.is_none() && !matches!(scheme, Scheme::Basic) {
            auth = take_userinfo(&mut url);
        }
        Ok(Op {
            method: fields.text("method")?.unwrap_or_else(|| "GET".into()),
            headers: fields.pairs("headers")?,
            body,
            follow: fields.flag("follow"),
            max_redirs: fields.number::<i64>("max_redirs")?.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
            keep_post: ["post301", "post302", "post303"].map(|name| fields.flag(name)),
            location_trusted: fields.flag("location_trusted"),
            auto_referer: fields.flag("auto_referer"),
            referer: fields.bytes("referer")?.filter(|text| !text.is_empty()),
            auth: auth.map(|(user, password)| scheme.auth(&user, &password)).transpose(),
            netrc: fields.text("netrc")?,
            bearer: fields.text("bearer")?,
            proxy: proxies::choose(&proxies::Asked {
                url: fields.text("proxy")?,
                noproxy: fields.text("noproxy")?,
                credentials: fields.credentials("proxy_auth")?,
                scheme: match (fields.flag("proxy_digest"), fields.flag("proxy_anyauth")) {
                    (true, _) => Scheme::Digest,
                    (_, true) => Scheme::Any,
                    _ => Scheme::Basic,
                },
                tunnel: fields.flag("proxy_tunnel"),
                headers: fields.pairs("proxy_headers")?,
                target: &url,
                env,
            })?,
            cookie: fields.bytes("cookie")?,
            cookie_engine: fields.flag("cookie_engine"),
            cookies: netscape(&op["cookies"], &url)?,
            junk_session_cookies: fields.flag("junk_session_cookies"),
            // The chunked framing is removed anyway: otherwise the rest would be no body.
            compressed: fields.flag("compressed") && !fields.flag("raw"),
            // Without a dash, it is the start of the range.
            range: fields.text("range")?.map(|range| if range.contains('-') { range } else { range + "-" }),
            resume_from: fields.number("resume_from")?,
            condition: fields.text("time_cond")?.map(|text| condition(&text)).transpose()?,
            timeout: fields.number("timeout")?,
            connect_timeout: fields.number("connect_timeout")?,
            max_filesize: fields.number("max_filesize")?,
            fail: fields.flag("fail") || fields.flag("fail_with_body"),
            http10: fields.flag("http10"),
            retry: Retry {
                times: fields.number("retry")?.unwrap_or(0),
                delay: fields.number("retry_delay")?,
                all_errors: fields.flag("retry_all_errors"),
                connect_refused: fields.flag("retry_connrefused"),
                max_time: fields.number("retry_max_time")?,
            },
            expect100_timeout: fields.number("expect100_timeout")?,
            connect_to,
            host,
            target: target(&fields, &url)?,
            transfer_coding: fields.flag("tr_encoding"),
            url,
        })
    }
}

/// A body of unknown length is streamed, and so is one with a chunked option.
fn body(fields: &Fields<'_>) -> Result<Body, Declined> {
    let chunked = fields.pairs("headers")?.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding")
            && value.as_ref().is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"chunked"))
    });
    let unknown = fields.flag("body_stream") || fields.flag("chunked") || chunked;
    Ok(match fields.bytes("body")? {
        None if !unknown => Body::None,
        Some(bytes) if !unknown => Body::Known(bytes),
        bytes => Body::Stream(bytes.unwrap_or_default()),
    })
}

/// Returns the request target, if it differs from the URL's normal form.
fn target(fields: &Fields<'_>, url: &str) -> Result<RequestTarget, Declined> {
    Ok(match fields.text("request_target")? {
        Some(target) if target == "*" => RequestTarget::Asterisk,
        Some(target) => RequestTarget::Path(target.into()),
        None if fields.flag("path_as_is") => {
            let url = url.split('#').next().unwrap_or_default();
            let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
            RequestTarget::Path(authority.find('/').and_then(|at| authority.get(at..)).unwrap_or("/").into())
        }
        None => RequestTarget::Url,
    })
}

/// Parses a date in any form that the cookie rules allow; a leading `-` inverts the condition.
fn condition(text: &str) -> Result<Condition, Declined> {
    let (text, turned) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let time = parse_date(text.as_bytes()).ok_or_else(|| Declined::because("time_cond: the date is not understood"))?;
    Ok(if turned { Condition::UnmodifiedSince(time) } else { Condition::ModifiedSince(time) })
}

/// Returns lines of a cookie file. A cookie without a domain belongs to the URL's host.
fn netscape(cookies: &Value, url: &str) -> Result<Vec<u8>, Declined> {
    let mut file = Vec::new();
    for cookie in cookies.as_array().into_iter().flatten() {
        let text =
            |name: &str| latin1::bytes(&cookie[name]).ok_or_else(|| Declined::because("cookies: no byte string"));
        let flag = |name: &str, set: bool| if cookie[name] == set { "TRUE" } else { "FALSE" };
        if cookie["http_only"] == true {
            file.extend_from_slice(b"#HttpOnly_");
        }
        let domain = if cookie["domain"].is_null() { Vec::new() } else { text("domain")? };
        if domain.is_empty() {
            let url = url::Url::parse(url).ok();
            file.extend_from_slice(url.as_ref().and_then(url::Url::host_str).unwrap_or_default().as_bytes());
            file.extend_from_slice(b"\tFALSE\t");
        } else {
            file.extend_from_slice(&domain);
            file.extend_from_slice(format!("\t{}\t", flag("host_only", false)).as_bytes());
        }
        file.extend_from_slice(&text("path")?);
        file.extend_from_slice(format!("\t{}\t{}\t", flag("secure", true), cookie["expires"]).as_bytes());
        file.extend_from_slice(&text("name")?);
        file.push(b'\t');
        file.extend_from_slice(&text("value")?);
        file.push(b'\n');
    }
    Ok(file)
}

/// Parses the `connect_to` rules.
fn rules(rules: &Value) -> Result<Vec<Rule>, String> {
    let parts = |rule: &Value| -> Vec<String> {
        rule.as_array().into_iter().flatten().map(|part| latin1::text(part).unwrap_or_default()).collect()
    };
    rules.as_array().into_iter().flatten().map(|rule| Rule::read(&parts(rule))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declined(op: Value) -> String {
        Op::read(&op, &Value::Null).unwrap_err().0
    }

    #[test]
    fn unknown_operations_are_declined_by_name() {
        assert!(declined(json!({"url": "http://a/", "form": [{"name": "a"}]})).contains("form"));
        assert!(declined(json!({"url": "http://a/", "auth_scheme": "ntlm"})).contains("ntlm"));
        let moved = json!({"url": "http://10.0.0.1/", "connect_to": [["", "", "127.0.0.1", ""]], "follow": true});
        assert!(declined(moved).contains("connect_to"));
        assert!(declined(json!({"url": "http://a/", "url_query": ["a@file"]})).contains("url_query"));
    }

    #[test]
    fn disabled_and_open_ended_options_are_parsed() {
        let op = json!({"url": "http://a/", "no_basic": true, "range": "4", "url_query": ["t=a b", "+%3d"],
            "retry_max_time": "10", "cookies": [{"domain": "", "path": "/", "expires": 0, "name": "n", "value": "v"}]});
        let op = Op::read(&op, &Value::Null).unwrap();
        assert_eq!((op.url.as_str(), op.range.as_deref()), ("http://a/?t=a+b&%3d", Some("4-")));
        assert_eq!(op.retry.max_time, Some(10.0));
        assert_eq!(op.cookies, b"a\tFALSE\t/\tFALSE\t0\tn\tv\n");
    }

    #[test]
    fn chunked_body_has_no_known_length() {
        let body = |op: Value| Op::read(&op, &Value::Null).unwrap().body;
        let stream = Body::Stream(b"a".to_vec());
        assert_eq!(body(json!({"url": "x", "body": "a"})), Body::Known(b"a".to_vec()));
        assert_eq!(body(json!({"url": "x", "body": "a", "chunked": true})), stream);
        assert_eq!(body(json!({"url": "x", "body": "a", "headers": [["Transfer-Encoding", "Chunked"]]})), stream);
    }
}
