//! Turns an operation into a request of the library.

use std::time::Duration;

use petition_core::http_date::format_http_date;
use petition_core::http1::Version;
use petition_core::policy::redirect::{CrossOriginBody, Policy, Repeats};
use petition_core::{Body, Limits, Method, Netrc, Options, ProxyRules, Request, Session, UnixTime};

use super::op::{self, Condition, Op};

/// Bodies beyond this size use `Expect: 100-continue` if a waiting time is given.
const WORTH_ASKING: usize = 1024 * 1024;

/// Puts the operation's cookies into the session's jar.
pub(super) fn prepare_session(op: &Op, session: &mut Session) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    session.cookies(|jar| {
        jar.import_netscape(&op.cookies, UnixTime(now));
        if op.junk_session_cookies {
            jar.clear_session();
        }
    });
}

/// Returns the request, and its body if that is a stream.
///
/// # Errors
/// A description, if the method is invalid.
pub(super) fn build(op: &Op) -> Result<(Request, Option<Vec<u8>>), String> {
    let method = Method::from_bytes(op.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Request::new(method, &op.url);
    let (mut bytes, mut stream) = match &op.body {
        op::Body::None => (None, None),
        op::Body::Known(bytes) => (Some(bytes.clone()), None),
        op::Body::Stream(bytes) => (None, Some(bytes.clone())),
    };
    // An upload is resumed by sending its rest with a Content-Range.
    if let (Some(from), Some(body)) = (op.resume_from.filter(|_| op.is_upload()), bytes.as_mut().or(stream.as_mut())) {
        let whole = body.len();
        body.drain(..usize::try_from(from).unwrap_or(whole).min(whole));
        request.set_header("Content-Range", format!("bytes {from}-{}/{whole}", whole.saturating_sub(1)));
    }
    if let Some(bytes) = bytes {
        request.set_data(bytes);
    } else if stream.is_some() {
        request.set_data(Body::Stream { length: None, rewindable: false });
    }
    conditions(op, &mut request);
    if let Some(referer) = &op.referer {
        request.set_header("Referer", referer);
    }
    if let Some(cookie) = &op.cookie {
        cookie_field(cookie, &mut request);
    }
    if let Some(auth) = op.auth.clone()? {
        request.options_mut().auth(auth);
    }
    if let Some(text) = &op.netrc {
        // curl looks up the host of each redirect too, and takes the default entry.
        let netrc = Netrc::parse(text).map_err(|error| error.to_string())?.use_default(true);
        request.options_mut().netrc(netrc).auth_after_redirect(true);
    }
    if let Some(token) = &op.bearer {
        request.set_bearer_auth(token);
    }
    settings(op, request.options_mut());
    // Removes only what the library would add, not a field of the caller.
    let (added, removed): (Vec<_>, Vec<_>) = op.headers.iter().partition(|(_, value)| value.is_some());
    for (name, value) in removed.into_iter().chain(added) {
        field(name, value.as_deref(), &mut request);
    }
    if let Some(host) = &op.host
        && !op.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        request.set_header("Host", host);
    }
    Ok((request, stream))
}

impl Op {
    /// Returns whether the operation resumes an upload.
    pub(super) fn is_upload(&self) -> bool {
        self.method == "PUT" || !matches!(self.body, op::Body::None)
    }
}

/// Sets ranges and conditions as plain fields; the module `answer` checks their responses.
fn conditions(op: &Op, request: &mut Request) {
    if let Some(range) = &op.range {
        request.set_header("Range", format!("bytes={range}"));
    } else if let Some(from) = op.resume_from.filter(|_| !op.is_upload()) {
        request.set_header("Range", format!("bytes={from}-"));
    }
    match op.condition {
        Some(Condition::ModifiedSince(time)) => request.set_header("If-Modified-Since", format_http_date(time)),
        Some(Condition::UnmodifiedSince(time)) => request.set_header("If-Unmodified-Since", format_http_date(time)),
        None => {}
    }
}

/// Sets a literal Cookie field: pair by pair beside the jar's cookies if it parses, otherwise
/// unmodified.
fn cookie_field(text: &[u8], request: &mut Request) {
    let pairs: Option<Vec<(&str, &str)>> = std::str::from_utf8(text).ok().and_then(|text| {
        text.split(';').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=')).collect()
    });
    match pairs {
        Some(pairs) => pairs.into_iter().for_each(|(name, value)| request.set_cookie(name, value)),
        None => request.set_header("Cookie", text),
    }
}

fn settings(op: &Op, options: &mut Options) {
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
    let max = if op.follow { op.max_redirs.unwrap_or(Policy::default().max) } else { 0 };
    let mut policy = Policy::default();
    (policy.max, policy.repeats, policy.referer) = (max, Repeats::Followed, op.auto_referer);
    [policy.keep_post.on_301, policy.keep_post.on_302, policy.keep_post.on_303] = op.keep_post;
    policy.danger_credentials_follow_to_any_origin = op.location_trusted;
    // curl sends the body wherever a redirect leads.
    policy.cross_origin_body = CrossOriginBody::DangerSendInClear;
    options.redirects(|r| {
        r.all(policy);
    });
    options.decode(op.compressed);
    options.cookie_jar(op.cookie_engine || !op.cookies.is_empty());
    options.proxy(op.proxy.as_ref().ok().cloned().flatten().map(ProxyRules::from));
    if let Some(timeout) = op.timeout {
        options.total_timeout(seconds(timeout));
    }
    if let Some(timeout) = op.connect_timeout {
        options.connect_timeout(seconds(timeout));
    }
    // curl limits the whole head and not its lines.
    options.limits(|l| {
        l.head_line_bytes(Limits::DEFAULT.head_bytes).stream_bytes(op.max_filesize);
    });
    if let Some(timeout) = op.expect100_timeout.and_then(seconds) {
        // A waiting time requests the expectation, if the body is large enough.
        let length = if let op::Body::Known(bytes) = &op.body { bytes.len() } else { 0 };
        options.expect_continue((length > WORTH_ASKING).then_some(timeout));
    }
    options.transfer_coding(op.transfer_coding);
    options.target(op.target.clone());
    if op.http10 {
        options.version(Version::Http10);
    }
}

/// Sets a field of the caller. Fields that the library writes have their own options.
fn field(name: &str, value: Option<&[u8]>, request: &mut Request) {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let says = |known: &str| value.is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(known.as_bytes()));
    match value {
        Some(_) if is("transfer-encoding") && says("chunked") => {}
        Some(_) if is("expect") && says("100-continue") => {
            request.options_mut().expect_continue(Duration::from_secs(1));
        }
        None if is("expect") => {
            request.options_mut().expect_continue(None);
        }
        // The library says the same by itself.
        Some(b"") if is("connection") => {}
        Some(_) if is("connection") && says("close") => {
            request.options_mut().keep_alive(false);
        }
        Some(value) => request.append_header(name, value),
        // A name that cannot be sent is dropped.
        None if !name.is_ascii() => {}
        None => request.remove_header(name),
    }
}
