//! Trust decisions, negotiated parameters, and the meaning of settings.

use super::drive::{Seen, TODAY, WHOLE, drive, drive_at, get};
use super::peer::{HELLO, hello};
use super::tls::{is_hello, tls};
use super::tls_peer::{Authority, FixedClock, TlsPeer, authority, client, server, server_of, years};
use crate::link::{LayerKind, Link, Phase};
use crate::tls::{PublicKeyPin, TlsConfig, TlsConfigBuilder, TlsConfigError, TlsFailure, TlsLayer, TlsVersion};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// Returns the result of one request with `config` to `host` at `now`, and the server's error.
fn attempt(config: &TlsConfig, host: &str, now: crate::Now, server: ServerConfig) -> (Seen, Option<rustls::Error>) {
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    let seen = drive_at(now, &mut tls(config, host), &mut peer, &mut WHOLE.clone(), &[get()]);
    (seen, peer.error)
}

#[test]
fn t79_negotiated_parameters_are_reported() {
    let config = client().build().unwrap();
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    let mut link = tls(&config, "A.Example.");
    assert_eq!(link.phase(), Phase::Establishing(LayerKind::Tls));
    assert!(link.tls_info().is_none());
    assert!(is_hello(&drive(&mut link, &mut peer, WHOLE, &[get()])));
    let info = link.tls_info().unwrap();
    assert_eq!((info.version, info.alpn, info.resumed), (TlsVersion::V1_3, Some(&b"http/1.1"[..]), false));
    assert_eq!(info.certificate, Some(peer_certificate(&link)));
    assert_eq!(link.phase(), Phase::Http);
    // SNI has no final dot and is in lower case.
    assert_eq!(peer.tls.server_name(), Some("a.example"));
    let counters = link.counters();
    assert_eq!(counters.application, HELLO.len() as u64);
    assert!(counters.received > 500 && counters.sent > 300, "{counters:?}");
    assert!(link.bypass(1).is_err());
}

fn peer_certificate(link: &Link) -> &[u8] {
    let der = link.tls_info().unwrap().certificate.unwrap();
    assert_eq!(der.first(), Some(&0x30), "a certificate is a DER sequence");
    der
}

#[test]
fn t79_certificate_must_list_the_address_as_address() {
    let config = client().build().unwrap();
    for (host, names, good) in [
        ("192.0.2.7", &["192.0.2.7"][..], true),
        ("[2001:db8::1]", &["2001:db8::1"], true),
        ("192.0.2.7", &["a.example"], false),
        ("192.0.2.7", &["192.0.2.8"], false),
        ("b.a.example", &["*.a.example"], true),
        ("c.b.a.example", &["*.a.example"], false),
        ("a.example", &["*.a.example"], false),
    ] {
        let mut peer = TlsPeer::new(&Arc::new(server(names)), hello(1));
        let seen = drive(&mut tls(&config, host), &mut peer, WHOLE, &[get()]);
        assert_eq!(is_hello(&seen), good, "{host} {names:?} {seen:?}");
        if good && names[0].contains(|c: char| c.is_ascii_digit()) {
            assert_eq!(peer.tls.server_name(), None, "no SNI for an address");
        }
    }
    for host in ["", "a b", "a..b", "[::1"] {
        assert!(matches!(TlsLayer::new(&config, host), Err(TlsFailure::InvalidName(_))), "{host}");
    }
}

#[test]
fn each_certificate_fault_has_its_error() {
    let config = client().build().unwrap();
    let check = |host: &str, now, server, expected: &str| {
        let (seen, error) = attempt(&config, host, now, server);
        assert!(seen.last().starts_with(&format!("error: {expected}")), "{seen:?}");
        // The server received the cause.
        assert!(matches!(error, Some(rustls::Error::AlertReceived(_))), "{error:?}");
    };
    let here = || server(&["a.example"]);
    check("b.example", TODAY, here(), "the server's certificate is not valid for b.example, only for a.example");
    check("a.example", years(1), here(), "the server's certificate has expired");
    check("a.example", years(-1), here(), "the server's certificate is not valid yet");
    let stranger = server_of(&Authority::new("stranger"), &["a.example"], rustls::ALL_VERSIONS, false);
    check("a.example", TODAY, stranger, &TlsFailure::UnknownIssuer.to_string());
    assert!(is_hello(&attempt(&config, "a.example", TODAY, here()).0));
}

