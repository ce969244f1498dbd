//! TLS against the kit's servers: trust, resumption, every reason to refuse, truncation, client
//! certificates.

use std::io::Read;

use petition_std::petition_core::http1::Leniencies;
use petition_std::petition_core::tls::TlsFailure;
use petition_std::{Error, ErrorKind, Phase, Processed, Session, TlsConfig};
use petition_tests::httpbin::Httpbin;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{everything, session_trusting, session_with, trust};
use petition_tests::tls::{Authority, Endpoint, Farewell, Leaf};
use rustls::ProtocolVersion;

fn failure(error: &Error) -> &TlsFailure {
    match error.kind() {
        ErrorKind::Tls(failure) => failure,
        _ => panic!("no failure of TLS: {error}"),
    }
}

fn get(session: &Session, url: &str) -> Result<String, Error> {
    session.get(url).send()?.text()
}

#[test]
fn server_is_verified_against_custom_roots() {
    let authority = Authority::new();
    for identity in [authority.issue_localhost(), authority.intermediate().issue_localhost()] {
        let server = Httpbin::start_tls(&Endpoint::new(&identity)).unwrap();
        let session = session_trusting(&authority);
        for host in ["localhost", "127.0.0.1"] {
            let response = session.get(server.base_at(host) + "/get").send().unwrap();
            assert_eq!((response.status().as_u16(), response.url().scheme()), (200, "https"));
        }
        let from_pem = TlsConfig::builder().roots_pem(authority.pem().as_bytes()).unwrap().build().unwrap();
        assert!(get(&session_with(&from_pem), &server.url("/get")).is_ok());
    }
}

#[test]
fn second_connection_resumes_tls() {
    let authority = Authority::new();
    for version in [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3] {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).only(version).build();
        let server = Httpbin::start_tls(&endpoint).unwrap();
        let session = session_trusting(&authority);
        for _ in 0..3 {
            get(&session, &server.url("/close")).unwrap();
        }
        let counts = endpoint.counts();
        assert_eq!((counts.full, counts.resumed), (1, 2), "{version:?}");
        // Another session has its own tickets.
        get(&session_trusting(&authority), &server.url("/get")).unwrap();
        assert_eq!(endpoint.counts().full, 2);
        let never = TlsConfig::builder().root(authority.der()).resumption(false).build().unwrap();
        let never = session_with(&never);
        get(&never, &server.url("/close")).unwrap();
        get(&never, &server.url("/close")).unwrap();
        assert_eq!((endpoint.counts().full, endpoint.counts().resumed), (4, 2));
    }
}

#[test]
fn t79_bad_certificate_error_names_the_fault() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cases = [
        (authority.issue(&Leaf::new(&["other.test"])), "not valid for localhost, only for other.test"),
        (authority.issue(&Leaf::new(&["*.localhost"])), "not valid for localhost"),
        (authority.issue(&Leaf::new(&["other.test"]).common_name("localhost")), "not valid for localhost"),
        (authority.issue(&Leaf::localhost().expired()), "certificate has expired"),
        (authority.issue(&Leaf::localhost().not_yet_valid()), "certificate is not valid yet"),
        (stranger.issue_localhost(), "does not chain to a trusted root"),
        (petition_tests::tls::Identity::self_signed(&Leaf::localhost()), "does not chain to a trusted root"),
        (authority.issue(&Leaf::localhost().for_client()), "certificate was rejected"),
        (authority.issue(&Leaf::localhost().as_authority()), "certificate was rejected"),
    ];
    for (identity, words) in cases {
        let endpoint = Endpoint::new(&identity);
        let server = Httpbin::start_tls(&endpoint).unwrap();
        let session = session_trusting(&authority);
        let error = session.post(server.url("/post?token=hush")).data("secret").send().unwrap_err();
        let line = error.to_string();
        assert!(line.contains(words) && line.contains("the TLS handshake"), "{line}");
        assert_eq!((error.report().phase, error.processed()), (Phase::Tls, Processed::No));
        assert!(error.is_tls() && error.is_connect() && !error.is_proxy(), "{line}");
        assert!(!everything(&error).contains("hush"));
        assert_eq!((server.requests(), session.statistics().open), (0, 0), "nothing was said");
    }
}

