//! T69: floods hit the limits. Evictions take expired cookies first, then those without Secure,
//! then the least recently used, starting with the flooding site.

use super::*;
use crate::limits::LimitExceeded;

fn small() -> Jar {
    jar_with(CookieLimits { per_site: 3, total: 5, per_response: 2, ..CookieLimits::default() })
}

fn names(jar: &Jar) -> Vec<String> {
    let mut names: Vec<_> = jar.iter().map(|cookie| String::from_utf8(cookie.name().to_vec()).unwrap()).collect();
    names.sort();
    names
}

#[test]
fn t69_full_site_evicts_its_least_recently_used_cookie() {
    let mut jar = small();
    offer(&mut jar, "http://other.com/", "o=1").unwrap();
    for field in ["a=1; Path=/a", "b=1; Path=/b", "c=1; Path=/c"] {
        offer(&mut jar, "http://example.com/", field).unwrap();
    }
    // Sending counts as use, for any host of the site.
    assert_eq!(sent_at(&mut jar, "http://example.com/a", later(1)), "a=1");
    assert_eq!(offer_at(&mut jar, "http://www.example.com/", "d=1", later(1)), Ok(Change::Stored));
    assert_eq!(names(&jar), ["a", "c", "d", "o"]);
}

#[test]
fn t69_expired_cookies_are_evicted_first_then_insecure_ones() {
    let mut jar = small();
    let home = "https://example.com/";
    offer(&mut jar, home, "secure=1; Secure").unwrap();
    offer(&mut jar, home, "plain=1").unwrap();
    offer(&mut jar, home, "short=1; Secure; Max-Age=1").unwrap();
    offer_at(&mut jar, home, "x=1", later(1)).unwrap();
    assert_eq!(names(&jar), ["plain", "secure", "x"]);
    offer_at(&mut jar, home, "y=1; Secure", later(1)).unwrap();
    assert_eq!(names(&jar), ["secure", "x", "y"]);
    offer_at(&mut jar, home, "z=1; Secure", later(1)).unwrap();
    offer_at(&mut jar, home, "last=1", later(1)).unwrap();
    assert_eq!(names(&jar), ["last", "y", "z"]);
}

#[test]
fn t69_http_cannot_evict_secure_cookies_of_its_site() {
    let mut jar = small();
    for field in ["a=1; Secure", "b=1; Secure", "c=1; Secure"] {
        offer(&mut jar, "https://example.com/", field).unwrap();
    }
    let full = Err(Rejected::NoRoom(LimitExceeded { name: "cookies.per_site", limit: 3, found: 4 }));
    assert_eq!(offer(&mut jar, "http://example.com/", "d=1"), full);
    assert_eq!(names(&jar), ["a", "b", "c"]);
}

#[test]
fn t69_full_jar_evicts_its_least_recently_used_cookie() {
    let mut jar = small();
    for number in 0..5 {
        offer(&mut jar, &format!("https://site{number}.com/"), &format!("n{number}=1; Secure")).unwrap();
    }
    sent(&mut jar, "https://site0.com/");
    offer(&mut jar, "http://site5.com/", "n5=1").unwrap();
    assert_eq!(names(&jar), ["n0", "n2", "n3", "n4", "n5"]);
    offer(&mut jar, "http://site6.com/", "n6=1").unwrap();
    assert_eq!(names(&jar), ["n0", "n2", "n3", "n4", "n6"]);
}

#[test]
fn t69_replacing_needs_no_room() {
    let mut jar = small();
    for field in ["a=1", "b=1", "c=1"] {
        offer(&mut jar, "http://example.com/", field).unwrap();
    }
    assert_eq!(offer(&mut jar, "http://example.com/", "c=2"), Ok(Change::Replaced));
    assert_eq!(names(&jar), ["a", "b", "c"]);
}

#[test]
fn t69_one_response_sets_a_limited_number() {
    let mut jar = small();
    let mut outcomes = Vec::new();
    let fields = ["a=1", "\u{1}", "c=1", "d=1"].map(str::as_bytes);
    let received =
        jar.receive_all(&url("http://example.com/"), fields, NOW, SiteContext::SameSite, |field, outcome| {
            outcomes.push((field, outcome));
        });
    assert_eq!(received, Received { changed: 1, rejected: 3 });
    let too_many = |seen| Err(Rejected::TooMany(LimitExceeded { name: "cookies.per_response", limit: 2, found: seen }));
    let expected = [Ok(Change::Stored), Err(Rejected::ControlCharacter), too_many(3), too_many(4)];
    assert_eq!(outcomes, fields.into_iter().zip(expected).collect::<Vec<_>>());
}

#[test]
fn t69_limits_of_zero_store_nothing() {
    for limits in
        [CookieLimits { total: 0, ..CookieLimits::default() }, CookieLimits { per_site: 0, ..CookieLimits::default() }]
    {
        let mut jar = jar_with(limits);
        assert!(matches!(offer(&mut jar, "https://example.com/", "a=1"), Err(Rejected::NoRoom(_))));
        assert!(jar.is_empty());
    }
}

#[test]
fn t69_flood_from_one_site_spares_other_sites() {
    let mut jar = jar();
    offer(&mut jar, "http://other.com/", "o=1").unwrap();
    let home = url("http://example.com/");
    for number in 0..20_000 {
        let field = format!("c{number}=1; Path=/{}", number % 7);
        jar.receive(&home, field.as_bytes(), NOW, SiteContext::SameSite).unwrap();
    }
    jar.store.check();
    assert_eq!(jar.len(), 181);
    assert_eq!(sent(&mut jar, "http://other.com/"), "o=1");
}

#[test]
fn t69_flood_from_many_sites_respects_the_jar_limit() {
    let mut jar = jar();
    for number in 0..20_000 {
        let home = url(&format!("http://site{number}.com/"));
        let field = format!("c=1; Max-Age={}", 10 + number % 1000);
        jar.receive(&home, field.as_bytes(), NOW, SiteContext::SameSite).unwrap();
    }
    jar.store.check();
    assert_eq!(jar.len(), 3000);
    assert_eq!(sent(&mut jar, "http://site19999.com/"), "c=1");
    assert_eq!(jar.expire(later(509)), 1500);
    jar.store.check();
}