#[test]
fn certificates_are_dated_by_the_input_clock() {
    // The same settings on successive connections, with a clock that is stepped.
    let config = client().resumption(false).build().unwrap();
    for (now, good) in [(TODAY, true), (years(1), false), (TODAY, true), (years(-1), false)] {
        assert_eq!(is_hello(&attempt(&config, "a.example", now, server(&["a.example"])).0), good);
    }
}

#[test]
fn t80_only_dangerous_settings_accept_any_certificate() {
    let config = client().danger_accept_invalid_certs().build().unwrap();
    assert!(config.accepts_invalid_certs() && !client().build().unwrap().accepts_invalid_certs());
    let stranger = server_of(&Authority::new("stranger"), &["b.example"], rustls::ALL_VERSIONS, false);
    assert!(is_hello(&attempt(&config, "a.example", years(5), stranger).0));
}

/// Presents a certificate, and signs with a key of the caller's choice.
#[derive(Debug)]
struct Presents(Arc<CertifiedKey>);

impl ResolvesServerCert for Presents {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[test]
fn t80_pinned_key_must_be_held_by_the_server() {
    let (chain, key) = Authority::new("stranger").issue(&["a.example"]);
    let (_, other_key) = Authority::new("another").issue(&["a.example"]);
    let server = |key: &PrivateKeyDer<'static>| {
        let signs = rustls::crypto::ring::sign::any_supported_type(key).unwrap();
        let presents = Arc::new(Presents(Arc::new(CertifiedKey::new(chain.clone(), signs))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_details(provider, Arc::new(FixedClock));
        builder.with_protocol_versions(rustls::ALL_VERSIONS).unwrap().with_no_client_auth().with_cert_resolver(presents)
    };
    let danger = || client().danger_accept_invalid_certs();
    let last = |config: TlsConfigBuilder, server| {
        attempt(&config.build().unwrap(), "a.example", TODAY, server).0.last().to_owned()
    };
    let unpinned = last(danger().pin_public_key("a.example", PublicKeyPin::sha256([0; 32])), server(&key));
    let presented = unpinned.split("its pin is ").nth(1).unwrap().split(';').next().unwrap();
    let pinned = || danger().pin_public_key("a.example", presented.parse().unwrap());
    assert!(is_hello(&attempt(&pinned().build().unwrap(), "a.example", TODAY, server(&key)).0));
    assert!(last(pinned(), server(&other_key)).contains(&TlsFailure::BadSignature.to_string()));
    // A pin replaces no verification, and concerns one host.
    let verifies = client().pin_public_key("a.example", presented.parse().unwrap());
    assert!(last(verifies, server(&key)).contains(&TlsFailure::UnknownIssuer.to_string()));
    let elsewhere = || danger().pin_public_key("b.example", PublicKeyPin::sha256([0; 32]));
    assert!(is_hello(&attempt(&elsewhere().build().unwrap(), "a.example", TODAY, server(&key)).0));
    // Without pins, nothing is verified.
    assert!(is_hello(&attempt(&danger().build().unwrap(), "a.example", TODAY, server(&other_key)).0));
}

#[test]
fn pins_of_invalid_hosts_are_rejected() {
    for host in ["", "a b", "https://a.example/"] {
        let built = client().pin_public_key(host, PublicKeyPin::sha256([0; 32])).build();
        assert_eq!(built.unwrap_err(), TlsConfigError::PinnedHost(host.into()));
    }
}

#[test]
#[allow(clippy::mutable_key_type)] // The hash is that of the address.
fn settings_equal_only_themselves() {
    let (one, two) = (client().build().unwrap(), client().build().unwrap());
    assert_eq!(one, one.clone());
    assert_ne!(one, two);
    let set = std::collections::HashSet::from([one.clone(), one.clone(), two]);
    assert_eq!(set.len(), 2);
    assert!(set.contains(&one));
}

#[test]
fn t83_server_without_http_1_1_is_rejected() {
    let config = client().build().unwrap();
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let (seen, _) = attempt(&config, "a.example", TODAY, server);
    assert_eq!(seen.last(), "error: the server does not offer http/1.1 over TLS");
}

#[test]
fn custom_rustls_configuration_offers_http_1_1() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority().root()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut own = rustls::ClientConfig::builder_with_details(provider, Arc::new(FixedClock))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    own.alpn_protocols = vec![b"h2".to_vec()];
    let config = TlsConfig::from_rustls(Arc::new(own));
    let mut server = server(&["a.example"]);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut link = tls(&config, "a.example");
    let mut peer = TlsPeer::new(&Arc::new(server), hello(1));
    // It has its own clock: after five years on the test clock the certificate is still valid.
    assert!(is_hello(&drive_at(years(5), &mut link, &mut peer, &mut WHOLE.clone(), &[get()])));
    assert_eq!(link.tls_info().unwrap().alpn, Some(&b"http/1.1"[..]));
}

#[test]
fn client_certificate_is_presented_on_request() {
    let server = || server_of(authority(), &["a.example"], rustls::ALL_VERSIONS, true);
    let (chain, key) = authority().issue(&["client.example"]);
    let config = client().client_certificate(chain, key).build().unwrap();
    assert!(is_hello(&attempt(&config, "a.example", TODAY, server()).0));
    let (seen, error) = attempt(&client().build().unwrap(), "a.example", TODAY, server());
    assert_eq!(error, Some(rustls::Error::NoCertificatesPresented));
    assert_eq!(seen.last(), "error: the server sent the TLS alert CertificateRequired (116)");
}

#[test]
fn only_configured_versions_are_negotiated() {
    let old = || server_of(authority(), &["a.example"], &[&rustls::version::TLS12], false);
    assert!(is_hello(&attempt(&client().build().unwrap(), "a.example", TODAY, old()).0));
    let config = client().versions(&[TlsVersion::V1_3]).build().unwrap();
    let (seen, _) = attempt(&config, "a.example", TODAY, old());
    assert!(seen.last().contains("TLS alert ProtocolVersion") || seen.last().contains("share no TLS"), "{seen:?}");
    assert!(client().versions(&[]).build().is_err());
}

#[test]
fn second_connection_resumes_the_session() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let server = Arc::new(server_of(authority(), &["a.example"], versions, false));
        for resumption in [true, false] {
            let config = client().resumption(resumption).build().unwrap();
            for expected in [false, resumption] {
                let mut link = tls(&config, "a.example");
                let seen = drive(&mut link, &mut TlsPeer::new(&server, hello(1)), WHOLE, &[get()]);
                assert!(is_hello(&seen), "{seen:?}");
                assert_eq!(link.tls_info().unwrap().resumed, expected);
            }
        }
    }
}

#[test]
fn trust_comes_from_pem_or_default_roots() {
    let pem = authority().pem();
    let config = TlsConfig::builder().roots_pem(pem.as_bytes()).unwrap().build().unwrap();
    assert!(is_hello(&attempt(&config, "a.example", TODAY, server(&["a.example"])).0));
    for broken in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!"] {
        assert!(matches!(TlsConfig::builder().roots_pem(broken.as_bytes()), Err(TlsConfigError::Pem(_))), "{broken}");
    }
    let error = TlsConfig::builder().client_certificate_pem(pem.as_bytes()).unwrap_err();
    assert!(error == TlsConfigError::NoPrivateKey && error.to_string().contains("private key"), "{error}");
    let default = TlsConfig::builder().build();
    if cfg!(feature = "webpki-roots") {
        let (seen, _) = attempt(&default.unwrap(), "a.example", TODAY, server(&["a.example"]));
        assert_eq!(seen.last(), format!("error: {}", TlsFailure::UnknownIssuer));
    } else {
        assert_eq!(default.unwrap_err(), TlsConfigError::NoRoots);
    }
}
