//! TLS settings that many connections share: trust, own certificate, versions, resumption.
//!
//! A [`TlsConfig`] is one thing, not one value: two that were built alike are different, since each keeps its own
//! session tickets and its own trust. That makes it fit to be part of a pool's key.
//! Nothing here reads files or the process's defaults; building the default roots happens when, and only when,
//! [`TlsConfigBuilder::build`] needs them.

use super::TlsVersion;
use super::clock::Clock;
use super::config_error::TlsConfigError;
use super::verify::AcceptAny;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, KeyLog, RootCertStore, SupportedProtocolVersion};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Settings for TLS connections. Cheap to clone; clones are the same settings and share their session store.
///
/// Equality and hash are those of identity.
#[derive(Clone)]
pub struct TlsConfig(Arc<Shared>);

struct Shared {
    rustls: Arc<ClientConfig>,
    /// `None` for the caller's own configuration, which has its own clock.
    clock: Option<Arc<Clock>>,
    trust: Trust,
    elsewhere: Elsewhere,
}

/// What is used in place of settings that have secrets, at an origin that they are not for.
enum Elsewhere {
    /// The settings themselves: there is no secret in them.
    These,
    /// The same without a client certificate, and verifying.
    Others(TlsConfig),
    /// The default settings: what these hold is not known, or there is nothing else to trust.
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Certificates are verified against roots.
    Verified,
    /// Every certificate is accepted.
    Anything,
    /// Decided by the caller's own rustls configuration.
    Callers,
}

impl TlsConfig {
    /// The settings to begin with: nothing chosen yet, all defaults.
    pub fn builder() -> TlsConfigBuilder {
        TlsConfigBuilder::default()
    }

