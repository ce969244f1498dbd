//! What the own side may not do: each reason comes about, says so in one line, and shows no field value.

use super::*;
use crate::limits::Limits;

type Fields<'a> = &'a [(&'a str, &'a [u8])];

const HOST: (&str, &[u8]) = ("Host", b"a.test");

#[test]
fn every_request_that_cannot_be_sent_says_why_and_leaves_the_connection_idle() {
    let get = RequestHead::new("GET", "/");
    let chunked = RequestHead { body: BodyLength::Chunked, ..RequestHead::new("PUT", "/") };
    let old = Version::Http10;
    let secret = ("Authorization", &b"s3cret\n"[..]);
    let cases: [(RequestHead<'_>, Fields<'_>, &str); 16] = [
        (RequestHead { method: "G T", ..get }, &[HOST], "expected a method"),
        (RequestHead { target: "", ..get }, &[HOST], "it is empty"),
        (RequestHead { target: "/?s3cret x", ..get }, &[HOST], "byte 0x20 in the request target"),
        (get, &[HOST, ("a b", b"s3cret")], "seen \"a b\""),
        (get, &[HOST, secret], "byte 0x0a in the value of \"Authorization\""),
        (get, &[HOST, ("content-length", b"5")], "\"content-length\" is the connection's own"),
        (get, &[], "expected a Host field"),
        (get, &[HOST, HOST], "seen several"),
        (RequestHead { version: old, ..chunked }, &[], "do not exist in HTTP/1.0"),
        (RequestHead { version: old, te_gzip: true, ..get }, &[], "do not exist in HTTP/1.0"),
        (RequestHead { method: "TRACE", ..chunked }, &[HOST], "have no body"),
        (RequestHead { expect_continue: true, ..get }, &[HOST], "needs a body"),
        (RequestHead { upgrade: Some("a b"), ..get }, &[HOST], "protocol names"),
        (RequestHead { trailers: &["X-Sum"], ..get }, &[HOST], "need chunked coding"),
        (RequestHead { trailers: &["Host"], ..chunked }, &[HOST], "\"Host\" was not announced"),
        (RequestHead { trailers: &["a b"], ..chunked }, &[HOST], "\"a b\" was not announced"),
    ];
    for (head, fields, words) in cases {
        let mut connection = Connection::new(Config::default());
        let refused = connection.send_head(&head, fields.iter().copied()).unwrap_err();
        let text = refused.to_string();
        assert!(matches!(refused, SendError::Invalid(_)) && text.contains(words), "expected {words:?} in {text}");
        assert!(!text.contains('\n') && !format!("{text}{head:?}").contains("s3cret"), "{text}");
        assert!(connection.is_idle() && connection.outgoing().is_empty(), "{words}");
    }
}

#[test]
fn every_call_out_of_turn_is_told_apart() {
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
        (busy.send_body(b"a").unwrap_err(), Misuse::NoBody, "a request with a body"),
        (waiting().send_body(b"a").unwrap_err(), Misuse::AwaitingContinue, "100 (Continue)"),
        (begun(put(BodyLength::Known(2))).send_body(b"abc").unwrap_err(), Misuse::BodyTooLong, "longer than declared"),
        (begun(put(BodyLength::Chunked)).bypass(1).unwrap_err(), Misuse::CannotBypass, "cannot bypass"),
    ];
    for (misuse, expected, words) in cases {
        assert_eq!(misuse, expected);
        assert!(misuse.to_string().contains(words), "{misuse}");
    }
    let too_short = short.finish_body(None).unwrap_err();
    assert_eq!(too_short, SendError::Misuse(Misuse::BodyTooShort));
    assert!(too_short.to_string().contains("shorter than declared"));
    assert!(SendError::from(Misuse::NotIdle).to_string().contains("idle connection"));
}

#[test]
fn every_reason_against_reuse_comes_about_and_reads_well() {
    let get = RequestHead::new("GET", "/");
    let body = RequestHead { body: BodyLength::Known(2), ..RequestHead::new("PUT", "/") };
    let whole = "HTTP/1.1 204 \r\n\r\n";
    let poison = "HTTP/1.1 200 \r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let cases: [(RequestHead<'_>, &str, bool, &str); 13] = [
        (get, "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", false, "the response is not finished"),
        (body, whole, false, "not sent in full"),
        (RequestHead { expect_continue: true, ..body }, whole, false, "given up"),
        (RequestHead { close: true, ..get }, whole, false, "the request said"),
        (get, "HTTP/1.1 204 \r\nConnection: close\r\n\r\n", false, "the response said"),
        (get, "HTTP/1.0 204 \r\n\r\n", false, "without keep-alive"),
        (get, "HTTP/1.1 200 \r\n\r\n", false, "until the end of the connection"),
        (get, poison, false, "a tolerated fault"),
        (get, "HTTP/1.1 204 \r\nContent-Length: 1\r\n\r\n", false, "announces one"),
        (get, "HTTP/1.1 204 \r\n\r\nmore", false, "bytes followed"),
        (get, whole, true, "closed the connection"),
        (RequestHead { upgrade: Some("x"), ..get }, "HTTP/1.1 101 \r\n\r\n", false, "switched"),
        (get, "nonsense\r\n\r\n", false, "broke the protocol"),
    ];
    for (head, answer, eof, words) in cases {
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
        assert!(why.to_string().contains(words), "expected {words:?}, seen {why}");
        assert!(!connection.is_idle() && format!("{connection:?}").contains("reuse: Err"), "{connection:?}");
    }
}

#[test]
fn an_end_is_told_in_every_state_and_told_again() {
    let mut idle = Connection::new(Config::default());
    assert_eq!(idle.receive_eof(Eof::Clean), Ok(Event::End));
    assert!(!idle.is_idle(), "nobody is there any more");

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
fn a_bodys_end_takes_trailers_only_where_they_were_announced() {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { body: BodyLength::Known(1), ..RequestHead::new("PUT", "/") };
    connection.send_head(&head, [HOST]).unwrap();
    connection.send_body(b"x").unwrap();
    let refused = connection.finish_body([("X-Sum", &b"1"[..])]).unwrap_err();
    assert_eq!(refused, SendError::Invalid(InvalidRequest::TrailersWithoutChunked));
    connection.finish_body(None).unwrap();
}
