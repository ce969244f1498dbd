//! Addresses that the caller names: Unix sockets and custom ones. Which requests reach them, which
//! never do, and what is said of them.

use std::sync::Arc;

use petition_core::http1::Config;
use petition_core::link::Link;
use petition_core::origin::Origin;
use petition_core::route::address_policy::AddressPolicy;
use petition_core::{
    Acquire, Address, ConnectTo, ErrorKind, Input, Method, Misuse, Now, Output, Phase, Proxy, Request, Session,
    Setting, Transfer,
};
use petition_tests::memory::{Peer, World, client_config, ms, same_everywhere, same_in, server_config};
use petition_tests::tls::Authority;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const SOCKET: &str = "/run/canary.sock";

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 307 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn unix() -> Address {
    Address::unix(SOCKET)
}

fn origin(url: &str) -> Origin {
    Origin::of(&url.parse().unwrap())
}

/// The address of each connection.
fn reached(world: &World) -> Vec<String> {
    world.connections().iter().map(|connection| connection.address.to_string()).collect()
}

#[test]
fn unix_socket_serves_the_origin_of_the_url() {
    let world = same_everywhere(|w| {
        w.serve_at(unix(), Peer::replies([OK, OK]));
        w.send(get("http://a.test:81/x").unix_socket(SOCKET)).assert(200, "hi");
        w.send(get("http://a.test:81/y").unix_socket(SOCKET)).assert(200, "hi");
    });
    assert_eq!(reached(&world), ["unix:/run/canary.sock"]);
    assert!(world.lookups().is_empty());
    let received = world.received(0);
    assert!(received.starts_with("GET /x HTTP/1.1\r\nHost: a.test:81\r\n"), "{received}");
}

#[test]
fn https_over_a_unix_socket_verifies_the_url_host() {
    let authority = Authority::new();
    let (server, client) = (server_config(&authority, &["a.test"]), client_config(&authority));
    let world = same_in(0..3, |w| {
        for url in ["https://a.test/", "https://b.test/"] {
            w.serve_at(unix(), Peer::tls(&server).request().send(OK));
            w.send(get(url).tls(client.clone()).unix_socket(SOCKET));
        }
    });
    world.transcripts[0].assert(200, "hi");
    assert_eq!(world.transcripts[1].phase(), Phase::Tls);
}

