//! Rejected calls: each reason occurs, is described in one line, and shows no field value.

use super::*;
use crate::limits::Limits;

type Fields<'a> = &'a [(&'a str, &'a [u8])];

const HOST: (&str, &[u8]) = ("Host", b"a.test");

#[test]
fn invalid_request_leaves_the_connection_idle() {
    let get = RequestHead::new("GET", "/");
    let chunked = RequestHead { body: BodyLength::Chunked, ..RequestHead::new("PUT", "/") };
    let old = Version::Http10;
    let secret = ("Authorization", &b"s3cret\n"[..]);
    let cases: [(RequestHead<'_>, Fields<'_>, &str); 16] = [
        (RequestHead { method: "G T", ..get }, &[HOST], "expected a method"),
        (RequestHead { target: "", ..get }, &[HOST], "is empty"),
        (RequestHead { target: "/?s3cret x", ..get }, &[HOST], "request target contains byte 0x20"),
        (get, &[HOST, ("a b", b"s3cret")], "found \"a b\""),
        (get, &[HOST, secret], "field \"Authorization\" contains byte 0x0a"),
        (get, &[HOST, ("content-length", b"5")], "writes field \"content-length\""),
        (get, &[], "no Host field"),
        (get, &[HOST, HOST], "more than one Host"),
        (RequestHead { version: old, ..chunked }, &[], "do not exist in HTTP/1.0"),
        (RequestHead { version: old, te_gzip: true, ..get }, &[], "do not exist in HTTP/1.0"),
        (RequestHead { method: "TRACE", ..chunked }, &[HOST], "have no body"),
        (RequestHead { expect_continue: true, ..get }, &[HOST], "requires a body"),
        (RequestHead { upgrade: Some("a b"), ..get }, &[HOST], "protocol names"),
        (RequestHead { trailers: &["X-Sum"], ..get }, &[HOST], "require chunked coding"),
        (RequestHead { trailers: &["Host"], ..chunked }, &[HOST], "\"Host\" was not announced"),
        (RequestHead { trailers: &["a b"], ..chunked }, &[HOST], "\"a b\" was not announced"),
    ];
    for (head, fields, expected) in cases {
        let mut connection = Connection::new(Config::default());
        let refused = connection.send_head(&head, fields.iter().copied()).unwrap_err();
        let text = refused.to_string();
        assert!(matches!(refused, SendError::Invalid(_)) && text.contains(expected), "expected {expected:?} in {text}");
        assert!(!text.contains('\n') && !format!("{text}{head:?}").contains("s3cret"), "{text}");
        assert!(connection.is_idle() && connection.outgoing().is_empty(), "{expected}");
    }
}

#[test]
fn every_call_out_of_turn_has_its_error() {
    let put = |body| RequestHead { body, ..RequestHead::new("PUT", "/") };
    let begun = |head: RequestHead<'_>| {
        let mut connection = Connection::new(Config::default());
        connection.send_head(&head, [HOST]).unwrap();
        connection
    };
    let mut busy = begun(RequestHead::new("GET", "/"));
    assert_eq!(busy.send_head(&RequestHead::new("GET", "/"), [HOST]), Err(SendError::Misuse(Misuse::NotIdle)));
    let waiting = || begun(RequestHead { expect_continue: true, ..put(BodyLength::Known(2)) });
    let mut short = begun(put(BodyLength::Known(2)));
    short.send_body(b"a").unwrap();
    let cases = [
        (busy.send_body(b"a").unwrap_err(), Misuse::NoBody, "no unfinished body"),
        (waiting().send_body(b"a").unwrap_err(), Misuse::AwaitingContinue, "100 (Continue)"),
        (begun(put(BodyLength::Known(2))).send_body(b"abc").unwrap_err(), Misuse::BodyTooLong, "longer than declared"),
        (begun(put(BodyLength::Chunked)).bypass(1).unwrap_err(), Misuse::CannotBypass, "cannot bypass"),
    ];
    for (misuse, expected, text) in cases {
        assert_eq!(misuse, expected);
        assert!(misuse.to_string().contains(text), "{misuse}");
    }
    let too_short = short.finish_body(None).unwrap_err();
    assert_eq!(too_short, SendError::Misuse(Misuse::BodyTooShort));
    assert!(too_short.to_string().contains("shorter than declared"));
    assert!(SendError::from(Misuse::NotIdle).to_string().contains("idle connection"));
}

