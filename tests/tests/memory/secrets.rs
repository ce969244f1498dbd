//! Where a session's secrets go (T1, T5, T80), and where a redirect may take a body (T10, T14);
//! options that hold at every hop.

use std::sync::Arc;

use petition_core::origin::Origin;
use petition_core::policy::redirect::{CrossOrigin, CrossOriginBody, PlainHttp, RedirectError};
use petition_core::tls::TlsConfig;
use petition_core::{Auth, BuildError, ErrorKind, Method, Options, Proxy, Request, SecretScope};
use petition_tests::memory::{Peer, World, client_config, same_in, server_config};
use petition_tests::tls::Authority;
use rustls::ServerConfig;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn redirect(code: u16, location: &str) -> String {
    format!("HTTP/1.1 {code} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

/// Returns a session with every kind of secret, bound to `http://a.test`.
fn bound(w: &mut World) {
    w.session.configure(|options| {
        options.headers.set("Authorization", "canary1").unwrap();
        options.headers.set("X-Api-Key", "canary2").unwrap();
        options.headers.set_sensitive("X-Mine", "canary3").unwrap();
        options.headers.set("X-Plain", "plain").unwrap();
        options.cookies.set("sid", "canary4");
        options.query.set("key", "canary5");
    });
    w.session.set_base_url("http://a.test/v1/").unwrap();
}

#[test]
fn t1_t5_network_path_carries_no_session_secret() {
    let world = same_in(0..3, |w| {
        bound(w);
        w.serve("a.test:80", Peer::replies([OK]));
        w.serve("evil.test:80", Peer::replies([OK, OK]));
        w.send(get("items")).assert(200, "hi");
        w.send(get("//evil.test/x")).assert(200, "hi");
        w.send(get("http://evil.test/y").header("X-Own", "mine")).assert(200, "hi");
    });
    let home = world.received(0);
    assert!((1..=5).all(|n| home.contains(&format!("canary{n}"))), "{home}");
    let away = world.received(1);
    assert!(!away.contains("canary") && away.matches("X-Plain: plain").count() == 2, "{away}");
}

#[test]
fn t80_session_client_auth_stays_with_the_base_url() {
    let world = same_in(0..3, |w| {
        w.session.configure(|options| {
            options.auth(Auth::bearer("canary").unwrap());
        });
        w.session.set_base_url("http://a.test/").unwrap();
        w.serve("a.test:80", Peer::replies([OK]));
        w.serve("b.test:80", Peer::replies([OK, OK]));
        w.send(get("/")).assert(200, "hi");
        w.send(get("http://b.test/")).assert(200, "hi");
        w.send(get("http://b.test/").bearer_auth("own")).assert(200, "hi");
    });
    assert!(world.received(0).contains("Authorization: Bearer canary\r\n"));
    let received = world.received(1);
    assert!(!received.contains("canary") && received.contains("Authorization: Bearer own\r\n"), "{received}");
}

/// Returns the second and the third head of a chain from the base URL to another origin and back.
fn there_and_back(change: fn(&mut Options)) -> (String, String) {
    let world = same_in(0..3, |w| {
        bound(w);
        w.session.configure(change);
        w.serve("a.test:80", Peer::replies([&*redirect(302, "http://b.test/"), OK]));
        w.serve("b.test:80", Peer::replies([redirect(302, "http://a.test/back")]));
        w.send(get("/").sensitive_header("X-Requests", "own")).assert(200, "hi");
    });
    let home = world.received(0);
    (world.received(1), home[home.find("GET /back").unwrap()..].to_owned())
}

#[test]
fn t1_no_redirect_policy_widens_secret_scope() {
    let (there, back) = there_and_back(|_| ());
    assert!(!there.contains("canary") && !back.contains("canary"), "{there}{back}");
    assert!(!there.contains("own") && back.contains("X-Plain: plain"), "{there}{back}");
    let follows = |options: &mut Options| {
        options.redirects(|r| {
            r.danger_credentials_follow_to_any_origin(true);
        });
    };
    let (there, back) = there_and_back(follows);
    assert!(!there.contains("canary") && !back.contains("canary"), "{there}{back}");
    // The redirect policy decides on a request's own secrets.
    assert!(there.contains("X-Requests: own") && back.contains("X-Requests: own"), "{there}{back}");
    let (there, _) = there_and_back(|options| {
        options.redirects(|r| {
            r.danger_credentials_follow_to_any_origin(true);
        });
        options.secret_scope(SecretScope::Any);
    });
    assert!((1..=4).all(|n| there.contains(&format!("canary{n}"))), "{there}");
}

struct Trust {
    server: Arc<ServerConfig>,
    client: TlsConfig,
}

fn trust() -> Trust {
    let authority = Authority::new();
    Trust { server: server_config(&authority, &["a.test", "b.test"]), client: client_config(&authority) }
}

fn accepting_anything() -> TlsConfig {
    TlsConfig::builder().danger_accept_invalid_certs().build().unwrap()
}

#[test]
fn t80_unverified_tls_is_unused_outside_its_scope() {
    let Trust { server, .. } = trust();
    let danger = accepting_anything();
    let world = same_in(0..3, |w| {
        let tls = Some(danger.clone());
        w.session.configure(|options| {
            options.tls(tls);
        });
        w.session.set_base_url("https://a.test/").unwrap();
        w.serve("a.test:443", Peer::tls(&server).request().send(OK).request().send(redirect(302, "https://b.test/")));
        w.serve("b.test:443", Peer::tls(&server).request().send(OK));
        w.serve("b.test:443", Peer::tls(&server).request().send(OK));
        w.serve("b.test:443", Peer::tls(&server).request().send(OK));
        w.send(get("/")).assert(200, "hi");
        w.send(get("/away"));
        w.send(get("https://b.test/"));
        w.send(get("https://b.test/").secret_scope(SecretScope::Any)).assert(200, "hi");
    });
    for (number, hop) in [(1, 1), (2, 0)] {
        let error = world.transcripts[number].error();
        assert!(error.to_string().contains("does not chain to a trusted root"), "{error}");
        assert_eq!(error.report().hop, hop);
    }
}

#[test]
fn t80_bound_request_tls_settings_stay_with_their_origin() {
    let Trust { server, .. } = trust();
    let danger = accepting_anything();
    let own = |url: &str| {
        let tls = Some(danger.clone());
        get(url).tls(tls)
    };
    let world = same_in(0..3, |w| {
        w.session.set_base_url("https://api.test/").unwrap();
        w.serve("a.test:443", Peer::tls(&server).request().send(redirect(302, "https://b.test/")));
        w.serve("b.test:443", Peer::tls(&server).request().send(OK));
        w.send(own("https://a.test/"));
    });
    let error = world.transcripts[0].error();
    assert!(error.report().hop == 1 && error.to_string().contains("does not chain to a trusted root"), "{error}");
}

#[test]
fn t80_proxy_is_outside_the_base_url_scope() {
    let Trust { server, .. } = trust();
    let danger = accepting_anything();
    let proxy = Proxy::new("https://b.test:3128").unwrap();
    let world = same_in(0..3, |w| {
        let (tls, proxy) = (Some(danger.clone()), proxy.clone());
        w.session.configure(|options| {
            options.tls(tls);
            options.proxy(proxy);
        });
        w.session.set_base_url("http://a.test/").unwrap();
        w.serve("b.test:3128", Peer::tls(&server).request().send(OK));
        w.serve("b.test:3128", Peer::tls(&server).request().send(OK).request().send(OK));
        w.send(get("/"));
        let scope = |scope: SecretScope| get("/").secret_scope(scope);
        w.send(scope(SecretScope::Any)).assert(200, "hi");
        let both = ["http://a.test/", "https://b.test:3128/"].map(|url| Origin::of(&url.parse().unwrap()));
        w.send(scope(both.into_iter().collect())).assert(200, "hi");
    });
    let error = world.transcripts[0].error();
    assert!(error.to_string().contains("does not chain to a trusted root"), "{error}");
}

fn post(url: &str) -> Request {
    Request::new(Method::POST, url).data("canary")
}

fn with(request: Request, policy: CrossOriginBody) -> Request {
    request.redirects(|r| {
        r.cross_origin_body(policy);
    })
}

#[test]
fn t14_policy_decides_on_bodies_to_other_origins() {
    for (code, policy, carried) in [
        (307, CrossOriginBody::Send, true),
        (308, CrossOriginBody::DangerSendInClear, true),
        (307, CrossOriginBody::Refuse, false),
        (308, CrossOriginBody::Refuse, false),
    ] {
        let world = same_in(0..2, |w| {
            w.serve("a.test:80", Peer::replies([redirect(code, "http://b.test/")]));
            w.serve("b.test:80", Peer::replies([OK]));
            w.send(with(post("http://a.test/"), policy));
        });
        let run = &world.transcripts[0];
        assert_eq!(
            world.connections().len() == 2 && world.received(1).ends_with("canary"),
            carried,
            "{code} {policy:?}"
        );
        if !carried {
            assert!(matches!(run.kind(), ErrorKind::Redirect(RedirectError::BodyToAnotherOrigin)), "{}", run.error());
            assert_eq!(run.error().report().response.as_ref().unwrap().status(), code);
        }
    }
    // Nothing is refused within an origin, without a body, or if the body is dropped anyway.
    same_in(0..2, |w| {
        let away = [303, 307].map(|code| redirect(code, "http://b.test/"));
        w.serve("a.test:80", Peer::replies([&*redirect(307, "/x"), OK, &away[0], &away[1]]));
        w.send(with(post("http://a.test/"), CrossOriginBody::Refuse)).assert(200, "hi");
        w.serve("b.test:80", Peer::replies([OK, OK]));
        w.send(with(post("http://a.test/"), CrossOriginBody::Refuse)).assert(200, "hi");
        w.send(with(get("http://a.test/"), CrossOriginBody::Refuse)).assert(200, "hi");
    });
}

#[test]
fn t10_body_never_goes_from_https_to_http() {
    let Trust { server, client } = trust();
    let over = |request: Request| request.tls(client.clone());
    let away = redirect(307, "http://a.test/");
    let world = same_in(0..3, |w| {
        let peer = (0..4).fold(Peer::tls(&server), |peer, _| peer.request().send(&away));
        w.serve("a.test:443", peer.clone());
        w.serve("a.test:443", peer);
        w.serve("a.test:80", Peer::replies([OK, OK]));
        w.send(over(post("https://a.test/")));
        w.send(over(get("https://a.test/"))).assert(200, "hi");
        w.send(with(over(post("https://a.test/")), CrossOriginBody::DangerSendInClear)).assert(200, "hi");
    });
    let error = world.transcripts[0].error();
    assert!(matches!(error.kind(), ErrorKind::Redirect(RedirectError::BodyInClear)), "{error}");
    assert_eq!(error.report().response.as_ref().unwrap().status(), 307);
    let plain = world.connections().iter().map(|connection| connection.text()).find(|text| text.contains("POST"));
    assert_eq!(plain.map(|text| text.matches("canary").count()), Some(1));
}

#[test]
fn t10_https_only_refuses_http_at_every_hop() {
    let Trust { server, client } = trust();
    let only = |url: &str| {
        let client = client.clone();
        get(url).configure(|options| {
            options.https_only(true);
            options.tls(client);
        })
    };
    let world = same_in(0..3, |w| {
        w.serve("a.test:443", Peer::tls(&server).request().send(redirect(302, "http://b.test/")));
        w.send(only("https://a.test/"));
    });
    let error = world.transcripts[0].error();
    assert!(matches!(error.kind(), ErrorKind::Redirect(RedirectError::HttpsOnly)), "{error}");
    assert!(error.to_string().contains("https_only") && error.report().response.is_some(), "{error}");
    let session = petition_core::Session::new();
    let refused = session.prepare(&only("http://a.test/")).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Build(BuildError::HttpsOnly)), "{refused}");
}

