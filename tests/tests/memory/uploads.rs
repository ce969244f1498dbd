//! Uploads that meet a response, a refusal or silence: early responses (T52) and Expect (T53).

use petition_core::{Body, ErrorKind, Method, Phase, Request};
use petition_tests::memory::{Caller, ConnectionState, Peer, Reader, Source, ms, same_in, secs};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig";

fn post(size: usize) -> Request {
    Request::new(Method::POST, "http://a.test/").data(vec![b'x'; size])
}

fn stream(size: usize) -> (Request, Caller) {
    let body = Body::Stream { length: Some(size as u64), rewindable: false };
    (
        Request::new(Method::POST, "http://a.test/").data(body),
        Caller { source: Source::new(vec![b'x'; size]), ..Caller::default() },
    )
}

#[test]
fn t52_early_response_is_delivered_then_closed() {
    let peers = [
        ("and resets", Peer::new().head().stop_reading().send(TOO_LARGE).reset()),
        ("and closes", Peer::new().head().stop_reading().send(TOO_LARGE).close()),
        ("and stops reading", Peer::new().head().stop_reading().send(TOO_LARGE)),
        ("and reads on", Peer::new().head().send(TOO_LARGE)),
        ("and reads on, late", Peer::new().received(100_000).send(TOO_LARGE)),
    ];
    for (name, peer) in peers {
        for seed in [0, 3, 4, 5, 6, 7, 8] {
            same_in(seed..seed + 1, |w| {
                // A driver that blocks in its writes cannot see a response while the peer does not
                // read.
                if name == "and stops reading" && (seed == 3 || seed == 8 || seed == 4) {
                    return;
                }
                w.serve("a.test:80", peer.clone());
                w.send(post(500_000)).assert(413, "big");
                // If no write blocked, everything was sent before the response was read.
                let all = w.connections()[0].received.len() > 500_000;
                assert_eq!(
                    w.connections()[0].state,
                    if all { ConnectionState::Pooled } else { ConnectionState::Closed },
                    "{name}"
                );
                assert!(!all || name.contains("reads on"), "{name}");
                w.session.configure(|o| {
                    o.keep_alive(false);
                });
                w.serve("a.test:80", peer.clone());
                let (request, caller) = stream(500_000);
                w.send_with(request, caller).assert(413, "big");
            });
        }
    }
}

#[test]
fn t52_response_after_failed_write_has_one_second() {
    // The peer shuts its reading side, and answers in time or not.
    let world = same_in(3..9, |w| {
        w.serve("a.test:80", Peer::new().head().deaf().sleep(ms(999)).send(TOO_LARGE));
        w.send(post(500_000)).assert(413, "big");
        w.serve("a.test:80", Peer::new().head().deaf().sleep(ms(1001)).send(TOO_LARGE));
        w.send(post(500_000));
    });
    let run = &world.transcripts[1];
    assert!(matches!(run.kind(), ErrorKind::Io(_)), "{}", run.error());
    assert_eq!((run.phase(), run.ended - run.began), (Phase::Send, secs(1)));
}

#[test]
fn t52_short_rest_is_sent_connection_kept() {
    for seed in [0, 3, 5, 6, 7] {
        let world = same_in(seed..seed + 1, |w| {
            w.serve(
                "a.test:80",
                Peer::new().head().send("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n").body().request().send(OK),
            );
            let run = w.send(post(20_000));
            assert_eq!(run.status, 413);
            if w.connections()[0].state == ConnectionState::Pooled {
                w.get("http://a.test/").assert(200, "hi");
            }
        });
        if seed == 0 || seed == 3 {
            let received = &world.connections()[0].received;
            assert!(received.len() > 20_000, "all of the body was sent");
        }
    }
}

#[test]
fn t52_unprompted_response_closes_the_connection() {
    // It arrives with the connection, before any byte of the request.
    for seed in 0..9 {
        same_in(seed..seed + 1, |w| {
            w.serve("a.test:80", Peer::new().send(OK).request().send(OK));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/").assert(200, "hi");
            w.pass(ms(10));
            w.get("http://a.test/").assert(200, "hi");
            assert_eq!(w.connections()[0].state, ConnectionState::Closed);
        });
    }
}

