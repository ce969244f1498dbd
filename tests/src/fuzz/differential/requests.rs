//! Requests that Petition writes: always exactly one request, of which no part reads as another.

use petition_core::Limits;
use petition_core::http1::{BodyLength, Config, Connection, Leniencies, RequestHead};

use super::is_taken_out;
use super::theirs::{Reading, Verdict};
use crate::fuzz::choice;

/// The first line is `method SP target`, the lines up to an empty one are fields, and the rest is
/// the body. All lines end with LF, so that names and values can contain every other byte.
pub(super) fn requests(chosen: usize, mut data: &[u8]) {
    let cut = choice(&mut data);
    let mut lines = data.split(|&b| b == b'\n');
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let first = text(lines.next().unwrap_or_default());
    let (method, target) = first.split_once(' ').unwrap_or((&first, "/"));
    let mut fields = vec![("Host".to_owned(), b"a.test".to_vec())];
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|&b| b == b'=').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        fields.push((text(name), value.get(1..).unwrap_or_default().to_vec()));
    }
    let body = lines.collect::<Vec<_>>().join(&b'\n');
    let length = match chosen >> 2 & 3 {
        0 => BodyLength::None,
        1 => BodyLength::Chunked,
        _ => BodyLength::Known(body.len() as u64),
    };
    let upgrade = (chosen & 16 != 0).then_some("h2c");
    let head = RequestHead {
        body: length,
        upgrade,
        close: chosen & 32 != 0,
        te_trailers: chosen & 64 != 0,
        trailers: if length == BodyLength::Chunked && chosen & 128 != 0 { &["X-Sum"] } else { &[] },
        ..RequestHead::new(method, target)
    };
    let Some(sent) = written(&head, &fields, &body, cut) else { return };
    let (theirs, verdict) = Reading::of_request(&sent);
    if verdict != (Verdict::Complete { after: sent.len() }) {
        let reason = they_may_refuse(&head, &fields);
        assert!(reason.is_some(), "{verdict:?} of {} bytes: {}", sent.len(), sent.escape_ascii());
        return;
    }
    assert_eq!((theirs.method.as_slice(), theirs.target.as_slice()), (method.as_bytes(), target.as_bytes()));
    let given: Vec<(String, Vec<u8>)> = fields
        .iter()
        .filter(|(name, _)| !is_taken_out(name))
        .map(|(name, value)| (name.clone(), value.trim_ascii().to_vec()))
        .collect();
    // The fields that the connection adds come last.
    assert_eq!(theirs.fields.get(..given.len()), Some(&given[..]), "{}", sent.escape_ascii());
    const OWN: [&str; 5] = ["Transfer-Encoding", "Trailer", "TE", "Upgrade", "Connection"];
    for (name, _) in theirs.fields.iter().skip(given.len()) {
        assert!(OWN.contains(&name.as_str()), "{name} was neither given nor due: {}", sent.escape_ascii());
    }
    let expected = if length == BodyLength::None { &[][..] } else { &body };
    assert_eq!(theirs.body, expected);
    assert_eq!(theirs.trailers.len(), head.trailers.len());
}

/// Returns the bytes on the wire, or `None` if Petition rejects the request.
fn written(head: &RequestHead<'_>, fields: &[(String, Vec<u8>)], body: &[u8], cut: usize) -> Option<Vec<u8>> {
    let config = Config { limits: Limits::DEFAULT, leniencies: Leniencies::STRICT };
    let mut connection = Connection::new(config);
    let given = fields.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    connection.send_head(head, given).ok()?;
    let mut sent = Vec::new();
    let mut drain = |connection: &mut Connection| {
        sent.extend_from_slice(connection.outgoing());
        connection.wrote(connection.outgoing().len());
    };
    drain(&mut connection);
    if head.body != BodyLength::None {
        for mut piece in body.chunks(1 + cut) {
            while !piece.is_empty() {
                let taken = connection.send_body(piece).unwrap();
                assert!(taken > 0, "there is room");
                piece = &piece[taken..];
                drain(&mut connection);
            }
        }
        let trailers = head.trailers.iter().map(|name| (*name, &b"1"[..]));
        if connection.owes_body() {
            connection.finish_body(trailers).unwrap();
        }
        drain(&mut connection);
    }
    assert!(connection.request_sent() && connection.bytes_sent() == sent.len() as u64);
    Some(sent)
}

/// Returns why kawa may reject a request that Petition writes.
fn they_may_refuse(head: &RequestHead<'_>, fields: &[(String, Vec<u8>)]) -> Option<&'static str> {
    if fields.iter().any(|(_, value)| value.iter().any(|b| (0x80..0xa0).contains(b))) {
        return Some("T38: kawa has 0xA0 and up, we have 0x80 and up (RFC 9110 §5.5)");
    }
    if fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
        return Some("kawa takes a Cookie field apart and wants it well-formed");
    }
    if !head.target.starts_with('/') {
        return Some("the form of the target is the caller's affair here; kawa wants one that fits the method");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    #[test]
    fn unsendable_requests_are_rejected_others_arrive() {
        let head = RequestHead { body: BodyLength::Known(5), ..RequestHead::new("PUT", "/x") };
        let fields = [("Host".to_owned(), b"a.test".to_vec()), ("X".to_owned(), b" y ".to_vec())];
        let sent = written(&head, &fields, b"hello", 1).unwrap();
        let (theirs, verdict) = Reading::of_request(&sent);
        assert_eq!(verdict, Verdict::Complete { after: sent.len() });
        assert_eq!(theirs.fields, [("X".to_owned(), b"y".to_vec())]);
        assert_eq!(theirs.body, b"hello");
        assert!(written(&RequestHead::new("GET", "/ HTTP/1.1\r\n"), &fields, b"", 1).is_none());
        let injected = [("Host".to_owned(), b"a.test".to_vec()), ("X".to_owned(), b"y\r\nZ: 1".to_vec())];
        assert!(written(&RequestHead::new("GET", "/"), &injected, b"", 1).is_none());
    }

    #[test]
    fn shown_fields_omit_what_kawa_removes() {
        let played = crate::fuzz::exchange::Exchange::get(Limits::DEFAULT, Leniencies::STRICT)
            .play(&[b"HTTP/1.1 200 OK\r\nhost: x\r\nA: b\r\ncontent-length: 0\r\n\r\n"]);
        assert_eq!(shown(played.heads[0].fields()), [("A".to_owned(), b"b".to_vec())]);
    }
}
