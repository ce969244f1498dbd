//! T65, T66: the domains a cookie may be set for, and the hosts that receive it.

use super::*;

/// Returns the result of a Set-Cookie from `host` with this Domain, and the hosts that then receive
/// the cookie.
fn outcome(suffixes: PublicSuffixes, host: &str, domain: &str) -> Result<Scope, Rejected> {
    let mut jar = Jar::with_policy(Policy { public_suffixes: suffixes, ..Policy::default() });
    offer(&mut jar, &format!("http://{host}/"), &format!("a=b; Domain={domain}"))?;
    let scope = jar.iter().next().unwrap().scope();
    Ok(scope)
}

const TREE: Result<Scope, Rejected> = Ok(Scope::Domain);
const HOST: Result<Scope, Rejected> = Ok(Scope::HostOnly);
const SUFFIX: Result<Scope, Rejected> = Err(Rejected::PublicSuffix);
const MISMATCH: Result<Scope, Rejected> = Err(Rejected::DomainMismatch);

#[test]
fn t65_domain_is_the_host_or_a_registrable_parent() {
    for (host, domain, expected) in [
        ("www.example.com", "example.com", TREE),
        ("www.example.com", ".example.com", TREE),
        ("www.example.com", "EXAMPLE.Com", TREE),
        ("WWW.EXAMPLE.COM.", "example.com", TREE),
        ("www.example.com", "www.example.com", TREE),
        ("www.example.com", "", HOST),
        ("www.example.com", ".", HOST),
        ("www.example.com", "com", SUFFIX),
        ("www.example.com", "com.", SUFFIX),
        ("www.example.com", ".com", SUFFIX),
        ("www.example.co.uk", "co.uk", SUFFIX),
        ("www.example.co.uk", "Co.Uk", SUFFIX),
        ("www.example.co.uk", "example.co.uk", TREE),
        ("me.github.io", "github.io", SUFFIX),
        ("github.io", "github.io", HOST),
        ("www.example.com", "example.com.", MISMATCH),
        ("www.example.com", "..example.com", MISMATCH),
        ("example.com", "www.example.com", MISMATCH),
        ("example.com", "ample.com", MISMATCH),
        ("example.com", "other.com", MISMATCH),
        ("a.example.com", "b.example.com", MISMATCH),
        ("xn--bcher-kva.com", "b\u{fc}cher.com", Err(Rejected::DomainNotAscii)),
        ("b\u{fc}cher.com", "XN--bcher-kva.com", TREE),
    ] {
        assert_eq!(outcome(suffixes(), host, domain), expected, "{host} sets for {domain:?}");
    }
}

#[test]
fn t65_domain_needs_two_labels_without_a_list() {
    for (host, domain, expected) in [
        ("www.example.com", "com", SUFFIX),
        ("www.example.com", "example.com", TREE),
        ("www.example.co.uk", "co.uk", TREE), // The price of having no list.
        ("localhost", "localhost", HOST),
        ("a.localhost", "localhost", SUFFIX),
        ("example.com", "www.example.com", MISMATCH),
    ] {
        assert_eq!(outcome(PublicSuffixes::OneLabel, host, domain), expected, "{host} sets for {domain:?}");
    }
}

#[cfg(feature = "public-suffix")]
#[test]
fn t65_compiled_in_list_is_the_default() {
    for (host, domain, expected) in [
        ("www.example.co.uk", "Co.Uk", SUFFIX),
        ("me.github.io", "github.io", SUFFIX),
        ("www.example.co.uk", "example.co.uk", TREE),
        ("a.b.kawasaki.jp", "b.kawasaki.jp", SUFFIX),
        ("a.city.kawasaki.jp", "city.kawasaki.jp", TREE),
    ] {
        assert_eq!(outcome(PublicSuffixes::default(), host, domain), expected, "{host} sets for {domain:?}");
    }
}

#[test]
fn t66_address_receives_only_its_own_cookies() {
    for (host, domain, expected) in [
        ("127.0.0.1", "127.0.0.1", HOST),
        ("127.0.0.1", ".127.0.0.1", HOST),
        ("127.0.0.1", "", HOST),
        ("127.0.0.1", "0.0.1", MISMATCH),
        ("127.0.0.1", "0.1", MISMATCH),
        ("127.0.0.1", "1", MISMATCH),
        ("127.0.0.1", "127.1", MISMATCH),
        ("127.0.0.1", "127.0.0.1.", MISMATCH),
        ("2130706433", "127.0.0.1", HOST),
        ("[::1]", "[::1]", HOST),
        ("[::1]", "::1", HOST),
        ("[::1]", "1]", MISMATCH),
        ("[::1]", "localhost", MISMATCH),
    ] {
        assert_eq!(outcome(suffixes(), host, domain), expected, "{host} sets for {domain:?}");
    }
}

#[test]
fn subdomain_sets_for_its_parent_not_its_sibling() {
    let mut jar = jar();
    assert_eq!(offer(&mut jar, "http://a.example.com/", "x=1; Domain=b.example.com"), Err(Rejected::DomainMismatch));
    offer(&mut jar, "http://a.example.com/", "x=1; Domain=example.com").unwrap();
    assert_eq!(sent(&mut jar, "http://b.example.com/"), "x=1");
    assert_eq!(sent(&mut jar, "http://example.com/"), "x=1");
    assert_eq!(sent(&mut jar, "http://badexample.com/"), "");
}

#[test]
fn host_only_cookie_ignores_the_port() {
    let mut jar = jar();
    offer(&mut jar, "http://example.com:8080/", "x=1").unwrap();
    assert_eq!(sent(&mut jar, "http://EXAMPLE.com.:81/"), "x=1");
    assert_eq!(sent(&mut jar, "ws://example.com/"), "x=1");
    assert_eq!(sent(&mut jar, "http://www.example.com/"), "");
    assert_eq!(sent(&mut jar, "ftp://example.com/"), "");
}

#[test]
fn host_only_and_domain_cookies_are_distinct() {
    let mut jar = jar();
    offer(&mut jar, "http://example.com/", "x=host").unwrap();
    assert_eq!(offer(&mut jar, "http://example.com/", "x=tree; Domain=example.com"), Ok(Change::Stored));
    assert_eq!(sent(&mut jar, "http://example.com/"), "x=host; x=tree");
    assert_eq!(jar.get("example.com", "/", "x").unwrap().scope(), Scope::HostOnly);
}
