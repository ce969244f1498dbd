//! SOCKS proxies: who looks up a name, what the proxy gets, and what becomes of its refusals.

use std::io::ErrorKind::NotFound;
use std::sync::Arc;
use std::time::Duration;

use petition_core::link::{ProxyFailure, SocksFailure, SocksReply};
use petition_core::route::address_policy::AddressPolicy;
use petition_core::{Auth, ErrorKind, Method, Phase, Processed, Proxy, Request};
use petition_tests::memory::{Peer, World, client_config, same_everywhere, same_in, server_config};
use petition_tests::tls::Authority;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const GRANTED: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn over(request: Request, proxy: &str) -> Request {
    let proxy = Proxy::new(proxy).unwrap();
    request.proxy(proxy)
}

/// A proxy that opens a tunnel after a greeting and a request of these lengths.
fn opens(greeting: usize, request: usize) -> Peer {
    Peer::new().passes(greeting).send(b"\x05\x00").passes(greeting + request).send(GRANTED)
}

#[test]
fn socks5h_proxy_looks_up_the_name() {
    let world = same_everywhere(|w| {
        w.serve("p.test:1080", opens(3, 13).request().send(OK).request().send(OK));
        w.send(over(get("http://a.test/"), "socks5h://p.test")).assert(200, "hi");
        w.send(over(get("http://a.test/two"), "socks5h://p.test")).assert(200, "hi");
    });
    assert_eq!(world.lookups(), ["p.test"]);
    let received = world.received(0);
    assert!(received.starts_with("\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x50GET / HTTP/1.1\r\nHost: a.test\r\n"));
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn https_runs_through_a_socks_tunnel() {
    let authority = Authority::new();
    let (server, client) = (server_config(&authority, &["a.test"]), client_config(&authority));
    let world = same_everywhere(|w| {
        w.serve("p.test:1080", opens(3, 13).start_tls(&server).request().send(OK));
        w.send(over(get("https://a.test/").tls(client.clone()), "socks5h://p.test")).assert(200, "hi");
    });
    assert!(world.received(0).contains("GET / HTTP/1.1\r\n"));
}

#[test]
fn socks5_client_looks_up_the_name() {
    let world = same_everywhere(|w| {
        w.name("a.test", Duration::ZERO, &["[2001:db8::1]:80".parse().unwrap(), "192.0.2.7:80".parse().unwrap()]);
        w.serve("p.test:1080", opens(3, 10).request().send(OK).request().send(OK));
        w.send(over(get("http://a.test/"), "socks5://p.test")).assert(200, "hi");
        // Reuse needs no look-up.
        w.send(over(get("http://a.test/"), "socks5://p.test")).assert(200, "hi");
    });
    assert_eq!(world.lookups(), ["a.test", "p.test"]);
    let received = &world.connections()[0].received;
    assert!(
        received.starts_with(b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50GET / HTTP/1.1\r\n"),
        "{received:?}"
    );
}

#[test]
fn failed_look_up_of_the_origin_does_not_blame_the_proxy() {
    let world = same_everywhere(|w| {
        w.name_fails("a.test", NotFound);
        let run = w.send(over(get("http://a.test/"), "socks5://p.test"));
        assert!(matches!(run.kind(), ErrorKind::Resolve(_)), "{}", run.error());
        assert!(!run.error().is_proxy() && !run.error().to_string().contains("p.test"), "{}", run.error());
    });
    assert!(world.connections().is_empty());
    same_everywhere(|w| {
        w.address_of("a.test:80");
        w.name_fails("p.test", NotFound);
        let run = w.send(over(get("http://a.test/"), "socks5://p.test"));
        assert!(run.error().is_proxy() && run.error().to_string().contains("looking up the proxy p.test:1080"));
    });
}

#[test]
fn t88_address_policy_holds_for_the_origin_behind_socks5() {
    let private = ["10.0.0.7:80".parse().unwrap()];
    let world = same_everywhere(|w| {
        w.name("a.test", Duration::ZERO, &private);
        let proxy = w.address_of("93.184.216.34:1080");
        w.serve("93.184.216.34:1080", opens(3, 10).request().send(OK));
        w.serve("93.184.216.34:1080", opens(3, 10).request().send(OK));
        let proxy = format!("socks5://{proxy}");
        let public = |request: Request| request.address_policy(AddressPolicy::PublicOnly);
        let run = w.send(public(over(get("http://a.test/"), &proxy)));
        assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
        // A connection that was opened without the policy is not used under it.
        w.send(over(get("http://a.test/"), &proxy)).assert(200, "hi");
        let run = w.send(public(over(get("http://a.test/"), &proxy)));
        assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
    });
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn t88_socks5_connection_is_reused_if_both_addresses_are_allowed() {
    let origin = ["93.184.216.7:80".parse().unwrap()];
    let allow = |ports: &'static [u16]| {
        AddressPolicy::Custom(Arc::new(move |to: std::net::SocketAddr| ports.contains(&to.port())))
    };
    let world = same_everywhere(|w| {
        w.name("a.test", Duration::ZERO, &origin);
        w.serve("93.184.216.34:1080", opens(3, 10).request().send(OK).request().send(OK).request().send(OK));
        let send = |w: &mut World, policy| {
            w.send(over(get("http://a.test/"), "socks5://93.184.216.34").address_policy(policy))
        };
        for policy in [AddressPolicy::PublicOnly, AddressPolicy::Any, AddressPolicy::PublicOnly] {
            send(w, policy).assert(200, "hi");
        }
        // A policy that denies either of them does not use the idle connection.
        for ports in [&[80][..], &[1080]] {
            let run = send(w, allow(ports));
            assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
        }
    });
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn t77_socks_refusal_is_an_error_of_the_proxy() {
    let world = same_everywhere(|w| {
        let refuses = Peer::new().passes(3).send(b"\x05\x00").passes(16).send(b"\x05\x05\x00\x01\0\0\0\0\0\0");
        w.serve("p.test:1080", refuses);
        let run = w.send(over(get("http://a.test/?q=canary"), "socks5h://p.test"));
        let refused = SocksFailure::Refused(SocksReply::V5(5));
        assert!(matches!(run.kind(), ErrorKind::Proxy(ProxyFailure::Socks(failure)) if *failure == refused));
        assert_eq!((run.phase(), run.error().processed()), (Phase::Proxy, Processed::No));
        let text = run.error().to_string();
        assert!(
            run.error().is_proxy() && text.contains("p.test:1080") && text.contains("connection refused (5)"),
            "{text}"
        );
    });
    assert!(!world.received(0).contains("GET"));
}

#[test]
fn t9_t96_socks_credentials_separate_connections_and_stay_hidden() {
    let world = same_in(0..6, |w| {
        for user in ["me", "you"] {
            let verdict = 4 + 3 + user.len() + 6;
            let peer = Peer::new().passes(4).send(b"\x05\x02").passes(verdict).send(b"\x01\x00");
            w.serve("p.test:1080", peer.passes(verdict + 13).send(GRANTED).request().send(OK));
            w.send(over(get("http://a.test/"), &format!("socks5h://{user}:canary@p.test"))).assert(200, "hi");
        }
        let rejects = Peer::new().passes(4).send(b"\x05\x02").passes(15).send(b"\x01\x01");
        w.serve("p.test:1080", rejects);
        let proxy = Proxy::new("socks5h://p.test").unwrap().auth(Auth::basic("it", "canary").unwrap()).unwrap();
        let run = w.send(get("http://a.test/").proxy(proxy));
        assert!(matches!(run.kind(), ErrorKind::Proxy(ProxyFailure::Socks(SocksFailure::CredentialsRejected))));
        assert!(!format!("{:?}{}", run.error(), run.debug).contains("canary"));
    });
    assert!(world.connections().len() >= 3);
    for number in [0, 1] {
        let request = world.received(number).split("GET").nth(1).unwrap().to_owned();
        assert!(!request.contains("canary"), "{request}");
    }
}

#[test]
fn socks4_takes_ipv4_and_socks4a_a_name() {
    let granted = b"\x00\x5a\0\0\0\0\0\0";
    let world = same_everywhere(|w: &mut World| {
        w.name("a.test", Duration::ZERO, &["[2001:db8::1]:80".parse().unwrap()]);
        let run = w.send(over(get("http://a.test/"), "socks4://p.test"));
        assert!(matches!(run.kind(), ErrorKind::Proxy(ProxyFailure::Socks(SocksFailure::Ipv6))), "{}", run.error());
        w.serve("p.test:1080", Peer::new().passes(9).send(granted).request().send(OK));
        w.send(over(get("http://192.0.2.7/"), "socks4://p.test")).assert(200, "hi");
        w.serve("p.test:1080", Peer::new().passes(18).send(granted).request().send(OK));
        w.send(over(get("http://a.test/"), "socks4a://me@p.test")).assert(200, "hi");
    });
    assert!(world.received(1).starts_with("\x04\x01\x00\x50\x00\x00\x00\x01me\x00a.test\x00GET / HTTP/1.1\r\n"));
}
