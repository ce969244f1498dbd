//! The destinations of secrets and bodies, over sockets and both transports: base URLs, client
//! certificates, redirects, `https_only`.

use petition_core::policy::redirect::{CrossOriginBody, RedirectError};
use petition_core::tls::TlsConfig;
use petition_core::{Auth, BuildError, ErrorKind, Method, Request, SecretScope, Url};
use petition_tests::httpbin::Httpbin;
use petition_tests::support::Client;
use petition_tests::tls::{Authority, Endpoint, Leaf};

const CANARY: &str = "canary";

/// A relative URL that names the host of this server: `//127.0.0.1:PORT/path`.
fn network_path(server: &Httpbin, path: &str) -> String {
    server.url(path).split_once(':').unwrap().1.to_owned()
}

fn redirect_to(from: &Httpbin, status: u16, to: &str) -> String {
    let mut url = Url::parse(&from.url("/redirect-to")).unwrap();
    url.query_pairs_mut().append_pair("status_code", &status.to_string()).append_pair("url", to);
    url.into()
}

#[test]
fn t1_t5_session_secrets_reach_only_the_base_url() {
    let [home, away] = [(); 2].map(|()| Httpbin::start_plain().unwrap());
    for client in Client::both(&Authority::new()) {
        client.session(|session| {
            session.configure(|options| {
                options.headers.set("X-Api-Key", CANARY).unwrap();
                options.cookies.set("sid", CANARY);
                options.query.set("key", CANARY);
                options.auth(Auth::bearer(CANARY).unwrap());
            });
            session.set_base_url(home.url("/")).unwrap();
        });
        let at_home = client.get("/get").text();
        for secret in ["Bearer canary", "sid=canary", "key=canary", "\"X-Api-Key\""] {
            assert!(at_home.contains(secret), "{secret}: {at_home}");
        }
        for url in [network_path(&away, "/get"), away.url("/get"), redirect_to(&home, 302, &away.url("/get"))] {
            let answer = client.get(&url);
            assert!(answer.status() == 200 && !answer.text().contains(CANARY), "{url}: {}", answer.text());
        }
        client.configure(|o| {
            o.secret_scope(SecretScope::Any);
        });
        assert!(client.get(away.url("/get")).text().contains(CANARY));
    }
}

#[test]
fn t80_only_the_base_url_sees_client_certificates() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let start = || {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).clients_of(&clients).build();
        Httpbin::start_tls(&endpoint).unwrap()
    };
    let [home, away] = [(); 2].map(|()| start());
    let own = clients.issue(&Leaf::new(&["client.test"]).for_client());
    let config = TlsConfig::builder().root(authority.der()).client_certificate(own.chain(), own.key());
    let config = config.build().unwrap();
    for client in Client::both(&authority) {
        client.session(|session| {
            session.configure(|options| {
                options.tls(config.clone());
            });
            session.set_base_url(home.url("/")).unwrap();
        });
        assert_eq!(client.get("/get").status(), 200);
        for url in [network_path(&away, "/get"), redirect_to(&home, 302, &away.url("/get"))] {
            let error = client.send(Request::new(Method::GET, url)).err().unwrap();
            // The server is verified with the same root, and lacks the certificate.
            assert!(matches!(error.kind(), ErrorKind::Tls(_) | ErrorKind::Protocol(_) | ErrorKind::Io(_)), "{error}");
            assert!(!error.to_string().contains("trusted root"), "{error}");
        }
        let bound = [&home, &away].map(|server| petition_core::origin::Origin::of(&server.url("/").parse().unwrap()));
        let scope = SecretScope::from_iter(bound);
        client.configure(|options| {
            options.secret_scope(scope);
        });
        assert_eq!(client.get(redirect_to(&home, 302, &away.url("/get"))).status(), 200);
    }
}

#[test]
fn t10_t14_policy_decides_whether_bodies_cross_origins() {
    let authority = Authority::new();
    let secure = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let [plain, other] = [(); 2].map(|()| Httpbin::start_plain().unwrap());
    for client in Client::both(&authority) {
        let post = |from: &Httpbin, policy: CrossOriginBody| {
            let request = Request::new(Method::POST, redirect_to(from, 307, &other.url("/anything"))).data(CANARY);
            client.send(request.redirects(|r| {
                r.cross_origin_body(policy);
            }))
        };
        let refusal = |from, policy| {
            let before = other.requests();
            let error = post(from, policy).err().unwrap();
            assert_eq!(other.requests(), before, "nothing was asked");
            assert_eq!(error.report().response.as_ref().unwrap().status(), 307);
            match error.kind() {
                ErrorKind::Redirect(error) => error.clone(),
                _ => panic!("{error}"),
            }
        };
        assert!(post(&plain, CrossOriginBody::Send).unwrap().text().contains(CANARY));
        assert_eq!(refusal(&plain, CrossOriginBody::Refuse), RedirectError::BodyToAnotherOrigin);
        assert_eq!(refusal(&secure, CrossOriginBody::Send), RedirectError::BodyInClear);
        assert!(post(&secure, CrossOriginBody::DangerSendInClear).unwrap().text().contains(CANARY));
    }
}

#[test]
fn t10_https_only_holds_at_every_hop() {
    let authority = Authority::new();
    let secure = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let plain = Httpbin::start_plain().unwrap();
    for client in Client::both(&authority) {
        client.configure(|options| {
            options.https_only(true);
        });
        let fails = |url: String| client.send(Request::new(Method::GET, url)).err().unwrap();
        assert_eq!(client.get(secure.url("/get")).status(), 200);
        let first = fails(plain.url("/get"));
        assert!(matches!(first.kind(), ErrorKind::Build(BuildError::HttpsOnly)), "{first}");
        let second = fails(redirect_to(&secure, 302, &plain.url("/get")));
        assert!(matches!(second.kind(), ErrorKind::Redirect(RedirectError::HttpsOnly)), "{second}");
        assert_eq!(plain.requests(), 0);
    }
}
