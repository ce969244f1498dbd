//! T68: Secure cookies and plain http, and SameSite, which also depends on the context of the
//! request.

use super::*;

const SECURE: &str = "https://example.com/login/form";
const PLAIN: &str = "http://example.com/login/form";

#[test]
fn t68_secure_cookie_requires_https_both_ways() {
    let mut jar = jar();
    assert_eq!(offer(&mut jar, PLAIN, "a=1; Secure"), Err(Rejected::SecureOverInsecure));
    assert_eq!(offer(&mut jar, SECURE, "a=1; Secure"), Ok(Change::Stored));
    assert_eq!(sent(&mut jar, PLAIN), "");
    assert_eq!(sent(&mut jar, "ws://example.com/login/"), "");
    assert_eq!(sent(&mut jar, SECURE), "a=1");
    assert_eq!(sent(&mut jar, "wss://example.com/login/"), "a=1");
}

#[test]
fn t68_http_cannot_replace_or_shadow_a_secure_cookie() {
    let shadows = Err(Rejected::ShadowsSecure);
    for (from, field, expected) in [
        (PLAIN, "a=2", shadows),
        (PLAIN, "a=2; Path=/login", shadows),
        (PLAIN, "a=2; Path=/login/deeper", shadows),
        (PLAIN, "a=; Max-Age=0; Path=/login", shadows),
        (PLAIN, "a=2; Domain=example.com", shadows),
        ("http://www.example.com/login/x", "a=2", shadows),
        ("http://www.example.com/login/x", "a=2; Domain=example.com", shadows),
        (PLAIN, "a=2; Path=/", Ok(Change::Stored)),
        (PLAIN, "a=2; Path=/loginx", Ok(Change::Stored)),
        (PLAIN, "A=2", Ok(Change::Stored)),
        ("http://other.com/login/x", "a=2", Ok(Change::Stored)),
        (SECURE, "a=2", Ok(Change::Replaced)),
    ] {
        let mut jar = jar();
        offer(&mut jar, SECURE, "a=1; Secure; Domain=example.com; Path=/login").unwrap();
        // The last row replaces a host-only one.
        offer(&mut jar, SECURE, "a=1; Secure; Path=/login").unwrap();
        assert_eq!(offer(&mut jar, from, field), expected, "{field} from {from}");
    }
}

#[test]
fn t68_parent_domain_cannot_shadow_a_secure_cookie() {
    let mut jar = jar();
    offer(&mut jar, "https://www.example.com/", "a=1; Secure").unwrap();
    assert_eq!(offer(&mut jar, "http://example.com/", "a=2; Domain=example.com"), Err(Rejected::ShadowsSecure));
    assert_eq!(offer(&mut jar, "http://mail.example.com/", "a=2"), Ok(Change::Stored));
}

#[test]
fn t68_expired_secure_cookie_can_be_replaced() {
    let mut jar = jar();
    offer(&mut jar, SECURE, "a=1; Secure; Max-Age=10").unwrap();
    assert_eq!(offer_at(&mut jar, PLAIN, "a=2", later(9)), Err(Rejected::ShadowsSecure));
    assert_eq!(offer_at(&mut jar, PLAIN, "a=2", later(10)), Ok(Change::Stored));
}

#[test]
fn t68_loopback_is_secure_only_by_policy() {
    let local = "http://localhost:8000/";
    assert_eq!(offer(&mut jar(), local, "a=1; Secure"), Err(Rejected::SecureOverInsecure));
    let mut jar = Jar::with_policy(Policy { loopback: Loopback::Secure, ..Policy::default() });
    assert_eq!(offer(&mut jar, local, "a=1; Secure"), Ok(Change::Stored));
    assert_eq!(sent(&mut jar, local), "a=1");
    assert_eq!(offer(&mut jar, PLAIN, "a=1; Secure"), Err(Rejected::SecureOverInsecure));
}

#[test]
fn same_site_restricts_sending_across_sites() {
    let mut jar = jar();
    for field in ["n=1; SameSite=None; Secure", "l=1; SameSite=Lax", "s=1; SameSite=Strict", "u=1", "o=1; SameSite=odd"]
    {
        offer(&mut jar, SECURE, field).unwrap();
    }
    for (context, expected) in [
        (SiteContext::SameSite, "n=1; l=1; s=1; u=1; o=1"),
        (SiteContext::SafeNavigation, "n=1; l=1; u=1; o=1"),
        (SiteContext::UnsafeNavigation, "n=1"),
        (SiteContext::CrossSite, "n=1"),
    ] {
        assert_eq!(sent_in(&mut jar, SECURE, NOW, context), expected, "{context:?}");
    }
}

#[test]
fn same_site_restricts_setting_across_sites() {
    let takes = |context, field: &str| jar().receive(&url(SECURE), field.as_bytes(), NOW, context);
    for field in ["a=1", "a=1; SameSite=Lax", "a=1; SameSite=Strict"] {
        assert_eq!(takes(SiteContext::CrossSite, field), Err(Rejected::CrossSite));
        assert_eq!(takes(SiteContext::UnsafeNavigation, field), Ok(Change::Stored));
        assert_eq!(takes(SiteContext::SafeNavigation, field), Ok(Change::Stored));
    }
    assert_eq!(takes(SiteContext::CrossSite, "a=1; SameSite=None; Secure"), Ok(Change::Stored));
}

#[test]
fn same_site_none_requires_secure() {
    assert_eq!(offer(&mut jar(), SECURE, "a=1; SameSite=None"), Err(Rejected::SameSiteNoneNotSecure));
}