#[test]
fn unread_body_does_not_delay_the_end() {
    // The response is early and long; the caller does not read it for a while.
    let world = same_in(0..1, |w| {
        let until = w.time() + secs(5);
        w.serve("a.test:80", Peer::new().head().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789").body());
        let caller = Caller { reader: Reader::Pauses(0, until), ..Caller::default() };
        w.send_with(post(20_000), caller).assert(200, "123456789");
    });
    assert!(world.connections()[0].script_done);
}

fn expecting(size: usize) -> Request {
    post(size).expect_continue(Duration::from_secs(1))
}

#[test]
fn t53_body_waits_for_100() {
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().head().sleep(ms(300)).send("HTTP/1.1 100 Continue\r\n\r\n").body().send(OK));
        w.send(expecting(100)).assert(200, "hi");
    });
    let run = &world.transcripts[0];
    assert!(world.received(0).contains("Expect: 100-continue\r\n"));
    assert_eq!((run.words(), run.ended - run.began), (vec!["100", "head 200", "done"], ms(300)));
    assert_eq!(world.connections()[0].state, ConnectionState::Pooled);
}

#[test]
fn t53_body_follows_after_one_second() {
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().request().send(OK));
        w.send(expecting(100)).assert(200, "hi");
    });
    let run = &world.transcripts[0];
    assert_eq!(run.ended - run.began, secs(1));
}

#[test]
fn t53_final_response_withholds_the_body_and_closes() {
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().head().send(TOO_LARGE));
        w.send(expecting(100)).assert(413, "big");
    });
    assert!(world.received(0).ends_with("\r\n\r\n"), "{}", world.received(0));
    assert_eq!(world.connections()[0].state, ConnectionState::Closed);
}

#[test]
fn t53_417_repeats_without_expect_and_is_remembered() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().head().send(refused));
        w.serve("a.test:80", Peer::new().request().send(OK).request().send(OK));
        w.send(expecting(100)).assert(200, "hi");
        w.send(expecting(100)).assert(200, "hi");
    });
    assert!(world.received(0).contains("Expect:") && !world.received(1).contains("Expect:"));
    assert_eq!(world.received(1).matches("POST / ").count(), 2);
}

#[test]
fn t53_second_417_is_delivered() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    for seed in 0..9 {
        // Time decides how much of the body precedes the second response.
        same_in(seed..seed + 1, |w| {
            w.serve("a.test:80", Peer::new().head().send(refused));
            w.serve("a.test:80", Peer::new().head().send(refused));
            w.send(expecting(100)).assert(417, "");
        });
    }
}

#[test]
fn t53_only_the_refusing_origin_is_remembered() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let on = "HTTP/1.1 307 X\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::new().head().send(refused));
        w.serve("a.test:80", Peer::new().request().send(on));
        w.serve("b.test:80", Peer::new().request().send(OK).request().send(OK));
        w.send(expecting(100)).assert(200, "hi");
        let mut next = expecting(100);
        next.set_url("http://b.test/next");
        w.send(next).assert(200, "hi");
    });
    let received = world.received(2);
    let (first, second) = received.split_at(received.find("POST /next").unwrap());
    assert!(!first.contains("Expect:"), "this request asks no more: {first}");
    assert!(second.contains("Expect:"), "{second}");
}

#[test]
fn t53_unread_stream_needs_no_rewind() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().head().send(refused));
        w.serve("a.test:80", Peer::new().request().send(OK));
        let body = Body::Stream { length: Some(5), rewindable: true };
        let request = Request::new(Method::POST, "http://a.test/").data(body);
        let request = request.expect_continue(Duration::from_secs(1));
        // Rewinding it would fail.
        w.send_with(request, Caller { source: Source::new("body!"), ..Caller::default() }).assert(200, "hi");
    });
    assert!(world.received(1).ends_with("body!"));
}

#[test]
fn t53_bodiless_request_sends_no_expect() {
    for body in [Body::Empty, Body::from("")] {
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([OK]));
            let request = Request::new(Method::POST, "http://a.test/").data(body.clone());
            w.send(request.expect_continue(Duration::from_secs(1))).assert(200, "hi");
        });
        assert!(!world.received(0).contains("Expect"));
        assert_eq!(world.transcripts[0].ended, world.transcripts[0].began);
    }
}

