//! Names: static addresses, other hosts to connect to, and the cache of look-ups.

use std::net::IpAddr;

use petition_core::route::address_policy::AddressPolicy;
use petition_core::route::dial::DialError;
use petition_core::{BuildError, ConnectTo, ErrorKind, LookupCache, Method, Phase, Proxy, Request, Session};
use petition_tests::memory::{Peer, World, client_config, same_everywhere, same_in, secs, server_config};
use petition_tests::tls::Authority;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 307 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// The address of each connection.
fn reached(world: &World) -> Vec<String> {
    world.connections().iter().map(|connection| connection.address.to_string()).collect()
}

fn connect_to(world: &mut World, of: &str, to: &str) {
    let rules = ConnectTo::new().host(of, to).unwrap();
    world.session.configure(|options| {
        options.connect_to(rules);
    });
}

#[test]
fn static_addresses_answer_instead_of_a_look_up() {
    let world = same_everywhere(|w| {
        w.serve("192.0.2.70:81", Peer::replies([redirect("http://a.test/").as_str()]));
        w.serve("a.test:80", Peer::replies([OK]));
        w.session.configure(|o| o.resolve("a.test", 81, [ip("192.0.2.70")])).unwrap();
        // The redirect leads to another port, whose addresses are looked up.
        w.get("http://A.test.:81/").assert(200, "hi");
    });
    assert_eq!(world.lookups(), ["a.test"]);
    assert_eq!(world.connections().len(), 2);
    assert!(world.received(0).starts_with("GET / HTTP/1.1\r\nHost: a.test.:81\r\n"), "{}", world.received(0));
}

#[test]
fn request_adds_static_addresses_to_the_session() {
    let world = same_everywhere(|w| {
        w.session.configure(|o| o.resolve("a.test", 80, [ip("192.0.2.70")])).unwrap();
        w.session.configure(|o| o.resolve("localhost", 80, [ip("192.0.2.71")])).unwrap();
        for address in ["192.0.2.70:80", "192.0.2.71:80", "192.0.2.72:80", "192.0.2.73:80"] {
            w.serve(address, Peer::replies([OK, OK]));
        }
        for _ in 0..2 {
            w.get("http://a.test/").assert(200, "hi");
            // A connection to one address never serves a request for another.
            w.send(get("http://a.test/").resolve("a.test", 80, [ip("192.0.2.72")])).assert(200, "hi");
            for url in ["http://localhost/", "http://b.test/"] {
                w.send(get(url).resolve("b.test", 80, [ip("192.0.2.73")])).assert(200, "hi");
            }
        }
    });
    assert_eq!(reached(&world), ["192.0.2.70:80", "192.0.2.72:80", "192.0.2.71:80", "192.0.2.73:80"]);
    assert!(world.lookups().is_empty());
}

#[test]
fn static_address_without_a_name_is_a_build_error() {
    let fault = Session::new().prepare(&get("http://a.test/").resolve("192.0.2.1", 80, [])).unwrap_err();
    assert!(matches!(fault.kind(), ErrorKind::Build(BuildError::HostPort(_))), "{fault}");
    same_everywhere(|w| {
        let run = w.send(get("http://a.test/").resolve("a.test", 80, []));
        assert!(matches!(run.kind(), ErrorKind::Connect(DialError::NoAddresses)), "{}", run.error());
    });
}

#[test]
fn t29_address_policy_holds_for_static_addresses() {
    let world = same_everywhere(|w| {
        w.session.configure(|o| {
            o.address_policy(AddressPolicy::PublicOnly);
            o.resolve("a.test", 80, [ip("10.0.0.1")]).unwrap();
            o.resolve("p.test", 1080, [ip("10.0.0.2")]).unwrap();
        });
        connect_to(w, "b.test:", "10.0.0.3:");
        let proxy = Proxy::new("socks5h://p.test").unwrap();
        for request in [get("http://a.test/"), get("http://c.test/").proxy(proxy), get("http://b.test/")] {
            let run = w.send(request);
            assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
        }
    });
    assert!(world.connections().is_empty() && world.lookups().is_empty());
}

#[test]
fn proxy_and_origin_behind_socks5_use_static_addresses() {
    let world = same_everywhere(|w| {
        w.session.configure(|o| {
            o.resolve("p.test", 1080, [ip("192.0.2.70")]).unwrap();
            o.resolve("a.test", 80, [ip("192.0.2.7")]).unwrap();
        });
        let granted = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        let opens = Peer::new().passes(3).send(b"\x05\x00").passes(13).send(granted);
        w.serve("192.0.2.70:1080", opens.request().send(OK));
        let proxy = Proxy::new("socks5://p.test").unwrap();
        w.send(get("http://a.test/").proxy(proxy)).assert(200, "hi");
    });
    assert!(world.lookups().is_empty());
    assert!(world.received(0).contains("\u{7}\0PGET / HTTP/1.1\r\n"), "{:?}", world.received(0));
}

