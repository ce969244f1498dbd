use super::drive::{WHOLE, drive, everywhere, get};
use super::peer::{GET, Peer, Script, hello};
use crate::Limits;
use crate::http1::{Config, InvalidRequest};
use crate::link::{Layer, LayerKind, Link, LinkError, Phase, ProxyFailure, Tunnel};

const CONNECT: &str = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";

fn tunnel(limits: Limits) -> Link {
    let config = Config { limits, ..Config::default() };
    let layer = Tunnel::new(config, "a.example:443", None).unwrap();
    Link::new(vec![Box::new(layer)], Config::default())
}

fn refusal(answer: &str, closes: bool) -> LinkError {
    let mut link = tunnel(Limits::DEFAULT);
    let error = poll_error(&mut link, answer, closes);
    assert!(!link.is_established());
    error
}

/// Polls until this answer results in an error.
fn poll_error(link: &mut Link, answer: &str, closes: bool) -> LinkError {
    let now = super::drive::TODAY;
    let mut result = link.poll(now).map(drop);
    assert_eq!(link.outgoing(), CONNECT.as_bytes());
    link.wrote(usize::MAX);
    link.received(answer.as_bytes());
    if closes {
        link.receive_eof();
    }
    for _ in 0..9 {
        if let Err(error) = result {
            return error;
        }
        result = link.poll(now).map(drop);
    }
    panic!("no error");
}

#[test]
fn t4_connect_sends_only_required_fields() {
    let layer = Tunnel::new(
        Config::default(),
        "[::1]:443",
        [("Proxy-Authorization", &b"Basic dTpw"[..]), ("User-Agent", b"petition")],
    )
    .unwrap();
    let mut link = Link::new(vec![Box::new(layer)], Config::default());
    link.poll(super::drive::TODAY).unwrap();
    assert_eq!(link.phase(), Phase::Establishing(LayerKind::Proxy));
    let expected = "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic dTpw\r\n\
                    User-Agent: petition\r\n\r\n";
    assert_eq!(std::str::from_utf8(link.outgoing()), Ok(expected));
}

#[test]
fn t3_t77_requests_pass_the_tunnel_without_proxy_credentials() {
    let connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
    // Any 2xx opens the tunnel, and its body fields are ignored.
    for answer in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 102 \r\n\r\nHTTP/1.1 299 x\r\nConnection: close\r\n\r\n",
    ] {
        everywhere(
            &[get(), get()],
            || {
                let layer =
                    Tunnel::new(Config::default(), "a.example:443", [("Proxy-Authorization", &b"Basic dTpw"[..])])
                        .unwrap();
                let link = Link::new(vec![Box::new(layer)], Config::default());
                (link, Script::new([(connect, answer)]).then(hello(2)))
            },
            |peer, seen| {
                assert_eq!(peer.seen(), GET.repeat(2).as_bytes());
                assert_eq!(seen.events, ["established", "head 200", "end", "reusable", "head 200", "end", "reusable"]);
            },
        );
    }
}

#[test]
fn open_tunnel_leaves_a_plain_link() {
    let mut link = tunnel(Limits::DEFAULT);
    drive(&mut link, &mut Script::new([(CONNECT, "HTTP/1.1 200 \r\n\r\n")]).then(hello(1)), WHOLE, &[get()]);
    assert!(link.is_plain());
}

#[test]
fn t77_refusal_is_never_the_origins_response() {
    let LinkError::Proxy(ProxyFailure::Refused(refused)) = refusal(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 4\r\n\r\nwho?",
        false,
    ) else {
        panic!()
    };
    assert!(refused.wants_authentication());
    assert_eq!(refused.head.get("proxy-authenticate"), Some(&b"Basic realm=\"p\""[..]));
    assert_eq!(refused.body, b"who?");

    let LinkError::Proxy(ProxyFailure::Refused(refused)) =
        refusal("HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n\r\npage", true)
    else {
        panic!()
    };
    assert!(!refused.wants_authentication());
    assert_eq!(refused.body, b"page");
    assert_eq!(refused.to_string(), "the proxy refused the tunnel with status 302");
}

