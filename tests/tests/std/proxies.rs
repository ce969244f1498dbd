//! Proxies of the kit: forwarding, tunnels, TLS within TLS, credentials, and refusals that are
//! never the origin's answer.

use petition_std::petition_core::link::ProxyFailure;
use petition_std::petition_core::route::proxy::Tunnel;
use petition_std::{Auth, ErrorKind, Phase, Proxy, Session};
use petition_tests::httpbin::Httpbin;
use petition_tests::proxy::{self, Refusal};
use petition_tests::support::{everything, session_trusting};
use petition_tests::tls::{Authority, Endpoint};

struct Scene {
    origin: Httpbin,
    proxy: proxy::Proxy,
    session: Session,
}

fn scene(secure_origin: bool, secure_proxy: bool, change: impl FnOnce(proxy::Builder) -> proxy::Builder) -> Scene {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let origin = if secure_origin { Httpbin::start_tls(&endpoint) } else { Httpbin::start_plain() }.unwrap();
    let builder = proxy::Proxy::builder().route("origin.test:80", origin.address());
    let builder = if secure_proxy { builder.tls(&Endpoint::new(&authority.issue_localhost())) } else { builder };
    let proxy = change(builder.route(&format!("localhost:{}", origin.address().port()), origin.address())).start();
    let (proxy, session) = (proxy.unwrap(), session_trusting(&authority));
    let scene = Scene { origin, proxy, session };
    scene.over(Proxy::new(&scene.proxy.url()).unwrap());
    scene
}

impl Scene {
    fn over(&self, proxy: Proxy) {
        self.session.configure(|options| {
            options.proxy(proxy);
        });
    }
}

#[test]
fn every_proxy_and_origin_pair_reuses_connections() {
    for (origin, proxy) in [(false, false), (false, true), (true, false), (true, true)] {
        let scene = scene(origin, proxy, |builder| builder);
        for n in 0..3 {
            let response = scene.session.get(scene.origin.url("/get")).send().unwrap();
            assert_eq!((response.status().as_u16(), response.reused()), (200, n > 0), "{origin} {proxy}");
            response.text().unwrap();
        }
        let body = vec![3; 300_000];
        let counted = scene.session.post(scene.origin.url("/upload-count")).data(body).send().unwrap().text().unwrap();
        assert!(counted.contains("300000"), "{counted}");
        assert_eq!((scene.proxy.violations(), scene.origin.violations()), (vec![], vec![]));
        assert_eq!(scene.proxy.counts().accepted, 1);
        assert_eq!(scene.proxy.tunnels().len(), usize::from(origin));
    }
}

#[test]
fn forwarded_http_needs_no_local_look_up() {
    let scene = scene(false, false, |builder| builder);
    let text = scene.session.get("http://origin.test/get?a=b").send().unwrap().text().unwrap();
    assert!(text.contains("http://origin.test/get?a=b"), "{text}");
    let head = &scene.proxy.heads()[0];
    assert_eq!(
        (head.target.as_str(), head.value("host").as_deref()),
        ("http://origin.test/get?a=b", Some("origin.test"))
    );
}

#[test]
fn http_is_tunnelled_on_request() {
    let scene = scene(false, false, |builder| builder);

    scene.over(Proxy::new(&scene.proxy.url()).unwrap().tunnel(Tunnel::Always));
    assert!(scene.session.get("http://origin.test/get").send().unwrap().ok());
    assert_eq!(
        (scene.proxy.heads()[0].method.as_str(), scene.proxy.tunnels()[0].target.as_str()),
        ("CONNECT", "origin.test:80")
    );
}

#[test]
fn t3_proxy_credentials_go_no_further() {
    for secure in [false, true] {
        let scene = scene(secure, false, |builder| builder.credentials("user", "canary"));
        scene.over(Proxy::new(&scene.proxy.url()).unwrap().auth(Auth::basic("user", "canary").unwrap()).unwrap());
        let text = scene.session.get(scene.origin.url("/headers")).send().unwrap().text().unwrap();
        assert!(!text.to_ascii_lowercase().contains("proxy-auth"), "{text}");
        assert!(scene.proxy.heads().iter().all(|head| head.value("proxy-authorization").is_some()));
    }
}

#[test]
fn t4_connect_carries_no_origin_fields() {
    let scene = scene(true, false, |builder| builder);
    scene.session.set_headers([("X-Api-Key", "canary")]).unwrap();
    let url = scene.origin.url("/cookies/set/c/canary");
    scene.session.get(url).bearer_auth("canary").cookie("own", "canary").send().unwrap();
    let connect = scene.proxy.heads()[0].clone();
    let names: Vec<_> = connect.fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    assert_eq!(names, ["host", "user-agent"]);
    let tunnel = scene.proxy.tunnels().remove(0);
    assert!(!tunnel.sent.windows(6).any(|window| window == b"canary"), "it is encrypted");
}

