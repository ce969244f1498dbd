//! Which certificates both transports accept: pinned keys, a verifier of the caller's, and any
//! certificate at all.

use std::process::Command;
use std::sync::Arc;

use petition_core::tls::{PublicKeyPin, TlsConfig, TlsConfigBuilder, TlsFailure};
use petition_core::{Error, ErrorKind, Method, Processed, Request};
use petition_tests::foreign_servers;
use petition_tests::httpbin::Httpbin;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::support::{Client, example};
use petition_tests::tls::{Authority, Endpoint, Identity, Leaf};

fn pin(identity: &Identity) -> PublicKeyPin {
    PublicKeyPin::sha256(identity.key_digest())
}

/// A pin that no key has.
const OTHER: PublicKeyPin = PublicKeyPin::sha256([7; 32]);

/// Both clients with these settings.
fn clients(tls: TlsConfigBuilder) -> [Client; 2] {
    let tls = tls.build().unwrap();
    let clients = Client::both(&Authority::new());
    for client in &clients {
        client.configure(|options| {
            options.tls(tls.clone());
        });
    }
    clients
}

fn get(client: &Client, url: &str) -> Result<u16, Error> {
    client.send(Request::new(Method::GET, url)).map(|answer| answer.head.status().as_u16())
}

fn failure(error: &Error) -> &TlsFailure {
    match error.kind() {
        ErrorKind::Tls(failure) => failure,
        _ => panic!("no failure of TLS: {error}"),
    }
}

#[test]
fn t80_pinned_host_needs_a_pinned_key() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    let server = Httpbin::start_tls(&Endpoint::new(&identity)).unwrap();
    let url = server.base_at("localhost") + "/close";
    let trusting = || TlsConfig::builder().root(authority.der());
    for client in clients(trusting().pin_public_key("LOCALHOST.", OTHER).pin_public_key("localhost", pin(&identity))) {
        // The second connection resumes the session of the first.
        assert_eq!((get(&client, &url).unwrap(), get(&client, &url).unwrap()), (200, 200));
    }
    for client in clients(trusting().pin_public_key("localhost", OTHER)) {
        let error = get(&client, &url).unwrap_err();
        let presented = pin(&identity).to_string();
        assert_eq!(*failure(&error), TlsFailure::UnpinnedKey { host: "localhost".into(), presented });
        assert_eq!(error.processed(), Processed::No);
        // Other hosts have no pins.
        assert_eq!(get(&client, &(server.base_at("127.0.0.1") + "/get")).unwrap(), 200);
    }
    for client in clients(trusting().pin_public_key("127.0.0.1", OTHER)) {
        let error = get(&client, &(server.base_at("127.0.0.1") + "/get")).unwrap_err();
        assert!(matches!(failure(&error), TlsFailure::UnpinnedKey { .. }), "{error}");
    }
}

#[test]
fn t80_pin_does_not_replace_verification() {
    let identity = Authority::new().issue_localhost();
    let server = Httpbin::start_tls(&Endpoint::new(&identity)).unwrap();
    let url = server.base_at("localhost") + "/get";
    let pinned = |tls: TlsConfigBuilder| tls.pin_public_key("localhost", pin(&identity));
    for client in clients(pinned(TlsConfig::builder().root(Authority::new().der()))) {
        assert_eq!(*failure(&get(&client, &url).unwrap_err()), TlsFailure::UnknownIssuer);
    }
    // With verification off, the pin alone decides.
    for client in clients(pinned(TlsConfig::builder().danger_accept_invalid_certs())) {
        assert_eq!(get(&client, &url).unwrap(), 200);
        let stranger = Identity::self_signed(&Leaf::localhost());
        let server = Httpbin::start_tls(&Endpoint::new(&stranger)).unwrap();
        let error = get(&client, &(server.base_at("localhost") + "/get")).unwrap_err();
        assert!(matches!(failure(&error), TlsFailure::UnpinnedKey { .. }), "{error}");
    }
}

#[test]
fn callers_verifier_decides_and_pins_add_to_it() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    let server = Httpbin::start_tls(&Endpoint::new(&identity)).unwrap();
    let url = server.base_at("localhost") + "/get";
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(authority.roots());
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(roots, provider).build().unwrap();
    for client in clients(TlsConfig::builder().server_verifier(verifier.clone())) {
        assert_eq!(get(&client, &url).unwrap(), 200);
    }
    for client in clients(TlsConfig::builder().server_verifier(verifier.clone()).pin_public_key("localhost", OTHER)) {
        assert!(matches!(failure(&get(&client, &url).unwrap_err()), TlsFailure::UnpinnedKey { .. }));
    }
}

#[test]
#[cfg(not(any(windows, target_vendor = "apple")))]
fn operating_system_decides_whom_to_trust() {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let directory = TempDir::new().unwrap();
    let program = example("platform_trust");
    let run = |roots: &str| {
        let file = directory.write("roots.pem", roots).unwrap();
        let url = server.base_at("localhost") + "/get";
        let output = Command::new(&program).arg(url).env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR").output();
        let output = output.unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    assert_eq!(run(&authority.pem()), (true, "200 OK\n".to_owned()));
    let (success, text) = run(&Authority::new().pem());
    assert!(!success && text.contains("does not chain to a trusted root"), "{text}");
    let (success, text) = run("");
    assert!(!success && text.contains("trust store cannot be used"), "{text}");
}

#[test]
fn t80_dangerous_settings_accept_obsolete_certificates() {
    for version in ["-tls1_2", "-tls1_3"] {
        let Some(server) = foreign_servers::openssl_server_with_weak_certificate(&[version]) else { return };
        let url = format!("https://localhost:{}/", server.address().port());
        for client in clients(TlsConfig::builder().danger_accept_invalid_certs()) {
            assert_eq!(get(&client, &url).unwrap_or_else(|error| panic!("{error}\n{}", server.output())), 200);
        }
        for client in clients(TlsConfig::builder().root(Authority::new().der())) {
            assert!(matches!(failure(&get(&client, &url).unwrap_err()), TlsFailure::BadCertificate(_)));
        }
        // A pin needs a key that the provider can read.
        for client in clients(TlsConfig::builder().danger_accept_invalid_certs().pin_public_key("localhost", OTHER)) {
            get(&client, &url).unwrap_err();
        }
    }
}