#[test]
fn each_tls_fault_has_its_kind() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let fails = |identity| {
        let server = Httpbin::start_tls(&Endpoint::new(&identity)).unwrap();
        failure(&get(&session_trusting(&authority), &server.url("/get")).unwrap_err()).clone()
    };
    assert!(matches!(fails(authority.issue(&Leaf::new(&["a.test"]))), TlsFailure::WrongName { .. }));
    assert_eq!(fails(authority.issue(&Leaf::localhost().expired())), TlsFailure::Expired);
    assert_eq!(fails(authority.issue(&Leaf::localhost().not_yet_valid())), TlsFailure::NotYetValid);
    assert_eq!(fails(stranger.issue_localhost()), TlsFailure::UnknownIssuer);
}

#[test]
fn t79_address_requires_a_certificate_naming_it() {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue(&Leaf::new(&["localhost"])))).unwrap();
    let session = session_trusting(&authority);
    assert!(get(&session, &(server.base_at("localhost") + "/get")).is_ok());
    let error = get(&session, &(server.base_at("127.0.0.1") + "/get")).unwrap_err();
    assert!(error.to_string().contains("not valid for 127.0.0.1"), "{error}");
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue(&Leaf::new(&["127.0.0.1"])))).unwrap();
    assert!(get(&session, &(server.base_at("127.0.0.1") + "/get")).is_ok());
    assert!(get(&session, &(server.base_at("localhost") + "/get")).is_err());
}

#[test]
fn t83_server_of_h2_only_is_refused() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).protocols(&["h2"]).build();
    let server = Httpbin::start_tls(&endpoint).unwrap();
    let error = get(&session_trusting(&authority), &server.url("/get")).unwrap_err();
    assert_eq!(*failure(&error), TlsFailure::NoApplicationProtocol);
    assert!(error.to_string().contains("does not offer http/1.1"), "{error}");
    let endpoint = Endpoint::builder(&authority.issue_localhost()).protocols(&[]).build();
    let server = Httpbin::start_tls(&endpoint).unwrap();
    assert!(get(&session_trusting(&authority), &server.url("/get")).is_ok(), "without ALPN it is HTTP/1.1");
}

#[test]
fn mixing_http_and_tls_is_an_error() {
    let authority = Authority::new();
    let plain = Scripted::each(Script::new().read_exactly(5).send("HTTP/1.1 400 Bad Request\r\n\r\n")).unwrap();
    let error = get(&session_trusting(&authority), &plain.https_url("/")).unwrap_err();
    assert!(error.to_string().contains("does not use TLS"), "{error}");
    let secure = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let error = get(&Session::new(), &format!("http://{}/", secure.address())).unwrap_err();
    assert!(error.to_string().contains("(TLS?)") || error.is_truncated(), "{error}");
}

#[test]
fn t45_missing_closure_alert_truncates_bodies_delimited_by_close() {
    let authority = Authority::new();
    let close = ("Connection: close\r\n\r\n", "whole", true);
    let length = ("Content-Length: 5\r\n\r\n", "whole", false);
    let chunked = ("Transfer-Encoding: chunked\r\n\r\n", "5\r\nwhole\r\n0\r\n\r\n", false);
    for farewell in [Farewell::Fin, Farewell::CloseNotify] {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).farewell(farewell).build();
        for ((field, body, matters), tolerant) in
            [close, length, chunked].into_iter().flat_map(|case| [(case, true), (case, false)])
        {
            let script = Script::new().answer(format!("HTTP/1.1 200 OK\r\n{field}{body}"));
            let server = Scripted::start_tls(&endpoint, [script]).unwrap();
            let session = session_trusting(&authority);
            session.configure(|options| {
                let mut leniencies = Leniencies::COMPAT;
                leniencies.unclean_tls_close = tolerant;
                options.leniencies(|l| {
                    l.all(leniencies);
                });
            });
            let outcome = get(&session, &server.https_url("/"));
            if matters && !tolerant && farewell == Farewell::Fin {
                let error = outcome.unwrap_err();
                assert!(error.is_truncated(), "{error}");
            } else {
                // By default it is a named leniency.
                assert_eq!(outcome.unwrap(), "whole", "{field} {farewell:?}");
            }
        }
    }
}

