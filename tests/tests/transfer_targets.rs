//! Requests that go against what their URL says: the request target, and where else the URL's word counts.
#![forbid(unsafe_code)]

use petition_core::options::ScalarOptions;
use petition_core::{BuildError, ErrorKind, Method, Proxy, Request, RequestTarget, Session};
use petition_tests::memory::{Peer, same_in};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn set(request: Request, change: impl FnOnce(&mut ScalarOptions)) -> Request {
    request.option(|options| change(options.scalars_mut()))
}

fn aimed(method: Method, url: &str, target: RequestTarget) -> Request {
    set(Request::new(method, url), |scalars| scalars.target = target.into())
}

fn path(path: &str) -> RequestTarget {
    RequestTarget::Path(path.into())
}

#[test]
fn the_target_is_what_was_asked_for_also_to_a_proxy() {
    let proxy = Proxy::new("http://p.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([OK, OK]));
        w.send(aimed(Method::OPTIONS, "http://a.test/x", RequestTarget::Asterisk)).assert(200, "hi");
        w.send(aimed(Method::GET, "http://a.test/x?q", path("/../x?y"))).assert(200, "hi");
        w.serve("p.test:3128", Peer::replies([OK, OK]));
        for request in [
            aimed(Method::OPTIONS, "http://b.test/", RequestTarget::Asterisk),
            aimed(Method::GET, "http://b.test:81/x", path("/./y")),
        ] {
            w.send(set(request, |scalars| scalars.proxy = Some(proxy.clone()).into())).assert(200, "hi");
        }
    });
    let lines = |number: usize| world.connections()[number].request_lines();
    assert_eq!(lines(0), ["OPTIONS * HTTP/1.1", "GET /../x?y HTTP/1.1"]);
    assert_eq!(lines(1), ["OPTIONS * HTTP/1.1", "GET http://b.test:81/./y HTTP/1.1"]);
}

#[test]
fn a_target_set_by_hand_is_dropped_at_a_redirect() {
    let redirect = "HTTP/1.1 302 X\r\nLocation: ../z\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect, OK]));
        w.send(aimed(Method::OPTIONS, "http://a.test/x/y", RequestTarget::Asterisk)).assert(200, "hi");
    });
    assert_eq!(world.connections()[0].request_lines(), ["OPTIONS * HTTP/1.1", "OPTIONS /z HTTP/1.1"]);
}

#[test]
fn a_target_that_cannot_be_is_refused_before_anything_is_sent() {
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