#[test]
fn another_host_serves_the_url_unchanged() {
    let authority = Authority::new();
    let (server, client) = (server_config(&authority, &["a.test"]), client_config(&authority));
    let world = same_everywhere(|w| {
        w.serve("b.test:8443", Peer::tls(&server).request().send(OK).request().send(OK));
        w.serve("a.test:443", Peer::tls(&server).request().send(OK));
        connect_to(w, "a.test:443", "b.test:8443");
        // The certificate, Host and the connection's key are those of the URL.
        for _ in 0..2 {
            w.send(get("https://a.test/").tls(client.clone())).assert(200, "hi");
        }
        w.serve("b.test:8443", Peer::tls(&server));
        let run = w.send(get("https://b.test:8443/").tls(client.clone()));
        assert_eq!(run.phase(), Phase::Tls, "{}", run.error());
        w.send(get("https://a.test/").tls(client.clone()).connect_to(None)).assert(200, "hi");
    });
    assert_eq!(world.lookups()[0], "b.test");
    assert!(world.received(0).starts_with("GET / HTTP/1.1\r\nHost: a.test\r\n"), "{}", world.received(0));
}

#[test]
fn t9_cookies_and_credentials_ignore_the_other_host() {
    let with_cookie = "HTTP/1.1 200 OK\r\nSet-Cookie: c=canary\r\nContent-Length: 2\r\n\r\nhi";
    let world = same_everywhere(|w| {
        w.serve("b.test:80", Peer::replies([with_cookie, OK]));
        w.serve("b.test:80", Peer::replies([OK]));
        connect_to(w, "a.test:", "b.test:");
        w.send(get("http://a.test/").basic_auth("u", "canary")).assert(200, "hi");
        w.get("http://a.test/").assert(200, "hi");
        // Its own URL is another origin, and another connection.
        w.get("http://b.test/").assert(200, "hi");
    });
    let requests = [world.received(0), world.received(1)];
    assert!(requests[0].contains("Cookie: c=canary"), "{}", requests[0]);
    assert!(!requests[1].contains("canary") && !requests[1].contains("Cookie"), "{}", requests[1]);
}

#[test]
fn other_host_is_reached_through_a_tunnel_of_the_proxy() {
    const OPEN: &str = "HTTP/1.1 200 OK\r\n\r\n";
    let world = same_in(0..6, |w| {
        connect_to(w, "a.test:", "[2001:db8::7]:81");
        w.serve("p.test:80", Peer::new().request().send(OPEN).request().send(OK));
        w.send(get("http://a.test/").proxy(Proxy::new("p.test").unwrap())).assert(200, "hi");
        connect_to(w, "a.test:", "b.test:81");
        let granted = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        let opens = Peer::new().passes(3).send(b"\x05\x00").passes(16).send(granted);
        w.serve("p.test:1080", opens.request().send(OK));
        w.send(get("http://a.test/").proxy(Proxy::new("socks5h://p.test").unwrap())).assert(200, "hi");
    });
    let received = world.received(0);
    assert!(received.starts_with("CONNECT [2001:db8::7]:81 HTTP/1.1\r\nHost: [2001:db8::7]:81\r\n"), "{received}");
    assert!(received.contains("GET / HTTP/1.1\r\nHost: a.test\r\n"), "{received}");
    assert!(world.received(1).contains("\u{6}b.test\0QGET / HTTP/1.1\r\n"), "{:?}", world.received(1));
    assert_eq!(world.lookups(), ["p.test", "p.test"]);
}

#[test]
fn redirect_to_a_host_of_a_rule_follows_it() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([redirect("http://b.test:81/")]));
        w.serve("c.test:81", Peer::replies([OK]));
        connect_to(w, "b.test:", "c.test:");
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.lookups(), ["a.test", "c.test"]);
    assert!(world.received(1).contains("Host: b.test:81\r\n"));
}

/// A request over a connection of its own.
fn alone(url: &str) -> Request {
    get(url).keep_alive(false)
}

fn keep_lookups(world: &mut World, cache: LookupCache) {
    world.session.configure(|options| {
        options.lookup_cache(cache);
    });
}

