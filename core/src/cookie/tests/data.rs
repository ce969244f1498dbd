//! The jar as data: queries, changes by the caller, and no accidental display of values.

use super::*;

const HOME: &str = "https://example.com/";

fn filled() -> Jar {
    let mut jar = jar();
    offer(&mut jar, HOME, "session=canary1; Secure; HttpOnly").unwrap();
    offer(&mut jar, HOME, "kept=canary2; Max-Age=60; Domain=example.com; SameSite=Strict").unwrap();
    offer(&mut jar, "http://[::1]/", "six=canary3").unwrap();
    jar
}

#[test]
fn cookies_are_found_and_removed_by_identity() {
    let mut jar = filled();
    assert_eq!(jar.get("EXAMPLE.com.", "/", "kept").unwrap().value(), b"canary2");
    assert_eq!(jar.get("[::1]", "/", "six").unwrap().pair(), b"six=canary3");
    for (domain, path, name) in [
        ("www.example.com", "/", "kept"),
        ("example.com", "/x", "kept"),
        ("example.com", "/", "Kept"),
        ("", "/", "kept"),
    ] {
        assert!(jar.get(domain, path, name).is_none());
    }
    assert_eq!(jar.remove("example.com", "/", "kept").unwrap().name(), b"kept");
    assert!(jar.remove("example.com", "/", "kept").is_none());
    jar.store.check();
    assert_eq!(jar.len(), 2);
}

#[test]
fn session_and_expired_cookies_can_be_removed() {
    let mut jar = filled();
    jar.clear_session();
    assert_eq!(jar.iter().map(|cookie| cookie.name()).collect::<Vec<_>>(), [b"kept"]);
    assert_eq!(jar.expire(later(59)), 0);
    assert_eq!(jar.expire(later(60)), 1);
    jar.store.check();
    let mut jar = filled();
    jar.clear();
    assert!(jar.is_empty() && sent(&mut jar, HOME).is_empty());
}

#[test]
fn revision_grows_with_every_change_only() {
    let mut jar = filled();
    let mut last = jar.revision();
    let mut grew = |jar: &Jar| std::mem::replace(&mut last, jar.revision()) < jar.revision();
    sent(&mut jar, HOME);
    offer(&mut jar, HOME, "\u{1}").unwrap_err();
    jar.clone().clear();
    assert!(!grew(&jar));
    offer(&mut jar, HOME, "kept=new; Max-Age=60; Domain=example.com").unwrap();
    assert!(grew(&jar));
    jar.remove("example.com", "/", "session");
    assert!(grew(&jar));
    jar.expire(later(99));
    assert!(grew(&jar));
    jar.clear();
    assert!(grew(&jar));
}

#[test]
fn debug_and_errors_never_show_a_value() {
    let mut jar = filled();
    let mut shown = format!("{jar:?}");
    for cookie in jar.iter() {
        shown += &format!("{cookie:?}");
    }
    let home = url(HOME);
    for explained in jar.explain(&home, NOW, SiteContext::SameSite) {
        shown += &format!("{explained:?} {}", explained.verdict);
    }
    for field in
        ["a=canary; Domain=com", "a=canary\u{1}", "=__Host-canary", "__Host-a=canary", "a=canary; SameSite=None"]
    {
        let error = offer(&mut jar, HOME, field).unwrap_err();
        shown += &format!("{error:?} {error}");
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("[redacted]") && shown.contains("session"));
}

#[test]
fn cookie_package_cookies_follow_set_cookie_rules() {
    let mut jar = jar();
    let cookie = ::cookie::Cookie::build(("a", "\"1\""))
        .domain(".example.com")
        .path("/x")
        .secure(true)
        .http_only(true)
        .same_site(::cookie::SameSite::Lax)
        .max_age(::cookie::time::Duration::seconds(60))
        .build();
    assert_eq!(jar.set(&url(HOME), &cookie, NOW), Ok(Change::Stored));
    let stored = jar.get("example.com", "/x", "a").unwrap();
    assert_eq!((stored.value(), stored.scope(), stored.expires()), (&b"\"1\""[..], Scope::Domain, Some(later(60))));
    assert!(stored.secure() && stored.http_only() && stored.same_site() == SameSite::Lax);

    assert_eq!(jar.set(&url("http://example.com/"), &cookie, NOW), Err(Rejected::SecureOverInsecure));
    assert_eq!(jar.set(&url("https://other.com/"), &cookie, NOW), Err(Rejected::DomainMismatch));
    let mut removal = cookie.clone();
    removal.make_removal();
    assert_eq!(jar.set(&url(HOME), &removal, NOW), Ok(Change::Removed));
    let long = ::cookie::Cookie::new("a", "v".repeat(4096));
    assert!(matches!(jar.set(&url(HOME), &long, NOW), Err(Rejected::TooLong(_))));
}

#[test]
fn stored_cookies_convert_to_the_cookie_package() {
    let jar = filled();
    let cookie = ::cookie::Cookie::try_from(jar.get("example.com", "/", "kept").unwrap()).unwrap();
    assert_eq!(cookie.name_value(), ("kept", "canary2"));
    assert_eq!((cookie.domain(), cookie.path(), cookie.secure()), (Some("example.com"), Some("/"), None));
    assert_eq!(cookie.same_site(), Some(::cookie::SameSite::Strict));
    assert_eq!(cookie.expires_datetime().unwrap().unix_timestamp(), later(60).0 as i64);
    let cookie = ::cookie::Cookie::try_from(jar.get("example.com", "/", "session").unwrap()).unwrap();
    assert_eq!((cookie.domain(), cookie.secure(), cookie.expires()), (None, Some(true), None));

    let mut jar = jar;
    jar.receive(&url(HOME), b"bytes=\xff", NOW, SiteContext::SameSite).unwrap();
    assert_eq!(::cookie::Cookie::try_from(jar.get("example.com", "/", "bytes").unwrap()).unwrap_err(), NotUtf8);
}

#[test]
fn inserted_cookies_follow_the_new_jars_policy() {
    let from = filled();
    let mut to = jar();
    for cookie in from.iter() {
        assert_eq!(to.insert(cookie.clone(), NOW), Ok(Change::Stored));
    }
    assert!(from.iter().eq(to.iter()));
    let rules = PublicSuffixes::List(Arc::new(SuffixRules::parse("example.com").unwrap()));
    let mut to = Jar::with_policy(Policy { public_suffixes: rules, ..Policy::default() });
    let kept = from.get("example.com", "/", "kept").unwrap().clone();
    assert_eq!(to.insert(kept.clone(), NOW), Err(Rejected::PublicSuffix));
    let mut to = jar_with(CookieLimits { pair_bytes: 5, ..CookieLimits::default() });
    assert!(matches!(to.insert(kept, NOW), Err(Rejected::TooLong(_))));
}

#[test]
fn jar_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Jar>();
    shared::<StoredCookie>();
}
