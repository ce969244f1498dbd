//! Proxies and TLS: what CONNECT says (T3, T4), refusals (T77), truncation under TLS (T45), and
//! what is shown of secrets (T96).

use petition_core::http1::Leniencies;
use std::sync::Arc;

use petition_core::http1::ResponseHead;
use petition_core::link::ProxyFailure;
use petition_core::route::proxy::Tunnel;
use petition_core::tls::TlsConfig;
use petition_core::{ErrorKind, Method, Phase, Processed, Proxy, Request};
use petition_tests::memory::{
    ConnectionState, Peer, World, client_config, invariants, same_everywhere, same_in, server_config,
};
use petition_tests::tls::Authority;
use rustls::ServerConfig;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const OPEN: &str = "HTTP/1.1 200 Connection Established\r\n\r\n";

struct Trust {
    server: Arc<ServerConfig>,
    client: TlsConfig,
}

fn trust() -> Trust {
    let authority = Authority::new();
    Trust { server: server_config(&authority, &["a.test", "b.test", "p.test"]), client: client_config(&authority) }
}

fn get(url: &str, client: &TlsConfig) -> Request {
    let client = client.clone();
    Request::new(Method::GET, url).tls(client)
}

fn through(request: Request, proxy: &Proxy) -> Request {
    let proxy = proxy.clone();
    request.proxy(proxy)
}

