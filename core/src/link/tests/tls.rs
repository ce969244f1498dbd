use super::drive::{Request, Seen, TODAY, WHOLE, drive, drive_at, everywhere, get};
use super::peer::{GET, HELLO, Peer, Script, hello};
use super::tls_peer::{Authority, TlsPeer, client, server, server_of, years};
use crate::http1::{Config, Leniencies, Leniency};
use crate::link::{Layer, LayerKind, Link, LinkError, LinkEvent, NotReusable, Phase, Tunnel};
use crate::tls::{TlsConfig, TlsFailure, TlsLayer, TlsVersion};
use rustls::ServerConfig;
use std::sync::Arc;

fn tls(config: &TlsConfig, host: &str) -> Link {
    Link::new(vec![Box::new(TlsLayer::new(config, host).unwrap())], Config::default())
}

/// What comes of one request by `config` for `host` at `now`, and what the server thinks of it.
fn attempt(config: &TlsConfig, host: &str, now: crate::Now, server: ServerConfig) -> (Seen, Option<rustls::Error>) {
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    let seen = drive_at(now, &mut tls(config, host), &mut peer, &mut WHOLE.clone(), &[get()]);
    (seen, peer.error)
}

fn is_hello(seen: &Seen) -> bool {
    seen.events == ["established", "head 200", "end", "reusable"] && seen.body == b"hello"
}

/// The failure that `answer` leads to when the server sends it instead of its handshake.
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
fn requests_go_through_tls_however_bytes_are_cut() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(super::tls_peer::authority(), &["a.example"], versions, false));
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
fn large_bodies_go_both_ways_through_tls() {
    let up: Vec<u8> = (0..50_000u32).map(|i| (i % 251) as u8).collect();
    let mut expected =
        format!("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: {}\r\n\r\n", up.len()).into_bytes();
    expected.extend_from_slice(&up);
    let mut answer = b"HTTP/1.1 200 \r\n\r\n".to_vec();
    answer.extend_from_slice(&up);
    let request = Request { method: "PUT", body: up.clone(), ..Request::default() };
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(super::tls_peer::authority(), &["a.example"], versions, false));
        let config = client().build().unwrap();
        everywhere(
            std::slice::from_ref(&request),
            || {
                let script = Script::new([(&expected, &answer)]).then_closes();
                (tls(&config, "a.example"), TlsPeer::new(&server, script))
            },
            |_, seen| {
                assert!(seen.body == up, "{:?}", seen.events);
                assert_eq!(seen.last(), "not reusable: the body lasted until the end of the connection");
            },
        );
    }
}

#[test]
fn the_facts_of_a_connection_are_known() {
    let config = client().build().unwrap();
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    let mut link = tls(&config, "A.Example.");
    assert_eq!(link.phase(), Phase::Establishing(LayerKind::Tls));
    assert!(link.tls_info().is_none());
    assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
    let info = link.tls_info().unwrap();
    assert_eq!((info.version, info.alpn, info.resumed), (TlsVersion::V1_3, Some(&b"http/1.1"[..]), false));
    assert_eq!(info.certificate, Some(peer_certificate(&link)));
    assert_eq!(link.phase(), Phase::Http);
    // SNI has no final dot and is in lower case (T79).
    assert_eq!(peer.tls.server_name(), Some("a.example"));
    let counters = link.counters();
    assert_eq!(counters.application, HELLO.len() as u64);
    assert!(counters.received > 500 && counters.sent > 300, "{counters:?}");
    assert!(link.bypass(1).is_err());
}

fn peer_certificate(link: &Link) -> &[u8] {
    let der = link.tls_info().unwrap().certificate.unwrap();
    assert_eq!(der.first(), Some(&0x30), "a certificate is a DER sequence");
    der
}

