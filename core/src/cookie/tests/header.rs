//! T70, T71, T73: the lifetime of a cookie, and the contents and order of the Cookie field.

use super::*;
use crate::limits::LimitExceeded;

const HOME: &str = "https://example.com/a/b/page";

#[test]
fn t71_only_pairs_are_sent() {
    let mut jar = jar();
    let all =
        "Expires=Tue, 14 Nov 2090 22:13:20 GMT; Max-Age=99; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax";
    offer(&mut jar, HOME, &format!("a=1; {all}; Version=1; $Path=/")).unwrap();
    offer(&mut jar, HOME, "nameless").unwrap();
    offer(&mut jar, HOME, "empty=").unwrap();
    assert_eq!(sent(&mut jar, HOME), "nameless; empty=; a=1");
}

#[test]
fn t71_longest_path_precedes_oldest() {
    let mut jar = jar();
    for (seconds, field) in [
        (0, "root=1; Path=/"),
        (1, "young=1; Path=/a"),
        (1, "younger=1; Path=/a"),
        (2, "deep=1; Path=/a/b"),
        (3, "last=1; Path=/a"),
    ] {
        offer_at(&mut jar, HOME, field, later(seconds)).unwrap();
    }
    let expected = "deep=1; young=1; younger=1; last=1; root=1";
    assert_eq!(sent_at(&mut jar, HOME, later(9)), expected);
    // A new value keeps the position and the creation time.
    assert_eq!(offer_at(&mut jar, HOME, "young=2; Path=/a", later(10)), Ok(Change::Replaced));
    assert_eq!(sent_at(&mut jar, HOME, later(11)), expected.replace("young=1", "young=2"));
    let young = jar.get("example.com", "/a", "young").unwrap();
    assert_eq!((young.created(), young.updated(), young.last_access()), (later(1), later(10), later(11)));
}

#[test]
fn t71_pairs_that_split_the_field_are_rejected() {
    let mut jar = jar();
    for (name, value) in [("a", "1; b=2"), ("a;b", "1"), ("a=b", "1"), ("a", "1\r\nX: y"), (" a", "1"), ("a", "1 ")] {
        let cookie = ::cookie::Cookie::new(name, value);
        let error = jar.set(&url(HOME), &cookie, NOW).unwrap_err();
        assert!(matches!(error, Rejected::Syntax | Rejected::ControlCharacter), "{name:?}={value:?}: {error}");
    }
    assert_eq!(jar.set(&url(HOME), &::cookie::Cookie::new("", ""), NOW), Err(Rejected::Empty));
    assert!(jar.is_empty());
}

#[test]
fn t71_field_is_sensitive_and_may_contain_non_ascii() {
    let mut jar = jar();
    jar.receive(&url(HOME), b"a=\xe9\t\xff", NOW, SiteContext::SameSite).unwrap();
    let value = jar.header(&url(HOME), NOW, SiteContext::SameSite).unwrap();
    assert_eq!(value.as_bytes(), b"a=\xe9\t\xff");
    assert!(value.is_sensitive());
}

#[test]
fn t71_field_respects_its_limit_and_counts_omissions() {
    let mut jar = jar_with(CookieLimits { header_bytes: 20, ..CookieLimits::default() });
    for field in ["a=12345678", "b=12345678", "c=123456", "d=1"] {
        offer(&mut jar, HOME, field).unwrap();
    }
    let mut out = b"Cookie: ".to_vec();
    let result = jar.append_header(&url(HOME), NOW, SiteContext::SameSite, &mut out);
    assert_eq!((result, &out[8..]), (Sent { cookies: 2, left_out: 2 }, &b"a=12345678; c=123456"[..]));
    let url = url(HOME);
    let verdicts: Vec<_> = jar.explain(&url, NOW, SiteContext::SameSite).map(|explained| explained.verdict).collect();
    let full = |seen| Verdict::HeaderFull(LimitExceeded { name: "cookies.header_bytes", limit: 20, found: seen });
    assert_eq!(verdicts, [Verdict::Sent, full(22), Verdict::Sent, full(25)]);
}

#[test]
fn cookie_is_sent_to_its_path_and_below() {
    let mut jar = jar();
    offer(&mut jar, HOME, "default=1").unwrap();
    offer(&mut jar, HOME, "given=1; Path=/a/b/page").unwrap();
    offer(&mut jar, HOME, "odd=1; Path=a").unwrap();
    assert_eq!(sent(&mut jar, HOME), "given=1; default=1; odd=1");
    assert_eq!(sent(&mut jar, "https://example.com/a/b?q"), "default=1; odd=1");
    assert_eq!(sent(&mut jar, "https://example.com/a/bc"), "");
}

