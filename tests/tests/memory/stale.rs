//! T47: bytes that arrive on an idle connection between two exchanges answer neither.

use petition_core::http1::ProtocolError;
use petition_core::tls::TlsConfig;
use petition_core::{ErrorKind, Method, Processed, Request};
use petition_tests::memory::{
    Caller, ConnectionState, Peer, Reader, World, client_config, ms, same_in, secs, server_config,
};
use petition_tests::tls::Authority;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

/// A route to the server: plain or under TLS.
struct Way {
    place: &'static str,
    url: &'static str,
    first: Peer,
    tls: Option<TlsConfig>,
}

impl Way {
    fn both() -> [Way; 2] {
        let authority = Authority::new();
        let server = server_config(&authority, &["a.test"]);
        let tls = Some(client_config(&authority));
        [
            Way { place: "a.test:80", url: "http://a.test/", first: Peer::new(), tls: None },
            Way { place: "a.test:443", url: "https://a.test/", first: Peer::tls(&server), tls },
        ]
    }

    fn request(&self, method: Method) -> Request {
        let request = Request::new(method, self.url);
        match &self.tls {
            None => request,
            Some(tls) => request.tls(tls.clone()),
        }
    }

    /// Serves two connections: the first continues as given, the second answers twice.
    fn serve(&self, world: &mut World, first: impl FnOnce(Peer) -> Peer) {
        world.serve(self.place, first(self.first.clone()));
        world.serve(self.place, self.first.clone().request().send(OK).request().send(OK));
    }
}

#[test]
fn t47_bytes_between_requests_answer_nothing() {
    let stale: [fn(Peer) -> Peer; 3] = [
        |peer| peer.sleep(ms(20)).send(EVIL),
        |peer| peer.sleep(ms(300)).send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").close(),
        |peer| peer.sleep(ms(1)).send("0\r\n\r\n"),
    ];
    for (way, stale) in Way::both().iter().flat_map(|way| stale.iter().map(move |stale| (way, stale))) {
        for seed in 0..6 {
            let world = same_in(seed..seed + 1, |w| {
                way.serve(w, |peer| stale(peer.request().send(OK)));
                // The body arrived with its head. The caller takes it later, and sends another
                // request at once.
                let caller = Caller { reader: Reader::Pauses(1, w.time() + secs(1)), ..Caller::default() };
                w.send_with(way.request(Method::GET), caller).assert(200, "hi");
                w.send(way.request(Method::GET)).assert(200, "hi");
            });
            // Not even a retry: nothing was sent over it.
            assert_eq!(world.transcripts[1].words(), ["head 200", "done"], "{}", way.url);
            assert_eq!((world.connections().len(), world.connections()[0].state), (2, ConnectionState::Closed));
        }
    }
}

#[test]
fn t47_post_waits_for_the_probe() {
    for way in Way::both() {
        let world = same_in(0..6, |w| {
            way.serve(w, |peer| peer.request().send(OK).sleep(ms(20)).send(EVIL));
            let caller = Caller { reader: Reader::Pauses(1, w.time() + secs(1)), ..Caller::default() };
            w.send_with(way.request(Method::GET), caller).assert(200, "hi");
            w.send(way.request(Method::POST).data("pay")).assert(200, "hi");
        });
        assert!(!world.received(0).contains("pay"));
    }
}

/// Bytes that cannot begin a response, in pieces.
const ANSWERING_NOTHING: [&[&str]; 6] = [
    &["0\r\n\r\n"],
    &["0", "\r\n\r", "\n"],
    &["hello"],
    &["5\r\nhello\r\n0\r\n\r\n", EVIL],
    &["\r\n0\r\n\r\n"],
    &["HTML"],
];

#[test]
fn t47_t54_garbage_after_the_request_is_a_dead_connection() {
    for (way, garbage) in Way::both().iter().flat_map(|way| ANSWERING_NOTHING.iter().map(move |garbage| (way, garbage)))
    {
        for seed in 0..6 {
            let world = same_in(seed..seed + 1, |w| {
                way.serve(w, |peer| {
                    let peer = peer.request().send(OK).request();
                    garbage.iter().fold(peer, |peer, piece| peer.send(piece).sleep(ms(1)))
                });
                w.send(way.request(Method::GET)).assert(200, "hi");
                w.send(way.request(Method::GET)).assert(200, "hi");
            });
            assert_eq!(world.transcripts[1].words(), ["retried", "head 200", "done"], "{garbage:?} at {}", way.url);
            assert_eq!(world.connections()[0].state, ConnectionState::Closed);
        }
    }
}

#[test]
fn t54_partial_garbage_is_a_dead_connection() {
    let ends: [fn(Peer) -> Peer; 2] = [Peer::close, Peer::reset];
    for (piece, end) in ["0", "\r\n", "0\r\n\r"].iter().flat_map(|piece| ends.map(|end| (piece, end))) {
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", end(Peer::replies([OK]).request().send(piece)));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/").assert(200, "hi");
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.transcripts[1].words(), ["retried", "head 200", "done"], "{piece:?}");
    }
}

#[test]
fn t54_garbage_does_not_repeat_a_post() {
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([OK]).request().send("0\r\n\r\n"));
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/").assert(200, "hi");
        w.send(Request::new(Method::POST, "http://a.test/").data("pay"));
    });
    let error = world.transcripts[1].error();
    assert_eq!((world.transcripts[1].words(), error.report().processed), (vec!["failed"], Processed::Maybe));
    assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::NotHttp1 { .. })), "{error}");
}

#[test]
fn new_connection_reports_garbage() {
    for garbage in ["0\r\n\r\n", "hello, world", "\r\n"] {
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", Peer::new().request().send(garbage).close());
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/");
        });
        assert_eq!(world.transcripts[0].words(), ["failed"], "{garbage:?}");
    }
}

#[test]
fn t47_bodiless_response_announcing_a_body_closes() {
    let heads = [
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ];
    for head in heads {
        let world = same_in(0..6, |w| {
            // The body arrives after the next request, so that no probe finds it.
            w.serve("a.test:80", Peer::new().request().send(head).request().send("hello"));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/");
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.transcripts[1].words(), ["head 200", "done"], "{head}");
        assert_eq!(world.connections()[0].state, ConnectionState::Closed, "{head}");
    }
    for head in ["HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"]
    {
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", Peer::replies([head, OK]));
            w.get("http://a.test/");
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.connections().len(), 1, "{head}");
    }
}