#[test]
fn failed_tls_write_ends_the_transfer() {
    let authority = petition_tests::tls::Authority::new();
    let server = petition_tests::memory::server_config(&authority, &["a.test"]);
    let client = petition_tests::memory::client_config(&authority);
    for seed in [0, 3, 4, 5] {
        same_in(seed..seed + 1, |w| {
            w.serve("a.test:443", Peer::tls(&server).head().stop_reading().sleep(ms(5)).reset());
            let mut request = post(500_000);
            request.set_url("https://a.test/");
            let run = w.send(request.tls(client.clone()));
            assert!(matches!(run.kind(), ErrorKind::Io(_)), "{}", run.error());
        });
    }
}

#[test]
fn t52_early_response_under_tls_precedes_pending_records() {
    let authority = petition_tests::tls::Authority::new();
    let server = petition_tests::memory::server_config(&authority, &["a.test"]);
    let client = petition_tests::memory::client_config(&authority);
    for seed in [0, 5, 6, 7] {
        same_in(seed..seed + 1, |w| {
            let stalls = Peer::tls(&server).head().stop_reading().send(TOO_LARGE);
            let bytes = |w: &mut petition_tests::memory::World, (mut request, caller): (Request, Caller)| {
                request.set_url("https://a.test/");
                w.serve("a.test:443", stalls.clone());
                let request = request.tls(client.clone());
                let run = w.send_with(request, caller);
                run.assert(413, "big");
                assert_eq!(run.ended, run.began, "nothing is waited for");
            };
            bytes(w, (post(500_000), Caller::default()));
            bytes(w, stream(500_000));
            assert!(w.connections().iter().all(|c| c.state == ConnectionState::Closed));
        });
    }
}

#[test]
fn t53_417_stores_cookies_and_reports_its_hop() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::new().head().send(refused));
        w.serve("a.test:80", Peer::new().request().send(OK));
        w.send(expecting(100)).assert(200, "hi");
    });
    assert!(world.received(1).contains("Cookie: a=1\r\n"), "{}", world.received(1));
    let run = &world.transcripts[0];
    assert_eq!(run.words(), ["expect refused", "head 200", "done"]);
    let hops: Vec<_> = run.history.iter().map(|hop| (hop.status().unwrap().as_u16(), hop.url.as_str())).collect();
    assert_eq!(hops, [(417, "http://a.test/")]);
}

#[test]
fn t53_417_counts_as_no_redirect() {
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let on = "HTTP/1.1 307 X\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
    same_in(0..3, |w| {
        w.serve("a.test:80", Peer::new().head().send(refused));
        w.serve("a.test:80", Peer::new().request().send(on).request().send(OK));
        let request = expecting(100).redirects(|r| {
            r.max(1);
        });
        w.send(request).assert(200, "hi");
    });
}

#[test]
fn t52_stream_is_written_before_more_is_requested() {
    // The driver asserts at each offer that nothing waits to be written.
    for piece in [1, 100, 8192] {
        same_in(0..9, |w| {
            w.serve("a.test:80", Peer::new().request().send(OK));
            // Chunk boundaries depend on time.
            let body = Body::Stream { length: Some(3_000), rewindable: false };
            let request = Request::new(Method::POST, "http://a.test/").data(body);
            let source = Source::new(vec![b'x'; 3_000]).pieces(piece);
            w.send_with(request, Caller { source, ..Caller::default() }).assert(200, "hi");
        });
    }
}

#[test]
fn failed_handshake_write_hides_no_alert() {
    let authority = petition_tests::tls::Authority::new();
    let client = petition_tests::memory::client_config(&authority);
    let alert = [0x15, 3, 3, 0, 2, 2, 40];
    let told = same_in(0..9, |w| {
        w.serve("a.test:443", Peer::new().deaf().sleep(ms(10)).send(alert).close());
        let mut request = post(10);
        request.set_url("https://a.test/");
        w.send(request.tls(client.clone()));
    });
    for run in &told.transcripts {
        assert!(run.error().to_string().contains("alert"), "{}", run.error());
    }
}

#[test]
fn t52_closure_alert_ends_the_handshake() {
    let authority = petition_tests::tls::Authority::new();
    let client = petition_tests::memory::client_config(&authority);
    let closure = [0x15, 3, 3, 0, 2, 1, 0];
    let world = same_in(0..9, |w| {
        w.serve("a.test:443", Peer::new().received(1).send(closure));
        let mut request = post(10);
        request.set_url("https://a.test/");
        w.send(request.tls(client.clone()));
    });
    let run = &world.transcripts[0];
    assert_eq!((run.phase(), run.ended), (Phase::Tls, run.began));
    assert!(run.error().to_string().contains("CloseNotify"), "{}", run.error());
}