#[test]
fn answer_of_a_look_up_serves_later_connections() {
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        for _ in 0..6 {
            w.serve("a.test:80", Peer::replies([OK]));
        }
        w.send(alone("http://a.test/")).assert(200, "hi");
        w.send(alone("http://a.test/")).assert(200, "hi");
        assert_eq!(w.lookups(), ["a.test"]);
        // A request may do without the cache.
        w.send(alone("http://a.test/").lookup_cache(None)).assert(200, "hi");
        w.session.forget_lookups();
        w.send(alone("http://a.test/")).assert(200, "hi");
        w.pass(secs(61));
        w.send(alone("http://a.test/")).assert(200, "hi");
        w.send(alone("http://a.test/")).assert(200, "hi");
    });
    assert_eq!(world.lookups(), ["a.test"; 4]);
}

#[test]
fn lookups_are_not_kept_unless_asked() {
    let world = same_everywhere(|w| {
        for _ in 0..2 {
            w.serve("a.test:80", Peer::replies([OK]));
            w.send(alone("http://a.test/")).assert(200, "hi");
        }
    });
    assert_eq!(world.lookups(), ["a.test"; 2]);
}

#[test]
fn number_of_kept_lookups_is_bounded() {
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)).entries(1));
        for name in ["a.test", "b.test", "b.test", "a.test"] {
            w.serve(&format!("{name}:80"), Peer::replies([OK]));
            w.send(alone(&format!("http://{name}/"))).assert(200, "hi");
        }
    });
    assert_eq!(world.lookups(), ["a.test", "b.test", "a.test"]);
}

#[test]
fn failed_look_up_is_not_kept() {
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        w.name_fails("a.test", std::io::ErrorKind::NotFound);
        assert!(matches!(w.get("http://a.test/").kind(), ErrorKind::Resolve(_)));
        w.name("a.test", secs(0), &[]);
        assert!(matches!(w.get("http://a.test/").kind(), ErrorKind::Connect(DialError::NoAddresses)));
        w.name("a.test", secs(0), &["192.0.2.70:80".parse().unwrap()]);
        w.serve("192.0.2.70:80", Peer::replies([OK]));
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.lookups().len(), 3);
}

#[test]
fn dead_kept_address_is_looked_up_again_at_once() {
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        let old = w.address_of("a.test:80");
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(alone("http://a.test/")).assert(200, "hi");
        // The service has moved.
        w.refuses_after(old, secs(0));
        w.name("a.test", secs(0), &["192.0.2.70:80".parse().unwrap()]);
        for _ in 0..2 {
            w.serve("192.0.2.70:80", Peer::replies([OK]));
            w.send(alone("http://a.test/")).assert(200, "hi");
        }
        // An answer that is new is not asked for twice.
        w.session.forget_lookups();
        w.refuses_after("192.0.2.70:80".parse::<std::net::SocketAddr>().unwrap(), secs(0));
        assert!(w.send(alone("http://a.test/")).error().is_connect());
    });
    assert_eq!(world.lookups(), ["a.test"; 3]);
}

#[test]
fn t29_address_policy_holds_for_kept_addresses() {
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        w.name("a.test", secs(0), &["10.0.0.1:80".parse().unwrap()]);
        w.serve("10.0.0.1:80", Peer::replies([OK]));
        w.send(alone("http://a.test/")).assert(200, "hi");
        let run = w.send(alone("http://a.test/").address_policy(AddressPolicy::PublicOnly));
        assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
    });
    assert_eq!((world.lookups().len(), world.connections().len()), (1, 1));
}

#[test]
fn names_of_proxy_and_origin_are_kept() {
    let granted = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";
    let world = same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        w.address_of("a.test:80");
        for _ in 0..2 {
            let opens = Peer::new().passes(3).send(b"\x05\x00").passes(13).send(granted);
            w.serve("p.test:1080", opens.request().send(OK));
            w.send(alone("http://a.test/").proxy(Proxy::new("socks5://p.test").unwrap())).assert(200, "hi");
        }
    });
    assert_eq!(world.lookups(), ["a.test", "p.test"]);
}

#[test]
fn t84_time_for_connecting_includes_the_second_look_up() {
    same_everywhere(|w| {
        keep_lookups(w, LookupCache::new(secs(60)));
        let old = w.address_of("a.test:80");
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(alone("http://a.test/")).assert(200, "hi");
        w.refuses_after(old, secs(4));
        w.name_hangs("a.test");
        let began = w.time();
        let run = w.send(alone("http://a.test/").connect_timeout(secs(5)));
        assert!(run.error().is_timeout() && run.phase() == Phase::Resolve, "{}", run.error());
        assert_eq!(w.time() - began, secs(5));
    });
}