#[test]
fn t45_truncated_body_keeps_received_data() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    for field in ["", "Content-Length: 9\r\n", "Transfer-Encoding: chunked\r\n"] {
        let body = if field.starts_with('T') { "4\r\nhalf\r\n" } else { "half" };
        let script = Script::new().answer(format!("HTTP/1.1 200 OK\r\n{field}\r\n{body}")).truncate();
        let server = Scripted::start_tls(&endpoint, [script]).unwrap();
        let session = session_trusting(&authority);
        session.configure(|options| {
            options.leniencies(|l| {
                l.all(Leniencies::STRICT);
            });
        });
        let mut response = session.get(server.https_url("/")).send().unwrap();
        let mut body = Vec::new();
        assert!(response.read_to_end(&mut body).is_err(), "{field}");
        assert_eq!(body, b"half");
    }
}

#[test]
fn t9_t80_unverified_tls_spares_verified_requests() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let endpoint = Endpoint::new(&stranger.issue(&Leaf::new(&["elsewhere.test"])));
    let server = Httpbin::start_tls(&endpoint).unwrap();
    let danger = TlsConfig::builder().danger_accept_invalid_certs().build().unwrap();
    let session = session_trusting(&authority);
    let trusting = || session.get(server.url("/get")).tls(danger.clone());
    for round in 0..2 {
        let response = trusting().send().unwrap();
        assert_eq!(response.reused(), round > 0, "its own connection is kept");
        response.text().unwrap();
        let error = get(&session, &server.url("/get")).unwrap_err();
        assert_eq!(*failure(&error), TlsFailure::UnknownIssuer, "round {round}");
        session.close_idle();
        // The ticket of the unverified session must not help the verified one.
        assert!(get(&session, &server.url("/get")).is_err(), "round {round}");
        trusting().send().unwrap().text().unwrap();
    }
    assert!(danger.accepts_invalid_certs() && !trust(&authority).accepts_invalid_certs());
}

#[test]
fn t9_differing_trust_separates_connections() {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let session = session_trusting(&authority);
    get(&session, &server.url("/get")).unwrap();
    let twin = trust(&authority);
    let mut other = session.get(server.url("/get")).tls(twin);
    assert!(!other.send().unwrap().reused(), "alike is not the same");
    assert!(session.get(server.url("/get")).send().unwrap().reused());
}

#[test]
fn client_certificate_is_sent_on_request() {
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    for version in [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3] {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).clients_of(&clients).only(version).build();
        let server = Httpbin::start_tls(&endpoint).unwrap();
        let with = |issuer: &Authority| {
            let own = issuer.issue(&Leaf::new(&["client.test"]).for_client());
            let config = TlsConfig::builder().root(authority.der()).client_certificate(own.chain(), own.key());
            session_with(&config.build().unwrap())
        };
        assert!(get(&with(&clients), &server.url("/get")).is_ok(), "{version:?}");
        let error = get(&session_trusting(&authority), &server.url("/get")).unwrap_err();
        assert!(error.to_string().contains("alert"), "{version:?}: {error}");
        assert!(get(&with(&strangers), &server.url("/get")).is_err());
        let identity = clients.issue(&Leaf::new(&["client.test"]).for_client());
        let pem = identity.chain_pem().to_owned() + &identity.key_pem();
        let config = TlsConfig::builder().root(authority.der()).client_certificate_pem(pem.as_bytes()).unwrap();
        assert!(get(&session_with(&config.build().unwrap()), &server.url("/get")).is_ok());
    }
}

#[test]
fn custom_rustls_configuration_is_used() {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let own = authority.client_config(&["h2", "http/1.1"]);
    let session = session_with(&TlsConfig::from_rustls(own.into()));
    assert!(get(&session, &server.url("/get")).is_ok());
}

#[test]
fn t10_https_only_refuses_downgrades() {
    let authority = Authority::new();
    let secure = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let plain = Httpbin::start_plain().unwrap();
    let session = session_trusting(&authority);
    let target = plain.url("/headers");
    let url = secure.url("/redirect-to");
    let mut request = session.get(&url).query("url", &target).bearer_auth("canary").cookie("temp", "canary");
    let text = request.send().unwrap().text().unwrap();
    assert!(!text.contains("canary"), "{text}");
}
