//! No printed output of core shows a secret (T96).

use petition_core::content::decode::{Codings, Decoder};
use petition_core::cookie::{Jar, SetCookie, SiteContext};
use petition_core::http1::{self, Connection, RequestHead};
use petition_core::policy::redirect::{self, Decision, HopBody};
use petition_core::route::pool::{Pool, PoolLimits, Pooled};
use petition_core::tls::TlsConfig;
use petition_core::{
    Auth, Body, Event, Headers, Input, IntoUrl, Limits, Method, Now, Output, Proxy, Request, RequestTarget, Session,
    Transfer, Url, UrlCache,
};
use petition_tests::memory::answer;
use petition_tests::support::Printed;
use petition_tests::tls::Authority;

const CANARY: &str = "canary";

fn head(fields: &str) -> http1::ResponseHead {
    let mut connection = Connection::new(http1::Config::default());
    connection.send_head(&RequestHead::new("GET", "/?canary=canary"), [("Host", &b"a"[..])]).unwrap();
    connection.wrote(usize::MAX);
    let bytes = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    match connection.receive(bytes.as_bytes()).unwrap().event {
        http1::Event::Head(head) => head,
        event => panic!("{event:?}"),
    }
}

#[test]
fn t96_only_harmless_fields_show_their_values() {
    let mut printed = Printed::default();
    let fields = "X-Otp: canary\r\nX-Password: canary\r\nLink: </?token=canary>\r\nLocation: /?code=canary\r\n\
                  ETag: \"canary\"\r\nSet-Cookie: s=canary\r\nAuthentication-Info: canary\r\nx-session: canary\r\nServer: shown\r\n";
    printed.debug(&head(fields));
    printed.debug(&head(fields).fields());
    let mut headers = Headers::new();
    for name in ["X-Otp", "X-Password", "Authorization", "Cookie", "Referer"] {
        headers.set(name, CANARY).unwrap();
    }
    headers.set_sensitive("Content-Type", CANARY).unwrap();
    headers.set("Accept", "shown").unwrap();
    printed.debug(&headers);
    for refused in ["Authorization: Bearer canary", "X-Key canary"] {
        printed.error(&headers.set(refused, "").unwrap_err());
    }
    printed.shows_nothing();
    assert_eq!(printed.0.matches("shown").count(), 6);
}

