//! Certificates generated for tests, and a TLS server in memory around any other peer.

use super::drive::TODAY;
use super::peer::Peer;
use crate::Now;
use crate::tls::{TlsConfig, TlsConfigBuilder};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// An authority with a very long validity.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

pub(super) fn authority() -> &'static Authority {
    static ONE: OnceLock<Authority> = OnceLock::new();
    ONE.get_or_init(|| Authority::new("authority"))
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for these names, valid from 2024-01-01 to 2025-01-01.
    pub(super) fn issue(&self, names: &[&str]) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2025, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

/// The clock always shows TODAY.
#[derive(Debug)]
pub(super) struct FixedClock;

impl rustls::time_provider::TimeProvider for FixedClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(TODAY.unix.0)))
    }
}

/// Returns a server configuration for `names`, to be adjusted by the test.
pub(super) fn server(names: &[&str]) -> ServerConfig {
    server_of(authority(), names, rustls::ALL_VERSIONS, false)
}

pub(super) fn server_of(
    authority: &Authority,
    names: &[&str],
    versions: &[&'static rustls::SupportedProtocolVersion],
    wants_client: bool,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(FixedClock))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = if wants_client {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let (chain, key) = authority.issue(names);
    builder.with_single_cert(chain, key).unwrap()
}

/// Returns a client configuration that trusts the authority.
pub(super) fn client() -> TlsConfigBuilder {
    TlsConfig::builder().root(authority().root())
}

/// Returns a time `n` years after 2024-07-03, for expired or not yet valid certificates.
pub(super) fn years(n: i64) -> Now {
    let unix = TODAY.unix.0 as i64 + n * 31_557_600;
    Now::new(TODAY.instant, crate::UnixTime(unix as u64))
}

/// How a server reacts when the inner peer has closed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ending {
    Notify,
    Cut,
}

pub(super) struct TlsPeer<P> {
    pub(super) tls: ServerConnection,
    pub(super) inner: P,
    pub(super) error: Option<rustls::Error>,
    pub(super) ending: Ending,
    /// Whether the client sent a closure alert.
    pub(super) notified: bool,
    ended: bool,
}

impl<P: Peer> TlsPeer<P> {
    pub(super) fn new(config: &Arc<ServerConfig>, inner: P) -> Self {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        tls.set_buffer_limit(None);
        TlsPeer { tls, inner, error: None, ending: Ending::Notify, notified: false, ended: false }
    }

    pub(super) fn cut(self) -> Self {
        TlsPeer { ending: Ending::Cut, ..self }
    }

    fn process(&mut self) {
        match self.tls.process_new_packets() {
            Ok(state) => self.notified |= state.peer_has_closed(),
            Err(error) => self.error = Some(error),
        }
        let mut plain = [0; 4096];
        while let Ok(n @ 1..) = self.tls.reader().read(&mut plain) {
            self.inner.receive(&plain[..n]);
        }
    }
}

impl<P: Peer> Peer for TlsPeer<P> {
    fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.error.is_none() && self.tls.read_tls(&mut bytes).unwrap() > 0 {
            self.process();
        }
    }

    fn take(&mut self) -> Vec<u8> {
        if !self.tls.is_handshaking() {
            let plain = self.inner.take();
            self.tls.writer().write_all(&plain).unwrap();
            if self.inner.closed() && self.ending == Ending::Notify && !self.ended {
                self.ended = true;
                self.tls.send_close_notify();
            }
        }
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).unwrap();
        }
        out
    }

    fn closed(&self) -> bool {
        self.error.is_some() || self.inner.closed()
    }

    fn seen(&self) -> &[u8] {
        self.inner.seen()
    }
}
