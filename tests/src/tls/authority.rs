//! A certificate authority that exists for one test, and the certificates that it signs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::provider;
use crate::net::temp_dir::TempDir;

/// An authority with its own key pair (P-256).
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The authorities between this one and the root, starting with itself; empty for a root.
    above: Vec<CertificateDer<'static>>,
    above_pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({} above)", self.above.len())
    }
}

/// The content of a certificate to be issued.
#[derive(Clone, Debug)]
pub struct Leaf {
    names: Vec<String>,
    years: (i32, i32),
    subject: String,
    constraints: IsCa,
    purpose: ExtendedKeyUsagePurpose,
}

impl Leaf {
    /// Returns a valid server certificate for these DNS names and IP addresses, from 2000 to 2049.
    pub fn new<N: AsRef<str>>(names: &[N]) -> Self {
        Self {
            names: names.iter().map(|name| name.as_ref().to_owned()).collect(),
            years: (2000, 2049),
            subject: "petition test server".to_owned(),
            constraints: IsCa::ExplicitNoCa,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
        }
    }

    /// Returns a valid server certificate for `localhost`, `127.0.0.1` and `::1`.
    pub fn localhost() -> Self {
        Self::new(&["localhost", "127.0.0.1", "::1"])
    }

    /// Makes it expire in 2010.
    pub fn expired(mut self) -> Self {
        self.years = (2000, 2010);
        self
    }

    /// Makes it valid only from 2200.
    pub fn not_yet_valid(mut self) -> Self {
        self.years = (2200, 2210);
        self
    }

    /// Sets the subject's common name, which no verifier may use as a host name.
    pub fn common_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.subject);
        self
    }

    /// Marks it as an authority (`CA:TRUE`), which a server's certificate must not be.
    pub fn as_authority(mut self) -> Self {
        self.constraints = IsCa::Ca(BasicConstraints::Unconstrained);
        self
    }

    /// Makes it valid for clients only.
    pub fn for_client(mut self) -> Self {
        self.purpose = ExtendedKeyUsagePurpose::ClientAuth;
        self
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).expect("the names of a test certificate are ASCII");
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 12, 31);
        params.distinguished_name = named(&self.subject);
        params.is_ca = self.constraints;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![self.purpose.clone()];
        params.use_authority_key_identifier_extension = true;
        params
    }
}

/// A certificate with its chain and its private key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    chain_pem: String,
    key: KeyPair,
}

/// The files of an identity: see [`Identity::write`].
#[derive(Clone, Debug)]
pub struct IdentityFiles {
    /// The chain in PEM, the leaf first.
    pub chain: PathBuf,
    /// The key in PEM (PKCS #8).
    pub key: PathBuf,
}

impl Identity {
    /// Returns a self-signed certificate.
    pub fn self_signed(leaf: &Leaf) -> Self {
        let key = new_key();
        let certificate = leaf.params().self_signed(&key).expect("a test certificate can be signed");
        Self { chain_pem: certificate.pem(), chain: vec![certificate.into()], key }
    }

    /// Returns the chain in DER, the leaf first, without the root.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    /// Returns the chain in PEM, the leaf first, without the root.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// Returns the private key in DER (PKCS #8).
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }

    /// Returns the SHA-256 digest of the public key, as the certificate contains it.
    pub fn key_digest(&self) -> [u8; 32] {
        let suite = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let sha256 = suite.tls13().expect("a suite of TLS 1.3").common.hash_provider;
        sha256.hash(&self.key.subject_public_key_info()).as_ref().try_into().expect("32 bytes")
    }

    /// Returns the private key in PEM (PKCS #8).
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Writes the chain and key to `NAME.pem` and `NAME.key` in `directory`, for a server in
    /// another process.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, directory: &TempDir, name: &str) -> io::Result<IdentityFiles> {
        Ok(IdentityFiles {
            chain: directory.write(&format!("{name}.pem"), self.chain_pem())?,
            key: directory.write(&format!("{name}.key"), self.key_pem())?,
        })
    }
}

impl Authority {
    /// Returns a new root.
    pub fn new() -> Self {
        // With two roots of the same name, a verifier would report a bad signature instead of an
        // unknown issuer.
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("petition test root {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let issuer = CertifiedIssuer::self_signed(Self::params(&name), new_key());
        Self { issuer: issuer.expect("a test root can be signed"), above: Vec::new(), above_pem: String::new() }
    }

    /// Returns an authority below this one. Its certificates carry it in their chain.
    pub fn intermediate(&self) -> Self {
        let params = Self::params("petition test intermediate");
        let issuer = CertifiedIssuer::signed_by(params, new_key(), &self.issuer).expect("it can be signed");
        let above = std::iter::once(issuer.der().clone()).chain(self.above.iter().cloned()).collect();
        let above_pem = issuer.pem() + &self.above_pem;
        Self { issuer, above, above_pem }
    }

    /// Signs a certificate for a new key.
    pub fn issue(&self, leaf: &Leaf) -> Identity {
        let key = new_key();
        let certificate = leaf.params().signed_by(&key, &self.issuer).expect("a test certificate can be signed");
        let chain_pem = certificate.pem() + &self.above_pem;
        let chain: Vec<_> = std::iter::once(certificate.into()).chain(self.above.iter().cloned()).collect();
        Identity { chain, chain_pem, key }
    }

    /// Issues a valid certificate for `localhost`, `127.0.0.1` and `::1`.
    pub fn issue_localhost(&self) -> Identity {
        self.issue(&Leaf::localhost())
    }

    /// Returns the authority's own certificate in DER.
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Returns the authority's own certificate in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Returns a store that trusts only this authority.
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).expect("the kit's own root is well-formed");
        roots
    }

    /// Returns a client configuration that trusts only this authority, and offers these ALPN
    /// protocols.
    pub fn client_config(&self, protocols: &[&str]) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(Arc::new(self.roots()))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2049, 12, 31);
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring can make a P-256 key")
}
