//! TLS settings shared by many connections: trust, client certificate, versions, resumption.
//!
//! A [`TlsConfig`] has identity: two configurations built alike differ, since each keeps its own
//! session tickets and its own trust. It can therefore be part of a pool's key. Nothing here reads
//! files or process defaults. Default roots are built only when [`TlsConfigBuilder::build`] needs
//! them.

use super::TlsVersion;
use super::clock::Clock;
use super::config_error::TlsConfigError;
use super::pin::{Pinned, Pins, PublicKeyPin, host_name};
use super::verify::AcceptAny;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, KeyLog, RootCertStore, SupportedProtocolVersion};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Settings for TLS connections. Cheap to clone; clones are the same settings and share their
/// session store.
///
/// Equality and hash compare identity.
#[derive(Clone)]
pub struct TlsConfig(Arc<Shared>);

struct Shared {
    rustls: Arc<ClientConfig>,
    /// `None` for the caller's own rustls configuration, which has its own clock.
    clock: Option<Arc<Clock>>,
    trust: Trust,
    fallback: Fallback,
}

/// The settings for origins to which the secrets in the main settings do not belong.
enum Fallback {
    /// The settings themselves, since they contain no secret.
    Same,
    /// A variant without a client certificate and with verification.
    WithoutSecrets(TlsConfig),
    /// The default settings: the contents are unknown, or there are no other roots to trust.
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Certificates are verified against roots.
    Verified,
    /// Every certificate is accepted.
    Any,
    /// The caller's own rustls configuration decides.
    Custom,
}

impl TlsConfig {
    /// Returns a builder with all defaults.
    pub fn builder() -> TlsConfigBuilder {
        TlsConfigBuilder::default()
    }

    /// Wraps the caller's own rustls configuration, unchanged and with its own clock.
    ///
    /// Only its ALPN list is ignored: the client offers `http/1.1` alone (RFC 7301) and never sends
    /// early data.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        let fallback = Fallback::Default;
        TlsConfig(Arc::new(Shared { rustls: config, clock: None, trust: Trust::Custom, fallback }))
    }

    /// Returns the settings without a client certificate and with verification against roots only.
    /// `None` stands for the default settings.
    pub(crate) fn without_secrets(&self) -> Option<TlsConfig> {
        match &self.0.fallback {
            Fallback::Same => Some(self.clone()),
            Fallback::WithoutSecrets(config) => Some(config.clone()),
            Fallback::Default => None,
        }
    }

    /// Whether both are the same settings, not merely equal in content.
    pub fn same_as(&self, other: &TlsConfig) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether these settings accept any certificate because of
    /// [`danger_accept_invalid_certs`](TlsConfigBuilder::danger_accept_invalid_certs). Always
    /// `false` for the caller's own rustls configuration, whose verifier is unknown.
    pub fn accepts_invalid_certs(&self) -> bool {
        self.0.trust == Trust::Any
    }

    pub(crate) fn rustls(&self) -> &Arc<ClientConfig> {
        &self.0.rustls
    }

    pub(crate) fn clock(&self) -> Option<&Arc<Clock>> {
        self.0.clock.as_ref()
    }
}

impl PartialEq for TlsConfig {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(other)
    }
}

impl Eq for TlsConfig {}

impl Hash for TlsConfig {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsConfig").field(&self.0.trust).field(&Arc::as_ptr(&self.0)).finish()
    }
}

/// Builds a [`TlsConfig`]; [`build`](TlsConfigBuilder::build) validates the settings.
///
/// Defaults: Mozilla's roots (feature `webpki-roots`), TLS 1.2 and 1.3, the provider `ring`
/// (feature `ring`), session resumption, no client certificate, no key log.
#[derive(Default)]
pub struct TlsConfigBuilder {
    provider: Option<Arc<CryptoProvider>>,
    roots: Vec<CertificateDer<'static>>,
    default_roots: bool,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    versions: Option<Vec<TlsVersion>>,
    no_resumption: bool,
    key_log: Option<Arc<dyn KeyLog>>,
    accept_any: bool,
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    pins: Vec<(String, PublicKeyPin)>,
}

impl TlsConfigBuilder {
    /// Trusts this root certificate (DER). Roots added here replace the default ones, unless
    /// [`default_roots`](Self::default_roots) adds those too.
    pub fn root(mut self, certificate: CertificateDer<'static>) -> Self {
        self.roots.push(certificate);
        self
    }

