//! The contents of a parsed head, and the values that its debug output hides.

use super::*;

const HEAD: &[u8] = b"HTTP/1.1 200 All Right\r\nX-b:  two\t\r\nSet-Cookie: id=hunter2\r\nfolded: a \r\n\t b\r\n \r\n  c\r\nx-B:\r\n\r\n";

fn head(setup: &Setup, bytes: &[u8]) -> ResponseHead {
    every_way(setup, bytes, None).head().clone()
}

#[test]
fn order_case_and_raw_bytes_are_preserved() {
    let head = head(&Setup::COMPAT, HEAD);
    let fields: Vec<_> = head.fields().iter().collect();
    let want = [("X-b", &b"two"[..]), ("Set-Cookie", b"id=hunter2"), ("folded", b"a b c"), ("x-B", b"")];
    assert_eq!(fields, want);
    assert_eq!(head.raw(), HEAD);
    assert_eq!(head.reason(), b"All Right");
    assert_eq!((head.status().as_u16(), head.version()), (200, Version::Http11));
    assert_eq!(head.get("x-b"), Some(&b"two"[..]));
    assert_eq!(head.get_all("X-B").collect::<Vec<_>>(), [&b"two"[..], b""]);
    assert_eq!(head.get("absent"), None);
    let map = head.to_header_map();
    assert_eq!(map.len(), 4);
    assert_eq!(map.get_all("x-b").iter().count(), 2);
    assert_eq!(map["folded"], "a b c");
}

#[test]
fn debug_output_hides_cookies_and_credentials() {
    let mut connection = Setup::COMPAT.connection();
    let Event::Head(head) = connection.receive(HEAD).unwrap().event else { panic!() };
    let text = format!("{head:?} {connection:?}");
    assert!(text.contains("Set-Cookie") && text.contains("(5 bytes redacted)"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("a b c"), "{text}");

    let mut connection = Connection::new(Config::default());
    let request = RequestHead::new("GET", "/?key=hunter2");
    let fields = [("Host", &b"a"[..]), ("Authorization", b"Bearer hunter2")];
    connection.send_head(&request, fields).unwrap();
    let text = format!("{connection:?} {request:?}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn minor_versions_from_one_count_as_1_1() {
    let strict = Setup::STRICT;
    for minor in 0..=9 {
        let bytes = format!("HTTP/1.{minor} 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n");
        let head = head(&strict, bytes.as_bytes());
        assert_eq!(head.version(), if minor == 0 { Version::Http10 } else { Version::Http11 });
        assert_eq!(head.raw(), bytes.as_bytes());
        assert_eq!(head.get("a"), Some(&b"b"[..]));
    }
}

#[test]
fn only_the_limit_restricts_the_field_count() {
    let mut setup = Setup::STRICT;
    setup.config.limits.head_fields = 1000;
    let fields: String = (0..1000).map(|n| format!("N{n}: {n}\r\n")).collect();
    let bytes = format!("HTTP/1.1 204 No\r\n{fields}\r\n");
    let head = head(&setup, bytes.as_bytes());
    assert_eq!(head.fields().len(), 1000);
    assert_eq!(head.get("n999"), Some(&b"999"[..]));
}
