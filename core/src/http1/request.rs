//! Validates and writes a request head.
//!
//! Upper layers have validated it already, but this is the last chance to stop a CR in a value (RFC
//! 9112 §11.1). Only the connection writes the fields that frame the message or concern the
//! connection: Content-Length, Transfer-Encoding, Connection, Expect, TE, Trailer and Upgrade. They
//! follow the caller's fields.

use std::fmt;
use std::io::Write;

use super::error::Excerpt;
use super::send_error::InvalidRequest;
use super::token::{elements, is_token, is_value, is_value_byte, trim_ows};
use super::trailers::may_be_trailer;
use super::version::Version;

/// The body that a request head announces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyLength {
    /// No body. POST, PUT and PATCH then send `Content-Length: 0` (RFC 9110 §8.6); other methods
    /// send no framing field.
    #[default]
    None,
    /// A body of this many bytes, possibly 0, announced with Content-Length.
    Known(u64),
    /// A body of unknown length: chunked (RFC 9112 §7.1). Invalid in HTTP/1.0.
    Chunked,
}

/// A request head without its fields. [`RequestHead::new`] sets all options to their defaults.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method: a token of 1 to 32 bytes, in its original case. HEAD and CONNECT affect how the
    /// response is read.
    pub method: &'a str,
    /// The request target in wire form: printable ASCII without space and `#`.
    pub target: &'a str,
    /// The version to state. Default: HTTP/1.1.
    pub version: Version,
    /// The body to announce. Default: none.
    pub body: BodyLength,
    /// Whether to send `Expect: 100-continue`; the body then waits (RFC 9110 §10.1.1). Default: no.
    pub expect_continue: bool,
    /// Whether to send `Connection: close`; the connection then cannot be reused. Default: no.
    pub close: bool,
    /// The protocols to offer, as the value of Upgrade. Without it, 101 is an error. Default: none.
    pub upgrade: Option<&'a str>,
    /// Whether to send `TE: trailers`. Default: no.
    pub te_trailers: bool,
    /// Whether to send `TE: gzip` (RFC 9110 §10.1.4). The response may then use that transfer
    /// coding, which the caller must decode. Default: no.
    pub te_gzip: bool,
    /// The trailer fields to announce; only these can be sent when the body is finished. Default:
    /// none.
    pub trailers: &'a [&'a str],
}

impl<'a> RequestHead<'a> {
    /// Creates an HTTP/1.1 request without a body.
    pub const fn new(method: &'a str, target: &'a str) -> Self {
        RequestHead {
            method,
            target,
            version: Version::Http11,
            body: BodyLength::None,
            expect_continue: false,
            close: false,
            upgrade: None,
            te_trailers: false,
            te_gzip: false,
            trailers: &[],
        }
    }
}

impl fmt::Debug for RequestHead<'_> {
    // The query may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("target", &format_args!("{:?}{}", path, if path.len() < self.target.len() { "?…" } else { "" }))
            .field("version", &self.version)
            .field("body", &self.body)
            .field("expect_continue", &self.expect_continue)
            .field("close", &self.close)
            .field("upgrade", &self.upgrade)
            .field("te_trailers", &self.te_trailers)
            .field("te_gzip", &self.te_gzip)
            .field("trailers", &self.trailers)
            .finish()
    }
}

const METHOD_BYTES: usize = 32;
/// Room for the method, the version, a Host and one or two short fields.
const TYPICAL: usize = 96;
const OWNED: [&str; 7] = ["content-length", "transfer-encoding", "connection", "expect", "te", "trailer", "upgrade"];

/// Fields that were validated and encoded once, to be sent with any number of requests.
#[derive(Clone, Default)]
pub struct EncodedHeaders {
    bytes: Vec<u8>,
    hosts: usize,
}

impl EncodedHeaders {
    /// Encodes `fields` in their order and case.
    ///
    /// # Errors
    /// As for the fields of [`Connection::send_head`](super::Connection::send_head).
    pub fn new<'a>(fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<EncodedHeaders, InvalidRequest> {
        EncodedHeaders::with_room(TYPICAL, fields)
    }

    fn with_room<'a>(
        room: usize,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<EncodedHeaders, InvalidRequest> {
        let mut lines = EncodedHeaders { bytes: Vec::with_capacity(room), hosts: 0 };
        for (name, value) in fields {
            lines.hosts += usize::from(write_callers_field(&mut lines.bytes, name, value)?);
        }
        Ok(lines)
    }

    /// Returns a copy with `first` in front.
    ///
    /// # Errors
    /// As for [`EncodedHeaders::new`].
    pub fn preceded_by<'a>(
        &self,
        first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<EncodedHeaders, InvalidRequest> {
        let mut lines = EncodedHeaders::with_room(TYPICAL + self.bytes.len(), first)?;
        lines.bytes.extend_from_slice(&self.bytes);
        lines.hosts += self.hosts;
        Ok(lines)
    }
}