#[test]
fn t70_max_age_beats_expires_and_zero_removes() {
    let mut jar = jar();
    offer(&mut jar, HOME, "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
    assert_eq!(jar.iter().next().unwrap().expires(), Some(later(60)));
    assert_eq!(sent_at(&mut jar, HOME, later(59)), "a=1");
    assert_eq!(sent_at(&mut jar, HOME, later(60)), "");
    let removal = "a=1; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT";
    assert_eq!(offer(&mut jar, HOME, removal), Ok(Change::Removed));
    assert_eq!(offer(&mut jar, HOME, removal), Ok(Change::Unchanged));
    assert!(jar.is_empty());
}

#[test]
fn t70_lifetime_is_at_most_400_days() {
    let mut jar = jar();
    let cap = Some(later(400 * 86_400));
    for field in ["a=1; Max-Age=99999999999999999999", "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"] {
        offer(&mut jar, HOME, field).unwrap();
        assert_eq!(jar.iter().next().unwrap().expires(), cap, "{field}");
    }
    offer(&mut jar, HOME, "a=1").unwrap();
    assert_eq!(jar.iter().next().unwrap().expires(), None);
}

#[test]
fn t73_fields_are_separate_and_commas_split_nothing() {
    let mut jar = jar();
    let fields = [
        &b"a=1; Expires=Tue, 14 Nov 2023 22:13:21 GMT, c=3; Path=/"[..],
        b"b=2, d=4; Expires=Tue, 14-Nov-2023 22:13:22 GMT; Path=/",
    ];
    let received = jar.receive_all(&url(HOME), fields, NOW, SiteContext::SameSite, |_, _| {});
    assert_eq!(received, Received { changed: 2, rejected: 0 });
    assert_eq!(sent(&mut jar, HOME), "a=1; b=2, d=4");
    assert_eq!(sent_at(&mut jar, HOME, later(1)), "b=2, d=4");
    assert_eq!(sent_at(&mut jar, HOME, later(2)), "");
}

#[test]
fn t68_insecure_cookies_cannot_displace_secure_ones() {
    let mut jar = jar_with(CookieLimits { header_bytes: 40, ..CookieLimits::DEFAULT });
    offer(&mut jar, "https://www.example.com/", "sid=secret; Secure; Path=/; Domain=example.com").unwrap();
    // A sibling over http, which cannot set Secure cookies, with a longer path.
    for number in 0..9 {
        let field = format!("flood{number}=xxxx; Path=/account; Domain=example.com");
        offer(&mut jar, "http://evil.example.com/account", &field).unwrap();
    }
    let to = "https://www.example.com/account";
    // Within the room left, cookies with the longest path still come first.
    assert_eq!(sent(&mut jar, to), "flood0=xxxx; flood1=xxxx; sid=secret");
    assert_eq!(sent(&mut jar, "http://www.example.com/account"), "flood0=xxxx; flood1=xxxx; flood2=xxxx");
    let to = url(to);
    let verdict = |name: &str| {
        let mut all = jar.explain(&to, NOW, SiteContext::SameSite);
        all.find(|explained| explained.cookie.name() == name.as_bytes()).map(|explained| explained.verdict)
    };
    assert_eq!(verdict("sid"), Some(Verdict::Sent));
    assert!(
        matches!(verdict("flood2"), Some(Verdict::HeaderFull(limit)) if limit.found == 49),
        "{:?}",
        verdict("flood2")
    );
    // Without a restrictive limit, nothing changes.
    assert_eq!(sent(&mut jar_with_one_of_each(), "https://www.example.com/a"), "plain=1; sid=2");
}

#[test]
fn t68_excess_secure_cookies_are_omitted_in_order() {
    let mut jar = jar_with(CookieLimits { header_bytes: 16, ..CookieLimits::DEFAULT });
    for field in ["a=11111; Secure", "long=222222222; Secure", "b=3333; Secure", "c=4"] {
        offer(&mut jar, "https://www.example.com/", field).unwrap();
    }
    assert_eq!(sent(&mut jar, "https://www.example.com/"), "a=11111; b=3333");
}

fn jar_with_one_of_each() -> Jar {
    let mut jar = jar();
    offer(&mut jar, "https://www.example.com/", "sid=2; Secure; Path=/").unwrap();
    offer(&mut jar, "https://www.example.com/a", "plain=1; Path=/a").unwrap();
    jar
}

#[test]
fn explain_covers_every_cookie_of_the_site() {
    let mut jar = jar();
    for (from, field) in [
        (HOME, "sent=1; Path=/"),
        (HOME, "path=1; Path=/elsewhere"),
        (HOME, "secure=1; Path=/; Secure"),
        (HOME, "old=1; Path=/; Max-Age=5"),
        (HOME, "strict=1; Path=/; SameSite=Strict"),
        ("https://www.example.com/", "host=1"),
        ("https://www.example.com/", "tree=1; Domain=www.example.com"),
        ("https://other.com/", "other=1"),
    ] {
        offer(&mut jar, from, field).unwrap();
    }
    let revision = jar.revision();
    let to = url("http://example.com/");
    let mut found: Vec<_> = jar
        .explain(&to, later(5), SiteContext::SafeNavigation)
        .map(|explained| (String::from_utf8_lossy(explained.cookie.name()).into_owned(), explained.verdict))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let found: Vec<_> = found.iter().map(|(name, verdict)| (name.as_str(), *verdict)).collect();
    assert_eq!(
        found,
        [
            ("host", Verdict::OtherHost),
            ("old", Verdict::Expired),
            ("path", Verdict::OtherPath),
            ("secure", Verdict::NotSecure),
            ("sent", Verdict::Sent),
            ("strict", Verdict::CrossSite),
            ("tree", Verdict::OtherDomain),
        ]
    );
    assert_eq!(jar.explain(&url("ftp://example.com/"), NOW, SiteContext::SameSite).count(), 0);
    assert_eq!(jar.revision(), revision);
}
