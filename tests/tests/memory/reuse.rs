//! Idle connections: what prevents reuse (T9, T29, T47), the safe retry on a dead one (T54), and
//! unread bodies (T87).

use petition_core::route::address_policy::AddressPolicy;
use petition_core::{Body, ErrorKind, Method, Processed, Request};
use petition_tests::memory::{
    Caller, ConnectionState, Peer, Reader, Source, World, ms, same_everywhere, same_in, secs,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn post(body: impl Into<Body>) -> Request {
    Request::new(Method::POST, "http://a.test/second").data(body)
}

/// How a reused connection dies: after a few bytes of the next request, or all of it.
const DEATHS: [fn(Peer) -> Peer; 3] =
    [|p| p.received(125).close(), |p| p.received(125).reset(), |p| p.request().close()];

/// Sends one request that leaves an idle connection, which then does `dies`; another one answers
/// OK.
fn stale(w: &mut World, dies: impl Fn(Peer) -> Peer) {
    w.serve("a.test:80", dies(Peer::replies([OK])));
    w.serve("a.test:80", Peer::replies([OK, OK]));
    w.get("http://a.test/first").assert(200, "hi");
}

#[test]
fn t47_bytes_after_the_response_close_the_connection() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let cases: [(&str, Peer); 5] = [
        ("in the same segment", Peer::new().request().send(format!("{OK}{evil}"))),
        ("in one of its own, 1 ms later", Peer::new().request().send(OK).sleep(ms(1)).send(evil)),
        ("while idle", Peer::new().request().send(OK).sleep(secs(1)).send(evil)),
        (
            "408 while idle",
            Peer::new().request().send(OK).sleep(secs(1)).send("HTTP/1.1 408 Request Timeout\r\n\r\n").close(),
        ),
        ("after a 204", Peer::new().request().send(format!("HTTP/1.1 204 No Content\r\n\r\n{evil}"))),
    ];
    for (name, peer) in cases {
        // A single byte at a time, what follows is still unread when the response ends: that is
        // what the look at reuse is for.
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", peer.clone());
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/");
            w.pass(secs(2));
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.connections().len(), 2, "{name}");
        assert_eq!(world.connections()[0].state, ConnectionState::Closed, "{name}");
    }
}

#[test]
fn t47_bytes_before_the_request_are_not_its_answer() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    for seed in 0..12 {
        same_in(seed..seed + 1, |w| {
            // The peer answers after one byte of the second request.
            w.serve("a.test:80", Peer::new().request().send(OK).received(116).send(evil));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/").assert(200, "hi");
            let run = w.get("http://a.test/");
            if run.words().contains(&"retried") {
                run.assert(200, "hi");
            }
        });
    }
}

#[test]
fn t54_get_is_retried_on_a_dead_connection() {
    // Found by the probe: nothing was sent, no retry is reported. Found later: retried.
    let world = same_everywhere(|w| {
        stale(w, Peer::close);
        w.pass(secs(1));
        w.get("http://a.test/second").assert(200, "hi");
    });
    assert_eq!(world.transcripts[1].words(), ["head 200", "done"]);
    for (dies, seed) in DEATHS.iter().flat_map(|dies| (0..6).map(move |seed| (dies, seed))) {
        let world = same_in(seed..seed + 1, |w| {
            stale(w, dies);
            w.pass(secs(1));
            w.get("http://a.test/second").assert(200, "hi");
        });
        assert_eq!(world.transcripts[1].words(), ["retried", "head 200", "done"]);
        assert_eq!(world.connections()[0].state, ConnectionState::Closed);
    }
}

#[test]
fn t54_request_is_repeated_only_once() {
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([OK]).request().close());
        w.serve("a.test:80", Peer::new().request().close());
        w.get("http://a.test/first").assert(200, "hi");
        w.get("http://a.test/second");
    });
    let run = &world.transcripts[1];
    assert_eq!(run.words(), ["retried", "failed"]);
    assert!(run.error().report().attempts == 2 && run.error().is_truncated());
}

#[test]
fn t54_new_or_answering_connection_is_not_retried() {
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::new().request().close());
        w.get("http://a.test/first");
        w.serve("a.test:80", Peer::replies([OK]).request().send("H").close());
        w.get("http://a.test/first").assert(200, "hi");
        w.get("http://a.test/second");
    });
    assert_eq!(world.transcripts[0].words(), ["failed"]);
    assert_eq!(world.transcripts[2].words(), ["failed"]);
}

