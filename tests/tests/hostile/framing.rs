//! The end of a body (RFC 9112 §6), and bytes after it.

use petition_core::http1::Leniencies;
use petition_tests::tls::{Authority, Endpoint};

use super::*;

fn head(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}")
}

#[test]
fn t31_length_and_coding_together_close_or_fail() {
    let both = head("Content-Length: 99\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    each_way(&both, Waits, Poisoned("abc"));
    let script = || Script::new().answer(&both);
    let strict = |options: &mut Options| {
        options.leniencies(|l| {
            l.all(Leniencies::STRICT);
        });
    };
    plays(&script, Waits, Refused("Content-Length"), &strict, "both, strict");
}

#[test]
fn t32_t33_malformed_or_differing_lengths_are_errors() {
    let lengths =
        ["3\r\nContent-Length: 4", "3, 4", "3,", ",3", "+3", "-3", "0x3", "3 3", "", "3a", "99999999999999999999"];
    for length in lengths {
        each_way(&head(&format!("Content-Length: {length}\r\n"), "abc"), Ends, Refused("Content-Length"));
    }
    for length in ["3", "3, 3", "3\r\nContent-Length: 3", "0000000000000000003", " 3 "] {
        each_way(&head(&format!("Content-Length: {length}\r\n"), "abc"), Waits, Kept("abc"));
    }
}

#[test]
fn t34_only_a_lone_chunked_frames() {
    let chunks = "3\r\nabc\r\n0\r\n\r\n";
    for (fields, want) in [
        ("Transfer-Encoding: ChUnKeD\r\n", Kept("abc")),
        ("Transfer-Encoding:\tchunked \r\n", Kept("abc")),
        ("Transfer-Encoding: ,chunked,\r\n", Kept("abc")),
        ("Transfer-Encoding: chunked, chunked\r\n", Refused("Transfer-Encoding")),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Refused("Transfer-Encoding")),
    ] {
        let then = if matches!(want, Kept(_)) { Waits } else { Ends };
        each_way(&head(fields, chunks), then, want);
    }
    // Unmodified, to the end of the connection.
    for fields in [
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        each_way(&head(fields, chunks), Ends, Poisoned("3\r\nabc\r\n0\r\n\r\n"));
    }
    for fields in ["Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n"] {
        each_way(&head(&format!("{fields}Content-Length: 3\r\n"), "abc"), Waits, Poisoned("abc"));
    }
    each_way(&format!("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"), Waits, Poisoned("abc"));
}

#[test]
fn t40_t41_malformed_chunks_are_errors() {
    for (chunks, text) in [
        ("+3\r\nabc\r\n0\r\n\r\n", "in a chunk size"),
        ("0x3\r\nabc\r\n0\r\n\r\n", "in a chunk size"),
        ("\r\nabc\r\n0\r\n\r\n", "in a chunk size"),
        ("g\r\n", "in a chunk size"),
        ("3\nabc\r\n0\r\n\r\n", "expected CRLF"),
        ("3\t\r\nabc\r\n0\r\n\r\n", "in a chunk size"),
        ("ffffffffffffffff\r\nabc", "in a chunk size"),
        ("10000000000000000\r\nabc", "in a chunk size"),
    ] {
        each_way(&head("Transfer-Encoding: chunked\r\n", chunks), Ends, Refused(text));
    }
    for chunks in ["3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r0\r\n\r\n"] {
        each_way(&head("Transfer-Encoding: chunked\r\n", chunks), Ends, Refused("expected "));
    }
    for chunks in ["0003 ;a=\"b;\"\r\nabc\r\n00\r\n\r\n", "3;\r\nabc\r\n0;\r\n\r\n"] {
        each_way(&head("Transfer-Encoding: chunked\r\n", chunks), Waits, Kept("abc"));
    }
}

#[test]
fn t42_chunk_framing_floods_hit_a_limit() {
    let flood = |piece: &'static str| {
        let begin = head("Transfer-Encoding: chunked\r\n", "");
        move || {
            Script::new()
                .read_request()
                .send(&begin)
                .act(move |c| (0..1 << 20).try_for_each(|_| c.send(piece.repeat(64).as_bytes())))
        }
    };
    let long = format!("3;{}\r\nabc\r\n", "x".repeat(300));
    each_way(&head("Transfer-Encoding: chunked\r\n", &long), Ends, Refused("limit chunk_extension_bytes is 256"));
    plays(
        &flood("1;abcdefghijklmnopqrst\r\nx\r\n"),
        Ends,
        Refused("limit chunk_extensions_bytes"),
        &|_| {},
        "extensions",
    );
    plays(&flood("000000000000001\r\nx\r\n"), Ends, Refused("limit chunk_overhead_bytes"), &|_| {}, "tiny chunks");
}