#[test]
fn t9_https_works_under_a_virtual_clock() {
    let Trust { server, client } = trust();
    let world = same_everywhere(|w| {
        w.serve("a.test:443", Peer::tls(&server).request().send(OK).request().send(OK));
        w.send(get("https://a.test/", &client)).assert(200, "hi");
        w.send(get("https://a.test/two", &client)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].request_lines(), ["GET / HTTP/1.1", "GET /two HTTP/1.1"]);
    // Another configuration is another connection.
    let other = Authority::new();
    let world = same_in(0..3, |w| {
        for _ in 0..2 {
            w.serve("a.test:443", Peer::tls(&server).request().send(OK));
        }
        w.send(get("https://a.test/", &client)).assert(200, "hi");
        w.send(get("https://a.test/", &client_config(&other)));
    });
    assert_eq!(world.transcripts[1].phase(), Phase::Tls);
    assert!(!world.received(1).contains("GET"));
}

#[test]
fn large_bodies_both_ways_under_tls() {
    let Trust { server, client } = trust();
    let body = vec![b'y'; 300_000];
    let world = same_in(3..9, |w| {
        let answer =
            Peer::tls(&server).request().send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n").fill(b'x', 300_000);
        w.serve("a.test:443", answer.request().send(OK));
        let mut request = get("https://a.test/", &client).data(body.clone());
        request.set_method(Method::PUT);
        assert_eq!(w.send(request).text().len(), 300_000);
        w.send(get("https://a.test/", &client)).assert(200, "hi");
    });
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn t45_missing_close_notify_matters_without_a_length() {
    let Trust { server, client } = trust();
    let world = same_in(0..6, |w| {
        let until_close = "HTTP/1.1 200 OK\r\n\r\nabc";
        w.serve("a.test:443", Peer::tls(&server).request().send(until_close).close_notify().close());
        w.serve("a.test:443", Peer::tls(&server).request().send(until_close).close());
        w.serve("a.test:443", Peer::tls(&server).request().send(OK).close());
        w.serve(
            "a.test:443",
            Peer::tls(&server).request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").close(),
        );
        let strict = |request: Request| {
            request.leniencies(|l| {
                l.all(Leniencies::STRICT);
            })
        };
        w.send(strict(get("https://a.test/", &client))).assert(200, "abc");
        w.send(strict(get("https://a.test/", &client)));
        w.send(strict(get("https://a.test/", &client))).assert(200, "hi");
        w.send(get("https://a.test/", &client));
    });
    for number in [1, 3] {
        assert!(world.transcripts[number].error().is_truncated(), "{number}");
        assert_eq!(world.transcripts[number].body, b"abc");
    }
}

#[test]
fn t10_downgrade_drops_credentials_and_secure_cookies() {
    let Trust { server, client } = trust();
    let set = "HTTP/1.1 302 X\r\nSet-Cookie: s=canary; Secure\r\nSet-Cookie: plain=1\r\nLocation: http://a.test/\r\n\
               Content-Length: 0\r\n\r\n";
    let world = same_in(0..3, |w| {
        w.serve("a.test:443", Peer::tls(&server).request().send(set).request().send(set));
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(get("https://user:canary@a.test/", &client).header("X-Api-Key", "canary")).assert(200, "hi");
        w.send(get("https://a.test/", &client).redirects(|r| {
            r.plain_http(petition_core::policy::redirect::PlainHttp::NotFromHttps);
        }));
    });
    let received = world.received(1);
    assert!(
        received.contains("Cookie: plain=1\r\n") && !received.contains("canary") && !received.contains("Authorization"),
        "{received}"
    );
    assert_eq!(world.transcripts[1].phase(), Phase::Redirect);
}

#[test]
fn garbage_or_an_end_fails_the_handshake() {
    let Trust { client, .. } = trust();
    let peers = [Peer::new().send("HTTP/1.1 200 OK\r\n\r\n"), Peer::new().close(), Peer::new().received(100).reset()];
    for (peer, seed) in peers.iter().flat_map(|peer| (0..5).map(move |seed| (peer, seed))) {
        same_in(seed..seed + 1, |w| {
            w.serve("a.test:443", peer.clone());
            let run = w.send(get("https://a.test/", &client));
            assert_eq!((run.phase(), run.error().report().processed), (Phase::Tls, Processed::No), "{}", run.error());
        });
    }
}

#[test]
fn t54_unwritten_post_under_tls_is_sent_again() {
    let Trust { server, client } = trust();
    let world = same_in(0..4, |w| {
        w.serve("a.test:443", Peer::tls(&server).request().send(OK).reset());
        w.serve("a.test:443", Peer::tls(&server).request().send(OK));
        w.send(get("https://a.test/", &client)).assert(200, "hi");
        let mut post = get("https://a.test/", &client).data("body");
        post.set_method(Method::POST);
        w.send(post).assert(200, "hi");
    });
    assert!(world.received(1).ends_with("body"));
}

#[test]
fn t3_t4_connect_carries_proxy_fields_only() {
    let Trust { server, client } = trust();
    let proxy = Proxy::new("http://puser:pcanary@p.test:3128").unwrap().header("X-Proxy", "yes").unwrap();
    let world = same_everywhere(|w| {
        w.session.set_headers([("X-Api-Key", "canary1")]).unwrap();
        w.serve("p.test:3128", Peer::new().head().send(OPEN).start_tls(&server).request().send(OK));
        let request = get("https://user:canary2@a.test/path?q=canary3", &client).cookie("c", "canary4");
        w.send(through(request, &proxy)).assert(200, "hi");
    });
    let received = world.received(0);
    let (connect, inside) = received.split_at(received.find("GET ").unwrap());
    let agent = petition_core::headers::USER_AGENT;
    assert_eq!(
        connect,
        format!(
            "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: {agent}\r\n\
             Proxy-Authorization: Basic cHVzZXI6cGNhbmFyeQ==\r\nX-Proxy: yes\r\n\r\n"
        )
    );
    assert!(
        !inside.contains("Proxy-Authorization") && !inside.contains("X-Proxy") && !inside.contains("pcanary"),
        "{inside}"
    );
    for n in [1, 3, 4] {
        assert!(inside.contains(&format!("canary{n}")), "{inside}");
    }
    assert!(inside.starts_with("GET /path?q=canary3 HTTP/1.1\r\nHost: a.test\r\n"));
    invariants::no_secret_is_shown(&world, &["canary"]);
}

#[test]
fn t3_forwarding_proxy_gets_absolute_form() {
    let proxy = Proxy::new("http://u:p@p.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        w.serve(
            "p.test:3128",
            Peer::replies(["HTTP/1.1 302 X\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n"]),
        );
        w.serve("p.test:3128", Peer::replies([OK]));
        w.send(through(Request::new(Method::GET, "http://a.test/x?y#z"), &proxy)).assert(200, "hi");
    });
    assert!(
        world.received(0).starts_with("GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n"),
        "{}",
        world.received(0)
    );
    assert!(world.received(0).contains("Proxy-Authorization: Basic dTpw\r\n"));
    assert!(world.received(1).starts_with("GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n"));
}

