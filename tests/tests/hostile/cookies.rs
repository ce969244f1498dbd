//! Set-Cookie fields that claim more than allowed, judged by the cookies that return to the server.

use petition_tests::tls::{Endpoint, Leaf};

use super::*;

/// What the Cookie field of the second request is, after these Set-Cookie fields; `host` is a name
/// of this machine or its address.
#[track_caller]
fn sent_back(host: &str, fields: &[String], path: &str) -> String {
    let lines: String = fields.iter().map(|field| format!("Set-Cookie: {field}\r\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n");
    let [blocking, looping] = clients().map(|client| {
        let server = Scripted::start([Script::new().answer(&answer).answer(NEXT)]).unwrap();
        let at = |path: &str| server.url(path).replace("127.0.0.1", host);
        client.get(at("/a/b"));
        client.get(at(path));
        server.requests()[1].value("cookie").unwrap_or_default()
    });
    assert_eq!(blocking, looping, "{fields:?}");
    blocking
}

#[track_caller]
fn check(host: &str, field: &str, expected: &str) {
    assert_eq!(sent_back(host, &[field.into()], "/a/b"), expected, "{host}: {field}");
}

#[test]
fn t65_foreign_and_public_suffix_domains_are_rejected() {
    let host = "y.x.localhost";
    for domain in ["x.localhost", ".x.localhost", "X.LocalHost", "y.x.localhost"] {
        check(host, &format!("a=b; Domain={domain}"), "a=b");
    }
    for domain in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "z.x.localhost",
        "ocalhost",
        "com",
        "x.localhost:80",
        "z.y.x.localhost",
    ] {
        check(host, &format!("a=b; Domain={domain}"), "");
    }
}

#[test]
fn t66_address_cookies_go_to_that_address_only() {
    check("127.0.0.1", "a=b", "a=b");
    check("127.0.0.1", "a=b; Domain=127.0.0.1", "a=b");
    for domain in ["0.0.1", ".0.1", "1", "127.0.0.2"] {
        check("127.0.0.1", &format!("a=b; Domain={domain}"), "");
    }
}

#[test]
fn t67_t68_http_cannot_set_secure_cookies() {
    for field in [
        "__Secure-a=b; Secure",
        "__Host-a=b; Secure; Path=/",
        "__host-a=b",
        "a=b; Secure",
        "__Secure-a=b",
        "=__Host-a=b",
    ] {
        check("127.0.0.1", field, "");
    }
}

#[test]
fn t68_http_neither_sees_nor_replaces_secure_cookies() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue(&Leaf::new(&["x.localhost"])));
    let set = "HTTP/1.1 200 OK\r\nSet-Cookie: a=true; Secure; Path=/\r\nSet-Cookie: __Host-b=true; Secure; Path=/\r\nContent-Length: 0\r\n\r\n";
    let evil = "HTTP/1.1 200 OK\r\nSet-Cookie: a=evil; Path=/\r\nSet-Cookie: a=evil; Path=/deep\r\nSet-Cookie: c=plain; Path=/\r\nContent-Length: 0\r\n\r\n";
    for client in Client::both(&authority) {
        let secure = Scripted::start_tls(&endpoint, [Script::new().answer(set).answer(NEXT)]).unwrap();
        let plain = Scripted::start([Script::new().answer(evil)]).unwrap();
        client.get(secure.https_url("/").replace("localhost", "x.localhost"));
        client.get(plain.url("/deep").replace("127.0.0.1", "x.localhost"));
        client.get(secure.https_url("/deep").replace("localhost", "x.localhost"));
        assert_eq!(plain.requests()[0].value("cookie"), None, "{client:?}");
        assert_eq!(
            secure.requests()[1].value("cookie").as_deref(),
            Some("a=true; __Host-b=true; c=plain"),
            "{client:?}"
        );
    }
}

#[test]
fn t69_cookie_flood_stays_within_limits() {
    let flood: Vec<String> = (0..200).map(|n| format!("n{n}=v")).collect();
    let sent = sent_back("127.0.0.1", &flood, "/a/b");
    assert_eq!(sent.split("; ").count(), 50, "{sent}");
    // Few but large: the outgoing field has its own limit.
    let fat: Vec<String> = (0..10).map(|n| format!("n{n}={}", "v".repeat(3000))).collect();
    let sent = sent_back("127.0.0.1", &fat, "/a/b");
    assert!(sent.len() <= 8192 && sent.starts_with("n0="), "{}", sent.len());
}

#[test]
fn t70_t71_t73_odd_fields_follow_the_rules() {
    for (field, expected) in [
        ("a=b=c", "a=b=c"),
        ("a", "a"),
        ("a=\"b c\"", "a=\"b c\""),
        ("a=b; Max-Age=0", ""),
        ("a=b; Max-Age=-5; Expires=Wed, 01 Jan 2098 00:00:00 GMT", ""),
        ("a=b; Max-Age=99999999999999999999", "a=b"),
        ("a=b; Max-Age=1x", "a=b"),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:01 GMT", ""),
        ("a=b; Expires=nonsense", "a=b"),
        ("a=b; Path=/a", "a=b"),
        ("a=b; Path=/ab", ""),
        ("a=b; Path=a", "a=b"),
        ("a=b; HttpOnly; SameSite=Strict; Partitioned; Whatever=x", "a=b"),
        ("a=b, c=d", "a=b, c=d"),
        ("; a=b", ""),
        ("", ""),
    ] {
        check("127.0.0.1", field, expected);
    }
    check("127.0.0.1", &format!("a={}", "v".repeat(4096)), "");
    check("127.0.0.1", &format!("a=b; Path=/{}", "p".repeat(2000)), "a=b");
    let both = [
        "a=1; Expires=Wed, 01 Jan 2098 00:00:00 GMT".into(),
        "b=2; Path=/a/b; Expires=Thu, 02 Jan 2098 00:00:00 GMT".into(),
    ];
    assert_eq!(sent_back("127.0.0.1", &both, "/a/b"), "b=2; a=1", "the longer path first, and nothing but pairs");
}