#[test]
fn t79_an_address_must_be_in_the_certificate_as_one() {
    let config = client().build().unwrap();
    for (host, names, good) in [
        ("192.0.2.7", &["192.0.2.7"][..], true),
        ("[2001:db8::1]", &["2001:db8::1"], true),
        ("192.0.2.7", &["a.example"], false),
        ("192.0.2.7", &["192.0.2.8"], false),
        ("b.a.example", &["*.a.example"], true),
        ("c.b.a.example", &["*.a.example"], false),
        ("a.example", &["*.a.example"], false),
    ] {
        let mut peer = TlsPeer::new(&Arc::new(server(names)), hello(1));
        let seen = drive(&mut tls(&config, host), &mut peer, WHOLE, &[get()]);
        assert_eq!(is_hello(&seen), good, "{host} {names:?} {seen:?}");
        if good && names[0].contains(|c: char| c.is_ascii_digit()) {
            assert_eq!(peer.tls.server_name(), None, "no SNI for an address");
        }
    }
    for host in ["", "a b", "a..b", "[::1"] {
        assert!(matches!(TlsLayer::new(&config, host), Err(TlsFailure::InvalidName(_))), "{host}");
    }
}

#[test]
fn each_fault_of_a_certificate_has_its_name() {
    let config = client().build().unwrap();
    let check = |host: &str, now, server, expected: &str| {
        let (seen, error) = attempt(&config, host, now, server);
        assert!(seen.last().starts_with(&format!("error: {expected}")), "{seen:?}");
        // The server was told why.
        assert!(matches!(error, Some(rustls::Error::AlertReceived(_))), "{error:?}");
    };
    let here = || server(&["a.example"]);
    check("b.example", TODAY, here(), "the server's certificate is not valid for b.example, only for a.example");
    check("a.example", years(1), here(), "the server's certificate has expired");
    check("a.example", years(-1), here(), "the server's certificate is not valid yet");
    let stranger = server_of(&Authority::new("stranger"), &["a.example"], rustls::ALL_VERSIONS, false);
    check("a.example", TODAY, stranger, "the server's certificate is not issued by a trusted root");
    assert!(is_hello(&attempt(&config, "a.example", TODAY, here()).0));
}

#[test]
fn the_clock_is_that_of_the_input() {
    // The same settings, one connection after the other, with a clock that is stepped.
    let config = client().resumption(false).build().unwrap();
    for (now, good) in [(TODAY, true), (years(1), false), (TODAY, true), (years(-1), false)] {
        assert_eq!(is_hello(&attempt(&config, "a.example", now, server(&["a.example"])).0), good);
    }
}

#[test]
fn t80_only_dangerous_settings_accept_any_certificate() {
    let config = client().danger_accept_invalid_certs().build().unwrap();
    assert!(config.accepts_invalid_certs() && !client().build().unwrap().accepts_invalid_certs());
    let stranger = server_of(&Authority::new("stranger"), &["b.example"], rustls::ALL_VERSIONS, false);
    assert!(is_hello(&attempt(&config, "a.example", years(5), stranger).0));
}

#[test]
#[allow(clippy::mutable_key_type)] // The hash is that of the address.
fn settings_are_equal_to_themselves_only() {
    let (one, two) = (client().build().unwrap(), client().build().unwrap());
    assert_eq!(one, one.clone());
    assert_ne!(one, two);
    let set = std::collections::HashSet::from([one.clone(), one.clone(), two]);
    assert_eq!(set.len(), 2);
    assert!(set.contains(&one));
}

#[test]
fn t83_a_server_without_http_1_1_is_refused() {
    let config = client().build().unwrap();
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let (seen, _) = attempt(&config, "a.example", TODAY, server);
    assert_eq!(seen.last(), "error: the server does not offer http/1.1 over TLS");
}

