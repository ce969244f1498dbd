//! Transfer codings other than chunked: requested by an option, removed before the content codings
//! (RFC 9112 §7.2).

use petition_core::http1::Leniencies;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use petition_core::content::decode::DecodeError;
use petition_core::http1::ProtocolError;

use petition_core::{ErrorKind, LimitExceeded, Method, Request};
use petition_tests::memory::{ConnectionState, Peer, same_everywhere, same_in};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn chunked(fields: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 200 OK\r\n{fields}\r\n{:x}\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response.extend_from_slice(b"\r\n0\r\n\r\n");
    response
}

/// Returns a session without leniencies.
fn asking(url: &str) -> Request {
    Request::new(Method::GET, url).transfer_coding(true).leniencies(|l| {
        l.all(Leniencies::STRICT);
    })
}

#[test]
fn t34_requested_transfer_coding_is_decoded() {
    let fields = "Transfer-Encoding: gzip, chunked\r\n";
    let world = same_everywhere(|w| {
        let content = gzip(&gzip(b"once more"));
        let with_content =
            chunked("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", &content);
        w.serve("a.test:80", Peer::replies([chunked(fields, &gzip(b"hello")), with_content]));
        w.send(asking("http://a.test/")).assert(200, "hello");
        w.send(asking("http://a.test/")).assert(200, "once more");
        let until_close = [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"[..], &gzip(b"the end")].concat();
        w.serve("b.test:80", Peer::new().request().send(until_close).close());
        w.send(asking("http://b.test/")).assert(200, "the end");
    });
    assert!(world.received(0).contains("TE: gzip\r\nConnection: TE\r\n"), "{}", world.received(0));
    assert_eq!((world.connections().len(), world.connections()[0].state), (2, ConnectionState::Pooled));
}

#[test]
fn t34_unrequested_coding_stays_on_the_body() {
    let body = gzip(b"hello");
    let world = same_in(0..3, |w| {
        for host in ["a.test:80", "b.test:80"] {
            w.serve(host, Peer::replies([chunked("Transfer-Encoding: gzip, chunked\r\n", &body)]));
        }
        w.get("http://a.test/");
        w.send(Request::new(Method::GET, "http://b.test/").leniencies(|l| {
            l.all(Leniencies::STRICT);
        }));
    });
    assert!(world.transcripts[0].body == body && !world.received(0).contains("TE:"));
    let error = world.transcripts[1].kind();
    assert!(matches!(error, ErrorKind::Protocol(ProtocolError::TransferEncoding { .. })), "{error:?}");
}

#[test]
fn t59_transfer_codings_count_with_the_content_codings() {
    let many = "Transfer-Encoding: gzip, gzip, gzip, chunked\r\nContent-Encoding: gzip\r\n";
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([chunked(many, b"x")]));
        w.send(asking("http://a.test/"));
    });
    let limit = LimitExceeded { name: "content_codings", limit: 3, found: 4 };
    assert!(matches!(world.transcripts[0].kind(), ErrorKind::Decode(DecodeError::Limit(l)) if *l == limit));
}

#[test]
fn t58_ratio_covers_transfer_codings() {
    let world = same_in(0..2, |w| {
        w.serve(
            "a.test:80",
            Peer::replies([chunked("Transfer-Encoding: gzip, chunked\r\n", &gzip(&vec![0; 8 << 20]))]),
        );
        w.send(asking("http://a.test/"));
    });
    let error = world.transcripts[0].kind();
    assert!(matches!(error, ErrorKind::Decode(DecodeError::Limit(l)) if l.name == "decode_ratio"), "{error:?}");
}
