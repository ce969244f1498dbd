//! The memory of a transfer: it stays small however much passes through it (invariant 5).

use std::io::Write;

use petition_core::{Method, Request};
use petition_tests::memory::{Caller, Peer, Reader, Source, World, client_config, ms, same_in, secs, server_config};
use petition_tests::tls::Authority;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const MUCH: usize = 700_000;

/// What the last transfer held at most: received, and to be sent. Not in the styles that go byte by
/// byte.
fn held(scenario: impl Fn(&mut World)) -> (usize, usize) {
    let mut most = (0, 0);
    for seed in 3..6 {
        let world = same_in(seed..seed + 1, &scenario);
        let held = world.transcripts.last().unwrap().retained;
        most = (held.received.max(most.0), held.outgoing.max(most.1));
    }
    most
}

fn much(framing: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{framing}\r\n").as_bytes(), body].concat()
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn put(url: &str) -> Request {
    Request::new(Method::PUT, url).data(vec![b'u'; MUCH])
}

#[test]
fn plain_body_needs_only_the_read_buffer() {
    let (received, outgoing) = held(|w| {
        let answer = much(&format!("Content-Length: {MUCH}\r\n"), &vec![b'd'; MUCH]);
        w.serve("a.test:80", Peer::replies([answer]));
        assert_eq!(w.get("http://a.test/").body.len(), MUCH);
    });
    assert!(received <= 64 * 1024 && outgoing <= 4 * 1024, "{received} and {outgoing}");
}

#[test]
fn decoded_body_needs_one_decoding_step() {
    // Hardly compressible, so that the ratio does not matter.
    let mut x = 1u32;
    let noise: Vec<u8> = (0..MUCH)
        .map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 24) as u8
        })
        .collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&noise).unwrap();
    let coded = encoder.finish().unwrap();
    let (received, outgoing) = held(|w| {
        let framing = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", coded.len());
        w.serve("a.test:80", Peer::replies([much(&framing, &coded)]));
        assert!(w.get("http://a.test/").body == noise);
    });
    assert!(received <= 96 * 1024 && outgoing <= 4 * 1024, "{received} and {outgoing}");
}

#[test]
fn tls_body_stays_where_it_was_received() {
    let authority = Authority::new();
    let (server, client) = (server_config(&authority, &["a.test"]), client_config(&authority));
    let (received, outgoing) = held(|w| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 3 * MUCH);
        w.serve("a.test:443", Peer::tls(&server).request().send(answer).fill(b'd', 3 * MUCH as u64));
        let client = client.clone();
        let request = get("https://a.test/").tls(client);
        assert_eq!(w.send(request).body.len(), 3 * MUCH);
    });
    assert!(received <= 96 * 1024 && outgoing <= 16 * 1024, "{received} and {outgoing}");
}

#[test]
fn paused_caller_limits_what_is_read() {
    let (received, _) = held(|w| {
        let answer = much(&format!("Content-Length: {MUCH}\r\n"), &vec![b'd'; MUCH]);
        w.serve("a.test:80", Peer::replies([answer]));
        let until = w.time() + secs(3_600);
        let reader = Reader::Pauses(10_000, until);
        let run = w.send_with(get("http://a.test/"), Caller { reader, ..Caller::default() });
        assert_eq!(run.body.len(), MUCH);
    });
    assert!(received <= 64 * 1024, "{received}");
}

#[test]
fn outgoing_body_is_not_buffered() {
    let (received, outgoing) = held(|w| {
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(put("http://a.test/")).assert(200, "hi");
    });
    assert!(received <= 64 * 1024 && outgoing <= 160 * 1024, "{received} and {outgoing}");
    let (received, outgoing) = held(|w| {
        w.serve("a.test:80", Peer::replies([OK]));
        let body = petition_core::Body::Stream { length: None, rewindable: false };
        let source = Source::new(vec![b'u'; MUCH]);
        let request = Request::new(Method::PUT, "http://a.test/").data(body);
        w.send_with(request, Caller { source, ..Caller::default() }).assert(200, "hi");
    });
    assert!(received <= 64 * 1024 && outgoing <= 160 * 1024, "{received} and {outgoing}");
}

#[test]
fn endless_trickled_head_is_held_within_its_limit() {
    let (received, _) = held(|w| {
        w.serve("a.test:80", Peer::new().head().send("HTTP/1.1 200 OK\r\n").endless("X-Field: and so on\r\n", ms(1)));
        let run = w.get("http://a.test/");
        assert!(run.error().to_string().contains("limit head_"), "{}", run.error());
    });
    assert!(received <= 64 * 1024, "{received}");
}
