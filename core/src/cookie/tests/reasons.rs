//! Reasons for rejecting or not sending a cookie: each occurs, is described in one line, and shows
//! no value.

use super::*;

#[test]
fn every_rejection_occurs_and_reads_well() {
    const SECRET: &str = "s3cret";
    let small = CookieLimits { pair_bytes: 40, total: 1, per_site: 1, ..CookieLimits::default() };
    let same = SiteContext::SameSite;
    let cases: [(&str, &str, SiteContext, Rejected, &str); 14] = [
        ("ftp://a.com/", "a=s3cret", same, Rejected::Scheme, "scheme"),
        ("http://a..com/", "a=s3cret", same, Rejected::NoHost, "host"),
        ("https://a.com/", "=; Path=/s3cret", same, Rejected::Empty, "neither name nor value"),
        ("https://a.com/", "a=s3cret\u{1}", same, Rejected::ControlCharacter, "control character"),
        ("https://a.com/", "a=s3cret; Domain=\u{e4}.com", same, Rejected::DomainNotAscii, "ASCII"),
        ("https://a.com/", "a=s3cret; Domain=com", same, Rejected::PublicSuffix, "public suffix"),
        ("https://a.com/", "a=s3cret; Domain=b.com", same, Rejected::DomainMismatch, "parent"),
        ("http://a.com/", "a=s3cret; Secure", same, Rejected::SecureOverInsecure, "over http"),
        ("http://a.com/", "k=s3cret", same, Rejected::ShadowsSecure, "hide a Secure one"),
        ("https://a.com/", "a=s3cret", SiteContext::CrossSite, Rejected::CrossSite, "another site"),
        ("https://a.com/", "a=s3cret; SameSite=None", same, Rejected::SameSiteNoneNotSecure, "Secure"),
        ("https://a.com/", "__Host-a=s3cret; Secure", same, Rejected::Prefix(NamePrefix::Host), "__Host-"),
        ("https://a.com/", "=__Http-s3cret", same, Rejected::NamelessPrefix(NamePrefix::Http), "__Http-"),
        ("https://a.com/", "a=s3creta=s3creta=s3creta=s3creta=s3creta=s3cret", same, too_long(), "pair_bytes"),
    ];
    for (from, field, context, expected, phrase) in cases {
        let mut jar = jar_with(small);
        offer(&mut jar, "https://a.com/", "k=v; Secure").unwrap();
        let refused = jar.receive(&url(from), field.as_bytes(), NOW, context).unwrap_err();
        assert_eq!(std::mem::discriminant(&refused), std::mem::discriminant(&expected), "{field}: {refused:?}");
        let text = format!("{refused} {refused:?}");
        assert!(text.contains(phrase) && !text.contains('\n') && !text.contains(SECRET), "{field}: {text}");
    }
}

fn too_long() -> Rejected {
    Rejected::TooLong(crate::limits::LimitExceeded { name: "cookies.pair_bytes", limit: 40, found: 41 })
}

#[test]
fn count_limit_errors_name_the_limit() {
    let mut jar = jar_with(CookieLimits { per_response: 1, ..CookieLimits::default() });
    let mut seen = Vec::new();
    let fields = [&b"a=s3cret"[..], b"b=s3cret"];
    jar.receive_all(&url("https://a.com/"), fields, NOW, SiteContext::SameSite, |_, outcome| {
        seen.extend(outcome.err().map(|refused| refused.to_string()));
    });
    assert!(matches!(&seen[..], [one] if one.contains("cookies.per_response")), "{seen:?}");

    let mut jar = jar_with(CookieLimits { per_site: 1, ..CookieLimits::default() });
    offer(&mut jar, "https://a.com/", "k=v; Secure").unwrap();
    let refused = offer(&mut jar, "http://a.com/", "a=s3cret").unwrap_err();
    assert!(matches!(refused, Rejected::NoRoom(_)) && refused.to_string().contains("no room"), "{refused}");
}

