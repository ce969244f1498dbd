//! A strict reader of request heads, which judges what clients send: RFC 9112 §2 to §6.
//!
//! It is written by hand and shares no code with the client. It accepts exactly what a client must
//! send: CRLF line ends, one space between the parts of the request line, a token before the colon,
//! one Host field, one framing. It does not tolerate what servers tolerate: bare LF, obs-fold,
//! empty lines before the request.

use std::fmt;

/// The head of one request, unmodified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The method token.
    pub method: String,
    /// The request target, in whatever form.
    pub target: String,
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// The fields in order. Names keep their case; values lack the surrounding space.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Every byte of the head, including the empty line.
    pub raw: Vec<u8>,
}

/// What is wrong with a request head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// How the body of a request is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body: neither Content-Length nor Transfer-Encoding.
    Absent,
    /// A body of this many bytes.
    Length(u64),
    /// The chunked coding.
    Chunked,
}

fn fault<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault(text.into()))
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

impl Head {
    /// Parses a head that ends with its empty line.
    ///
    /// # Errors
    /// The first violation.
    pub fn parse(raw: &[u8]) -> Result<Self, Fault> {
        let Some(lines) = raw.strip_suffix(b"\r\n\r\n") else { return fault("the head does not end in an empty line") };
        let mut lines = split_crlf(lines)?.into_iter();
        let line = lines.next().unwrap_or_default();
        let parts: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let &[method, target, version] = parts.as_slice() else {
            return fault(format!("a request line has three parts: {}", shown(line)));
        };
        if !is_token(method) {
            return fault(format!("the method is not a token: {}", shown(method)));
        }
        if target.is_empty() || !target.iter().all(|byte| (0x21..0x7f).contains(byte)) || target.contains(&b'#') {
            return fault(format!("the target has a byte that no target has: {}", shown(target)));
        }
        let minor = match version {
            b"HTTP/1.1" => 1,
            b"HTTP/1.0" => 0,
            _ => return fault(format!("not HTTP/1.x: {}", shown(version))),
        };
        let fields = lines.map(field).collect::<Result<Vec<_>, _>>()?;
        let head = Self {
            method: String::from_utf8_lossy(method).into_owned(),
            target: String::from_utf8_lossy(target).into_owned(),
            minor,
            fields,
            raw: raw.to_vec(),
        };
        match head.all("host").len() {
            1 => {}
            0 if minor == 0 => {}
            n => return fault(format!("HTTP/1.{minor} with {n} Host fields")),
        }
        head.framing()?;
        Ok(head)
    }

    /// Returns every value of the field `name`, in order. The case of the name does not matter.
    pub fn all(&self, name: &str) -> Vec<&[u8]> {
        self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect()
    }

    /// Returns the values of the field `name`, joined by commas, with U+FFFD for bytes that are not
    /// UTF-8; `None` if there is no such field.
    pub fn value(&self, name: &str) -> Option<String> {
        let all = self.all(name);
        (!all.is_empty()).then(|| String::from_utf8_lossy(&all.join(&b","[..])).into_owned())
    }

    /// Returns true if the list in the field `name` contains `token`, in any case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.value(name).is_some_and(|list| list.split(',').any(|member| member.trim().eq_ignore_ascii_case(token)))
    }

    /// Returns true if the client wants to keep the connection: RFC 9112 §9.3.
    pub fn keep_alive(&self) -> bool {
        !self.lists("connection", "close") && (self.minor == 1 || self.lists("connection", "keep-alive"))
    }

    /// Returns how the body is delimited: RFC 9112 §6.3.
    ///
    /// # Errors
    /// When both framings are used, one is used twice, or a value is invalid.
    pub fn framing(&self) -> Result<Framing, Fault> {
        let (codings, lengths) = (self.all("transfer-encoding"), self.all("content-length"));
        match (codings.as_slice(), lengths.as_slice()) {
            ([], []) => Ok(Framing::Absent),
            ([], [length]) => {
                let digits = std::str::from_utf8(length).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
                match digits.and_then(|text| text.parse().ok()) {
                    Some(length) => Ok(Framing::Length(length)),
                    None => fault(format!("not a Content-Length: {}", shown(length))),
                }
            }
            ([coding], []) if self.minor == 1 && coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            ([], _) => fault("several Content-Length fields"),
            (_, []) => fault("a Transfer-Encoding other than one chunked in HTTP/1.1"),
            _ => fault("both Transfer-Encoding and Content-Length"),
        }
    }

    /// Returns true if the body waits for a 100 (Continue): RFC 9110 §10.1.1.
    pub fn expects_continue(&self) -> bool {
        self.minor == 1 && self.lists("expect", "100-continue")
    }
}

/// Splits at CRLF. A bare CR or LF is a fault.
fn split_crlf(bytes: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let mut lines = Vec::new();
    let pieces: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let last = pieces.len().saturating_sub(1);
    for (index, piece) in pieces.into_iter().enumerate() {
        let line = match piece.strip_suffix(b"\r") {
            Some(line) if index < last => line,
            None if index == last => piece,
            _ => return fault(format!("a line that does not end in CRLF: {}", shown(piece))),
        };
        if line.contains(&b'\r') || line.contains(&0) {
            return fault(format!("CR or NUL within a line: {}", shown(line)));
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Parses one field line: RFC 9112 §5.
pub(crate) fn field(line: &[u8]) -> Result<(String, Vec<u8>), Fault> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return fault(format!("a field without a colon: {}", shown(line)));
    };
    let (name, value) = line.split_at(colon);
    if !is_token(name) {
        return fault(format!("a field name that is not a token: {}", shown(name)));
    }
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
        return fault(format!("a control in the value of {}: {}", shown(name), shown(value)));
    }
    Ok((String::from_utf8_lossy(name).into_owned(), value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_request_is_read_verbatim() {
        let raw = b"GET /a?b HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a:2\r\n\r\n";
        let head = Head::parse(raw).expect("a sound head");
        assert_eq!((head.method.as_str(), head.target.as_str(), head.minor), ("GET", "/a?b", 1));
        assert_eq!(head.fields[1], ("X-A".to_owned(), b"1".to_vec()));
        assert_eq!(head.value("X-a").as_deref(), Some("1,2"));
        assert_eq!(head.raw, raw);
        assert!(head.keep_alive());
    }

    #[test]
    fn forbidden_client_output_is_a_fault() {
        let cases: [&[u8]; 16] = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
            b"GET / HTTP/1.1\nHost: a\r\n\r\n",
            b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        ];
        for raw in cases {
            assert!(Head::parse(raw).is_err(), "accepted: {}", shown(raw));
        }
    }

    #[test]
    fn keep_alive_follows_version_and_connection() {
        let of = |line: &str, connection: &str| {
            let raw = format!("GET / {line}\r\nHost: a\r\nConnection: {connection}\r\n\r\n");
            Head::parse(raw.as_bytes()).expect("a sound head").keep_alive()
        };
        assert!(of("HTTP/1.1", "x") && of("HTTP/1.0", "x, Keep-Alive"));
        assert!(!of("HTTP/1.0", "x") && !of("HTTP/1.1", "x, CLOSE"));
    }
}