#[test]
fn the_callers_own_configuration_offers_http_1_1_all_the_same() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(super::tls_peer::authority().root()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut own = rustls::ClientConfig::builder_with_details(provider, Arc::new(super::tls_peer::FixedClock))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    own.alpn_protocols = vec![b"h2".to_vec()];
    let config = TlsConfig::from_rustls(Arc::new(own));
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    // Its clock is its own: in five years by ours the certificate is as valid as ever.
    assert!(is_hello(&drive_at(years(5), &mut link, &mut peer, &mut WHOLE.clone(), &[get()])));
    assert_eq!(link.tls_info().unwrap().alpn, Some(&b"http/1.1"[..]));
}

#[test]
fn handshake_messages_may_come_in_many_records_also_while_we_send() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let mut server = server_of(super::tls_peer::authority(), &["a.example"], versions, false);
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
fn a_request_can_be_sent_while_a_ticket_is_half_received() {
    let mut server = server(&["a.example"]);
    server.max_fragment_size = Some(40);
    let server = Arc::new(server);
    let config = client().build().unwrap();
    // However much of the tickets has come: the request goes out, and all is well in the end.
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
        link.send_head(&crate::http1::RequestHead::new("GET", "/"), [("Host", &b"a.example"[..])]).unwrap();
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
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let server = || server_of(super::tls_peer::authority(), &["a.example"], rustls::ALL_VERSIONS, true);
    let (chain, key) = super::tls_peer::authority().issue(&["client.example"]);
    let config = client().client_certificate(chain, key).build().unwrap();
    assert!(is_hello(&attempt(&config, "a.example", TODAY, server()).0));
    let (seen, error) = attempt(&client().build().unwrap(), "a.example", TODAY, server());
    assert_eq!(error, Some(rustls::Error::NoCertificatesPresented));
    assert_eq!(seen.last(), "error: the server sent the TLS alert CertificateRequired (116)");
}

#[test]
fn versions_are_those_asked_for() {
    let old = || server_of(super::tls_peer::authority(), &["a.example"], &[&rustls::version::TLS12], false);
    assert!(is_hello(&attempt(&client().build().unwrap(), "a.example", TODAY, old()).0));
    let config = client().versions(&[TlsVersion::V1_3]).build().unwrap();
    let (seen, _) = attempt(&config, "a.example", TODAY, old());
    assert!(seen.last().contains("TLS alert ProtocolVersion") || seen.last().contains("in common"), "{seen:?}");
    assert!(client().versions(&[]).build().is_err());
}

