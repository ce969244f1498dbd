//! Authentication by challenge, over sockets and both transports.

use petition_core::{Auth, Body, ErrorKind, Method, Proxy, Request};
use petition_tests::foreign_servers::{self, LOGIN, Program, Settings, TlsVersion};
use petition_tests::httpbin::Httpbin;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{Client, Upload};
use petition_tests::tls::Authority;

fn digest() -> Auth {
    Auth::digest(LOGIN.0, LOGIN.1).unwrap()
}

#[test]
fn t74_apache_accepts_digest_on_one_connection() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    for tls in [None, Some((&identity, TlsVersion::Tls13))] {
        let settings = Settings { identity: tls, ..Settings::default() };
        let Some(apache) = Program::Apache.start(&settings) else { return };
        for client in Client::both(&authority) {
            assert_eq!(client.get(apache.url("/digest/text")).status(), 401);
            client.configure(|o| {
                o.auth(digest());
            });
            let first = client.get(apache.url("/digest/text?a=%20b"));
            assert_eq!(
                (first.status(), first.hops, first.reused),
                (200, 1, true),
                "{client:?}\n{}",
                apache.process.output()
            );
            // mod_auth_digest sends rspauth, which is checked.
            assert!(first.field("authentication-info").contains("rspauth"));
            for _ in 0..5 {
                let next = client.get(apache.url("/digest/text"));
                assert_eq!((next.status(), next.hops), (200, 0), "{client:?}");
            }
            let wrong =
                Request::new(Method::GET, apache.url("/digest/text")).auth(Auth::digest(LOGIN.0, "wrong").unwrap());
            let refused = client.send(wrong).unwrap();
            assert_eq!((refused.status(), refused.hops), (401, 1), "{client:?}");
        }
    }
}

#[test]
fn apache_chooses_the_scheme() {
    let Some(apache) = Program::Apache.start(&Settings::default()) else { return };
    for client in Client::both(&Authority::new()) {
        client.configure(|o| {
            o.auth(Auth::on_challenge(LOGIN.0, LOGIN.1).unwrap());
        });
        for (path, hops) in
            [("/text", 0), ("/basic/text", 1), ("/basic/text", 0), ("/digest/text", 1), ("/digest/text", 0)]
        {
            let answer = client.get(apache.url(path));
            assert_eq!((answer.status(), answer.hops), (200, hops), "{client:?} {path}");
        }
    }
}

#[test]
fn t3_squid_accepts_digest_for_both_ways() {
    let Some(squid) = foreign_servers::squid_with_digest() else { return };
    let authority = Authority::new();
    let endpoint = petition_tests::tls::Endpoint::new(&authority.issue_localhost());
    let (plain, secure) = (Httpbin::start_plain().unwrap(), Httpbin::start_tls(&endpoint).unwrap());
    let proxy = Proxy::new(&format!("http://{}", squid.address())).unwrap();
    for client in Client::both(&authority) {
        client.configure(|o| {
            o.proxy(proxy.clone());
        });
        assert_eq!(client.get(plain.base() + "/headers").status(), 407);
        let failure = client.send(Request::new(Method::GET, secure.base_at("localhost") + "/headers")).unwrap_err();
        assert!(matches!(failure.kind(), ErrorKind::Proxy(_)), "{failure}");
        client.configure(|o| {
            o.proxy(proxy.clone().auth(digest()).unwrap());
        });
        for (url, hops) in [(plain.base(), 1), (plain.base(), 0), (secure.base_at("localhost"), 0)] {
            let answer = client.get(format!("{url}/headers"));
            assert_eq!((answer.status(), answer.hops), (200, hops), "{client:?} {url}\n{}", squid.output());
            assert!(!answer.text().contains("Digest"), "the origin sees no credentials");
        }
        // Another session begins with a tunnel.
        let other = Client::both(&authority);
        for other in other {
            other.configure(|o| {
                o.proxy(proxy.clone().auth(digest()).unwrap());
            });
            let answer = other.get(secure.base_at("localhost") + "/headers");
            assert_eq!((answer.status(), answer.hops), (200, 1), "{other:?}");
        }
    }
}

#[test]
fn tinyproxy_chooses_basic() {
    let Some(tinyproxy) = foreign_servers::tinyproxy(Some(("user", "pass"))) else { return };
    let origin = Httpbin::start_plain().unwrap();
    let auth = Auth::on_challenge("user", "pass").unwrap();
    for client in Client::both(&Authority::new()) {
        client.configure(|o| {
            o.proxy(Proxy::new(&format!("http://{}", tinyproxy.address())).unwrap().auth(auth.clone()).unwrap());
            // tinyproxy may end an idle connection at any time; the repeat would be in the history.
            o.keep_alive(false);
        });
        let answer = client.get(origin.base() + "/headers");
        assert_eq!((answer.status(), answer.hops), (200, 1), "{client:?}");
        assert_eq!(client.get(origin.base() + "/headers").hops, 0, "{client:?}");
    }
}

#[test]
fn challenged_upload_is_sent_again_or_delivered() {
    const ASKS: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=r\r\nContent-Length: 0\r\n\r\n";
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for index in 0..2 {
        let server = Scripted::each(Script::new().answer(ASKS).answer(OK)).unwrap();
        let client = &Client::both(&Authority::new())[index];
        client.configure(|o| {
            o.auth(Auth::on_challenge("user", "pass").unwrap());
        });
        let post = Request::new(Method::POST, server.url("/"));
        let answer = client.send(post.clone().data(Body::from("in memory"))).unwrap();
        assert_eq!((answer.status(), answer.hops), (200, 1), "{client:?}");
        assert!(server.record(0).bodies == [b"in memory", b"in memory"], "{client:?}");
        // A stream without a way back: the challenge of another space is delivered.
        let other = Scripted::each(Script::new().answer(ASKS)).unwrap();
        let answer = client
            .upload(Request::new(Method::POST, other.url("/")), &Upload::new(b"streamed".to_vec()), true)
            .unwrap();
        assert_eq!((answer.status(), answer.hops), (401, 0), "{client:?}");
    }
}

#[test]
fn t8_netrc_of_the_host_is_sent() {
    let origin = Httpbin::start_plain().unwrap();
    let netrc = petition_core::Netrc::parse("machine 127.0.0.1 login user password pass").unwrap();
    for client in Client::both(&Authority::new()) {
        client.configure(|o| {
            o.netrc(netrc.clone());
        });
        assert_eq!(client.get(origin.base() + "/hidden-basic-auth/user/pass").status(), 200, "{client:?}");
    }
}
