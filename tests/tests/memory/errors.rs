//! What an error says: how much had come when a byte was refused, that it was the proxy, and that
//! it stays.

use std::io;

use petition_core::{ErrorKind, Limits, Method, Phase, Proxy, Request};
use petition_tests::memory::{ConnectionState, Peer, World, same_everywhere};

fn get() -> Request {
    Request::new(Method::GET, "http://a.test/")
}

const HEAD: &str = "HTTP/1.1 200 OK\r\n";

/// Answers with bytes: those before the bar are consumed, the last of them rejected; the rest is
/// not wanted.
fn refused_at(bar: &str, caller: impl Fn(&mut World)) {
    let (taken, behind) = bar.split_once('|').unwrap();
    let answer = format!("{taken}{behind}");
    let world = same_everywhere(|w| {
        caller(w);
        w.serve("a.test:80", Peer::new().request().send(&answer).close());
        let run = w.get("http://a.test/");
        assert_eq!(run.error().report().bytes_received, taken.len() as u64, "{bar:?}: {}", run.error());
    });
    assert_eq!(world.connections()[0].state, ConnectionState::Closed);
}

#[test]
fn rejected_bytes_count_as_received() {
    let long = "x".repeat(70_000);
    for bar in [
        "SSH-2.0|-OpenSSH_9.6\r\n",
        "HTTP/2 |200\r\n\r\n",
        "HTTP/1.1 2xx OK\r\n|X: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n|more",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n|more",
        "HTTP/1.1 101 Switch\r\n\r\n|more",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nx|yz",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhix|yz",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n|hi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad name: x\r\n\r\n|more",
        // Truncated: all that arrived.
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi|",
        "HTTP/1.1 200|",
        &format!("{HEAD}X: {}|{}", &long[..65_534], &long[65_534..]),
        &format!("HTTP/1.1 100 Continue\r\n\r\n{HEAD}X: {}|{}", &long[..65_534], &long[65_534..]),
    ] {
        refused_at(bar, |_| {});
    }
}

#[test]
fn bytes_beyond_the_body_limit_do_not_count() {
    let limited = |w: &mut World| {
        let mut limits = Limits::DEFAULT;
        limits.stream_bytes = Some(4);
        w.session.configure(|o| {
            o.limits(|l| {
                l.all(limits);
            });
        });
    };
    refused_at(&format!("{HEAD}Content-Length: 10\r\n\r\n12345|67890"), limited);
    refused_at(&format!("{HEAD}\r\n12345|67890"), limited);
    refused_at(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n6\r\n5|67890\r\n0\r\n\r\n"), limited);
    // The first byte shows that it is not gzip.
    refused_at(&format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\nn|ot gzip!!"), |_| {});
}

#[test]
fn proxy_connect_error_names_the_proxy_without_credentials() {
    type Act = fn(&mut World);
    let (no_name, refuses, no_tls, no_tunnel, cut): (Act, Act, Act, Act, Act) = (
        |w| w.name_fails("p.test", io::ErrorKind::NotFound),
        |w| {
            let address = w.address_of("p.test:3128");
            w.refuses_after(address, petition_tests::memory::ms(1));
        },
        |w| w.serve("p.test:3128", Peer::new().received(1).send("HTTP/1.1 400 Bad Request\r\n\r\n")),
        |w| w.serve("p.test:3128", Peer::new().head().send("SSH-2.0-OpenSSH_9.6\r\n").close()),
        |w| w.serve("p.test:3128", Peer::new().head().close()),
    );
    let (plain, tls) = ("http://puser:canary@p.test:3128", "https://puser:canary@p.test:3128");
    for (proxy, url, act, phase, words) in [
        (plain, "http://a.test/", no_name, Phase::Resolve, "looking up the proxy p.test:3128: "),
        (plain, "http://a.test/", refuses, Phase::Connect, "connecting to the proxy p.test:3128: "),
        (plain, "https://a.test/", refuses, Phase::Connect, "connecting to the proxy p.test:3128: "),
        (tls, "http://a.test/", no_tls, Phase::ProxyTls, "the TLS handshake with the proxy p.test:3128: "),
        (tls, "https://a.test/", no_tls, Phase::ProxyTls, "the TLS handshake with the proxy p.test:3128: "),
        (plain, "https://a.test/", no_tunnel, Phase::Proxy, "asking the proxy p.test:3128: "),
        (plain, "http://a.test/", cut, Phase::Head, "waiting for the response head through the proxy p.test:3128: "),
    ] {
        let world = same_everywhere(|w| {
            act(w);
            let proxy = Proxy::new(proxy).unwrap();
            w.send(Request::new(Method::GET, url).proxy(proxy.clone()));
        });
        let error = world.transcripts[0].error();
        assert_eq!(error.report().phase, phase, "{error}");
        assert_eq!(error.report().proxy.as_deref(), Some("p.test:3128"));
        let text = error.to_string();
        assert!(text.starts_with(&format!("GET {url}: {words}")) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn origin_error_names_no_proxy() {
    let world = same_everywhere(|w| {
        let address = w.address_of("a.test:80");
        w.refuses_after(address, petition_tests::memory::ms(1));
        w.get("http://a.test/");
    });
    let error = world.transcripts[0].error();
    assert!(error.to_string().starts_with("GET http://a.test/: connecting: ") && error.report().proxy.is_none());
}

#[test]
fn invalid_field_fails_before_sending() {
    for name in ["Connection", "content-length", "Host", "Transfer-Encoding", "TE", "Upgrade"] {
        let error = Proxy::new("http://p.test:3128").unwrap().header(name, "x").unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(Proxy::new("http://p.test:3128").unwrap().header("Proxy-Authorization", "x").is_ok());
    let session = petition_core::Session::new();
    for (host, words) in [
        ("a@b", "expected a host and an optional port in Host, found \"@\""),
        ("a b", "expected a host and an optional port in Host, found \" \""),
        ("a:b:c", "expected a host and an optional port in Host"),
    ] {
        let error = session.prepare(&get().header("Host", host)).unwrap_err();
        assert_eq!(error.kind().to_string(), words);
        assert_eq!(error.report().phase, Phase::Prepare);
    }
}

#[test]
fn rejected_url_is_shown_without_secrets() {
    let session = petition_core::Session::new();
    for (url, shown) in [
        (
            "http://a.test:99999/path?token=canary",
            "GET \"http://a.test:99999/path…\": building the request: invalid URL: ",
        ),
        ("http://user:canary@a b/", "GET \"http://…\": building the request: invalid URL: "),
        ("/relative", "GET \"/relative\": building the request: the URL is relative"),
    ] {
        let error = session.prepare(&Request::new(Method::GET, url)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Build(_)));
        assert!(error.to_string().starts_with(shown) && !error.to_string().contains("canary"), "{error}");
    }
}
