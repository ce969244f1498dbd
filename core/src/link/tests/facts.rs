//! Queries on a link, and framing that it consumes ahead.

use super::drive::TODAY;
use super::peer::HELLO;
use crate::http1::{BodyLength, Config, RequestHead};
use crate::link::{Counters, Layer, LayerKind, Link, LinkEvent, Tunnel};

/// Returns a plain link that has sent a request and waits for the response, and the length of the
/// request.
fn waiting() -> (Link, usize) {
    let mut link = Link::new(Vec::new(), Config::default());
    link.send_head(&RequestHead::new("GET", "/canary"), [("Host", &b"a.example"[..])]).unwrap();
    let length = link.outgoing().len();
    link.wrote(usize::MAX);
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Established)));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    (link, length)
}

fn receive(link: &mut Link, bytes: &[u8]) {
    link.received(bytes);
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello";

#[test]
fn received_framing_is_consumed_ahead() {
    for (more, due, body, ended) in [
        (&b"\r\n6\r\n"[..], 6, &b""[..], false),
        (b"\r\n6\r\n wo", 0, b" wo", false),
        (b"\r\n6", 0, b"", false),
        (b"\r\n0\r\n\r\n", 0, b"", true),
    ] {
        let (mut link, _) = waiting();
        receive(&mut link, CHUNKED);
        // A head is never consumed ahead.
        link.consume_framing();
        assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Head(_))));
        link.consume_framing();
        assert_eq!(link.body(), b"hello");
        link.consume_framing();
        link.consume(5);
        receive(&mut link, more);
        assert_eq!((link.direct_read_limit(), link.body()), (0, &b""[..]));
        link.consume_framing();
        assert_eq!((link.direct_read_limit(), link.body()), (due, body), "{}", more.escape_ascii());
        let event = link.poll(TODAY).unwrap();
        assert_eq!(matches!(event, LinkEvent::End), ended, "{event:?}");
        assert_eq!(matches!(event, LinkEvent::Body), !body.is_empty(), "{event:?}");
    }
}

#[test]
fn next_poll_reports_malformed_framing() {
    let (mut link, _) = waiting();
    receive(&mut link, &[CHUNKED, b"X"].concat());
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Head(_))));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Body)));
    link.consume(5);
    link.consume_framing();
    assert!(link.poll(TODAY).is_err());
}

#[test]
fn bytes_are_counted_in_both_directions() {
    let (mut link, request) = waiting();
    assert_eq!(link.counters(), Counters { received: 0, sent: request as u64, application: 0 });
    receive(&mut link, HELLO.as_bytes());
    let all = HELLO.len() as u64;
    assert_eq!(link.counters(), Counters { received: all, sent: request as u64, application: 0 });
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Head(_))));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Body)));
    assert_eq!(link.counters().application, all - 5);
    link.consume(2);
    assert_eq!((link.body(), link.counters().application), (&b"llo"[..], all - 5));
    link.consume(99);
    assert_eq!((link.body(), link.counters().application), (&b""[..], all));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::End)));
    let space = link.space();
    space[..3].copy_from_slice(b"abc");
    link.filled(3);
    assert_eq!(link.counters().received, all + 3);
}

#[test]
fn wants_read_while_a_response_is_due() {
    let (mut link, _) = waiting();
    assert!(link.wants_read());
    link.received(b"");
    assert!(link.wants_read());
    receive(&mut link, &HELLO.as_bytes()[..10]);
    assert!(!link.wants_read(), "an event is pending");
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    assert!(link.wants_read());
    receive(&mut link, &HELLO.as_bytes()[10..]);
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Head(_))));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Body)));
    assert!(!link.wants_read());
    link.receive_eof();
    link.consume(5);
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::End)));
    assert!(!link.wants_read());
    assert!(link.is_established() && link.is_plain());
    link.close();
    assert!(!link.is_established() && link.outgoing().is_empty());
}

#[test]
fn body_is_passed_on_as_http_accepts_it() {
    let mut link = Link::new(Vec::new(), Config::default());
    assert_eq!(link.body_room(), 0);
    let head = RequestHead { body: BodyLength::Known(10), ..RequestHead::new("PUT", "/") };
    link.send_head(&head, [("Host", &b"a.example"[..])]).unwrap();
    assert_eq!(link.body_room(), 10);
    assert_eq!(link.send_body(b"abcd"), Ok(4));
    assert!(link.outgoing().ends_with(b"\r\n\r\nabcd"));
    assert_eq!(link.body_room(), 6);
    let retained = link.retained();
    assert!(retained.outgoing >= link.outgoing().len(), "{retained:?}");
    link.wrote(usize::MAX);
    assert!(link.finish_body([]).is_err(), "six bytes are missing");
}

#[test]
fn debug_shows_state_and_counts_but_no_secrets() {
    let (link, request) = waiting();
    let shown = format!("{link:?}");
    assert!(shown.contains("Http") && shown.contains(&format!("sent: {request}")), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn tunnel_counts_retained_bytes_of_a_refusal() {
    let mut tunnel = Tunnel::new(Config::default(), "a.example:443", None).unwrap();
    let mut down = Vec::new();
    tunnel.start(TODAY, &mut down).unwrap();
    assert!(down.starts_with(b"CONNECT a.example:443 ") && tunnel.kind() == LayerKind::Proxy);
    let mut answer = |bytes: &[u8]| {
        let used = tunnel.receive(TODAY, &mut bytes.to_vec(), &mut Vec::new()).unwrap();
        assert_eq!((used.discard, used.plain), (bytes.len(), 0..0));
        (tunnel.retained().received, format!("{tunnel:?}"))
    };
    let (head, waiting) = answer(b"HTTP/1.1 403 Forbidden\r\nX: a head in part");
    assert!((40..1000).contains(&head) && waiting.contains("waiting"), "{head} {waiting}");
    let (body, refused) = answer(b"\r\nContent-Length: 90\r\n\r\nthe beginning of a body");
    assert!((23..1000).contains(&body) && refused.contains("refused"), "{body} {refused}");
    assert!(!tunnel.is_open() && tunnel.is_transparent());
}
