//! Requests on the wire, and plain responses.

use petition_core::{Body, Method, Request};
use petition_tests::memory::{Caller, ConnectionState, Peer, Source, World, same_everywhere, same_in};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn agent() -> String {
    format!("User-Agent: {}\r\n", petition_core::headers::USER_AGENT)
}

#[test]
fn get_sends_host_first_without_length() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/p?q=1#f").assert(200, "hi");
    });
    let received = world.received(0);
    assert!(
        received.starts_with(&format!("GET /p?q=1 HTTP/1.1\r\nHost: a.test\r\n{}Accept: */*\r\n", agent())),
        "{received}"
    );
    assert!(!received.contains("Content-Length") && !received.contains("Transfer-Encoding"), "{received}");
    assert_eq!(world.connections()[0].state, ConnectionState::Pooled);
    assert_eq!(world.transcripts[0].words(), ["head 200", "done"]);
}

#[test]
fn second_request_reuses_the_connection() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([OK, OK, OK]));
        for _ in 0..3 {
            w.get("http://a.test/").assert(200, "hi");
        }
    });
    assert_eq!(world.connections().len(), 1);
    assert_eq!(world.transcripts[2].reused, 1);
    assert_eq!(world.lookups(), ["a.test"]);
}

#[test]
fn head_has_no_body_whatever_its_fields_say() {
    for fields in ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Encoding: gzip\r\nContent-Length: 7"] {
        let world = same_in(0..4, |w| {
            w.serve("a.test:80", Peer::replies([format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"), OK.into()]));
            w.send(Request::new(Method::HEAD, "http://a.test/")).assert(200, "");
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.connections().len(), 1, "{fields}");
    }
}

#[test]
fn methods_anticipating_a_body_send_zero_length() {
    for (method, says) in [("POST", true), ("PUT", true), ("PATCH", true), ("DELETE", false), ("OPTIONS", false)] {
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([OK]));
            w.send(Request::new(method.parse().unwrap(), "http://a.test/")).assert(200, "hi");
        });
        assert_eq!(world.received(0).contains("Content-Length: 0\r\n"), says, "{method}");
        assert_eq!(world.connections()[0].state, ConnectionState::Pooled, "{method}");
    }
}

#[test]
fn body_in_memory_arrives_whole() {
    for size in [1, 16 * 1024, 16 * 1024 + 1, 300_000] {
        let body: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let seeds = if size < 20_000 { 0..6 } else { 3..9 };
        let world = same_in(seeds, |w| {
            w.serve("a.test:80", Peer::replies([OK, OK]));
            w.send(Request::new(Method::POST, "http://a.test/").data(body.clone())).assert(200, "hi");
            w.get("http://a.test/").assert(200, "hi");
        });
        let connection = &world.connections()[0];
        let received = connection.text();
        assert!(received.contains(&format!("Content-Length: {size}\r\n")), "{size}");
        assert!(connection.received.windows(body.len()).any(|part| part == body), "{size}");
        assert_eq!(world.connections().len(), 1, "{size}: kept");
    }
}

fn stream(length: Option<u64>) -> Request {
    Request::new(Method::POST, "http://a.test/").data(Body::Stream { length, rewindable: false })
}

fn from(source: Source) -> Caller {
    Caller { source, ..Caller::default() }
}

#[test]
fn stream_of_known_length_declares_it() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([OK]));
        w.send_with(stream(Some(10)), from(Source::new("0123456789").pieces(3))).assert(200, "hi");
    });
    assert!(world.received(0).contains("Content-Length: 10\r\n\r\n0123456789"), "{}", world.received(0));
    assert_eq!(world.connections()[0].state, ConnectionState::Pooled);
}

#[test]
fn stream_of_unknown_length_is_chunked() {
    for body in ["", "0123456789"] {
        // The embedder decides the chunks, so each seed is a separate run.
        for seed in 0..9 {
            same_in(seed..seed + 1, |w| {
                w.serve("a.test:80", Peer::replies([OK]));
                w.send_with(stream(None), from(Source::new(body).pieces(4))).assert(200, "hi");
                let received = w.received(0);
                assert!(
                    received.contains("Transfer-Encoding: chunked\r\n") && received.ends_with("0\r\n\r\n"),
                    "{received}"
                );
                assert_eq!(w.connections()[0].state, ConnectionState::Pooled);
                assert_eq!(dechunked(&received), body);
            });
        }
    }
}