    /// Trusts all certificates in this PEM text.
    ///
    /// # Errors
    /// [`TlsConfigError::Pem`] when the text is malformed or contains no certificate.
    pub fn roots_pem(mut self, pem: &[u8]) -> Result<Self, TlsConfigError> {
        self.roots.extend(certificates(pem)?);
        Ok(self)
    }

    /// Trusts Mozilla's roots in addition to roots added by the caller.
    #[cfg(feature = "webpki-roots")]
    pub fn default_roots(mut self) -> Self {
        self.default_roots = true;
        self
    }

    /// Presents this certificate chain (client certificate first) to servers that request one.
    pub fn client_certificate(mut self, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Presents the certificate chain in this PEM text (client certificate first) to servers that
    /// request one. The text also contains the private key.
    ///
    /// # Errors
    /// [`TlsConfigError::Pem`] when the text is malformed or contains no certificate,
    /// [`TlsConfigError::NoPrivateKey`] when it contains no key.
    pub fn client_certificate_pem(self, pem: &[u8]) -> Result<Self, TlsConfigError> {
        let chain = certificates(pem)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|e| match e {
            pem::Error::NoItemsFound => TlsConfigError::NoPrivateKey,
            e => pem_error(&e),
        })?;
        Ok(self.client_certificate(chain, key))
    }

    /// Uses this crypto provider. The process-wide default provider is never consulted.
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Allows only these versions. Default: TLS 1.2 and 1.3.
    pub fn versions(mut self, versions: &[TlsVersion]) -> Self {
        self.versions = Some(versions.to_vec());
        self
    }

    /// Enables or disables session resumption. Default: enabled. The settings own the session
    /// store.
    pub fn resumption(mut self, resume: bool) -> Self {
        self.no_resumption = !resume;
        self
    }

    /// Writes the secrets of every connection to `log`, for debugging with a packet analyzer.
    /// Default: none.
    pub fn key_log(mut self, log: Arc<dyn KeyLog>) -> Self {
        self.key_log = Some(log);
        self
    }

    /// Accepts certificates of `host` only with a public key that is pinned for it (RFC 7469 §2.4).
    /// The certificate is verified as well. Pins do not apply to other hosts or to subdomains.
    ///
    /// Each call adds a pin; one of a host's pins must match. Pin a second key that is kept
    /// offline: without it, the loss of the server's key locks every client out. The pin of a
    /// server's key is the output of
    /// `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl sha256 -binary |
    /// base64`, after `sha256//`.
    ///
    /// ```
    /// # use petition_core::tls::TlsConfig;
    /// let pin = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse()?;
    /// let tls = TlsConfig::builder().pin_public_key("api.example", pin).build()?;
    /// # Ok::<(), petition_core::tls::TlsConfigError>(())
    /// ```
    pub fn pin_public_key(mut self, host: &str, pin: PublicKeyPin) -> Self {
        self.pins.push((host.to_owned(), pin));
        self
    }

    /// Verifies certificates with this verifier instead of roots, such as that of the operating
    /// system. Pins apply in addition.
    pub fn server_verifier(mut self, verifier: Arc<dyn ServerCertVerifier>) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// Accepts any certificate, regardless of issuer, name, validity, version and key: anyone on
    /// the path can read and change all traffic. Only [pins](Self::pin_public_key) still apply;
    /// with one, every certificate must have a key that the crypto provider can use.
    ///
    /// Resumed sessions never reach settings that verify, since each keeps its own store.
    pub fn danger_accept_invalid_certs(mut self) -> Self {
        self.accept_any = true;
        self
    }