#[test]
fn every_reason_against_reuse_occurs_and_reads_well() {
    let get = RequestHead::new("GET", "/");
    let body = RequestHead { body: BodyLength::Known(2), ..RequestHead::new("PUT", "/") };
    let whole = "HTTP/1.1 204 \r\n\r\n";
    let poison = "HTTP/1.1 200 \r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let cases: [(RequestHead<'_>, &str, bool, &str); 13] = [
        (get, "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", false, "the response is not finished"),
        (body, whole, false, "not fully sent"),
        (RequestHead { expect_continue: true, ..body }, whole, false, "aborted"),
        (RequestHead { close: true, ..get }, whole, false, "the request contained"),
        (get, "HTTP/1.1 204 \r\nConnection: close\r\n\r\n", false, "the response contained"),
        (get, "HTTP/1.0 204 \r\n\r\n", false, "without keep-alive"),
        (get, "HTTP/1.1 200 \r\n\r\n", false, "to the end of the connection"),
        (get, poison, false, "a fault was tolerated"),
        (get, "HTTP/1.1 204 \r\nContent-Length: 1\r\n\r\n", false, "announces one"),
        (get, "HTTP/1.1 204 \r\n\r\nmore", false, "bytes followed"),
        (get, whole, true, "closed the connection"),
        (RequestHead { upgrade: Some("x"), ..get }, "HTTP/1.1 101 \r\n\r\n", false, "switched"),
        (get, "nonsense\r\n\r\n", false, "violated the protocol"),
    ];
    for (head, answer, eof, expected) in cases {
        let mut connection = Connection::new(Config { limits: Limits::DEFAULT, leniencies: Leniencies::COMPAT });
        connection.send_head(&head, [HOST]).unwrap();
        connection.wrote(usize::MAX);
        let mut input = answer.as_bytes();
        while let Ok(received) = connection.receive(input) {
            input = &input[received.consumed..];
            if matches!(received.event, Event::NeedInput | Event::End | Event::Switched) {
                break;
            }
        }
        if eof {
            connection.receive_eof(Eof::Clean).unwrap();
        }
        let why = connection.reuse().unwrap_err();
        assert!(why.to_string().contains(expected), "expected {expected:?}, found {why}");
        assert!(!connection.is_idle() && format!("{connection:?}").contains("reuse: Err"), "{connection:?}");
    }
}

#[test]
fn end_is_reported_in_every_state_and_repeated() {
    let mut idle = Connection::new(Config::default());
    assert_eq!(idle.receive_eof(Eof::Clean), Ok(Event::End));
    assert!(!idle.is_idle(), "the peer has closed the connection");

    let mut switched = Setup { upgrade: Some("x"), ..Setup::COMPAT }.connection();
    let mut input = &b"HTTP/1.1 101 \r\n\r\nother bytes"[..];
    input = &input[switched.receive(input).unwrap().consumed..];
    assert_eq!(switched.receive(input).unwrap(), Received { consumed: 0, event: Event::Switched });
    assert_eq!(switched.receive_eof(Eof::Clean), Ok(Event::Switched));

    let mut failed = Setup::COMPAT.connection();
    let error = failed.receive(b"\r\n").unwrap_err();
    assert_eq!(failed.receive_eof(Eof::Clean), Err(error.clone()));
    assert_eq!(failed.receive(b"HTTP/1.1 200 \r\n\r\n"), Err(error));
    for (state, answer) in [("Head(5 bytes)", "HTTP/"), ("Length(2)", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n")] {
        let mut connection = Setup::COMPAT.connection();
        let received = connection.receive(answer.as_bytes()).unwrap();
        connection.receive(&answer.as_bytes()[received.consumed..]).unwrap();
        assert!(format!("{connection:?}").contains(state), "{connection:?}");
    }
}

#[test]
fn body_end_accepts_only_announced_trailers() {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { body: BodyLength::Known(1), ..RequestHead::new("PUT", "/") };
    connection.send_head(&head, [HOST]).unwrap();
    connection.send_body(b"x").unwrap();
    let refused = connection.finish_body([("X-Sum", &b"1"[..])]).unwrap_err();
    assert_eq!(refused, SendError::Invalid(InvalidRequest::TrailersWithoutChunked));
    connection.finish_body(None).unwrap();
}
