//! Requests that deviate from their URL: the request target, and where else the URL counts.

use petition_core::{BuildError, ErrorKind, Method, Proxy, Request, RequestTarget, Session};
use petition_tests::memory::{Peer, same_in};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn aimed(method: Method, url: &str, target: RequestTarget) -> Request {
    Request::new(method, url).target(target)
}

fn path(path: &str) -> RequestTarget {
    RequestTarget::Path(path.into())
}

#[test]
fn explicit_target_reaches_proxies_too() {
    let proxy = Proxy::new("http://p.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([OK, OK]));
        w.send(aimed(Method::OPTIONS, "http://a.test/x", RequestTarget::Asterisk)).assert(200, "hi");
        w.send(aimed(Method::GET, "http://a.test/x?q", path("/../x?y"))).assert(200, "hi");
        w.serve("p.test:3128", Peer::replies([OK, OK]));
        for request in [
            aimed(Method::OPTIONS, "http://b.test/", RequestTarget::Asterisk),
            aimed(Method::GET, "http://b.test/x", path("/./y")),
        ] {
            w.send(request.proxy(proxy.clone())).assert(200, "hi");
        }
    });
    let lines = |number: usize| world.connections()[number].request_lines();
    assert_eq!(lines(0), ["OPTIONS * HTTP/1.1", "GET /../x?y HTTP/1.1"]);
    assert_eq!(lines(1), ["OPTIONS * HTTP/1.1", "GET http://b.test/./y HTTP/1.1"]);
}

#[test]
fn redirect_drops_an_explicit_target() {
    let redirect = "HTTP/1.1 302 X\r\nLocation: ../z\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect, OK]));
        w.send(aimed(Method::OPTIONS, "http://a.test/x/y", RequestTarget::Asterisk)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].request_lines(), ["OPTIONS * HTTP/1.1", "OPTIONS /z HTTP/1.1"]);
}

#[test]
fn invalid_target_fails_before_sending() {
    for (method, target) in [
        (Method::GET, RequestTarget::Asterisk),
        (Method::GET, path("x")),
        (Method::GET, path("")),
        (Method::GET, path("/a b")),
        (Method::GET, path("/a#b")),
        (Method::GET, path("/a\r\nX: y")),
        (Method::GET, path("/é")),
    ] {
        let error = Session::new().prepare(&aimed(method, "http://a.test/", target.clone())).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Build(BuildError::Target(_))), "{target:?}: {error}");
    }
}

#[test]
fn t20_cookies_follow_a_host_override() {
    let cookies = "Set-Cookie: own=1\r\nSet-Cookie: site=2; Domain=site.test\r\nSet-Cookie: no=3; Domain=a.test\r\n";
    let answer = |rest: &str| format!("HTTP/1.1 200 OK\r\n{cookies}{rest}Content-Length: 2\r\n\r\nhi");
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([answer(""), answer(""), OK.into()]));
        let named = || Request::new(Method::GET, "http://a.test/").header("Host", "WWW.Site.test:81");
        w.send(named()).assert(200, "hi");
        w.send(named()).assert(200, "hi");
        w.get("http://a.test/").assert(200, "hi");
        w.serve("www.site.test:80", Peer::replies([OK]));
        w.get("http://www.site.test/").assert(200, "hi");
    });
    let cookies = |received: &str| -> Vec<Option<String>> {
        let heads = received.split("\r\n\r\n").filter(|head| !head.is_empty());
        heads.map(|h| h.lines().find_map(|l| l.strip_prefix("Cookie: ")).map(Into::into)).collect()
    };
    assert_eq!(cookies(&world.received(0)), [None, Some("own=1; site=2".into()), None]);
    assert_eq!(cookies(&world.received(1)), [Some("own=1; site=2".into())]);
}

#[test]
fn t20_redirect_returns_cookies_to_the_url() {
    let redirect = "HTTP/1.1 302 X\r\nSet-Cookie: a=1\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n";
    let set = "HTTP/1.1 200 OK\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nhi";
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect]));
        w.serve("b.test:80", Peer::replies([set, OK]));
        w.send(Request::new(Method::GET, "http://a.test/").header("Host", "site.test")).assert(200, "hi");
        w.get("http://b.test/").assert(200, "hi");
    });
    let received = world.received(1);
    assert!(received.contains("Cookie: b=2\r\n") && !received.contains("a=1"), "{received}");
}
