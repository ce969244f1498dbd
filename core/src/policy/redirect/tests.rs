use super::*;
use crate::limits::Limits;
use crate::url::UrlError;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn decide_with_body(
    policy: &Policy,
    method: Method,
    from: &str,
    body: HopBody,
    hops_so_far: u32,
    status: u16,
    locations: &[&[u8]],
) -> Result<Decision, RedirectError> {
    let hop = Hop { method: &method, url: &url(from), body, hops_so_far };
    decide(policy, &Limits::DEFAULT, &hop, status, locations.iter().copied())
}

fn follow(policy: &Policy, from: &str, location: &str) -> Result<NextHop, RedirectError> {
    match decide_with_body(policy, Method::GET, from, HopBody::None, 0, 302, &[location.as_bytes()])? {
        Decision::Follow(next) => Ok(*next),
        Decision::Final(why) => panic!("not followed: {why:?}"),
    }
}

fn next(from: &str, to: &str) -> NextHop {
    follow(&Policy::default(), from, to).unwrap()
}

#[test]
fn t14_method_and_body_at_each_code() {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    // The method that each becomes; lower case if the body is dropped.
    for (status, becomes) in [
        (301, ["GET", "HEAD", "get", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        (302, ["GET", "HEAD", "get", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        (303, ["get", "head", "get", "get", "get", "get", "get"]),
        (307, methods),
        (308, methods),
    ] {
        for (method, becomes) in methods.into_iter().zip(becomes) {
            for body in [HopBody::None, HopBody::Replayable, HopBody::Once] {
                let keep = becomes.chars().all(|c| c.is_ascii_uppercase());
                let sent: Method = method.parse().unwrap();
                let decision = decide_with_body(&Policy::default(), sent, "http://a/", body, 0, status, &[b"/x"]);
                if keep && body == HopBody::Once {
                    assert_eq!(decision, Err(RedirectError::BodyNotReplayable), "{method} {status}");
                    continue;
                }
                let Ok(Decision::Follow(next)) = decision else { panic!("{method} {status}: {decision:?}") };
                assert_eq!(next.method.as_str(), becomes.to_ascii_uppercase(), "{method} {status}");
                assert_eq!(next.body == NextBody::Keep, keep, "{method} {status}");
            }
        }
    }
}

#[test]
fn other_codes_and_missing_locations_are_final() {
    let policy = Policy::default();
    for status in [200, 201, 300, 304, 305, 306, 309, 399, 401] {
        let decision = decide_with_body(&policy, Method::GET, "http://a/", HopBody::None, 0, status, &[b"/x"]);
        assert_eq!(decision, Ok(Decision::Final(WhyFinal::NotARedirect)), "{status}");
    }
    let decision = decide_with_body(&policy, Method::GET, "http://a/", HopBody::None, 0, 302, &[]);
    assert_eq!(decision, Ok(Decision::Final(WhyFinal::NoLocation)));
    let none = Policy { max: 0, ..policy };
    let decision = decide_with_body(&none, Method::POST, "http://a/", HopBody::Once, 0, 307, &[b"ftp://x/"]);
    assert_eq!(decision, Ok(Decision::Final(WhyFinal::NotEnabled)));
}

#[test]
fn post_survives_only_codes_that_the_policy_names() {
    let keep = |on_301, on_302, on_303| Policy { keep_post: KeepPost { on_301, on_302, on_303 }, ..Policy::default() };
    for (status, policy) in
        [(301, keep(true, false, false)), (302, keep(false, true, false)), (303, keep(false, false, true))]
    {
        for other in [301, 302, 303] {
            let decision =
                decide_with_body(&policy, Method::POST, "http://a/", HopBody::Replayable, 0, other, &[b"/x"]);
            let Ok(Decision::Follow(next)) = decision else { panic!("{decision:?}") };
            assert_eq!(next.method == Method::POST, status == other);
            assert_eq!(next.body == NextBody::Keep, status == other);
        }
    }
    let decision =
        decide_with_body(&keep(true, true, true), Method::PUT, "http://a/", HopBody::Replayable, 0, 303, &[b"/x"]);
    assert!(matches!(decision, Ok(Decision::Follow(next)) if next.method == Method::GET));
}

#[test]
fn t13_limit_of_n_follows_exactly_n() {
    for (policy, limit) in [
        (Policy::default(), 10),
        (Policy { max: 1, ..Policy::default() }, 1),
        (Policy { max: 30, ..Policy::default() }, 30),
    ] {
        let at = |hops| decide_with_body(&policy, Method::GET, "http://a/", HopBody::None, hops, 302, &[b"/x"]);
        assert!(matches!(at(limit - 1), Ok(Decision::Follow(_))));
        assert_eq!(at(limit), Err(RedirectError::TooMany { limit, times: 1 }));
    }
    let text = |times| RedirectError::TooMany { limit: 10, times }.to_string();
    assert_eq!(text(1), "limit redirects.max is 10, found one more");
    assert_eq!(text(4), "limit redirects.max is 10, found one more: a loop, the same request was made 4 times");
}

#[test]
fn t13_repetition_is_a_loop_without_new_cookie() {
    let mut loops = LoopDetector::new();
    let (a, b) = (url("http://a/x#1"), url("http://a/y"));
    assert_eq!(loops.visit(&Method::GET, &a, false), Ok(()));
    assert_eq!(loops.visit(&Method::GET, &b, false), Ok(()));
    assert_eq!(loops.visit(&Method::POST, &a, false), Ok(()));
    assert_eq!(loops.visit(&Method::GET, &a, true), Ok(()));
    assert_eq!(loops.visit(&Method::GET, &url("http://a/x?"), false), Ok(()));
    assert_eq!(loops.clone().visit(&Method::GET, &url("http://a/x#2"), false), Err(RedirectError::Loop));
    loops.mark_new_cookie();
    assert_eq!(loops.visit(&Method::GET, &a, false), Ok(()));
    assert_eq!(loops.visit(&Method::GET, &a, false), Err(RedirectError::Loop));
    let times = |method, url, body| loops.times(method, url, body);
    assert_eq!(
        [times(&Method::GET, &a, false), times(&Method::GET, &a, true), times(&Method::PUT, &a, true)],
        [3, 1, 0]
    );
}

#[test]
fn t15_empty_or_blank_location_is_no_redirect() {
    for locations in [&[&b""[..]][..], &[b"  \t"], &[b"", b" "]] {
        let decision = decide_with_body(&Policy::default(), Method::GET, "http://a/", HopBody::None, 0, 302, locations);
        assert!(matches!(decision, Ok(Decision::Final(WhyFinal::NoLocation))), "{locations:?}");
    }
}

#[test]
fn t12_other_schemes_are_rejected_and_never_relative() {
    for (location, scheme) in [
        ("file:///etc/passwd", "file"),
        ("data:text/plain,hi", "data"),
        ("ftp://h/", "ftp"),
        ("gopher://h/", "gopher"),
        ("JavaScript:alert(1)", "javascript"),
        ("localhost:8080/", "localhost"),
    ] {
        let error = follow(&Policy::default(), "http://a/", location).unwrap_err();
        assert_eq!(error, RedirectError::UnsupportedScheme(scheme.into()));
    }
}

#[test]
fn t15_differing_locations_fail_and_equal_ones_count_once() {
    let at = |locations: &[&[u8]]| {
        decide_with_body(&Policy::default(), Method::GET, "http://a/", HopBody::None, 0, 302, locations)
    };
    assert_eq!(at(&[b"/x", b"/y"]), Err(RedirectError::DifferingLocations));
    assert_eq!(at(&[b"/x", b""]), Err(RedirectError::DifferingLocations));
    let Ok(Decision::Follow(next)) = at(&[b"/x", b" /x", b"/x"]) else { panic!() };
    assert_eq!((next.url.as_str(), &next.notes[..]), ("http://a/x", &[Note::RepeatedLocation][..]));
}

#[test]
fn t15_locations_resolve_by_rfc_3986_or_fail() {
    for (from, location, expected) in [
        ("http://a/b/c?d", "e", "http://a/b/e"),
        ("http://a/b/c?d", "?e", "http://a/b/c?e"),
        ("http://a/b/c?d", "//h/x", "http://h/x"),
        ("https://a/b/c?d", "//h/x", "https://h/x"),
        ("http://a/b/c", "../../../x", "http://a/x"),
        ("http://a/b/c", "/te st/é", "http://a/te%20st/%C3%A9"),
        ("http://a/b#f", "/x", "http://a/x#f"),
        ("http://a/b#f", "/x#", "http://a/x#"),
        ("http://a/b#f", "/x#g", "http://a/x#g"),
        ("http://a/b#f", "http://b/", "http://b/#f"),
        ("http://a/b", "#g", "http://a/b#g"),
        ("http://a/b#", "/x", "http://a/x"),
    ] {
        assert_eq!(next(from, location).url.as_str(), expected, "{from} {location}");
    }
    for (location, error) in [
        ("/a\nb", UrlError::Control(10)),
        ("/a\0", UrlError::Control(0)),
        ("http://", UrlError::EmptyHost),
        ("http://h:99999/", UrlError::Port),
        ("http://a@b@c/", UrlError::SeveralAts),
        ("http:\\\\h\\", UrlError::Backslash),
    ] {
        let refused = follow(&Policy::default(), "http://a/", location);
        assert_eq!(refused, Err(RedirectError::BadLocation(error)), "{location:?}");
    }
}

#[test]
fn t15_backslash_does_not_change_the_host() {
    let next = next("http://a/b/c", "\\\\localhost:80\\ok");
    assert_eq!(next.url.as_str(), "http://a/b/%5C%5Clocalhost:80%5Cok");
    assert_eq!((next.crossing, &next.notes[..]), (Crossing::SameOrigin, &[Note::BackslashEncoded][..]));
}

#[test]
fn t6_user_information_of_a_location_is_discarded() {
    let next = next("http://a/", "http://user:canary@h/x");
    assert_eq!(next.url.as_str(), "http://h/x");
    assert_eq!(next.notes, [Note::UserInfoStripped]);
    assert!(!format!("{next:?}").contains("canary"));
}

#[test]
fn t10_downgrade_is_detected_and_can_be_refused() {
    let with = |plain_http| Policy { plain_http, ..Policy::default() };
    for (from, to, crossing, not_from_https, refused) in [
        ("https://a/", "http://a/", Crossing::Downgrade, true, true),
        ("https://a/", "http://b/", Crossing::Downgrade, true, true),
        ("https://a/", "https://b/", Crossing::CrossOrigin, false, false),
        ("http://a/", "http://b/", Crossing::CrossOrigin, false, true),
        ("http://a/", "http://a/", Crossing::SameOrigin, false, true),
        ("http://a/", "https://a/", Crossing::Upgrade, false, false),
        ("http://a:8080/", "https://a/", Crossing::CrossOrigin, false, false),
        ("http://a/", "https://a:8443/", Crossing::CrossOrigin, false, false),
        ("http://a/", "https://b.a/", Crossing::CrossOrigin, false, false),
        ("http://a./", "http://a/", Crossing::SameOrigin, false, true),
    ] {
        assert_eq!(next(from, to).crossing, crossing, "{from} {to}");
        for (plain_http, refused) in [(PlainHttp::NotFromHttps, not_from_https), (PlainHttp::Refused, refused)] {
            let decision = follow(&with(plain_http), from, to);
            assert_eq!(decision.err() == Some(RedirectError::DowngradeRefused), refused, "{from} {to} {plain_http:?}");
        }
    }
}

#[test]
fn t10_hsts_upgrade_precedes_the_downgrade_check() {
    let policy = Policy { plain_http: PlainHttp::Refused, ..Policy::default() };
    let from = url("https://a/");
    let hop = Hop { method: &Method::GET, url: &from, body: HopBody::None, hops_so_far: 0 };
    let decision =
        decide_with(&policy, &Limits::DEFAULT, &hop, 302, [&b"http://a/x"[..]], |url| url.set_scheme("https").is_ok());
    let Ok(Decision::Follow(next)) = decision else { panic!("{decision:?}") };
    assert_eq!((next.url.as_str(), next.crossing), ("https://a/x", Crossing::SameOrigin));
}

#[test]
fn t1_t2_t5_secrets_stay_with_their_origin() {
    let policy = Policy::default();
    let crossings = [
        ("http://a/", "http://a:81/"),
        ("http://a/", "http://b.a/"),
        ("http://a/", "https://a/"),
        ("https://a/", "http://a/"),
        ("http://a/", "http://b/"),
    ];
    for name in ["Authorization", "COOKIE", "X-Api-Key", "api-key", "X-Auth-Token", "PRIVATE-TOKEN", "x-csrf-token"] {
        for (from, to) in crossings {
            assert!(!survives(name, false, &next(from, to), &policy), "{name} {from} {to}");
        }
        assert!(survives(name, false, &next("http://a/", "http://A.:80/x"), &policy), "{name}");
    }
    for (from, to) in crossings {
        let next = next(from, to);
        assert!(!survives("x-own", true, &next, &policy));
        assert!(survives("x-own", false, &next, &policy));
        assert!(!survives("Host", false, &next, &policy));
        let strict = Policy { cross_origin: CrossOrigin::OnlySafeListed, ..policy };
        assert!(!survives("x-own", false, &next, &strict));
        for name in ["Accept", "Accept-Language", "User-Agent", "range", "Content-Type", "If-None-Match"] {
            assert!(survives(name, false, &next, &strict), "{name}");
            assert!(!survives(name, true, &next, &strict), "{name}");
        }
    }
    assert!(survives("host", false, &next("http://a/", "/x"), &policy));
    assert!(survives("x-own", true, &next("http://a/", "/x"), &policy));
}

#[test]
fn t3_proxy_authorization_survives_no_redirect() {
    let loud = Policy { danger_credentials_follow_to_any_origin: true, ..Policy::default() };
    for policy in [Policy::default(), loud] {
        assert!(!survives("Proxy-Authorization", false, &next("http://a/", "/x"), &policy));
        assert!(!survives("proxy-authorization", false, &next("http://a/", "http://b/"), &policy));
    }
}

#[test]
fn credentials_cross_origins_only_by_policy() {
    let upgrade = Policy { http_to_https_keeps_credentials: true, ..Policy::default() };
    let loud = Policy { danger_credentials_follow_to_any_origin: true, ..Policy::default() };
    for (from, to, by_upgrade) in [
        ("http://a/", "https://a/", true),
        ("http://a/", "https://b/", false),
        ("http://a:81/", "https://a/", false),
        ("https://a/", "http://a/", false),
    ] {
        assert_eq!(survives("authorization", false, &next(from, to), &upgrade), by_upgrade, "{from} {to}");
        assert!(survives("authorization", false, &next(from, to), &loud));
        assert!(!survives("host", false, &next(from, to), &loud));
    }
}

#[test]
fn t14_body_fields_are_dropped_with_the_body() {
    let policy = Policy::default();
    let at = |status| {
        let decision = decide_with_body(&policy, Method::POST, "http://a/", HopBody::Replayable, 0, status, &[b"/x"]);
        let Ok(Decision::Follow(next)) = decision else { panic!("{decision:?}") };
        *next
    };
    for name in [
        "Content-Length",
        "content-type",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-MD5",
        "Transfer-Encoding",
        "Expect",
        "Digest",
    ] {
        assert!(!survives(name, false, &at(302), &policy), "{name}");
        assert!(survives(name, false, &at(307), &policy), "{name}");
    }
    assert!(survives("Contents", false, &at(302), &policy));
    assert!(survives("c", false, &at(302), &policy));
}

#[test]
fn t7_referer_is_strict_origin_when_cross_origin() {
    let policy = Policy { referer: true, ..Policy::default() };
    for (from, to, expected) in [
        ("https://u:p@a/x?q#f", "/y", Some("https://a/x?q")),
        ("https://u:p@a/x?q#f", "https://b/", Some("https://a/")),
        ("https://a:8443/x?q", "https://b/", Some("https://a:8443/")),
        ("https://a/x?q", "http://a/", None),
        ("https://a/x?q", "http://b/", None),
        ("http://a/x?q", "https://a/", Some("http://a/")),
        ("http://a/x?q", "http://a/y", Some("http://a/x?q")),
    ] {
        assert_eq!(referer(&policy, &url(from), &next(from, to)).as_deref(), expected, "{from} {to}");
        assert_eq!(referer(&Policy::default(), &url(from), &next(from, to)), None);
    }
}