#[test]
fn t96_no_type_of_core_shows_a_secret() {
    let mut printed = Printed::default();
    let url = Url::parse("https://a.test/p?token=canary").unwrap();
    let mut session = Session::new();
    session.configure(|options| {
        options.headers.set("X-Otp", CANARY).unwrap();
        options.cookies.set("sid", CANARY);
        options.query.set("key", CANARY);
        options.auth(Auth::basic("user", CANARY).unwrap());
        options.proxy(Proxy::new("http://user:canary@p.test/?k=canary").unwrap());
        options.base_url(Url::parse("https://user:canary@a.test/?token=canary").ok());
        options.target(RequestTarget::Path("/p?token=canary".into()));
    });
    session.cookies(|jar| jar.receive(&url, b"sid=canary", Default::default(), SiteContext::SameSite)).unwrap();
    let request = Request::new(Method::POST, "/q?token=canary").header("X-Password", CANARY).data("canary");
    let prepared = session.prepare(&request).unwrap();
    printed.debug(&session);
    printed.debug(session.settings());
    printed.debug(session.options());
    printed.debug(session.jar());
    printed.debug(&session.jar().iter().collect::<Vec<_>>());
    printed.debug(&request);
    printed.debug(&prepared);
    printed.debug(&Transfer::new(prepared, Default::default()));
    printed.debug(&Body::from(CANARY));
    printed.debug(&UrlCache::default());
    for error in [
        session.prepare(&Request::new(Method::GET, "/").cookie("sid=canary; Path=/", "")).unwrap_err(),
        session.prepare(&Request::new(Method::GET, "http://canary:canary@canary@h/")).unwrap_err(),
    ] {
        printed.error(&error);
        printed.debug(error.report());
    }
    for input in [Input::Received(b"canary"), Input::Received(b"HTTP/1.1 200 OK\r\nX-Otp: canary\r\n\r\n")] {
        printed.debug(&input);
    }
    let hop = redirect::Hop { method: &Method::GET, url: &url, body: HopBody::None, hops_so_far: 0 };
    printed.debug(&hop);
    let next = redirect::decide(&Default::default(), &Limits::DEFAULT, &hop, 302, [&b"/?code=canary"[..]]);
    assert!(matches!(next, Ok(Decision::Follow(_))));
    printed.debug(&next);
    printed
        .debug(&petition_core::cookie::parse_set_cookie(b"sid=canary", &Default::default()).unwrap() as &SetCookie<'_>);
    printed.debug(&Jar::new());
    let text = petition_core::content::text::decode(b"canary".to_vec(), None, true).unwrap();
    printed.debug(&text);
    let unknown = petition_core::content::text::decode(b"canary".to_vec(), Some(b"text/plain; charset=unknown"), true)
        .unwrap_err();
    printed.error(&unknown);
    let codings = Codings::parse([&b"deflate, gzip"[..]], &Limits::DEFAULT).unwrap();
    printed.debug(&Decoder::new(&codings, &Limits::DEFAULT, false).unwrap());
    printed.shows_nothing();
}

#[test]
fn t96_pem_errors_contain_no_part_of_a_key() {
    let mut printed = Printed::default();
    let authority = Authority::new();
    let chain = authority.pem();
    for broken in [
        // Lost line ends, as in an environment variable.
        "-----BEGIN PRIVATE KEY-----canary-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY canary",
        "-----BEGIN PRIVATE KEY-----\ncanary!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\ncanary",
        "-----BEGIN canary-----\nAAAA\n-----END canary-----\n",
    ] {
        printed.error(&TlsConfig::builder().client_certificate_pem((chain.clone() + broken).as_bytes()).unwrap_err());
        printed.error(&TlsConfig::builder().roots_pem(broken.as_bytes()).unwrap_err());
    }
    printed.shows_nothing();
}

#[test]
fn t96_url_argument_is_not_shown() {
    let mut printed = Printed::default();
    fn is_url(url: impl IntoUrl) -> Request {
        Request::new(Method::GET, url)
    }
    printed.debug(&is_url("/relative?token=canary"));
    printed.debug(&is_url("http://user:canary@h/?token=canary"));
    printed.debug(&is_url(Url::parse("http://user:canary@h/?token=canary").unwrap()));
    printed.shows_nothing();
    assert!(matches!(
        Transfer::new(Session::new().prepare(&is_url("http://h/")).unwrap(), Default::default()).poll(),
        Output::Sync
    ));
}

#[test]
fn t96_machines_and_events_show_no_secret() {
    let mut printed = Printed::default();
    let mut session = Session::new();
    session.set_headers([("X-Otp", CANARY)]).unwrap();
    let request =
        Request::new(Method::POST, "http://user:canary@127.0.0.1/?token=canary").cookie("sid", CANARY).data(CANARY);
    let now = Now::default();
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let mut pool = Pool::new(PoolLimits::default());
    let response = "HTTP/1.1 103 Early\r\nLink: </?token=canary>\r\n\r\nHTTP/1.1 200 OK\r\nX-Otp: canary\r\nContent-Length: 6\r\n\r\ncanary";
    let mut events = 0;
    loop {
        let output = transfer.poll();
        printed.debug(&output);
        printed.debug(&transfer);
        printed.debug(&transfer.route());
        let Some(output) = answer(now, &mut transfer, &mut session, output) else { continue };
        match output {
            Output::Read => transfer.handle(now, Input::Received(response.as_bytes())).unwrap(),
            Output::Body => {
                assert_eq!(transfer.body(), b"canary");
                transfer.handle(now, Input::Consumed(6)).unwrap();
            }
            Output::Release => {
                let (route, link) = transfer.take_link().unwrap();
                printed.debug(&link);
                let _ = pool.open(&route);
                assert!(
                    pool.put(Pooled { key: route, item: link, opened_at: now.instant }, now.instant, None).is_none()
                );
            }
            Output::Event(Event::Done) => break,
            Output::Event(_) => events += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(events, 2, "a 103 and the head");
    printed.debug(&pool);
    printed.debug(&session);
    printed.shows_nothing();
}
