//! Requests through TLS: bodies, ends, reuse, TLS within TLS.

use super::drive::{Request, Seen, TODAY, WHOLE, drive, everywhere, get};
use super::peer::{GET, HELLO, Peer, Script, hello};
use super::tls_peer::{TlsPeer, authority, client, server, server_of};
use crate::http1::{BodyLength, Config, Leniencies, Leniency, RequestHead};
use crate::link::{Layer, Link, LinkError, LinkEvent, NotReusable, ProxyFailure, Tunnel};
use crate::tls::{TlsConfig, TlsLayer};
use std::sync::Arc;

pub(super) fn tls(config: &TlsConfig, host: &str) -> Link {
    Link::new(vec![Box::new(TlsLayer::new(config, host).unwrap())], Config::default())
}

pub(super) fn is_hello(seen: &Seen) -> bool {
    seen.events == ["established", "head 200", "end", "reusable"] && seen.body == b"hello"
}

#[test]
fn requests_pass_tls_under_every_split() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(authority(), &["a.example"], versions, false));
        let config = client().build().unwrap();
        everywhere(
            &[get(), get()],
            || (tls(&config, "a.example"), TlsPeer::new(&server, hello(2))),
            |peer, seen| {
                assert_eq!(seen.events, ["established", "head 200", "end", "reusable", "head 200", "end", "reusable"]);
                assert_eq!(seen.body, b"hellohello");
                assert_eq!(peer.seen(), GET.repeat(2).as_bytes());
            },
        );
    }
}

#[test]
fn large_bodies_pass_tls_both_ways() {
    let up: Vec<u8> = (0..50_000u32).map(|i| (i % 251) as u8).collect();
    let mut expected =
        format!("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: {}\r\n\r\n", up.len()).into_bytes();
    expected.extend_from_slice(&up);
    let mut answer = b"HTTP/1.1 200 \r\n\r\n".to_vec();
    answer.extend_from_slice(&up);
    let request = Request { method: "PUT", body: up.clone(), ..Request::default() };
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(authority(), &["a.example"], versions, false));
        let config = client().build().unwrap();
        everywhere(
            std::slice::from_ref(&request),
            || {
                let script = Script::new([(&expected, &answer)]).then_closes();
                (tls(&config, "a.example"), TlsPeer::new(&server, script))
            },
            |_, seen| {
                assert!(seen.body == up, "{:?}", seen.events);
                assert_eq!(seen.last(), "not reusable: the body extended to the end of the connection");
            },
        );
    }
}

#[test]
fn t45_only_a_closure_alert_ends_a_body_cleanly() {
    let server = Arc::new(server(&["a.example"]));
    let strict = Config { leniencies: Leniencies::STRICT, ..Config::default() };
    let config = client().build().unwrap();
    let run = |answer: &str, cut: bool, http: Config| {
        let layer = TlsLayer::new(&config, "a.example").unwrap();
        let mut link = Link::new(vec![Box::new(layer)], http);
        let peer = TlsPeer::new(&server, Script::new([(GET, answer)]).then_closes());
        let mut peer = if cut { peer.cut() } else { peer };
        let seen = drive(&mut link, &mut peer, WHOLE, &[get()]);
        let flagged = link.http().leniencies_used().contains(Leniency::UncleanTlsClose);
        (seen, flagged)
    };
    let until_close = "HTTP/1.1 200 OK\r\n\r\nhello";
    let (seen, flagged) = run(until_close, false, strict);
    assert!(seen.last().starts_with("not reusable") && !flagged, "{seen:?}");
    let (seen, flagged) = run(until_close, true, Config::default());
    assert!(seen.last().starts_with("not reusable") && flagged, "{seen:?}");
    let (seen, _) = run(until_close, true, strict);
    assert!(seen.last().starts_with("error: the connection ended within the body"), "{seen:?}");
    // If the body states its own end, the end of the connection does not matter.
    for complete in [HELLO, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
        let (seen, flagged) = run(complete, true, strict);
        assert_eq!((seen.body, flagged), (b"hello".to_vec(), false));
    }
    for short in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        for cut in [true, false] {
            let (seen, _) = run(short, cut, Config::default());
            assert!(seen.last().starts_with("error: "), "{seen:?}");
        }
    }
}

#[test]
fn t82_closure_alert_prevents_reuse_and_ends_input() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, hello(1));
    assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
    peer.tls.send_close_notify();
    link.received(&peer.take());
    link.received(b"anything at all");
    assert_eq!(link.reuse(TODAY), Err(NotReusable::Closed));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::End)));
    assert!(!link.wants_read());
}

#[test]
fn encrypted_bytes_after_the_response_prevent_reuse() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    // In the same record, in its own record, and as part of one.
    for extra in ["record", "piece"] {
        let mut link = tls(&config, "a.example");
        let mut peer = TlsPeer::new(&server, hello(1));
        assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
        std::io::Write::write_all(&mut peer.tls.writer(), b"HTTP/1.1 408 \r\n\r\n").unwrap();
        let bytes = peer.take();
        link.received(if extra == "record" { &bytes } else { &bytes[..7] });
        assert_eq!(link.reuse(TODAY), Err(NotReusable::Leftover), "{extra}");
    }
    let mut peer = TlsPeer::new(&server, Script::new([(GET, format!("{HELLO}X"))]));
    let seen = drive(&mut tls(&config, "a.example"), &mut peer, WHOLE, &[get()]);
    assert_eq!(seen.last(), "not reusable: bytes followed the response");
}

