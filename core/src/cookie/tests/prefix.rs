//! T67: name prefixes.

use super::*;

const SECURE: &str = "https://www.example.com/dir/page";
const PLAIN: &str = "http://www.example.com/dir/page";

fn offer_new(from: &str, field: &str) -> Result<Change, Rejected> {
    offer(&mut jar(), from, field)
}

#[test]
fn t67_prefix_requirements_are_enforced() {
    use NamePrefix::{Host, HostHttp, Http, Secure};
    let ok = Ok(Change::Stored);
    let broken = |prefix| Err(Rejected::Prefix(prefix));
    for (field, expected) in [
        ("__Secure-a=1; Secure", ok),
        ("__Secure-a=1; Secure; Domain=example.com; Path=/x", ok),
        ("__Secure-a=1", broken(Secure)),
        ("__sECURE-a=1", broken(Secure)),
        ("__Host-a=1; Secure; Path=/", ok),
        ("__Host-a=1; Path=/", broken(Host)),
        ("__Host-a=1; Secure", broken(Host)),
        ("__Host-a=1; Secure; Path=/x", broken(Host)),
        ("__Host-a=1; Secure; Path=/; Path=/x", broken(Host)),
        ("__Host-a=1; Secure; Path=/; Domain=example.com", broken(Host)),
        ("__host-a=1; Secure; Path=/; Domain=www.example.com", broken(Host)),
        ("__Host-a=1; Secure; Path=/; Domain=", ok),
        ("__Http-a=1; Secure; HttpOnly", ok),
        ("__Http-a=1; Secure", broken(Http)),
        ("__Http-a=1; HttpOnly", broken(Http)),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/", ok),
        ("__Host-Http-a=1; Secure; Path=/", broken(HostHttp)),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/x", broken(HostHttp)),
        ("__Hostess=1", ok),
    ] {
        assert_eq!(offer_new(SECURE, field), expected, "{field}");
    }
}

#[test]
fn t67_default_path_is_not_an_explicit_path() {
    let root = "https://www.example.com/";
    assert_eq!(offer_new(root, "__Host-a=1; Secure"), Err(Rejected::Prefix(NamePrefix::Host)));
    assert_eq!(offer_new(root, "__Host-a=1; Secure; Path"), Err(Rejected::Prefix(NamePrefix::Host)));
    assert_eq!(offer_new(root, "__Host-a=1; Secure; Path=/"), Ok(Change::Stored));
}

#[test]
fn t67_prefixed_cookies_require_https() {
    for name in ["__Secure-a", "__Host-a", "__Http-a", "__Host-Http-a"] {
        let field = format!("{name}=1; Secure; HttpOnly; Path=/");
        assert_eq!(offer_new(PLAIN, &field), Err(Rejected::SecureOverInsecure), "{name}");
    }
}

#[test]
fn t67_nameless_cookie_cannot_look_prefixed() {
    for (field, prefix) in [
        ("=__Host-a=1; Secure; Path=/", NamePrefix::Host),
        ("__Secure-a; Secure", NamePrefix::Secure),
        ("= __hoST-HTTP-a", NamePrefix::HostHttp),
        ("__http-", NamePrefix::Http),
    ] {
        assert_eq!(offer_new(SECURE, field), Err(Rejected::NamelessPrefix(prefix)), "{field}");
    }
    assert_eq!(offer_new(SECURE, "=x__Host-a=1"), Ok(Change::Stored));
}