/// Checks that the error says what to do about it.
fn says_what_to_do(error: &petition_std::Error) -> bool {
    error.to_string().contains("set its credentials with Proxy::auth")
}

#[test]
fn t77_refused_tunnel_is_an_error() {
    for status in [403, 407, 302, 500, 204] {
        let refusal = Refusal::new(status, "a page of the proxy's own")
            .field("Location", "https://evil.test/")
            .field("Set-Cookie", "stolen=1")
            .field("Proxy-Authenticate", "Basic realm=\"x\"");
        let refusal = if status == 204 { Refusal::new(502, "") } else { refusal };
        let scene = scene(true, false, |builder| builder.refuse(refusal));
        let error = scene.session.get(scene.origin.url("/get?token=hush")).send().unwrap_err();
        let ErrorKind::Proxy(ProxyFailure::Refused(refused)) = error.kind() else { panic!("{error}") };
        assert_eq!(refused.head.status().as_u16(), if status == 204 { 502 } else { status });
        assert_eq!(error.report().phase, Phase::Proxy);
        assert!(error.is_proxy() && error.is_connect() && !error.is_tls(), "{error}");
        assert_eq!(says_what_to_do(&error), status == 407, "{error}");
        let line = error.to_string();
        let asked = format!("asking the proxy {}: the proxy refused the tunnel with status", scene.proxy.address());
        assert!(line.contains(&asked), "{line}");
        assert!(!everything(&error).contains("hush"), "{line}");
        assert_eq!((scene.origin.requests(), scene.session.cookies(|jar| jar.len())), (0, 0));
        assert_eq!(scene.session.statistics().open, 0);
    }
}

#[test]
fn t96_wrong_credentials_are_refused_and_hidden() {
    let scene = scene(true, false, |builder| builder.credentials("user", "right"));
    scene.over(Proxy::new(&scene.proxy.url()).unwrap().auth(Auth::basic("user", "canary").unwrap()).unwrap());
    let error = scene.session.get(scene.origin.url("/get")).send().unwrap_err();
    assert!(error.to_string().contains("407"), "{error}");
    let all = everything(&error) + &format!("{:?}", scene.session.configure(|options| options.clone()));
    assert!(!all.contains("canary") && !all.contains("dXNlcjpjYW5hcnk"), "{all}");
}

#[test]
fn t77_bytes_before_the_handshake_are_injected() {
    let scene = scene(true, false, |builder| builder.inject("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
    let error = scene.session.get(scene.origin.url("/get")).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Proxy(ProxyFailure::EarlyBytes)), "{error}");
}

#[test]
fn t77_any_2xx_opens_the_tunnel() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: stolen=1\r\n\r\n",
    ] {
        let scene = scene(true, false, |builder| builder.established(head));
        assert!(scene.session.get(scene.origin.url("/get")).send().unwrap().ok(), "{head}");
        assert!(scene.session.cookies(|jar| jar.is_empty()));
    }
}

#[test]
fn t9_proxies_and_credentials_separate_connections() {
    let scene = scene(false, false, |builder| builder);
    let url = scene.origin.url("/get");
    let plain = Proxy::new(&scene.proxy.url()).unwrap();
    let proxies = [Some(plain.clone()), Some(plain.auth(Auth::basic("a", "b").unwrap()).unwrap()), None];
    for round in 0..2 {
        for proxy in &proxies {
            scene.session.configure(|options| {
                options.proxy(proxy.clone().map(petition_std::ProxyRules::from));
            });
            let response = scene.session.get(&url).send().unwrap();
            assert_eq!(response.reused(), round > 0, "{proxy:?}");
            response.text().unwrap();
        }
    }
}

#[test]
fn unreachable_proxy_error_names_the_proxy() {
    let nobody = petition_tests::net::unreachable::refusing().unwrap();
    let session = Session::new();
    session.configure(|o| {
        o.proxy(Proxy::new(&format!("http://{nobody}")).unwrap());
    });
    let error = session.get("http://origin.test/").send().unwrap_err();
    assert!(error.is_connect() && error.to_string().contains(&nobody.to_string()), "{error}");
}

#[test]
fn tls_proxy_is_verified() {
    let scene = scene(true, true, |builder| builder);
    let stranger = petition_tests::support::trust(&Authority::new());
    scene.over(Proxy::new(&scene.proxy.url()).unwrap().tls(stranger));
    let error = scene.session.get(scene.origin.url("/get")).send().unwrap_err();
    assert!(error.to_string().contains("does not chain to a trusted root"), "{error}");
    assert_eq!(scene.proxy.heads().len(), 0);
}