#[test]
fn t54_started_response_is_never_retried() {
    // A GET is harmless twice, the connection is a kept one, and it dies: only what had come of the
    // response speaks against a second attempt.
    let begun = ["H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"];
    let dies: [fn(Peer) -> Peer; 4] =
        [Peer::close, Peer::reset, |p| p.sleep(ms(5)).close(), |p| p.sleep(ms(5)).reset()];
    for (begun, dies) in begun.iter().flat_map(|begun| dies.map(|dies| (begun, dies))) {
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", dies(Peer::replies([OK]).request().send(begun)));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/first").assert(200, "hi");
            w.get("http://a.test/second");
        });
        let run = &world.transcripts[1];
        assert!(
            !run.words().contains(&"retried") && run.words().ends_with(&["failed"]),
            "{begun:?}: {:?}",
            run.words()
        );
        assert_eq!(run.error().report().processed, Processed::Maybe, "{begun:?}");
        assert_eq!(world.connections().len(), 1, "{begun:?}");
    }
    // The same where it is the write that fails, of a body that the peer no longer takes; unless
    // the driver came to read nothing before.
    let mut seen = 0;
    for seed in 0..12 {
        let world = same_in(seed..seed + 1, |w| {
            let hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
            let peer = Peer::replies([OK]).head().send(hint).stop_reading().sleep(ms(5)).deaf().sleep(ms(5)).reset();
            w.serve("a.test:80", peer);
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/first").assert(200, "hi");
            w.send(Request::new(Method::PUT, "http://a.test/second").data(vec![b'x'; 300_000]));
        });
        let words = world.transcripts[1].words();
        if words.contains(&"103") {
            assert_eq!(words, ["103", "failed"]);
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn t54_partly_written_post_is_not_repeated() {
    for (dies, seed) in DEATHS.iter().flat_map(|dies| (0..6).map(move |seed| (dies, seed))) {
        let world = same_in(seed..seed + 1, |w| {
            stale(w, dies);
            w.send(post("body"));
        });
        let run = &world.transcripts[1];
        assert_eq!(run.words(), ["failed"]);
        assert_eq!(run.error().report().processed, Processed::Maybe);
        assert!(run.error().to_string().contains("may have acted"), "{}", run.error());
        assert_eq!(world.connections().len(), 1);
    }
    // Marked as retryable, it is repeated.
    let world = same_in(0..6, |w| {
        stale(w, |p| p.request().close());
        w.send(post("body").idempotent(true)).assert(200, "hi");
    });
    assert_eq!(world.transcripts[1].words(), ["retried", "head 200", "done"]);
}

#[test]
fn t54_unwritten_post_is_sent_on_a_new_connection() {
    // The first write fails at once; the probe was too early.
    let world = same_in(0..6, |w| {
        stale(w, Peer::reset);
        w.send(post("body")).assert(200, "hi");
    });
    assert!(world.received(1).ends_with("body"), "{}", world.received(1));
}

#[test]
fn t54_redirect_hop_is_retried_too() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([redirect]).close());
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/first").assert(200, "hi");
    });
    assert_eq!(world.connections().len(), 2);
    assert!(world.received(1).starts_with("GET /second"));
}

#[test]
fn t54_retry_rewinds_the_stream_or_fails() {
    let put = |rewindable| {
        let body = Body::Stream { length: Some(5), rewindable };
        Request::new(Method::PUT, "http://a.test/second").data(body)
    };
    let world = same_in(0..6, |w| {
        stale(w, |p| p.request().close());
        let source = Source::new("body!").rewindable();
        w.send_with(put(true), Caller { source, ..Caller::default() }).assert(200, "hi");
    });
    assert!(world.received(0).ends_with("body!") && world.received(1).ends_with("body!"));
    let world = same_in(0..6, |w| {
        stale(w, |p| p.request().close());
        w.send_with(put(false), Caller { source: Source::new("body!"), ..Caller::default() });
    });
    assert_eq!(world.transcripts[1].words(), ["failed"]);
}

#[test]
fn retrying_can_be_turned_off() {
    let world = same_in(0..3, |w| {
        stale(w, |p| p.request().close());
        w.send(get("http://a.test/").retry_dead_connection(false));
    });
    assert_eq!(world.transcripts[1].words(), ["failed"]);
}