#[test]
fn close_sends_a_closure_alert() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, hello(1));
    assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
    link.close();
    assert!(!peer.notified);
    peer.receive(link.outgoing());
    assert!(peer.notified);
    assert!(matches!(link.poll(TODAY), Err(LinkError::Over)));
    assert_eq!(link.reuse(TODAY), Err(NotReusable::Over));
    // During the handshake there is no peer to notify.
    let mut link = tls(&config, "a.example");
    link.poll(TODAY).unwrap();
    link.wrote(usize::MAX);
    link.close();
    assert!(link.outgoing().is_empty());
}

#[test]
fn small_request_joins_the_last_handshake_flight() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let head = RequestHead { body: BodyLength::Known(4), ..RequestHead::new("PUT", "/") };
    link.send_head(&head, [("Host", &b"a.example"[..])]).unwrap();
    link.send_body(b"body").unwrap();
    link.poll(TODAY).unwrap();
    let mut peer = TlsPeer::new(&server, Script::new([("never", "")]));
    peer.receive(link.outgoing());
    link.wrote(usize::MAX);
    link.received(&peer.take());
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Established)));
    let mut records = Vec::new();
    let mut out = link.outgoing();
    while let [kind, _, _, a, b, rest @ ..] = out {
        let len = usize::from(u16::from_be_bytes([*a, *b]));
        records.push((*kind, len));
        out = &rest[len..];
    }
    let plain = "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nbody".len();
    assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), [20, 23, 23], "{records:?}");
    assert_eq!(records[2].1, plain + 17);
}

#[test]
fn t77_tls_passes_through_a_tunnel() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
    everywhere(
        &[get()],
        || {
            let layers: Vec<Box<dyn Layer>> = vec![
                Box::new(Tunnel::new(Config::default(), "a.example:443", None).unwrap()),
                Box::new(TlsLayer::new(&config, "a.example").unwrap()),
            ];
            let proxy = Script::new([(connect, "HTTP/1.1 200 \r\n\r\n")]);
            (Link::new(layers, Config::default()), proxy.then(TlsPeer::new(&server, hello(1))))
        },
        |_, seen| assert!(is_hello(seen), "{seen:?}"),
    );
    // Bytes injected before the client's first bytes never reach TLS.
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Tunnel::new(Config::default(), "a.example:443", None).unwrap()),
        Box::new(TlsLayer::new(&config, "a.example").unwrap()),
    ];
    let mut link = Link::new(layers, Config::default());
    link.poll(TODAY).unwrap();
    link.wrote(usize::MAX);
    link.received(b"HTTP/1.1 200 \r\n\r\n\x16\x03\x03");
    assert!(matches!(link.poll(TODAY), Err(LinkError::Proxy(ProxyFailure::EarlyBytes))));
}

#[test]
fn tls_passes_through_a_tunnel_in_tls() {
    let outer = Arc::new(server(&["proxy.example"]));
    let inner = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let up: Vec<u8> = (0..40_000u32).map(|i| (i % 247) as u8).collect();
    let mut expected =
        format!("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: {}\r\n\r\n", up.len()).into_bytes();
    expected.extend_from_slice(&up);
    let mut answer = b"HTTP/1.1 200 \r\n\r\n".to_vec();
    answer.extend_from_slice(&up);
    let request = Request { method: "PUT", body: up.clone(), ..Request::default() };
    let connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
    everywhere(
        &[request],
        || {
            let layers: Vec<Box<dyn Layer>> = vec![
                Box::new(TlsLayer::new(&config, "proxy.example").unwrap()),
                Box::new(Tunnel::new(Config::default(), "a.example:443", None).unwrap()),
                Box::new(TlsLayer::new(&config, "a.example").unwrap()),
            ];
            let origin = TlsPeer::new(&inner, Script::new([(&expected, &answer)]).then_closes());
            let proxy = Script::new([(connect, "HTTP/1.1 200 \r\n\r\n")]).then(origin);
            (Link::new(layers, Config::default()), TlsPeer::new(&outer, proxy).cut())
        },
        |peer, seen| {
            assert!(seen.body == up, "{:?}", seen.events);
            assert_eq!(seen.last(), "not reusable: the body extended to the end of the connection");
            assert!(peer.seen() == expected);
        },
    );
}

#[test]
fn waiting_tls_link_holds_no_buffers() {
    let server = Arc::new(server(&["a.example"]));
    let mut link = tls(&client().build().unwrap(), "a.example");
    assert!(is_hello(&drive(&mut link, &mut TlsPeer::new(&server, hello(1)), WHOLE, &[get()])));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    assert_eq!(link.retained().received, 0);
}
