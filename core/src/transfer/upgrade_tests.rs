//! HSTS upgrades of hops to http URLs.

use super::driven_tests::Driven;
use super::hop::{HopState, hop};
use crate::cookie::SiteContext;
use crate::policy::redirect::{Crossing, Note, PlainHttp};
use crate::policy::{Memory, Outcome, Trail, after, needs_memory};
use crate::route::connect_to::ConnectTo;
use crate::transfer::{Event, Input, Output};
use crate::{Auth, Method, Now, Request, Session, UnixTime, Url, Why};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// A session whose HSTS store has a.test with its subdomains.
fn session() -> Session {
    let mut session = Session::new();
    let field = b"max-age=1000; includeSubDomains";
    session.hsts(|store| store.receive(&url("https://a.test/"), field, UnixTime(0)));
    session
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn driven(session: Session, request: &Request) -> Driven {
    Driven::within(session, Now::default(), request, "")
}

/// The name that a hop looks up, and its URL.
fn looked_up(mut driven: Driven) -> (String, u16, String) {
    driven.until(|output| matches!(output, Output::Resolve));
    let (host, port) = driven.transfer.peer_name().unwrap();
    (host.to_owned(), port, driven.transfer.url().to_string())
}

#[test]
fn t17_upgrade_precedes_the_look_up() {
    for (requested, expected) in [
        ("http://a.test/p?q", ("a.test", 443, "https://a.test/p?q")),
        ("http://A.TEST./", ("a.test.", 443, "https://a.test./")),
        ("http://b.a.test:8080/", ("b.a.test", 8080, "https://b.a.test:8080/")),
        ("http://ba.test/", ("ba.test", 80, "http://ba.test/")),
        ("https://a.test/", ("a.test", 443, "https://a.test/")),
    ] {
        let (host, port, url) = looked_up(driven(session(), &get(requested)));
        assert_eq!((&*host, port, &*url), expected);
    }
    let expired = Driven::within(session(), Now { unix: UnixTime(1000), ..Now::default() }, &get("http://a.test/"), "");
    assert_eq!(looked_up(expired).1, 80);
    assert_eq!(looked_up(driven(session(), &get("http://a.test/").hsts(false))).1, 80, "the option is off");
}

#[test]
fn t17_upgrade_precedes_the_choice_of_cookies() {
    let mut session = session();
    session.cookies(|jar| {
        jar.receive(&url("https://a.test/"), b"s=1; Secure", UnixTime(0), SiteContext::default()).unwrap();
    });
    let mut driven = driven(session, &get("http://a.test/"));
    driven.until(|output| matches!(output, Output::Resolve));
    assert_eq!(driven.transfer.0.cookie, b"s=1");
}

#[test]
fn upgrade_is_reported_and_in_the_history() {
    let mut driven = driven(session(), &get("http://a.test/"));
    driven.until(|output| matches!(output, Output::Event(Event::Again(Why::UpgradedToHttps))));
    let [hop] = driven.transfer.history() else { panic!("{:?}", driven.transfer.history()) };
    assert_eq!((hop.url.as_str(), hop.why, hop.crossing), ("http://a.test/", Why::UpgradedToHttps, Crossing::Upgrade));
    assert!(hop.head.is_none() && hop.peer.is_none());
    driven.until(|output| matches!(output, Output::Resolve));
    driven.handle(Input::Cancel);
    let error = driven.transfer.failure().unwrap();
    assert!(error.report().upgraded && error.report().hop == 1);
    assert!(error.to_string().starts_with("GET https://a.test/ (https because of HSTS): "), "{error}");
}

#[test]
fn t10_redirect_to_a_known_host_is_upgraded() {
    let response = "HTTP/1.1 302 Found\r\nLocation: http://a.test/x\r\nContent-Length: 0\r\n\r\n";
    let request = get("http://127.0.0.1/").redirects(|r| {
        r.plain_http(PlainHttp::Refused);
    });
    let mut driven = Driven::within(session(), Now::default(), &request, response);
    driven.until(|output| matches!(output, Output::Resolve));
    assert_eq!(driven.transfer.url().as_str(), "https://a.test/x");
    let [hop] = driven.transfer.history() else { panic!("{:?}", driven.transfer.history()) };
    assert_eq!(
        (hop.why, hop.crossing, &*hop.notes),
        (Why::Redirect, Crossing::CrossOrigin, &[Note::UpgradedToHttps][..])
    );
    assert!(driven.transfer.error(crate::ErrorKind::Cancelled).report().upgraded);
}

#[test]
fn upgraded_request_keeps_its_credentials() {
    let mut session = session();
    session.set_base_url("http://a.test/").unwrap();
    session.set_headers([("X-Api-Key", "session")]).unwrap();
    let request = get("/").header("Cookie", "c=1").auth(Auth::bearer("request").unwrap());
    let mut driven = driven(session, &request);
    driven.until(|output| matches!(output, Output::Resolve));
    let sent = &driven.transfer.0.request;
    assert!(sent.headers().contains("x-api-key") && sent.headers().contains("cookie") && sent.auth.is_some());
}

#[test]
fn t5_scope_holds_after_an_upgrade() {
    let mut session = session();
    session.set_base_url("http://a.test/").unwrap();
    session.set_headers([("X-Api-Key", "session")]).unwrap();
    session.configure(|options| {
        options.redirects(|r| {
            r.danger_credentials_follow_to_any_origin(true);
        });
    });
    let mut request = session.prepare(&get("/")).unwrap();
    assert_eq!(request.upgrade(url("https://a.test/"), true).as_str(), "http://a.test/");
    let follow = |request: &mut crate::Prepared, to: &str| {
        let (method, body, notes) = (Method::GET, crate::policy::redirect::NextBody::Drop, Vec::new());
        let crossing = Crossing::between(request.url(), &url(to));
        request.follow(crate::policy::redirect::NextHop { url: url(to), method, body, crossing, notes });
    };
    follow(&mut request, "https://a.test/2");
    assert!(request.headers().contains("x-api-key"), "the upgraded origin belongs to the scope");
    follow(&mut request, "https://b.a.test/");
    assert!(!request.headers().contains("x-api-key"), "no policy extends the scope");
}

#[test]
fn address_of_the_request_follows_the_upgrade() {
    let to = crate::Address::unix("/run/a.sock");
    let request = get("http://a.test/").connect_to(ConnectTo::from(to.clone()));
    let mut driven = driven(session(), &request);
    let Output::Connect(attempt) = driven.until(|output| matches!(output, Output::Connect(_))) else { panic!() };
    assert_eq!(driven.transfer.address(attempt), Some(&to));
    assert_eq!(driven.transfer.url().scheme(), "https");
}

/// Returns the number of stored hosts after a final response with these fields to a request to
/// `to`.
fn stored(to: &str, is_verified: bool, fields: &str) -> usize {
    let mut driven = Driven::get(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n"));
    let Output::Event(Event::Head(head)) = driven.until(|output| matches!(output, Output::Event(Event::Head(_))))
    else {
        panic!("no head")
    };
    assert!(driven.session.hsts_store().is_empty(), "the connection has no TLS");
    let request = driven.session.prepare(&get(to)).unwrap();
    let (mut trail, mut memory) = (Trail::default(), Memory::new(crate::TestSeed(0).into()));
    let state = HopState { expect_continue: false, body_untouched: false, is_verified, knows_hsts_hosts: false };
    let (hop, outcome) = (hop(&request, None, Now::default(), state), Outcome::Head(&head));
    if needs_memory(&hop, &outcome) {
        after(&hop, &outcome, &mut trail, Some(&mut memory));
    }
    memory.hsts.len()
}

#[test]
fn t17_first_field_over_verified_tls_is_stored() {
    let (field, url) = ("Strict-Transport-Security: max-age=9\r\n", "https://a.test/");
    assert_eq!((stored(url, true, field), stored(url, false, field)), (1, 0));
    assert_eq!((stored("http://a.test/", true, field), stored("https://127.0.0.1/", true, field)), (0, 0));
    for first in ["", "max-age", "max-age=0"] {
        let fields = format!("Strict-Transport-Security: {first}\r\n{field}");
        assert_eq!(stored(url, true, &fields), 0, "{first:?} precedes a valid field");
    }
    assert_eq!(stored(url, true, &format!("{field}Strict-Transport-Security: max-age=0\r\n")), 1);
}