#[test]
fn t43_trailers_stay_separate_and_limited() {
    let trailers = "3\r\nabc\r\n0\r\nContent-Length: 9\r\nSet-Cookie: a=b\r\nX-End: yes\r\n\r\n";
    each_way(&head("Transfer-Encoding: chunked\r\n", trailers), Waits, Kept("abc"));
    for client in clients() {
        let server = Scripted::start([Script::new().answer(head("Transfer-Encoding: chunked\r\n", trailers))]).unwrap();
        let answer = client.get(server.url("/"));
        assert_eq!((answer.field("set-cookie"), answer.field("x-end")), (String::new(), String::new()));
        assert_eq!(client.session(|session| session.jar().iter().count()), 0);
    }
    let many = head("Transfer-Encoding: chunked\r\n", &format!("0\r\n{}", "X: y\r\n".repeat(70)));
    each_way(&many, Ends, Refused("limit trailer_fields is 64"));
    let begin = head("Transfer-Encoding: chunked\r\n", "0\r\nX: ");
    let endless =
        || Script::new().read_request().send(&begin).act(|c| (0..1 << 20).try_for_each(|_| c.send(&[b'y'; 4096])));
    plays(&endless, Ends, Refused("limit "), &|_| {}, "a trailer without end");
}

#[test]
fn t44_truncation_fails_after_delivering_the_data() {
    let cut = |answer: String| each_way(&answer, Ends, Refused("the connection ended"));
    cut(String::new());
    cut("HTTP/1.1 200 OK\r\nContent-Le".into());
    cut(head("Content-Length: 10\r\n", "abc"));
    for chunks in ["", "3", "3\r\n", "3\r\nab", "3\r\nabc", "3\r\nabc\r\n", "3\r\nabc\r\n0"] {
        cut(head("Transfer-Encoding: chunked\r\n", chunks));
    }
    // The last chunk was complete.
    each_way(&head("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n"), Ends, Poisoned("abc"));
}

#[test]
fn t45_missing_closure_alert_cuts_only_undelimited_bodies() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let cases = [
        (head("Content-Length: 3\r\n", "abc"), true),
        (head("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), true),
        (head("Content-Length: 10\r\n", "abc"), false),
        (head("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"), false),
        (head("", "abc"), true),
    ];
    for (strict, (answer, whole)) in
        [false, true].into_iter().flat_map(|strict| cases.clone().map(|case| (strict, case)))
    {
        for client in Client::both(&authority) {
            client.configure(|options| {
                options.leniencies(|l| {
                    l.all(if strict { Leniencies::STRICT } else { Leniencies::COMPAT });
                });
            });
            let server = Scripted::start_tls(&endpoint, [Script::new().answer(&answer).truncate()]).unwrap();
            let result = client.send(get(server.https_url("/"))).map(|answer| answer.text());
            // If only the end delimits the body, a flag reports it, or strict mode rejects it.
            let whole = whole && !(strict && answer.ends_with("\r\n\r\nabc") && !answer.contains("Length"));
            assert_eq!(result.is_ok(), whole, "{client:?} {answer:?} {strict}: {result:?}");
        }
    }
}

#[test]
fn t46_t47_surplus_bytes_never_answer_the_next_request() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    each_way(&(head("Content-Length: 2\r\n", "ok") + evil), Waits, Poisoned("ok"));
    each_way(&(head("Transfer-Encoding: chunked\r\n", "2\r\nok\r\n0\r\n\r\n") + evil), Waits, Poisoned("ok"));
    each_way(&format!("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n{evil}"), Waits, Poisoned(""));
    each_way(&format!("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n{evil}"), Waits, Poisoned(""));
    each_way("HTTP/1.1 204 No Content\r\n\r\nbody", Waits, Poisoned(""));
    each_way("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", Waits, Kept(""));
    each_way("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", Waits, Kept(""));
}

#[test]
fn t46_t47_head_response_never_has_a_body() {
    for (body, reused) in [("", true), ("body", false)] {
        for client in clients() {
            let answer = head("Content-Length: 4\r\n", body);
            let server =
                Scripted::start([Script::new().answer(answer).answer(NEXT), Script::new().answer(NEXT)]).unwrap();
            let first = client.send(Request::new(Method::HEAD, server.url("/"))).unwrap();
            assert_eq!((first.field("content-length").as_str(), first.body.len()), ("4", 0));
            // What came after the head may come after it was judged: then it is seen before the
            // connection is used again.
            server.wait_for_record(0, "the answer", |record| record.bodies.len() == 1);
            let next = client.get(server.url("/"));
            assert_eq!((next.text().as_str(), next.reused), ("next", reused), "{client:?}");
        }
    }
}