#[test]
fn t10_plain_http_policy_covers_only_redirects() {
    let refuses = |url: &str| {
        get(url).redirects(|r| {
            r.plain_http(PlainHttp::Refused);
        })
    };
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([OK.to_owned(), redirect(302, "/x")]));
        w.send(refuses("http://a.test/")).assert(200, "hi");
        w.send(refuses("http://a.test/"));
    });
    assert!(matches!(world.transcripts[1].kind(), ErrorKind::Redirect(RedirectError::DowngradeRefused)));
}

#[test]
fn t10_redirect_limit_keeps_the_session_policy() {
    let world = same_in(0..3, |w| {
        w.session.configure(|options| {
            options.headers.set("X-Unlisted", "canary").unwrap();
            options.redirects(|r| {
                r.cross_origin(CrossOrigin::OnlySafeListed).plain_http(PlainHttp::Refused).max(0);
            });
        });
        // A failure closes its connection.
        w.serve("a.test:80", Peer::replies([redirect(302, "http://b.test/")]));
        w.serve("a.test:80", Peer::replies([redirect(302, "http://b.test/")]));
        w.send(get("http://a.test/").redirects(|r| {
            r.max(5);
        }));
        let allowed = |options: &mut Options| {
            options.redirects(|r| {
                r.plain_http(PlainHttp::Allowed);
            });
        };
        w.serve("b.test:80", Peer::replies([OK]));
        w.send(get("http://a.test/").configure(allowed).redirects(|r| {
            r.max(5);
        }))
        .assert(200, "hi");
    });
    assert!(matches!(world.transcripts[0].kind(), ErrorKind::Redirect(RedirectError::DowngradeRefused)));
    assert!(!world.received(2).contains("canary"), "{}", world.received(2));
}