fn dechunked(request: &str) -> String {
    let mut rest = request.split_once("\r\n\r\n").unwrap().1;
    let mut out = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return out;
        }
        out += &after[..size];
        rest = &after[size + 2..];
    }
}

#[test]
fn stream_of_undeclared_length_fails_and_closes() {
    for (declared, body) in [(5, "abc"), (0, ""), (5, "1234567"), (3, "")] {
        for seed in [0, 3, 4, 5] {
            same_in(seed..seed + 1, |w| {
                w.serve("a.test:80", Peer::replies([OK]));
                let run = w.send_with(stream(Some(declared)), from(Source::new(body)));
                if body.len() as u64 == declared {
                    return run.assert(200, "hi");
                }
                // Cut by the embedder, a stream may end at its length before it shows that it is
                // longer.
                if body.len() as u64 > declared && w.style.seed() > 3 && run.status == 200 {
                    return;
                }
                assert!(run.error().to_string().contains("declared length"), "{}", run.error());
                assert_eq!(w.connections()[0].state, ConnectionState::Closed);
            });
        }
    }
}

#[test]
fn failing_stream_ends_transfer_and_connection() {
    for seed in 0..9 {
        same_in(seed..seed + 1, |w| {
            w.serve("a.test:80", Peer::replies([OK]));
            let run = w.send_with(stream(Some(10)), from(Source::new("0123456789").fails_at(4)));
            let error = run.error().to_string();
            assert!(error.contains("sending the request") && error.contains("the file is gone"), "{error}");
        });
    }
}

#[test]
fn response_without_length_ends_with_the_connection() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::new().request().send("HTTP/1.1 200 OK\r\n\r\nabc").send("def").close());
        w.get("http://a.test/").assert(200, "abcdef");
    });
    assert_eq!(world.connections()[0].state, ConnectionState::Closed);
}

#[test]
fn chunked_bodies_arrive_without_their_framing() {
    same_everywhere(|w| {
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: 1\r\n\r\n";
        w.serve("a.test:80", Peer::replies([chunked, OK]));
        w.get("http://a.test/").assert(200, "abcdefg");
        w.get("http://a.test/").assert(200, "hi");
        assert_eq!(w.connections().len(), 1);
    });
}

