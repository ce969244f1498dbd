//! Forwards a request in absolute form to its origin, and the response back.

use std::io::{self, Write};

use url::Url;

use super::After;
use crate::net::incoming::Incoming;
use crate::net::message::{Framing, Head, field};
use crate::net::socket::Socket;
use crate::net::wire::Wire;

/// Fields that concern one connection only: RFC 9110 §7.6.1.
const HOP_BY_HOP: [&str; 7] =
    ["connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "upgrade", "content-length"];

/// Sends the request to `origin` and the response to `client`.
pub(super) fn run(head: &Head, url: &Url, client: &mut Incoming, mut origin: Socket) -> io::Result<After> {
    let framing = head.framing().map_err(io::Error::other)?;
    let mut out = Vec::new();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    write!(out, "{} {}{query} HTTP/1.1\r\n", head.method, url.path())?;
    for (name, value) in &head.fields {
        if !HOP_BY_HOP.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            push_field(&mut out, name, value);
        }
    }
    if let Framing::Length(length) = framing {
        write!(out, "Content-Length: {length}\r\n")?;
    }
    out.extend_from_slice(b"Via: 1.1 petition-tests\r\nConnection: close\r\n\r\n");
    origin.write_all(&out)?;
    let mut answers = Incoming::new(Wire::Plain(origin.clone()), |_| ());
    if head.expects_continue() {
        // The origin decides whether it wants the body.
        let (status, raw) = response_head(&mut answers)?;
        client.wire().write_all(&raw)?;
        if status != 100 {
            relay(head, status, &raw, &mut answers, client)?;
            return Ok(After::Close);
        }
    }
    pass_body(client, framing, &mut |bytes| origin.write_all(bytes))?;
    loop {
        let (status, raw) = response_head(&mut answers)?;
        let raw = without_connection(&raw)?;
        client.wire().write_all(&raw)?;
        if status >= 200 {
            let after = relay(head, status, &raw, &mut answers, client)?;
            return Ok(if head.keep_alive() { after } else { After::Close });
        }
    }
}

/// Forwards the body of a final response. If the origin ends it by closing, so does the proxy.
fn relay(head: &Head, status: u16, raw: &[u8], answers: &mut Incoming, client: &mut Incoming) -> io::Result<After> {
    if head.method == "HEAD" || status == 204 || status == 304 {
        return Ok(After::Keep);
    }
    match response_framing(raw)? {
        Framing::Absent => loop {
            let n = answers.buffered().len();
            client.wire().write_all(&answers.take(n))?;
            if answers.fill()? == 0 {
                return Ok(After::Close);
            }
        },
        framing => {
            pass_body(answers, framing, &mut |bytes| client.wire().write_all(bytes))?;
            Ok(After::Keep)
        }
    }
}

/// Reads a body and writes it with the same framing and trailers.
fn pass_body(from: &mut Incoming, framing: Framing, to: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let end = from.body(framing, &mut |piece| match framing {
        Framing::Chunked => to(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()),
        Framing::Absent | Framing::Length(_) => to(piece),
    })?;
    if framing == Framing::Chunked {
        let mut tail = b"0\r\n".to_vec();
        end.trailers.iter().for_each(|(name, value)| push_field(&mut tail, name, value));
        tail.extend_from_slice(b"\r\n");
        to(&tail)?;
    }
    Ok(())
}

fn push_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
}

fn response_head(answers: &mut Incoming) -> io::Result<(u16, Vec<u8>)> {
    let raw = answers.until(b"\r\n\r\n")?;
    let status = raw.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|text| text.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other("the origin sent no status line"))?, raw))
}

fn fields(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).skip(1).filter(|line| !line.is_empty())
}

/// Removes the origin's `Connection: close`, which is meant for the proxy.
fn without_connection(raw: &[u8]) -> io::Result<Vec<u8>> {
    let status_line = raw.iter().position(|byte| *byte == b'\n').map_or(raw.len(), |at| at + 1);
    let mut out = raw.get(..status_line).unwrap_or_default().to_vec();
    for line in fields(raw) {
        let (name, value) = field(line).map_err(io::Error::other)?;
        if !name.eq_ignore_ascii_case("connection") {
            push_field(&mut out, &name, &value);
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(out)
}

fn response_framing(raw: &[u8]) -> io::Result<Framing> {
    let mut framing = Framing::Absent;
    for line in fields(raw) {
        let (name, value) = field(line).map_err(io::Error::other)?;
        let text = String::from_utf8_lossy(&value);
        if name.eq_ignore_ascii_case("transfer-encoding") && text.eq_ignore_ascii_case("chunked") {
            return Ok(Framing::Chunked);
        }
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(text.parse().map_err(io::Error::other)?);
        }
    }
    Ok(framing)
}
