//! The credentials of a request, at its first hop and after redirects.

use crate::policy::auth::{Auth, Netrc};
use crate::policy::redirect::{Decision, Hop, HopBody, Policy, decide};
use crate::{BuildError, ErrorKind, Limits, Method, Request, Session, Setting};

fn basic(user: &str) -> Auth {
    Auth::basic(user, "p").unwrap()
}

/// A session with credentials of every kind for a.test.
fn session() -> Session {
    let mut session = Session::new();
    let netrc = "machine a.test login netrc password p machine b.test login netrc-b password p";
    session.configure(|o| {
        o.auth(basic("plain")).netrc(Netrc::parse(netrc).unwrap());
        o.auth_for("https://a.test", basic("bound")).unwrap();
    });
    session
}

fn user(session: &Session, request: &Request) -> Option<String> {
    let auth = session.prepare(request).unwrap().auth?;
    Some(String::from_utf8(auth.user_and_password().unwrap().0).unwrap())
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

#[test]
fn most_explicit_credentials_win() {
    let mut session = session();
    let own = get("https://in-url:p@a.test/").auth(basic("own"));
    assert_eq!(user(&session, &own).as_deref(), Some("own"));
    assert_eq!(user(&session, &get("https://in-url:p@a.test/")).as_deref(), Some("in-url"));
    assert_eq!(user(&session, &get("https://a.test/")).as_deref(), Some("bound"));
    assert_eq!(user(&session, &get("https://c.test/")).as_deref(), Some("plain"));
    assert_eq!(user(&session, &get("https://a.test/").auth(Setting::Clear)), None);
    let mut request = get("https://a.test/");
    request.options_mut().auth_for("https://a.test:443/", basic("bound-2")).unwrap();
    assert_eq!(user(&session, &request).as_deref(), Some("bound-2"));
    session.configure(|o| {
        o.auth(Setting::Inherit);
    });
    assert_eq!(user(&session, &get("http://b.test/")).as_deref(), Some("netrc-b"));
    assert_eq!(user(&session, &get("http://c.test/")), None);
}

#[test]
fn t8_netrc_is_looked_up_by_the_parsed_host() {
    let mut session = session();
    session.configure(|o| {
        o.auth(Setting::Inherit);
    });
    assert_eq!(user(&session, &get("http://a.test:x@b.test/")).as_deref(), Some("a.test"), "userinfo is explicit");
    assert_eq!(user(&session, &get("http://netrc-b@b.test/")).as_deref(), Some("netrc-b"));
    let auth = session.prepare(&get("http://netrc-b@b.test/")).unwrap().auth.unwrap();
    assert_eq!(auth.user_and_password().unwrap().1, b"p", "the entry completes the userinfo");
}

#[test]
fn t8_netrc_overrides_no_explicit_password() {
    let session = session();
    let auth = session.prepare(&get("http://netrc-b:explicit@b.test/")).unwrap().auth.unwrap();
    assert_eq!(auth.user_and_password().unwrap().1, b"explicit");
}

#[test]
fn unusable_netrc_entry_is_an_error_of_the_request() {
    let mut session = Session::new();
    session.configure(|o| {
        o.netrc(Netrc::parse("machine a.test login \"a\\nb\" password canary").unwrap());
    });
    let error = session.prepare(&get("http://a.test/")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Build(BuildError::Auth(_))), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn auth_for_takes_origins_only() {
    let mut session = Session::new();
    for url in ["a.test", "ftp://a.test", "https://u:p@a.test/", "https://a.test/path", "https://a.test/?q"] {
        assert!(session.configure(|o| o.auth_for(url, basic("u")).is_err()), "{url}");
    }
    assert!(session.configure(|o| o.auth_for("HTTPS://A.test:443", basic("u")).is_ok()));
}

/// The user after a redirect from https://a.test/ to `next`.
fn redirected(session: &Session, next: &str) -> Option<String> {
    let mut prepared = session.prepare(&get("https://a.test/")).unwrap();
    let past = Hop { method: &Method::GET, url: &prepared.url, body: HopBody::None, hops_so_far: 0 };
    let decision = decide(&Policy::default(), &Limits::DEFAULT, &past, 302, [next.as_bytes()]);
    let Ok(Decision::Follow(next)) = decision else { panic!("the redirect is followed") };
    prepared.follow(*next);
    Some(String::from_utf8(prepared.auth?.user_and_password().unwrap().0).unwrap())
}

#[test]
fn t1_t8_redirect_gets_other_credentials_only_by_option() {
    let mut session = session();
    assert_eq!(redirected(&session, "https://a.test/next").as_deref(), Some("bound"));
    assert_eq!(redirected(&session, "https://b.test/"), None);
    session.configure(|o| {
        o.auth_after_redirect(true);
    });
    assert_eq!(redirected(&session, "https://b.test/").as_deref(), Some("netrc-b"));
    assert_eq!(redirected(&session, "https://c.test/"), None, "plain credentials never follow");
    assert_eq!(redirected(&session, "http://b.test/"), None, "nor any to plain http");
    session.configure(|o| {
        o.netrc(Netrc::parse("default login d password p").unwrap().use_default(true));
    });
    assert_eq!(redirected(&session, "https://b.test/"), None, "the default entry belongs to no host");
}