#[test]
fn parked_side_does_not_affect_the_next_connection() {
    // The write blocks on the reused connection, which then dies.
    let world = same_in(0..9, |w| {
        w.serve("a.test:80", Peer::replies([OK]).stop_reading().sleep(secs(5)).reset());
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/first").assert(200, "hi");
        let put = Request::new(Method::PUT, "http://a.test/second").data(vec![b'x'; 100_000]);
        w.send(put).assert(200, "hi");
    });
    assert!(world.received(1).len() > 100_000);
}

#[test]
fn t29_denied_addresses_are_never_connected_to() {
    let public = |request: Request| request.address_policy(AddressPolicy::PublicOnly);
    let world = same_in(0..3, |w| {
        w.name("a.test", ms(0), &["127.0.0.1:80".parse().unwrap(), "10.0.0.1:80".parse().unwrap()]);
        w.send(public(get("http://a.test/")));
        w.send(public(get("http://169.254.169.254/latest")));
        w.send(public(get("http://[::ffff:127.0.0.1]/")));
        w.send(public(get("http://localhost/")));
        // The denied ones are skipped, the others tried.
        w.name("b.test", ms(0), &["127.0.0.1:80".parse().unwrap(), "8.8.8.8:80".parse().unwrap()]);
        w.serve(
            "8.8.8.8:80",
            Peer::replies(["HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"]),
        );
        w.send(public(get("http://b.test/")));
    });
    assert_eq!(world.connections().len(), 1);
    for run in &world.transcripts {
        assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
    }
    assert_eq!(world.transcripts[4].error().report().hop, 1);
}

#[test]
fn t29_address_policy_covers_idle_connections() {
    let world = same_in(0..3, |w| {
        w.name("a.test", ms(0), &["127.0.0.1:80".parse().unwrap()]);
        w.serve("127.0.0.1:80", Peer::replies([OK, OK]));
        w.get("http://a.test/").assert(200, "hi");
        w.send(get("http://a.test/").address_policy(AddressPolicy::PublicOnly));
    });
    assert!(matches!(world.transcripts[1].kind(), ErrorKind::AddressDenied(_)));
    assert_eq!(world.received(0).matches("GET /").count(), 1);
}

#[test]
fn t9_connection_serves_its_own_route_only() {
    let through = |url: &str, proxy: &str| {
        let proxy = petition_core::Proxy::new(proxy).unwrap();
        get(url).proxy(proxy)
    };
    let world = same_in(0..3, |w| {
        for place in ["a.test:80", "a.test:81", "b.test:80"] {
            w.serve(place, Peer::replies([OK, OK]));
        }
        for _ in 0..3 {
            w.serve("p.test:3128", Peer::replies([OK, OK]));
        }
        for url in ["http://a.test/", "http://a.test:81/", "http://b.test/", "http://a.test/"] {
            w.get(url).assert(200, "hi");
        }
        for proxy in
            ["http://p.test:3128", "http://u:1@p.test:3128", "http://u:2@p.test:3128", "http://u:1@p.test:3128"]
        {
            w.send(through("http://a.test/", proxy)).assert(200, "hi");
        }
    });
    assert_eq!(world.connections().len(), 6);
}

#[test]
fn t87_only_short_unread_bodies_are_drained() {
    for (length, after, kept) in
        [(1u64, 0, true), (60_000, 100, true), (1_000_000_000, 0, false), (1_000_000_000, 100, false)]
    {
        for seed in [0, 3, 4, 5] {
            let world = same_in(seed..seed + 1, |w| {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                w.serve("a.test:80", Peer::new().request().send(head).fill(b'x', length));
                let caller = Caller { reader: Reader::Discards(after), ..Caller::default() };
                let run = w.send_with(get("http://a.test/"), caller);
                assert_eq!((run.status, run.words().last().copied()), (200, Some("done")));
            });
            let state = if kept { ConnectionState::Pooled } else { ConnectionState::Closed };
            assert_eq!(world.connections()[0].state, state, "{length} {after}");
        }
    }
    // The rest does not arrive: the drain times out without a failure.
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::new().request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"));
        let caller = Caller { reader: Reader::Discards(0), ..Caller::default() };
        w.send_with(get("http://a.test/"), caller);
    });
    let run = &world.transcripts[0];
    assert_eq!((run.words(), run.ended - run.began), (vec!["head 200", "done"], ms(250)));
}