#[test]
fn t44_truncation_fails_but_keeps_received_data() {
    let cases = [
        ("", "before its first byte"),
        ("HTTP/1.1 20", ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "3"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", ""),
    ];
    for (response, says) in cases {
        let world = same_everywhere(|w| {
            w.serve("a.test:80", Peer::new().request().send(response).close());
            let run = w.get("http://a.test/");
            assert!(run.error().is_truncated(), "{response:?}: {}", run.error());
            if response.contains("abc") {
                assert_eq!(run.body, b"abc", "{response:?}");
            }
        });
        let text = world.transcripts[0].error().to_string();
        assert!(text.contains(says), "{response:?}: {text}");
        assert_eq!(world.connections()[0].state, ConnectionState::Closed);
    }
}

#[test]
fn t20_host_override_is_single_and_scoped() {
    let world = same_in(0..3, |w| {
        w.serve(
            "a.test:80",
            Peer::replies(["HTTP/1.1 302 Found\r\nLocation: http://b.test:81/\r\nContent-Length: 0\r\n\r\n"]),
        );
        w.serve("b.test:81", Peer::replies([OK]));
        w.send(Request::new(Method::GET, "http://a.test:80/").header("host", "other.test")).assert(200, "hi");
    });
    for (connection, host) in [(0, "Host: other.test\r\n"), (1, "Host: b.test:81\r\n")] {
        let received = world.received(connection);
        assert!(received.starts_with(&format!("GET / HTTP/1.1\r\n{host}")), "{received}");
        assert_eq!(received.to_ascii_lowercase().matches("host:").count(), 1, "{received}");
    }
}

#[test]
fn t21_caller_framing_fields_are_checked_first() {
    let session = World::new(petition_tests::memory::Style::plain()).session;
    let post = || Request::new(Method::POST, "http://a.test/").data("abc");
    for (name, value) in [
        ("Content-Length", "7"),
        ("content-length", "3, 3"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Expect", "100-continue"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Proxy-Authorization", "Basic eA=="),
    ] {
        assert!(session.prepare(&post().header(name, value)).is_err(), "{name}: {value}");
    }
    let world = same_in(0..2, |w| {
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(Request::new(Method::POST, "http://a.test/").data("abc").header("content-length", "3"))
            .assert(200, "hi");
    });
    assert_eq!(world.received(0).to_ascii_lowercase().matches("content-length:").count(), 1);
}

#[test]
fn t20_t21_required_fields_cannot_be_removed() {
    let session = World::new(petition_tests::memory::Style::plain()).session;
    let post = || Request::new(Method::POST, "http://a.test/").data("abc");
    let refusal = |request: Request| session.prepare(&request).map(|_| ()).unwrap_err().to_string();
    for name in ["Host", "HOST", "Content-Length"] {
        assert!(refusal(post().without_header(name)).contains(&format!("{name} cannot be removed")));
    }
    let stream = post().data(Body::Stream { length: None, rewindable: false });
    assert!(refusal(stream.without_header("Transfer-Encoding")).contains("cannot be removed"));
    let asks = post().expect_continue(Duration::from_secs(1));
    assert!(refusal(asks.without_header("Expect")).contains("expect_continue"));
    let closes = post().keep_alive(false);
    assert!(refusal(closes.without_header("Connection")).contains("keep_alive"));
    // It is not written by default, so it can be removed.
    for name in ["Expect", "Connection", "TE", "Transfer-Encoding", "User-Agent"] {
        assert!(session.prepare(&post().without_header(name)).is_ok(), "{name}");
    }
    // Nor on a session, where the request reports it.
    let mut session = petition_core::Session::new();
    session.configure(|options| options.headers.remove("host")).unwrap();
    assert!(session.prepare(&Request::new(Method::GET, "http://a.test/")).is_err());
    assert!(session.prepare(&Request::new(Method::GET, "http://a.test/").header("Host", "b.test")).is_ok());
}

#[test]
fn t26_parsed_urls_are_checked_like_text() {
    let parsed = |text: &str| text.parse::<petition_core::Url>().unwrap();
    for text in ["http://a..b/", "http://a.test:0/", "http://.a/", "http://a.b../x"] {
        let mut session = petition_core::Session::new();
        let says = |request: Request| session.prepare(&request).map(|_| ()).unwrap_err().to_string();
        let (as_text, url) = (says(Request::new(Method::GET, text)), parsed(text));
        for request in [Request::new(Method::GET, parsed(text)), Request::new(Method::GET, &url)] {
            let said = says(request);
            assert_eq!(said.split(": ").last(), as_text.split(": ").last(), "{text}");
        }
        session.configure(|options| {
            options.base_url(parsed(text));
        });
        for reference in ["/x", "x", "?y", ""] {
            let error = session.prepare(&Request::new(Method::GET, reference)).map(|_| ()).unwrap_err();
            assert_eq!(error.to_string().split(": ").last(), as_text.split(": ").last(), "{text} {reference:?}");
        }
        assert!(session.prepare(&Request::new(Method::GET, "//fine.test/")).is_ok());
    }
}

#[test]
fn t46_bytes_after_no_content_close_the_connection() {
    let world = same_in(0..1, |w| {
        w.serve("a.test:80", Peer::replies(["HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil"]));
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/").assert(204, "");
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.connections().len(), 2);
}

#[test]
fn disabled_keep_alive_closes_the_connection() {
    let world = same_in(0..4, |w| {
        w.serve("a.test:80", Peer::replies([OK]));
        w.serve("a.test:80", Peer::replies([OK]));
        for _ in 0..2 {
            let request = Request::new(Method::GET, "http://a.test/").keep_alive(false);
            w.send(request).assert(200, "hi");
        }
    });
    assert!(world.received(0).to_ascii_lowercase().contains("connection: close\r\n"));
    assert!(world.connections().iter().all(|c| c.state == ConnectionState::Closed));
}

#[test]
fn t48_interim_responses_are_delivered_and_bounded() {
    let many = "HTTP/1.1 102 Processing\r\n\r\n".repeat(65);
    let world = same_everywhere(|w| {
        w.serve(
            "a.test:80",
            Peer::replies([format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\n{OK}")]),
        );
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.transcripts[0].words(), ["103", "102", "head 200", "done"]);
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([format!("{many}{OK}")]));
        w.get("http://a.test/");
    });
    assert!(world.transcripts[0].error().to_string().contains("informational_responses is 64, found 65"));
    let world = same_in(0..4, |w| {
        w.serve("a.test:80", Peer::replies(["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"]));
        w.get("http://a.test/");
    });
    assert!(world.transcripts[0].error().to_string().contains("101"), "{}", world.transcripts[0].error());
}
