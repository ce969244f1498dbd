//! The kit's proxy, judged by raw sockets.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use petition_tests::httpbin::Httpbin;
use petition_tests::net::PATIENCE;
use petition_tests::net::unreachable::refusing;
use petition_tests::proxy::{Proxy, Refusal};
use petition_tests::raw::Raw;
use petition_tests::server::{Gate, Script, Scripted};
use petition_tests::tls::{Authority, Endpoint};

const ORIGIN: &str = "origin.test:80";

/// Returns a proxy that maps `origin.test` to the server at `address`.
fn proxy_to(address: SocketAddr) -> (Proxy, Raw<TcpStream>) {
    let proxy = Proxy::builder().route(ORIGIN, address).start().unwrap();
    let client = Raw::connect(proxy.address()).unwrap();
    (proxy, client)
}

#[test]
fn requests_are_forwarded_over_one_connection() {
    let origin = Httpbin::start_plain().unwrap();
    let (proxy, mut client) = proxy_to(origin.address());
    let answer =
        client.ask("GET", "http://origin.test/get?a=1", &["X-A: b", "Proxy-Authorization: Basic eA=="]).unwrap();
    let body = answer.json();
    assert_eq!(body["args"]["a"], "1");
    assert_eq!(body["headers"]["X-A"], "b");
    assert!(body["headers"].get("Proxy-Authorization").is_none(), "{body}");
    assert_eq!(client.ask("GET", "http://origin.test/chunked-trailers", &[]).unwrap().trailers.len(), 2);
    assert_eq!(client.ask("HEAD", "http://origin.test/bytes/5", &[]).unwrap().field("content-length"), "5");
    assert_eq!(client.ask("GET", "http://origin.test/multi", &[]).unwrap().interim, [100, 102, 103, 103]);
    assert_eq!(client.ask("GET", "http://origin.test/status/204", &[]).unwrap().status, 204);
    assert_eq!((proxy.counts().accepted, proxy.heads().len(), origin.requests()), (1, 5, 5));
    assert_eq!(proxy.heads()[0].target, "http://origin.test/get?a=1");
    assert_eq!((proxy.violations(), origin.violations()), (vec![], vec![]));
}