#[test]
fn custom_address_is_reached_without_a_look_up() {
    let custom = Address::custom("vsock:3:80");
    let world = same_everywhere(|w| {
        w.serve_at(custom.clone(), Peer::replies([OK]));
        let to = ConnectTo::from(custom.clone());
        w.session.configure(|options| {
            options.connect_to(to);
        });
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!((world.connections()[0].address.clone(), world.lookups().len()), (custom, 0));
}

#[test]
fn t29_redirect_elsewhere_never_reaches_the_socket() {
    for location in ["http://b.test/", "http://a.test:81/", "https://a.test/", "http://127.0.0.1/"] {
        let world = same_in(0..3, |w| {
            w.serve_at(unix(), Peer::replies([redirect(location).as_str(), OK]));
            let b = w.address_of("b.test:80");
            w.black_hole(b);
            w.name_fails("a.test", std::io::ErrorKind::NotFound);
            let there = "127.0.0.1:80".parse::<std::net::SocketAddr>().unwrap();
            w.black_hole(there);
            w.session.configure(|options| {
                options.connect_timeout(ms(100)).unix_socket(SOCKET);
            });
            w.get("http://a.test/");
        });
        assert!(world.transcripts[0].error().is_connect(), "{location}: {}", world.transcripts[0].error());
        assert_eq!(world.connections().iter().filter(|c| c.address == unix()).count(), 1, "{location}");
    }
}

#[test]
fn redirect_within_the_origin_stays_on_the_socket() {
    let world = same_everywhere(|w| {
        w.serve_at(unix(), Peer::replies([redirect("/there").as_str(), redirect("http://b.test/").as_str(), OK]));
        w.serve("b.test:80", Peer::replies([redirect("http://a.test/back")]));
        w.send(get("http://a.test/").unix_socket(SOCKET)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].request_lines(), ["GET / HTTP/1.1", "GET /there HTTP/1.1", "GET /back HTTP/1.1"]);
    let via: Vec<_> = world.transcripts[0].history.iter().map(|hop| hop.peer.clone().unwrap().to_string()).collect();
    assert_eq!(via, ["unix:/run/canary.sock", "unix:/run/canary.sock", "192.0.2.1:80"]);
}

#[test]
fn rule_names_the_origins_of_a_socket() {
    let world = same_in(0..3, |w| {
        w.serve_at(unix(), Peer::replies([OK]));
        w.serve("a.test:80", Peer::replies([redirect("http://b.test/")]));
        let rules = ConnectTo::new().origin(origin("http://b.test/"), unix());
        w.session.configure(|options| {
            options.connect_to(rules);
        });
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(reached(&world), ["192.0.2.1:80", "unix:/run/canary.sock"]);
    let world = same_in(0..3, |w| {
        w.serve_at(unix(), Peer::replies([redirect("http://b.test/")]));
        w.serve_at(unix(), Peer::replies([OK]));
        w.session.configure(|options| {
            options.connect_to(ConnectTo::new().every_origin(unix()));
        });
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.connections().len(), 2, "another origin is another connection");
}

#[test]
fn t9_tcp_and_unix_connections_are_never_mixed() {
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([OK, OK]));
        w.serve_at(unix(), Peer::replies([OK, OK]));
        w.serve_at(Address::unix("/run/other.sock"), Peer::replies([OK]));
        w.session.configure(|options| {
            options.unix_socket(SOCKET);
        });
        for _ in 0..2 {
            w.get("http://a.test/unix").assert(200, "hi");
            w.send(get("http://a.test/tcp").connect_to(Setting::Clear)).assert(200, "hi");
        }
        w.send(get("http://a.test/other").unix_socket("/run/other.sock")).assert(200, "hi");
    });
    assert_eq!(reached(&world), ["unix:/run/canary.sock", "192.0.2.1:80", "unix:/run/other.sock"]);
    for (connection, path) in world.connections().iter().zip(["unix", "tcp", "other"]) {
        assert!(connection.request_lines().iter().all(|line| line == &format!("GET /{path} HTTP/1.1")));
    }
}

#[test]
fn t29_address_policy_holds_beside_a_socket() {
    for policy in [AddressPolicy::PublicOnly, AddressPolicy::Custom(Arc::new(|_| false))] {
        let world = same_in(0..3, |w| {
            w.serve_at(unix(), Peer::replies([OK]));
            w.session.configure(|options| {
                options.address_policy(policy.clone());
            });
            w.send(get("http://127.0.0.1/").unix_socket(SOCKET)).assert(200, "hi");
            w.get("http://127.0.0.1/");
            let tcp = Address::from("127.0.0.1:80".parse::<std::net::SocketAddr>().unwrap());
            w.send(get("http://a.test/").connect_to(ConnectTo::from(tcp)));
            w.serve_at(unix(), Peer::replies([redirect("http://127.0.0.1/")]));
            w.send(get("http://a.test/").connect_to(ConnectTo::from(unix())));
        });
        for run in &world.transcripts[1..] {
            assert!(matches!(run.kind(), ErrorKind::AddressDenied(_)), "{}", run.error());
        }
    }
}

#[test]
fn session_socket_serves_its_base_url_alone() {
    let world = same_in(0..3, |w| {
        w.session.set_base_url("http://a.test/").unwrap();
        w.session.configure(|options| {
            options.unix_socket(SOCKET);
        });
        w.serve_at(unix(), Peer::replies([OK]));
        w.serve("b.test:80", Peer::replies([OK]));
        w.send(get("/x")).assert(200, "hi");
        w.send(get("//b.test/x")).assert(200, "hi");
        w.serve_at(unix(), Peer::replies([OK]));
        w.send(get("//c.test/x").unix_socket(SOCKET)).assert(200, "hi");
    });
    assert_eq!(reached(&world), ["unix:/run/canary.sock", "192.0.2.1:80", "unix:/run/canary.sock"]);
}

#[test]
fn hop_with_an_address_uses_no_proxy() {
    let proxy = Proxy::new("http://p.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        w.session.configure(|options| {
            options.proxy(proxy.clone());
        });
        w.serve_at(unix(), Peer::replies([redirect("http://b.test/")]));
        w.serve("p.test:3128", Peer::replies([OK]));
        w.send(get("http://a.test/x").unix_socket(SOCKET)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].request_lines(), ["GET /x HTTP/1.1"]);
    assert_eq!(world.connections()[1].request_lines(), ["GET http://b.test/ HTTP/1.1"]);
}

#[test]
fn error_names_the_socket_but_no_custom_identity() {
    let custom = Address::custom("token=canary");
    let world = same_in(0..3, |w| {
        for address in [unix(), custom.clone()] {
            w.refuses_after(address.clone(), ms(1));
            w.send(get("http://a.test/").connect_to(ConnectTo::from(address)));
        }
        w.serve_at(Address::unix("/run/b.sock"), Peer::new().request().close());
        w.send(get("http://b.test/").unix_socket("/run/b.sock"));
    });
    let text = |n: usize| world.transcripts[n].error().to_string();
    assert!(text(0).contains("unix:/run/canary.sock: connection refused"), "{}", text(0));
    assert!(text(1).contains("custom address: connection refused") && !text(1).contains("token"), "{}", text(1));
    assert!(text(2).contains("[unix:/run/b.sock, "), "{}", text(2));
    assert!(!format!("{:?}", world.transcripts[1].error().report()).contains("token"));
}

#[test]
fn connection_of_another_kind_of_address_is_rejected() {
    let tcp = Address::from("192.0.2.1:80".parse::<std::net::SocketAddr>().unwrap());
    let over_socket = get("http://a.test/").unix_socket(SOCKET);
    let other = Some(Address::unix("/run/other.sock"));
    for (request, peer) in [
        (over_socket.clone(), Some(tcp)),
        (over_socket.clone(), other.clone()),
        (over_socket.clone(), None),
        (get("http://a.test/"), other),
        (get("http://a.test/"), Some(Address::custom("a"))),
    ] {
        let mut session = Session::new();
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), Now::default());
        transfer.sync(Now::default(), &mut session).unwrap();
        assert!(matches!(transfer.poll(), Output::Acquire(Acquire::Any)));
        let link = || Box::new(Link::new(Vec::new(), Config::default()));
        let given = transfer.handle(Now::default(), Input::Acquired { link: link(), peer });
        assert_eq!(given, Err(Misuse::OtherRoute));
        let right = transfer.handle(Now::default(), Input::OpenNew);
        assert_eq!(right, Ok(()), "the order stays open");
    }
}
