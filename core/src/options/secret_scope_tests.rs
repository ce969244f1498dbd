//! Which of a session's secrets a request receives, by its first URL. The tests in memory cover
//! redirects.

use super::*;
use crate::{Method, Request, Session};

fn session() -> Session {
    let mut session = Session::new();
    session.configure(|options| {
        options.headers.set("X-Plain", "plain").unwrap();
        options.headers.set("X-Api-Key", "canary").unwrap();
        options.headers.set_sensitive("X-Mine", "canary").unwrap();
        options.cookies.set("sid", "canary");
        options.query.set("key", "canary");
        options.auth(Auth::bearer("canary").ok());
    });
    session
}

/// Whether a request has all secrets, or none; panics if it has some.
fn has_secrets(session: &Session, request: &Request) -> bool {
    let prepared = session.prepare(request).unwrap();
    assert_eq!(prepared.headers().get("X-Plain").unwrap(), "plain");
    let [key, mine] = ["X-Api-Key", "X-Mine"].map(|name| prepared.headers().get(name).is_some());
    let found = [
        key,
        mine,
        prepared.cookies.contains("sid"),
        prepared.url().as_str().contains("key=canary"),
        prepared.auth.is_some(),
        prepared.settings().auth.is_some(),
    ];
    assert!(found.iter().all(|one| *one == key), "{found:?}");
    key
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

#[test]
fn t1_t5_session_secrets_stay_with_the_base_url() {
    let mut session = session();
    assert!(has_secrets(&session, &get("http://evil.test/")), "secrets are unbound without a base URL");
    session.set_base_url("https://api.test/v1/").unwrap();
    for (url, within) in [
        ("items", true),
        ("/x", true),
        ("//api.test/", true),
        ("https://API.test.:443/", true),
        ("//evil.test/x", false),
        ("https://evil.test/", false),
        ("http://api.test/", false),
        ("https://api.test:8443/", false),
        ("https://sub.api.test/", false),
    ] {
        assert_eq!(has_secrets(&session, &get(url)), within, "{url}");
    }
}

#[test]
fn session_and_request_can_set_the_scope() {
    let mut session = session();
    let [a, b] = ["http://a.test/", "http://b.test/"].map(|text| Origin::of(&Url::parse(text).unwrap()));
    let only = |origins: &[Origin]| SecretScope::from_iter(origins.iter().cloned());
    session.configure(|options| {
        options.secret_scope(only(&[a.clone(), b]));
    });
    let found = ["http://a.test/", "http://b.test/", "http://c.test/"].map(|url| has_secrets(&session, &get(url)));
    assert_eq!(found, [true, true, false]);
    let asks = |url, scope: Setting<SecretScope>| get(url).secret_scope(scope);
    assert!(has_secrets(&session, &asks("http://c.test/", SecretScope::Any.into())));
    assert!(!has_secrets(&session, &asks("http://b.test/", only(&[a]).into())));
    // The library's default, and no base URL.
    assert!(has_secrets(&session, &asks("http://c.test/", Setting::Clear)));
    session.set_base_url("http://a.test/").unwrap();
    assert!(has_secrets(&session, &get("http://b.test/")), "an explicit scope overrides the default");
    assert!(!has_secrets(&session, &asks("http://b.test/", Setting::Clear)));
}

#[test]
fn request_base_url_does_not_widen_scope() {
    let mut session = session();
    session.set_base_url("http://a.test/").unwrap();
    let other = get("/x").base_url(Url::parse("http://evil.test/").ok());
    assert!(!has_secrets(&session, &other));
    assert_eq!(session.prepare(&other).unwrap().url().as_str(), "http://evil.test/x");
}

#[test]
fn secrets_of_a_request_go_to_its_origin() {
    let mut session = session();
    session.set_base_url("http://a.test/").unwrap();
    let request =
        get("http://b.test/").header("X-Api-Key", "own").bearer_auth("own").cookie("sid", "own").query("key", "own");
    let prepared = session.prepare(&request).unwrap();
    assert_eq!(prepared.headers().get("X-Api-Key").unwrap(), "own");
    assert!(prepared.headers().get("X-Mine").is_none());
    assert_eq!(prepared.auth, Auth::bearer("own").ok());
    assert_eq!(prepared.cookies.iter().collect::<Vec<_>>(), [("sid", "own")]);
    assert_eq!(prepared.url().as_str(), "http://b.test/?key=own");
    let in_url = session.prepare(&get("http://u:p@b.test/")).unwrap();
    assert_eq!(in_url.auth, Auth::basic("u", "p").ok());
}

#[cfg(all(feature = "tls", feature = "ring", feature = "webpki-roots"))]
#[test]
fn t80_unverified_tls_stays_in_its_scope() {
    let danger = TlsConfig::builder().danger_accept_invalid_certs().build().unwrap();
    let plain = TlsConfig::builder().build().unwrap();
    let mut session = session();
    session.set_base_url("https://a.test/").unwrap();
    session.configure(|options| {
        options.tls(danger.clone());
    });
    let used = |session: &Session, request: &Request| session.prepare(request).unwrap().settings().tls.clone();
    assert_eq!(used(&session, &get("/")), Some(danger.clone()));
    let elsewhere = used(&session, &get("https://b.test/")).unwrap();
    assert!(!elsewhere.accepts_invalid_certs());
    // Connections there can be used again.
    assert_eq!(used(&session, &get("https://c.test/")), Some(elsewhere));
    let own = get("https://b.test/").tls(danger.clone());
    assert_eq!(used(&session, &own), Some(danger));
    session.configure(|options| {
        options.tls(plain.clone());
    });
    assert_eq!(used(&session, &get("https://b.test/")), Some(plain), "roots are not secret");
}

#[cfg(all(feature = "tls", feature = "ring", feature = "webpki-roots"))]
#[test]
fn t80_https_proxy_gets_no_bound_tls() {
    let danger = TlsConfig::builder().danger_accept_invalid_certs().build().unwrap();
    let mut session = session();
    session.set_base_url("https://a.test/").unwrap();
    session.configure(|options| {
        options.tls(danger.clone());
    });
    let own = TlsConfig::builder().build().unwrap();
    let proxy = |url: &str| Proxy::new(url).unwrap();
    for (proxy, is_changed) in [
        (proxy("https://p.test/"), true),
        (proxy("https://a.test/"), false),
        (proxy("https://p.test/").tls(own.clone()), false),
        (proxy("http://p.test/"), false),
    ] {
        let request = get("/").proxy(proxy.clone());
        let settings = session.prepare(&request).unwrap().settings;
        let bound = settings.bound.clone().unwrap();
        let changed = bound.proxy_without_secrets(&proxy, &danger, || session.default_tls());
        assert_eq!(changed.is_some(), is_changed, "{proxy:?}");
        if let Some(changed) = changed {
            assert!(!changed.unwrap().tls_config().unwrap().accepts_invalid_certs());
        }
    }
}