#[test]
fn a_second_connection_resumes_the_session() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(super::tls_peer::authority(), &["a.example"], versions, false));
        for resumption in [true, false] {
            let config = client().resumption(resumption).build().unwrap();
            for expected in [false, resumption] {
                let mut link = tls(&config, "a.example");
                let seen = drive(&mut link, &mut TlsPeer::new(&server, hello(1)), WHOLE, &[get()]);
                assert!(is_hello(&seen), "{seen:?}");
                assert_eq!(link.tls_info().unwrap().resumed, expected);
            }
        }
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
    // Where the body says where it ends, how the connection does is of no interest.
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
fn t82_a_closure_alert_forbids_reuse_and_what_follows_is_ignored() {
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
fn bytes_after_the_response_forbid_reuse_though_they_are_encrypted() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    // In the same record, in one of its own, and as a piece of one.
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
fn a_handshake_that_breaks_off_is_truncated_wherever_it_does() {
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
fn what_is_not_tls_is_called_so_from_its_first_byte() {
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
fn a_damaged_record_is_found_and_the_server_told() {
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
fn no_damage_to_a_handshake_does_more_than_end_it() {
    let mut config = server(&["a.example"]);
    config.max_fragment_size = Some(100);
    let server = Arc::new(config);
    let config = client().build().unwrap();
    for seed in 0..600usize {
        let mut link = tls(&config, "a.example");
        let mut peer = TlsPeer::new(&server, hello(1));
        link.send_head(&crate::http1::RequestHead::new("GET", "/"), [("Host", &b"a.example"[..])]).unwrap();
        // The first flight is damaged, or the second with tickets and response.
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
fn t82_records_that_bring_nothing_are_no_progress_and_come_to_an_end() {
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
fn key_updates_are_answered_and_do_not_disturb() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&server, hello(3));
    for _ in 0..3 {
        let seen = drive(&mut link, &mut peer, WHOLE, &[get()]);
        assert!(seen.events.ends_with(&["end".into(), "reusable".into()]), "{seen:?}");
        peer.tls.refresh_traffic_keys().unwrap();
        // Half of it is there while we go on sending.
        let update = peer.take();
        let (one, two) = update.split_at(update.len() / 2);
        link.received(one);
        link.poll(TODAY).unwrap();
        link.received(two);
        link.poll(TODAY).unwrap();
    }
    assert_eq!(peer.error, None);
}

#[test]
fn closing_tells_the_server() {
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
    // Before the handshake is over there is nobody to tell.
    let mut link = tls(&config, "a.example");
    link.poll(TODAY).unwrap();
    link.wrote(usize::MAX);
    link.close();
    assert!(link.outgoing().is_empty());
}

#[test]
fn the_head_and_a_small_body_go_out_in_one_record_with_the_end_of_the_handshake() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let mut link = tls(&config, "a.example");
    let head = crate::http1::RequestHead {
        body: crate::http1::BodyLength::Known(4),
        ..crate::http1::RequestHead::new("PUT", "/")
    };
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
fn tls_goes_through_a_tunnel() {
    let server = Arc::new(server(&["a.example"]));
    let config = client().build().unwrap();
    let connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
    everywhere(
        &[get()],
        || {
            let layers: Vec<Box<dyn Layer>> = vec![
                Box::new(Tunnel::new(Config::default(), "a.example:443", None, None).unwrap()),
                Box::new(TlsLayer::new(&config, "a.example").unwrap()),
            ];
            let proxy = Script::new([(connect, "HTTP/1.1 200 \r\n\r\n")]);
            (Link::new(layers, Config::default()), proxy.then(TlsPeer::new(&server, hello(1))))
        },
        |_, seen| assert!(is_hello(seen), "{seen:?}"),
    );
    // T77: whatever is injected before our first word does not get as far as TLS.
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Tunnel::new(Config::default(), "a.example:443", None, None).unwrap()),
        Box::new(TlsLayer::new(&config, "a.example").unwrap()),
    ];
    let mut link = Link::new(layers, Config::default());
    link.poll(TODAY).unwrap();
    link.wrote(usize::MAX);
    link.received(b"HTTP/1.1 200 \r\n\r\n\x16\x03\x03");
    assert!(matches!(link.poll(TODAY), Err(LinkError::EarlyBytes(LayerKind::Proxy))));
}

#[test]
fn tls_goes_through_a_tunnel_in_tls() {
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
                Box::new(Tunnel::new(Config::default(), "a.example:443", None, None).unwrap()),
                Box::new(TlsLayer::new(&config, "a.example").unwrap()),
            ];
            let origin = TlsPeer::new(&inner, Script::new([(&expected, &answer)]).then_closes());
            let proxy = Script::new([(connect, "HTTP/1.1 200 \r\n\r\n")]).then(origin);
            (Link::new(layers, Config::default()), TlsPeer::new(&outer, proxy).cut())
        },
        |peer, seen| {
            assert!(seen.body == up, "{:?}", seen.events);
            assert_eq!(seen.last(), "not reusable: the body lasted until the end of the connection");
            assert!(peer.seen() == expected);
        },
    );
}

#[test]
fn a_waiting_tls_link_holds_no_buffers() {
    let server = Arc::new(server(&["a.example"]));
    let mut link = tls(&client().build().unwrap(), "a.example");
    assert!(is_hello(&drive(&mut link, &mut TlsPeer::new(&server, hello(1)), WHOLE, &[get()])));
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    assert_eq!(link.buffered_capacity(), 0);
}
