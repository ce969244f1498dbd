//! Multipart forms of any names and contents: a strict parser reads back the same parts.

use petition_core::Session;
use petition_core::request::multipart::{Encoder, Multipart, NextPiece, Part};

use super::choice;

/// The name, the file name and the content of each part.
type Parts = Vec<(String, Option<String>, Vec<u8>)>;

/// Encodes the parts that the bytes describe, and parses the result.
pub fn multipart(mut data: &[u8]) {
    let (mut form, mut parts) = (Multipart::new(), Parts::new());
    let step = choice(&mut data) % 9 + 1;
    while !data.is_empty() && parts.len() < 8 {
        let (kind, name, content) = (choice(&mut data), take(&mut data), take(&mut data));
        let name = String::from_utf8_lossy(name).into_owned();
        let file_name = (kind % 2 == 0).then(|| String::from_utf8_lossy(take(&mut data)).into_owned());
        let mut part = match kind / 2 % 3 {
            0 => Part::bytes(content.to_vec()),
            1 => Part::source(content, Some(content.len() as u64)),
            _ => Part::source(content, None),
        };
        if let Some(file_name) = &file_name {
            part = part.file_name(file_name).content_type("application/octet-stream");
        }
        form = form.part(&name, part);
        parts.push((escaped(&name), file_name.as_deref().map(escaped), content.to_vec()));
    }
    let boundary = Session::new().draw_boundary();
    if form.contains(&boundary) || parts.iter().any(|part| contains(&part.2, boundary.as_str().as_bytes())) {
        return;
    }
    let encoder = form.encode(&boundary).unwrap();
    let length = encoder.length();
    let body = encoded(encoder, step);
    assert!(length.is_none_or(|length| length == body.len() as u64));
    assert_eq!(parse(&body, boundary.as_str()), parts);
}

/// Removes some bytes: as many as the first one says.
fn take<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let n = choice(data) % 24;
    let (taken, rest) = data.split_at(n.min(data.len()));
    *data = rest;
    taken
}

fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn encoded(mut encoder: Encoder<&[u8]>, step: usize) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let n = match encoder.next_piece() {
            NextPiece::End => return body,
            NextPiece::Bytes(bytes) => {
                let part = &bytes[..step.min(bytes.len())];
                body.extend_from_slice(part);
                part.len()
            }
            NextPiece::Source { source, left } => {
                assert!(left.is_none_or(|left| left == source.len() as u64));
                let (part, rest) = source.split_at(step.min(source.len()));
                body.extend_from_slice(part);
                *source = rest;
                if part.is_empty() {
                    encoder.source_ended().unwrap();
                }
                part.len()
            }
        };
        encoder.advance(n);
    }
}

/// A parser that accepts only what RFC 7578 allows a form to be.
fn parse(body: &[u8], boundary: &str) -> Parts {
    let mut parts = Parts::new();
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes()).expect("a first delimiter");
    let delimiter = format!("\r\n--{boundary}");
    loop {
        if rest == b"--\r\n" {
            return parts;
        }
        rest = rest.strip_prefix(b"\r\n").expect("a line end after the delimiter");
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of the fields");
        let fields = std::str::from_utf8(&rest[..end]).expect("fields in UTF-8");
        rest = &rest[end + 4..];
        let end = rest.windows(delimiter.len()).position(|window| window == delimiter.as_bytes());
        let (content, tail) = rest.split_at(end.expect("another delimiter"));
        rest = &tail[delimiter.len()..];
        let mut lines = fields.split("\r\n");
        let quoted = lines.next().unwrap().strip_prefix("Content-Disposition: form-data; name=\"").expect("a name");
        let quoted = quoted.strip_suffix('"').expect("a closing quote");
        // Neither contains a quote.
        let (name, file_name) = match quoted.split_once("\"; filename=\"") {
            Some((name, file_name)) => (name, Some(file_name.to_owned())),
            None => (quoted, None),
        };
        assert!(!fields.contains(['\r', '\n']) || file_name.is_some(), "one field: {fields:?}");
        assert_eq!(lines.next().is_some(), file_name.is_some(), "a file has a type");
        assert!(lines.next().is_none() && !name.contains('"'));
        parts.push((name.to_owned(), file_name, content.to_vec()));
    }
}