#[test]
fn t96_refusal_does_not_show_its_body() {
    let answer = "HTTP/1.1 403 No\r\nX-Why: canary\r\nContent-Length: 6\r\n\r\ncanary";
    let LinkError::Proxy(ProxyFailure::Refused(refused)) = refusal(answer, false) else { panic!() };
    let shown = format!("{refused:?} {refused}");
    assert!(refused.body == b"canary" && shown.contains("body_bytes: 6"), "{shown}");
    assert!(!shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
}

#[test]
fn t77_refusal_does_not_depend_on_splits() {
    let answer = "HTTP/1.1 403 \r\nContent-Length: 9\r\n\r\nforbidden";
    everywhere(
        &[get()],
        || (tunnel(Limits::DEFAULT), Script::new([(CONNECT, answer)])),
        |_, seen| assert_eq!(seen.events, ["error: the proxy refused the tunnel with status 403"]),
    );
}

#[test]
fn refusal_body_is_stored_up_to_the_limit() {
    let mut limits = Limits::DEFAULT;
    limits.proxy_refusal_bytes = 6;
    // Neither complete nor finite: the stored part is enough.
    for answer in ["HTTP/1.1 502 \r\n\r\ntoo much of it", "HTTP/1.1 502 \r\nContent-Length: 99\r\n\r\ntoo muc"] {
        let LinkError::Proxy(ProxyFailure::Refused(refused)) = poll_error(&mut tunnel(limits), answer, false) else {
            panic!()
        };
        assert_eq!(refused.body, b"too mu");
    }
    // A truncated or malformed body does not affect the refusal.
    for answer in [
        "HTTP/1.1 502 \r\nContent-Length: 5\r\n\r\ntoo",
        "HTTP/1.1 502 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntoo\r\nZ",
    ] {
        let LinkError::Proxy(ProxyFailure::Refused(refused)) = poll_error(&mut tunnel(limits), answer, true) else {
            panic!()
        };
        assert_eq!(refused.body, b"too");
    }
}

#[test]
fn t77_bytes_before_the_first_request_are_an_error() {
    let error = refusal("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
    assert!(matches!(error, LinkError::Proxy(ProxyFailure::EarlyBytes)), "{error}");
}

#[test]
fn proxy_hangups_and_non_http_are_distinguished() {
    let error = refusal("", true);
    assert!(matches!(&error, LinkError::Proxy(ProxyFailure::Protocol(_))) && error.is_truncation(), "{error}");
    let error = refusal("SSH-2.0-x\r\n", false);
    assert!(matches!(&error, LinkError::Proxy(ProxyFailure::Protocol(_))) && !error.is_truncation(), "{error}");
    assert!(error.to_string().starts_with("invalid response from the proxy to CONNECT: expected HTTP/1.x"), "{error}");
}

#[test]
fn tunnel_fields_cannot_inject_lines() {
    let bad = Tunnel::new(Config::default(), "a.example:443", [("Proxy-Authorization", &b"Basic x\r\nX: y"[..])]);
    assert!(matches!(bad, Err(InvalidRequest::FieldValue { .. })));
    assert!(Tunnel::new(Config::default(), "a b:1", None).is_err());
}

#[test]
fn nested_tunnels_open_in_order() {
    let second = "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n";
    everywhere(
        &[get()],
        || {
            let layers = ["a.example:443", "b.example:443"]
                .map(|to| Box::new(Tunnel::new(Config::default(), to, None).unwrap()) as Box<dyn Layer>);
            let proxies = Script::new([(CONNECT, "HTTP/1.1 200 \r\n\r\n"), (second, "HTTP/1.1 200 \r\n\r\n")]);
            (Link::new(layers.into(), Config::default()), proxies.then(hello(1)))
        },
        |_, seen| assert_eq!(seen.events, ["established", "head 200", "end", "reusable"]),
    );
}