    /// Builds the settings.
    ///
    /// # Errors
    /// [`TlsConfigError::NoProvider`] without the feature `ring` and without
    /// [`crypto_provider`](Self::crypto_provider). [`TlsConfigError::NoRoots`] when there is no
    /// root to trust. [`TlsConfigError::Rustls`] when rustls rejects a root, the client certificate
    /// or the versions. [`TlsConfigError::PinnedHost`] when a host with pins is none.
    /// [`TlsConfigError::NoSha256`] when pins need a digest that the provider lacks.
    pub fn build(self) -> Result<TlsConfig, TlsConfigError> {
        let fallback = match self.identity.is_some() || self.accept_any {
            true => self.clone_without_secrets().build().map_or(Fallback::Default, Fallback::WithoutSecrets),
            false => Fallback::Same,
        };
        let provider = self.provider.or_else(default_provider).ok_or(TlsConfigError::NoProvider)?;
        let clock = Arc::new(Clock::default());
        let builder = ClientConfig::builder_with_details(provider.clone(), clock.clone());
        let versions = self.versions.unwrap_or_else(|| vec![TlsVersion::V1_3, TlsVersion::V1_2]);
        let versions: Vec<_> = versions.into_iter().map(version).collect();
        let builder = builder.with_protocol_versions(&versions).map_err(rustls_error)?;

        let (mut verifier, trust): (Arc<dyn ServerCertVerifier>, _) = match self.verifier {
            _ if self.accept_any => {
                let proves_key = !self.pins.is_empty();
                (Arc::new(AcceptAny { provider: provider.clone(), proves_key }), Trust::Any)
            }
            Some(verifier) => (verifier, Trust::Custom),
            None => {
                let roots = Arc::new(roots(self.roots, self.default_roots)?);
                let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
                (verifier.map_err(|error| TlsConfigError::Rustls(error.to_string()))?, Trust::Verified)
            }
        };
        if !self.pins.is_empty() {
            let pins = pins_by_host(self.pins)?;
            verifier = Arc::new(Pinned::new(verifier, pins, &provider).ok_or(TlsConfigError::NoSha256)?);
        }
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match self.identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(rustls_error)?,
            None => builder.with_no_client_auth(),
        };
        if self.no_resumption {
            config.resumption = Resumption::disabled();
        }
        if let Some(log) = self.key_log {
            config.key_log = log;
        }
        Ok(TlsConfig(Arc::new(Shared { rustls: Arc::new(config), clock: Some(clock), trust, fallback })))
    }

    /// Copies the settings without secrets, for other origins. The copy has its own session store.
    fn clone_without_secrets(&self) -> TlsConfigBuilder {
        TlsConfigBuilder {
            provider: self.provider.clone(),
            roots: self.roots.clone(),
            default_roots: self.default_roots,
            identity: None,
            versions: self.versions.clone(),
            no_resumption: self.no_resumption,
            key_log: self.key_log.clone(),
            accept_any: false,
            verifier: self.verifier.clone(),
            pins: self.pins.clone(),
        }
    }
}

impl fmt::Debug for TlsConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is never shown.
        f.debug_struct("TlsConfigBuilder")
            .field("roots", &self.roots.len())
            .field("client_certificate", &self.identity.is_some())
            .field("versions", &self.versions)
            .field("accept_any", &self.accept_any)
            .field("pins", &self.pins.len())
            .finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match all {
        Ok(all) if all.is_empty() => Err(TlsConfigError::Pem("it contains no certificate".into())),
        Ok(all) => Ok(all),
        Err(e) => Err(pem_error(&e)),
    }
}

/// Describes a PEM error without quoting its input: without line breaks, the faulty line is the
/// entire key.
fn pem_error(error: &pem::Error) -> TlsConfigError {
    TlsConfigError::Pem(match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no END line".into(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed (is it on a line of its own?)".into(),
        pem::Error::Base64Decode(_) => "a section is not valid base64".into(),
        pem::Error::SectionTooLarge => "a section is larger than 256 MB".into(),
        pem::Error::NoItemsFound => "it contains no item of the expected kind".into(),
        _ => "it cannot be read".into(),
    })
}

fn roots(own: Vec<CertificateDer<'static>>, default_roots: bool) -> Result<RootCertStore, TlsConfigError> {
    let mut store = RootCertStore::empty();
    if default_roots || own.is_empty() {
        #[cfg(feature = "webpki-roots")]
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in own {
        store.add(certificate).map_err(rustls_error)?;
    }
    if store.is_empty() { Err(TlsConfigError::NoRoots) } else { Ok(store) }
}

fn pins_by_host(pins: Vec<(String, PublicKeyPin)>) -> Result<Pins, TlsConfigError> {
    let mut by_host = Pins::new();
    for (host, pin) in pins {
        let name = host_name(&host).ok_or(TlsConfigError::PinnedHost(host))?;
        by_host.entry(name).or_default().push(pin);
    }
    Ok(by_host)
}

fn default_provider() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(feature = "ring"))]
    None
}

fn version(version: TlsVersion) -> &'static SupportedProtocolVersion {
    match version {
        TlsVersion::V1_2 => &rustls::version::TLS12,
        TlsVersion::V1_3 => &rustls::version::TLS13,
    }
}

fn rustls_error(error: rustls::Error) -> TlsConfigError {
    TlsConfigError::Rustls(error.to_string())
}