    /// The caller's own rustls configuration, as it is, with its own clock.
    ///
    /// The one thing not taken from it is ALPN: only `http/1.1` is offered, whatever it lists (RFC 7301),
    /// and early data is never sent.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        let elsewhere = Elsewhere::Default;
        TlsConfig(Arc::new(Shared { rustls: config, clock: None, trust: Trust::Callers, elsewhere }))
    }

    /// The settings without a client certificate and without trust in anything but roots; `None` stands for the default settings.
    pub(crate) fn without_secrets(&self) -> Option<TlsConfig> {
        match &self.0.elsewhere {
            Elsewhere::These => Some(self.clone()),
            Elsewhere::Others(others) => Some(others.clone()),
            Elsewhere::Default => None,
        }
    }

    /// Whether both are the same settings, not merely alike.
    pub fn same_as(&self, other: &TlsConfig) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether these settings accept any certificate, by
    /// [`danger_accept_invalid_certs`](TlsConfigBuilder::danger_accept_invalid_certs).
    /// Of the caller's own rustls configuration that is not known: `false`.
    pub fn accepts_invalid_certs(&self) -> bool {
        self.0.trust == Trust::Anything
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

/// Collects TLS settings; [`build`](TlsConfigBuilder::build) makes them.
///
/// Defaults: Mozilla's roots (feature `webpki-roots`), TLS 1.2 and 1.3, the provider `ring` (feature `ring`), session
/// resumption, no certificate of our own, no key log.
#[derive(Default)]
pub struct TlsConfigBuilder {
    provider: Option<Arc<CryptoProvider>>,
    roots: Vec<CertificateDer<'static>>,
    mozilla: bool,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    versions: Option<Vec<TlsVersion>>,
    no_resumption: bool,
    key_log: Option<Arc<dyn KeyLog>>,
    accept_any: bool,
}

impl TlsConfigBuilder {
    /// Trusts this root certificate (DER). Own roots replace the default ones, unless
    /// [`default_roots`](Self::default_roots) asks for them too.
    pub fn root(mut self, certificate: CertificateDer<'static>) -> Self {
        self.roots.push(certificate);
        self
    }

    /// Trusts all certificates in this PEM text.
    ///
    /// # Errors
    /// [`TlsConfigError::Pem`] when the text is broken or has no certificate in it.
    pub fn roots_pem(mut self, pem: &[u8]) -> Result<Self, TlsConfigError> {
        self.roots.extend(certificates(pem)?);
        Ok(self)
    }

    /// Trusts Mozilla's roots also when own roots are given.
    #[cfg(feature = "webpki-roots")]
    pub fn default_roots(mut self) -> Self {
        self.mozilla = true;
        self
    }

    /// Shows this certificate chain (own certificate first) to servers that ask for one.
    pub fn client_certificate(mut self, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Shows the certificate chain in this PEM text (own certificate first), which also has its key, to servers
    /// that ask for one.
    ///
    /// # Errors
    /// [`TlsConfigError::Pem`] when the text is broken or has no certificate in it, [`TlsConfigError::NoPrivateKey`] when it has no key.
    pub fn client_certificate_pem(self, pem: &[u8]) -> Result<Self, TlsConfigError> {
        let chain = certificates(pem)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|e| match e {
            pem::Error::NoItemsFound => TlsConfigError::NoPrivateKey,
            e => pem_error(&e),
        })?;
        Ok(self.client_certificate(chain, key))
    }

    /// Uses this crypto provider. The process's default provider is never looked at.
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Speaks these versions only.
    pub fn versions(mut self, versions: &[TlsVersion]) -> Self {
        self.versions = Some(versions.to_vec());
        self
    }

    /// Whether sessions are resumed (default: yes). The store lives in the settings.
    pub fn resumption(mut self, resume: bool) -> Self {
        self.no_resumption = !resume;
        self
    }

    /// Tells every connection's secrets to `log`, for debugging with a packet viewer.
    pub fn key_log(mut self, log: Arc<dyn KeyLog>) -> Self {
        self.key_log = Some(log);
        self
    }

    /// Accepts any certificate, whoever issued it, for whatever name and time: anyone on the way can read and
    /// change everything. Resumed sessions never cross over to settings that verify, since each keeps its own store.
    pub fn danger_accept_invalid_certs(mut self) -> Self {
        self.accept_any = true;
        self
    }

    /// The settings.
    ///
    /// # Errors
    /// [`TlsConfigError::NoProvider`] without the feature `ring` and without
    /// [`crypto_provider`](Self::crypto_provider); [`TlsConfigError::NoRoots`] when there is nothing to trust;
    /// [`TlsConfigError::Rustls`] when a root, the own certificate or the versions do not fit.
    pub fn build(self) -> Result<TlsConfig, TlsConfigError> {
        let elsewhere = match self.identity.is_some() || self.accept_any {
            true => self.clone_without_secrets().build().map_or(Elsewhere::Default, Elsewhere::Others),
            false => Elsewhere::These,
        };
        let provider = self.provider.or_else(default_provider).ok_or(TlsConfigError::NoProvider)?;
        let clock = Arc::new(Clock::default());
        let builder = ClientConfig::builder_with_details(provider.clone(), clock.clone());
        let versions = self.versions.unwrap_or_else(|| vec![TlsVersion::V1_3, TlsVersion::V1_2]);
        let versions: Vec<_> = versions.into_iter().map(version).collect();
        let builder = builder.with_protocol_versions(&versions).map_err(rustls_error)?;

        let (builder, trust) = if self.accept_any {
            let verifier = Arc::new(AcceptAny(provider));
            (builder.dangerous().with_custom_certificate_verifier(verifier), Trust::Anything)
        } else {
            (builder.with_root_certificates(roots(self.roots, self.mozilla)?), Trust::Verified)
        };
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
        Ok(TlsConfig(Arc::new(Shared { rustls: Arc::new(config), clock: Some(clock), trust, elsewhere })))
    }

    /// The same settings for origins that the secrets in these are not for. They keep a session store of their own.
    fn clone_without_secrets(&self) -> TlsConfigBuilder {
        TlsConfigBuilder {
            provider: self.provider.clone(),
            roots: self.roots.clone(),
            mozilla: self.mozilla,
            identity: None,
            versions: self.versions.clone(),
            no_resumption: self.no_resumption,
            key_log: self.key_log.clone(),
            accept_any: false,
        }
    }
}

impl fmt::Debug for TlsConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("TlsConfigBuilder")
            .field("roots", &self.roots.len())
            .field("client_certificate", &self.identity.is_some())
            .field("versions", &self.versions)
            .field("accept_any", &self.accept_any)
            .finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match all {
        Ok(all) if all.is_empty() => Err(TlsConfigError::Pem("no certificate in it".into())),
        Ok(all) => Ok(all),
        Err(e) => Err(pem_error(&e)),
    }
}

/// In words that quote nothing: where line ends were lost, the line at fault is the whole key.
fn pem_error(error: &pem::Error) -> TlsConfigError {
    TlsConfigError::Pem(match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no END line".into(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed (is it on a line of its own?)".into(),
        pem::Error::Base64Decode(_) => "a section is no base64".into(),
        pem::Error::SectionTooLarge => "a section is larger than 256 MB".into(),
        pem::Error::NoItemsFound => "nothing of the kind expected is in it".into(),
        _ => "it cannot be read".into(),
    })
}

fn roots(own: Vec<CertificateDer<'static>>, mozilla: bool) -> Result<RootCertStore, TlsConfigError> {
    let mut store = RootCertStore::empty();
    if mozilla || own.is_empty() {
        #[cfg(feature = "webpki-roots")]
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in own {
        store.add(certificate).map_err(rustls_error)?;
    }
    if store.is_empty() { Err(TlsConfigError::NoRoots) } else { Ok(store) }
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