#[test]
fn every_verdict_occurs_and_reads_well() {
    let limits = CookieLimits { header_bytes: 12, ..CookieLimits::default() };
    let mut jar = jar_with(limits);
    for (from, field) in [
        ("https://www.a.com/", "sent=1"),
        ("https://a.com/", "host=1"),
        ("https://b.a.com/", "domain=1; Domain=b.a.com"),
        ("https://www.a.com/", "path=1; Path=/deep"),
        ("https://www.a.com/", "secure=1; Secure"),
        ("https://www.a.com/", "strict=1; SameSite=Strict"),
        ("https://www.a.com/", "old=1; Max-Age=9"),
        ("https://www.a.com/", "zlong=123456789"),
    ] {
        offer(&mut jar, from, field).unwrap();
    }
    let now = later(10);
    let verdicts: Vec<(String, String)> = jar
        .explain(&url("http://www.a.com/"), now, SiteContext::SafeNavigation)
        .map(|explained| (String::from_utf8_lossy(explained.cookie.name()).into_owned(), explained.verdict.to_string()))
        .collect();
    let of = |name: &str| verdicts.iter().find(|(other, _)| other == name).map_or("", |(_, verdict)| verdict);
    for (name, phrase) in [
        ("sent", "sent"),
        ("host", "another host"),
        ("domain", "another domain"),
        ("path", "another path"),
        ("secure", "the connection is not"),
        ("strict", "another site"),
        ("old", "expired"),
        ("zlong", "cookies.header_bytes"),
    ] {
        assert!(of(name).contains(phrase), "{name}: {:?} in {verdicts:?}", of(name));
    }
}

#[test]
fn damaged_jar_errors_name_line_and_fault() {
    let mut jar = jar();
    offer(&mut jar, "https://a.com/", "a=s3cret; Max-Age=99").unwrap();
    let text = jar.save(SaveSessions::Keep);
    let lines: Vec<&str> = text.lines().collect();
    let cases: [(String, &str); 5] = [
        ("nothing of the kind".into(), "not a saved cookie jar"),
        (text.replacen(|c: char| c.is_ascii_digit(), "9", 1), "version"),
        (text.replacen(lines[1], &format!("{}\tmore", lines[1]), 1), "fields"),
        (text.replacen("s3cret", "%zz", 1), "value"),
        (lines[..2].join("\n"), "last line"),
    ];
    for (text, phrase) in cases {
        let wrong = jar.load(&text, NOW).unwrap_err().to_string();
        assert!(wrong.starts_with("line ") && wrong.contains(phrase) && !wrong.contains("s3cret"), "{phrase}: {wrong}");
        assert_eq!(jar.len(), 1, "the jar is unchanged");
    }
}

#[test]
fn cookie_package_attributes_are_used_as_given() {
    use ::cookie::{Cookie, SameSite as Theirs};
    let mut jar = jar();
    for (theirs, ours) in
        [(Theirs::None, SameSite::None), (Theirs::Lax, SameSite::Lax), (Theirs::Strict, SameSite::Strict)]
    {
        let cookie = Cookie::build(("a", "b")).same_site(theirs).secure(true).path("/p").build();
        jar.set(&url("https://a.com/"), &cookie, NOW).unwrap();
        let stored = jar.get("a.com", "/p", "a").unwrap();
        assert_eq!((stored.same_site(), stored.secure(), stored.expires()), (ours, true, None));
        assert_eq!(Cookie::try_from(stored).unwrap().same_site(), Some(theirs));
    }
    let ended = Cookie::build(("a", "b")).path("/p").secure(true).max_age(::cookie::time::Duration::seconds(-1));
    assert_eq!(jar.set(&url("https://a.com/"), &ended.build(), NOW), Ok(Change::Removed));
    let line = Cookie::build(("a", "b")).path("/p\r\nX: y").build();
    assert_eq!(jar.set(&url("https://a.com/"), &line, NOW), Err(Rejected::ControlCharacter));
    assert_eq!(NotUtf8.to_string(), "the cookie is not UTF-8");
}

#[test]
fn parse_errors_describe_the_fault() {
    let limit = crate::LimitExceeded { name: "cookies.pair_bytes", limit: 4, found: 5 };
    for (error, text) in [
        (ParseError::ControlCharacter, "the cookie contains a control character"),
        (ParseError::Empty, "the cookie has neither name nor value"),
        (ParseError::TooLong(limit), "the cookie is too long: limit cookies.pair_bytes is 4, found 5"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
