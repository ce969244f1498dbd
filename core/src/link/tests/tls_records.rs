//! Records and handshake messages: whole, in pieces, damaged and missing.

use super::drive::{TODAY, WHOLE, drive, everywhere, get};
use super::peer::{GET, Peer, Script, hello};
use super::tls::{is_hello, tls};
use super::tls_peer::{TlsPeer, authority, client, server, server_of};
use crate::http1::RequestHead;
use crate::link::{LinkError, LinkEvent};
use crate::tls::{TlsConfig, TlsFailure};
use std::sync::Arc;

/// Returns the failure that results if the server sends `answer` instead of its handshake.
fn failure(config: &TlsConfig, answer: &[u8], eof: bool) -> LinkError {
    let mut link = tls(config, "a.example");
    link.poll(TODAY).unwrap();
    link.received(answer);
    if eof {
        link.receive_eof();
    }
    link.poll(TODAY).unwrap_err()
}

#[test]
fn handshake_messages_may_span_records_while_sending() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let mut server = server_of(authority(), &["a.example"], versions, false);
        server.max_fragment_size = Some(40);
        let server = Arc::new(server);
        let config = client().build().unwrap();
        everywhere(
            &[get(), get()],
            || (tls(&config, "a.example"), TlsPeer::new(&server, hello(2))),
            |_, seen| assert_eq!(seen.body, b"hellohello", "{seen:?}"),
        );
    }
}

#[test]
fn request_is_sent_while_a_ticket_is_incomplete() {
    let mut server = server(&["a.example"]);
    server.max_fragment_size = Some(40);
    let server = Arc::new(server);
    let config = client().build().unwrap();
    // However many ticket bytes have arrived, the request is sent and the exchange succeeds.
    for step in 0..40 {
        let mut link = tls(&config, "a.example");
        let mut peer = TlsPeer::new(&server, hello(1));
        link.poll(TODAY).unwrap();
        peer.receive(link.outgoing());
        link.wrote(usize::MAX);
        link.received(&peer.take());
        assert!(matches!(link.poll(TODAY), Ok(LinkEvent::Established)));
        peer.receive(link.outgoing());
        link.wrote(usize::MAX);
        let tickets = peer.take();
        let (one, two) = tickets.split_at((step * 17).min(tickets.len()));
        link.received(one);
        link.poll(TODAY).unwrap();
        link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.example"[..])]).unwrap();
        link.poll(TODAY).unwrap();
        peer.receive(link.outgoing());
        link.wrote(usize::MAX);
        assert_eq!((peer.error.as_ref(), peer.seen()), (None, GET.as_bytes()));
        link.received(two);
        link.received(&peer.take());
        while !matches!(link.poll(TODAY), Ok(LinkEvent::Body)) {}
        assert_eq!(link.body(), b"hello");
    }
}

#[test]
fn interrupted_handshake_is_truncated_at_any_byte() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    for n in [0, 1, 4, 5, 6, 100, 500, usize::MAX] {
        let mut link = tls(&config, "a.example");
        link.poll(TODAY).unwrap();
        let mut peer = TlsPeer::new(&server, hello(1));
        peer.receive(link.outgoing());
        let flight = peer.take();
        link.received(&flight[..n.min(flight.len() - 1)]);
        link.receive_eof();
        let error = link.poll(TODAY).unwrap_err();
        assert!(matches!(error, LinkError::Tls(TlsFailure::Truncated)) && error.is_truncation(), "{n}: {error}");
    }
}

#[test]
fn first_non_tls_byte_is_detected() {
    let config = client().build().unwrap();
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "H", "SSH-2.0", "\x15\x02", "\x16\x03\x03\u{7f}\u{7f}"] {
        let error = failure(&config, answer.as_bytes(), false);
        assert!(matches!(error, LinkError::Tls(TlsFailure::NotTls)), "{answer:?}: {error}");
    }
    let error = failure(&config, b"\x15\x03\x03\x00\x02\x02\x28", false);
    let expected = TlsFailure::Alert { code: 40, name: "HandshakeFailure".into() };
    assert!(matches!(&error, LinkError::Tls(alert) if *alert == expected), "{error}");
}

#[test]
fn damaged_record_is_reported_to_the_server() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, hello(1));
    assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
    std::io::Write::write_all(&mut peer.tls.writer(), b"x").unwrap();
    let mut bytes = peer.take();
    *bytes.last_mut().unwrap() ^= 1;
    link.received(&bytes);
    let error = link.poll(TODAY).unwrap_err();
    assert!(matches!(error, LinkError::Tls(TlsFailure::Misbehaved(_))), "{error}");
    peer.receive(link.outgoing());
    assert_eq!(peer.error, Some(rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac)));
}

#[test]
fn handshake_damage_only_ends_the_handshake() {
    let mut config = server(&["a.example"]);
    config.max_fragment_size = Some(100);
    let server = Arc::new(config);
    let config = client().build().unwrap();
    for seed in 0..600usize {
        let mut link = tls(&config, "a.example");
        let mut peer = TlsPeer::new(&server, hello(1));
        link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.example"[..])]).unwrap();
        // The damage hits the first flight, or the second with tickets and response.
        for flight in 0..2 {
            link.poll(TODAY).unwrap();
            peer.receive(link.outgoing());
            link.wrote(usize::MAX);
            let mut bytes = peer.take();
            if flight == seed % 2 {
                let at = seed * 7919 % bytes.len();
                match seed % 3 {
                    0 => bytes[at] ^= 1 << (seed / 6 % 8),
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, seed as u8),
                }
            }
            link.received(&bytes);
            let mut result = link.poll(TODAY);
            while matches!(result, Ok(LinkEvent::Established | LinkEvent::Head(_))) {
                result = link.poll(TODAY);
            }
            if flight == seed % 2 {
                assert!(matches!(result, Err(LinkError::Tls(_)) | Ok(LinkEvent::NeedInput)), "{seed}: {result:?}");
                link.receive_eof();
                let end = link.poll(TODAY);
                assert!(matches!(end, Err(LinkError::Tls(_) | LinkError::Protocol(_) | LinkError::Over)), "{end:?}");
                break;
            }
        }
    }
}

#[test]
fn t82_empty_records_are_no_progress_and_bounded() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, Script::new([("never", "")]));
    assert_eq!(drive(&mut link, &mut peer, WHOLE, &[get()]).last(), "waits");
    let before = link.counters();
    let mut outcome = Ok(LinkEvent::NeedInput);
    for _ in 0..1000 {
        if peer.tls.refresh_traffic_keys().is_err() {
            break;
        }
        link.received(&peer.take());
        outcome = link.poll(TODAY);
        link.wrote(usize::MAX);
        if outcome.is_err() {
            break;
        }
        assert_eq!(link.counters().application, before.application);
    }
    assert!(matches!(outcome, Err(LinkError::Tls(_))), "{outcome:?}");
}

#[test]
fn key_updates_are_answered_during_transfer() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, hello(3));
    for _ in 0..3 {
        let seen = drive(&mut link, &mut peer, WHOLE, &[get()]);
        assert!(seen.events.ends_with(&["end".into(), "reusable".into()]), "{seen:?}");
        peer.tls.refresh_traffic_keys().unwrap();
        // Half of it has arrived while the client continues to send.
        let update = peer.take();
        let (one, two) = update.split_at(update.len() / 2);
        link.received(one);
        link.poll(TODAY).unwrap();
        link.received(two);
        link.poll(TODAY).unwrap();
    }
    assert_eq!(peer.error, None);
}
