//! The documents of every origin: whole and in ranges, compressed, with long heads; redirects and
//! conditions.

use petition_mio::{Method, Request};
use petition_tests::httpbin::{cycle, pattern};

use super::*;

fn with(url: String, name: &str, value: &str) -> Request {
    Request::new(Method::GET, url).header(name, value)
}

#[test]
fn documents_arrive_whole_compressed_or_partial() {
    each_way(&Settings::default(), |program, origin, client, tls| {
        let first = client.get(origin.url("/text"));
        assert_eq!((first.status(), first.text().as_str(), first.reused), (200, "a text\n", false));
        assert_eq!(first.field("x-tls"), tls.map_or("", TlsVersion::name));

        let zip = client.get(origin.url("/zip"));
        assert_eq!((zip.field("content-encoding").as_str(), zip.reused), ("gzip", true));
        assert!(zip.text() == Origin::zip());
        let chunked = client.get(origin.url("/behind/stream-bytes/50000"));
        assert_eq!((chunked.field("transfer-encoding").as_str(), chunked.reused), ("chunked", true));
        assert!(chunked.body == pattern(50_000, 0));

        let whole = client.get(origin.url("/range/50000"));
        assert!(whole.status() == 200 && whole.body == cycle(50_000));
        let part = client.send(with(origin.url("/range/50000"), "Range", "bytes=100-299")).unwrap();
        assert_eq!((part.status(), part.field("content-range")), (206, "bytes 100-299/50000".into()));
        assert_eq!(part.body, cycle(300)[100..]);
        let end = client.send(with(origin.url("/range/50000"), "Range", "bytes=-5")).unwrap();
        assert_eq!((end.status(), &end.body[..]), (206, &cycle(50_000)[49_995..]));
        let beyond = client.send(with(origin.url("/range/50000"), "Range", "bytes=90000-")).unwrap();
        assert_eq!(beyond.status(), 416);
        let tag = whole.field("etag");
        let changed =
            client.send(with(origin.url("/range/50000"), "Range", "bytes=0-1").header("If-Range", "\"other\""));
        assert_eq!(changed.unwrap().status(), 200);
        // HAProxy's origin supports no conditional requests for this document.
        if program != Program::Haproxy {
            let same = client.send(with(origin.url("/range/50000"), "If-None-Match", &tag)).unwrap();
            assert_eq!((same.status(), same.body.len()), (304, 0));
        }

        let head = client.send(Request::new(Method::HEAD, origin.url("/range/50000"))).unwrap();
        assert_eq!((head.status(), head.field("content-length"), head.body.len()), (200, "50000".into(), 0));
        assert_eq!(client.get(origin.url("/none")).status(), 204);
        let moved = client.get(origin.url("/moved"));
        assert_eq!((moved.text().as_str(), moved.hops, moved.reused), ("a text\n", 1, true));
        let missing = client.get(origin.url("/behind/nothing-here"));
        assert_eq!((missing.status(), missing.reused), (404, true));
    });
}

#[test]
fn long_heads_pass_both_ways() {
    each_way(&Settings::default(), |_, origin, client, _| {
        let long = client.get(origin.url("/long"));
        for (name, value) in Origin::long() {
            assert_eq!(long.field(&name), value);
        }
        let value = "v".repeat(7_000);
        let echo = client.send(with(origin.url("/behind/headers"), "X-Long", &value)).unwrap();
        assert!(echo.text().contains(&value));
        // More than any of them accepts. A server that closes with unread bytes may lose its
        // response.
        match client.send(with(origin.url("/behind/headers"), "X-Long", &"v".repeat(200_000))) {
            Ok(refusal) => assert!(matches!(refusal.status(), 400 | 431), "{}", refusal.status()),
            Err(error) => assert!(matches!(error.kind(), petition_mio::ErrorKind::Io(_)), "{error}"),
        }
        assert_eq!(client.get(origin.url("/text")).status(), 200);
        assert_eq!(origin.kit.violations(), [""; 0]);
    });
}