#[test]
fn bodies_are_forwarded_in_their_framing() {
    let origin = Httpbin::start_plain().unwrap();
    let (_proxy, mut client) = proxy_to(origin.address());
    let target = "http://origin.test/upload-count";
    client.send(format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd")).unwrap();
    assert_eq!(client.response("POST").unwrap().json()["bytes"], 4);
    let head =
        format!("POST {target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    client.send(head).unwrap();
    assert_eq!(client.line().unwrap(), "HTTP/1.1 100 Continue");
    assert_eq!(client.line().unwrap(), "");
    client.send("2\r\nab\r\n3\r\ncde\r\n0\r\nX-T: 1\r\n\r\n").unwrap();
    let body = client.response("POST").unwrap().json();
    assert_eq!((&body["bytes"], &body["chunks"], &body["trailers"]["X-T"]), (&5.into(), &2.into(), &"1".into()));
}

#[test]
fn close_delimited_response_closes_the_client_connection() {
    let origin = Scripted::each(Script::new().answer("HTTP/1.1 200 OK\r\n\r\nuntil the end")).unwrap();
    let (_proxy, mut client) = proxy_to(origin.address());
    assert_eq!(client.ask("GET", "http://origin.test/", &[]).unwrap().body, b"until the end");
}

#[test]
fn tunnel_carries_tls_untouched() {
    let authority = Authority::new();
    let origin = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let (proxy, mut client) = proxy_to(origin.address());
    assert_eq!(client.ask("CONNECT", ORIGIN, &[]).unwrap().status, 200);
    let config = Arc::new(authority.client_config(&["http/1.1"]));
    let mut inner = Raw::secure(&config, client.into_stream()).unwrap();
    let secret = "X-Secret: hunter2";
    assert_eq!(inner.ask("GET", "/close", &[secret]).unwrap().json()["headers"]["X-Secret"], "hunter2");
    assert_eq!(inner.rest().unwrap(), b"");
    drop(inner);
    proxy.wait_for_counts("the tunnel to end", |counts| counts.open == 0);
    let tunnels = proxy.tunnels();
    assert_eq!(tunnels[0].target, ORIGIN);
    assert!(tunnels[0].received > 1000 && tunnels[0].sent.len() > 200);
    assert!(!tunnels[0].sent.windows(7).any(|window| window == b"hunter2"));
    origin.wait_for_counts("the connection to end", |counts| counts.open == 0);
}

#[test]
fn tunnel_passes_through_a_tls_proxy() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let origin = Httpbin::start_tls(&endpoint).unwrap();
    let proxy = Proxy::builder().tls(&endpoint).route(ORIGIN, origin.address()).start().unwrap();
    let config = Arc::new(authority.client_config(&["http/1.1"]));
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut outer = Raw::secure(&config, stream).unwrap();
    assert_eq!(outer.ask("CONNECT", ORIGIN, &[]).unwrap().status, 200);
    let mut inner = Raw::secure(&config, outer.into_stream()).unwrap();
    assert_eq!(inner.ask("GET", "/bytes/100000", &[]).unwrap().body.len(), 100_000);
    assert!(proxy.url().starts_with("https://localhost:"));
}

#[test]
fn proxy_requests_credentials() {
    let origin = Httpbin::start_plain().unwrap();
    let proxy = Proxy::builder().route(ORIGIN, origin.address()).credentials("u", "p").start().unwrap();
    let mut client = Raw::connect(proxy.address()).unwrap();
    for (method, target) in [("GET", "http://origin.test/ip"), ("CONNECT", ORIGIN)] {
        let answer = client.ask(method, target, &[]).unwrap();
        assert_eq!((answer.status, answer.field("proxy-authenticate")), (407, "Basic realm=\"proxy\""));
        let answer = client.ask(method, target, &["Proxy-Authorization: Basic dTpw"]).unwrap();
        assert_eq!(answer.status, 200);
    }
    assert_eq!(proxy.counts().accepted, 1, "a 407 keeps the connection");
}

#[test]
fn refusals_come_in_their_order() {
    let origin = Httpbin::start_plain().unwrap();
    let proxy = Proxy::builder()
        .route(ORIGIN, origin.address())
        .refuse(Refusal::new(403, "no"))
        .refuse(Refusal::new(302, "").field("Location", "http://elsewhere.test/"))
        .refuse(Refusal::new(500, "broken").close())
        .start()
        .unwrap();
    let mut client = Raw::connect(proxy.address()).unwrap();
    let answer = client.ask("CONNECT", ORIGIN, &[]).unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (403, b"no".as_slice()));
    assert_eq!(client.ask("CONNECT", ORIGIN, &[]).unwrap().field("location"), "http://elsewhere.test/");
    assert_eq!(client.ask("CONNECT", ORIGIN, &[]).unwrap().status, 500);
    assert_eq!(client.rest().unwrap(), b"");
    let mut client = Raw::connect(proxy.address()).unwrap();
    assert_eq!(client.ask("CONNECT", ORIGIN, &[]).unwrap().status, 200);
    assert_eq!((proxy.heads().len(), proxy.tunnels().len()), (4, 1));
}

#[test]
fn connect_response_may_carry_injected_bytes() {
    let origin = Httpbin::start_plain().unwrap();
    let proxy = Proxy::builder()
        .route(ORIGIN, origin.address())
        .established("HTTP/1.1 201 Made\r\nContent-Length: 9\r\n\r\n")
        .inject("early")
        .start()
        .unwrap();
    let mut client = Raw::connect(proxy.address()).unwrap();
    assert_eq!(client.ask("CONNECT", ORIGIN, &[]).unwrap().status, 201);
    client.send("GET /ip HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(client.line().unwrap(), "earlyHTTP/1.1 200 OK");
}

#[test]
fn held_connect_waits_unreachable_origin_gives_502() {
    let gate = Gate::new();
    let proxy = Proxy::builder().hold(&gate).route(ORIGIN, refusing().unwrap()).start().unwrap();
    let mut client = Raw::connect(proxy.address()).unwrap();
    client.send(format!("CONNECT {ORIGIN} HTTP/1.1\r\nHost: {ORIGIN}\r\n\r\n")).unwrap();
    proxy.wait_for_heads(1);
    client.stream().set_nonblocking(true).unwrap();
    assert!(client.line().is_err(), "nothing has come");
    client.stream().set_nonblocking(false).unwrap();
    gate.open();
    assert_eq!(client.response("CONNECT").unwrap().status, 502);
    assert_eq!(client.ask("GET", "/relative", &[]).unwrap().status, 400);
    assert_eq!(proxy.violations().len(), 1);
    let mut held = Raw::connect(proxy.address()).unwrap();
    held.send("CONNECT a:1 HTTP/1.1\r\n").unwrap();
    drop(proxy);
    assert!(held.line().is_err(), "a proxy that is dropped lets go");
}