impl fmt::Debug for EncodedHeaders {
    // The values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedHeaders").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Appends the head to `out`: the fields `first`, the `lines`, the fields `last`. On error, `out`
/// may contain part of it.
pub(crate) fn write_head<'a>(
    out: &mut Vec<u8>,
    head: &RequestHead<'_>,
    first: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    lines: Option<&EncodedHeaders>,
    last: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), InvalidRequest> {
    check(head)?;
    out.reserve(head.target.len() + lines.map_or(0, |lines| lines.bytes.len()) + TYPICAL);
    out.extend_from_slice(head.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(head.target.as_bytes());
    out.extend_from_slice(match head.version {
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 => b" HTTP/1.1\r\n",
    });
    let mut hosts = 0;
    for (name, value) in first {
        hosts += usize::from(write_callers_field(out, name, value)?);
    }
    if let Some(lines) = lines {
        out.extend_from_slice(&lines.bytes);
        hosts += lines.hosts;
    }
    for (name, value) in last {
        hosts += usize::from(write_callers_field(out, name, value)?);
    }
    match (hosts, head.version) {
        (1, _) | (0, Version::Http10) => {}
        (0, Version::Http11) => return Err(InvalidRequest::MissingHost),
        _ => return Err(InvalidRequest::SeveralHosts),
    }
    write_owned(out, head);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn check(head: &RequestHead<'_>) -> Result<(), InvalidRequest> {
    if head.method.len() > METHOD_BYTES || !is_token(head.method.as_bytes()) {
        return Err(InvalidRequest::Method);
    }
    if head.target.is_empty() {
        return Err(InvalidRequest::Target { byte: None });
    }
    if let Some(byte) = head.target.bytes().find(|b| !b.is_ascii_graphic() || *b == b'#') {
        return Err(InvalidRequest::Target { byte: Some(byte) });
    }
    let body = !matches!(head.body, BodyLength::None | BodyLength::Known(0));
    if body && matches!(head.method, "CONNECT" | "TRACE") {
        return Err(InvalidRequest::BodyNotAllowed);
    }
    if head.expect_continue && !body {
        return Err(InvalidRequest::ExpectWithoutBody);
    }
    let te = head.te_trailers || head.te_gzip;
    let newer = head.body == BodyLength::Chunked || head.expect_continue || head.upgrade.is_some() || te;
    if newer && head.version == Version::Http10 {
        return Err(InvalidRequest::NotInHttp10);
    }
    if !head.trailers.is_empty() && head.body != BodyLength::Chunked {
        return Err(InvalidRequest::TrailersWithoutChunked);
    }
    if let Some(name) = head.trailers.iter().find(|name| !is_token(name.as_bytes()) || !may_be_trailer(name)) {
        return Err(InvalidRequest::Trailer { name: Excerpt::new(name.as_bytes()) });
    }
    // protocol-name ["/" protocol-version] (RFC 9110 §7.8)
    let protocol = |p: &[u8]| p.splitn(2, |&b| b == b'/').all(is_token);
    if head.upgrade.is_some_and(|list| !elements(list.as_bytes()).all(protocol)) {
        return Err(InvalidRequest::Upgrade);
    }
    Ok(())
}

/// Writes a field that the connection does not own. Returns whether it is Host.
fn write_callers_field(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<bool, InvalidRequest> {
    if OWNED.iter().any(|owned| owned.len() == name.len() && owned.eq_ignore_ascii_case(name)) {
        return Err(InvalidRequest::OwnedField { name: Excerpt::new(name.as_bytes()) });
    }
    write_field(out, name, value)?;
    Ok(name.len() == 4 && name.eq_ignore_ascii_case("host"))
}

/// Writes one field line with a trimmed value.
pub(crate) fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), InvalidRequest> {
    if !is_token(name.as_bytes()) {
        return Err(InvalidRequest::FieldName { excerpt: Excerpt::new(name.as_bytes()) });
    }
    if !is_value(value) {
        let byte = value.iter().copied().find(|&b| !is_value_byte(b)).unwrap_or_default();
        return Err(InvalidRequest::FieldValue { name: Excerpt::new(name.as_bytes()), byte });
    }
    let value = trim_ows(value);
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    if !value.is_empty() {
        out.push(b' ');
        out.extend_from_slice(value);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn write_owned(out: &mut Vec<u8>, head: &RequestHead<'_>) {
    write_length(out, head);
    let no_options = head.trailers.is_empty() && head.upgrade.is_none() && head.version == Version::Http11;
    if no_options && !(head.expect_continue || head.te_gzip || head.te_trailers || head.close) {
        return;
    }
    let mut list = |name: &[u8], elements: &mut dyn Iterator<Item = &str>| {
        let Some(first) = elements.next() else { return };
        out.extend_from_slice(name);
        out.extend_from_slice(first.as_bytes());
        for element in elements {
            out.extend_from_slice(b", ");
            out.extend_from_slice(element.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    };
    list(b"Trailer: ", &mut head.trailers.iter().copied());
    list(b"Expect: ", &mut head.expect_continue.then_some("100-continue").into_iter());
    let te = [head.te_gzip.then_some("gzip"), head.te_trailers.then_some("trailers")];
    list(b"TE: ", &mut te.into_iter().flatten());
    list(b"Upgrade: ", &mut head.upgrade.into_iter());
    // HTTP/1.0 must request what HTTP/1.1 does by default (RFC 9112 §9.3).
    let keep_alive = head.version == Version::Http10 && !head.close;
    let options = [
        head.close.then_some("close"),
        keep_alive.then_some("keep-alive"),
        (head.te_trailers || head.te_gzip).then_some("TE"),
        head.upgrade.map(|_| "upgrade"),
    ];
    list(b"Connection: ", &mut options.into_iter().flatten());
}

fn write_length(out: &mut Vec<u8>, head: &RequestHead<'_>) {
    match head.body {
        BodyLength::None if matches!(head.method, "POST" | "PUT" | "PATCH") => {
            out.extend_from_slice(b"Content-Length: 0\r\n");
        }
        BodyLength::None => {}
        // Writing to a Vec does not fail.
        BodyLength::Known(n) => drop(write!(out, "Content-Length: {n}\r\n")),
        BodyLength::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
}