#[test]
fn https_proxy_nests_tls_in_tls() {
    let Trust { server, client } = trust();
    let proxy = Proxy::new("https://p.test:3129").unwrap();
    let world = same_in(0..4, |w| {
        let peer = Peer::tls(&server).head().send(OPEN).start_tls(&server).request().send(OK);
        w.serve("p.test:3129", peer);
        w.send(through(get("https://a.test/", &client), &proxy)).assert(200, "hi");
    });
    assert!(world.received(0).starts_with("CONNECT a.test:443"));
}

fn refused(world: &World, number: usize) -> &ResponseHead {
    match world.transcripts[number].kind() {
        ErrorKind::Proxy(ProxyFailure::Refused(refusal)) => &refusal.head,
        other => panic!("{other}"),
    }
}

#[test]
fn t77_refusal_never_becomes_the_origins_answer() {
    let Trust { client, .. } = trust();
    let proxy = Proxy::new("http://p.test:3128").unwrap();
    let refusals = [
        (403, "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nSet-Cookie: evil=1\r\n\r\nbody!!"),
        (
            407,
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
        ),
        (302, "HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\n\r\n"),
        (500, "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ];
    for (status, refusal) in refusals {
        let world = same_everywhere(|w| {
            w.serve("p.test:3128", Peer::new().head().send(refusal));
            w.send(through(get("https://a.test/", &client), &proxy));
        });
        let run = &world.transcripts[0];
        assert_eq!((refused(&world, 0).status().as_u16(), run.phase(), run.status), (status, Phase::Proxy, 0));
        assert_eq!(run.words(), ["failed"]);
        assert!(world.session.jar().is_empty());
        assert_eq!(world.connections()[0].state, ConnectionState::Closed);
    }
}

#[test]
fn t77_length_in_connect_success_is_ignored() {
    let Trust { server, client } = trust();
    let proxy = Proxy::new("http://p.test:3128").unwrap();
    let world = same_in(0..4, |w| {
        let open = "HTTP/1.1 201 X\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n";
        w.serve("p.test:3128", Peer::new().head().send(open).start_tls(&server).request().send(OK));
        w.send(through(get("https://a.test/", &client), &proxy)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].state, ConnectionState::Pooled);
    let world = same_in(0..1, |w| {
        w.serve("p.test:3128", Peer::new().head().send(format!("{OPEN}{OK}")));
        w.send(through(get("https://a.test/", &client), &proxy));
        // Also where nothing is said inside before the request.
        let always = proxy.clone().tunnel(Tunnel::Always);
        w.serve("p.test:3128", Peer::new().head().send(format!("{OPEN}{OK}")));
        w.send(through(Request::new(Method::GET, "http://a.test/"), &always));
    });
    for run in &world.transcripts {
        assert!(matches!(run.kind(), ErrorKind::Proxy(ProxyFailure::EarlyBytes)), "{}", run.error());
    }
}

#[test]
fn t96_no_secret_is_shown_whatever_fails() {
    let Trust { server, client } = trust();
    let proxy = Proxy::new("http://puser:canary0@p.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        w.session.set_headers([("Authorization", "Bearer canary1")]).unwrap();
        w.session.configure(|o| o.cookies.set("session", "canary2"));
        w.session.configure(|o| o.query.set("key", "canary3"));
        let request = |url: &str| {
            let request = get(url, &client).cookie("c", "canary4").sensitive_header("X-Mine", "canary5");
            request.query("token", "canary6").data("password=canary7")
        };
        w.serve(
            "a.test:443",
            Peer::tls(&server).request().send(
                "HTTP/1.1 302 X\r\nSet-Cookie: s=canary8\r\nLocation: ftp://a.test/\r\nContent-Length: 0\r\n\r\n",
            ),
        );
        w.send(request("https://user:canary9@a.test/"));
        w.serve(
            "a.test:80",
            Peer::replies([
                "HTTP/1.1 302 X\r\nSet-Cookie: s=canary8\r\nLocation: /b?t=canary6\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 302 X\r\nLocation: http://user:canary@/\r\nContent-Length: 0\r\n\r\n",
            ]),
        );
        w.send(request("http://user:canary9@a.test/?x=canary6"));
        w.serve("p.test:3128", Peer::new().head().send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"));
        w.send(through(request("https://user:canary9@a.test/"), &proxy));
        w.name_fails("nowhere.test", std::io::ErrorKind::NotFound);
        w.send(request("http://user:canary9@nowhere.test/?x=canary6"));
    });
    invariants::no_secret_is_shown(&world, &["canary"]);
}
