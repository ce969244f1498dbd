//! Public key pins: the keys that the certificate of a host may have (RFC 7469 §2.4).
//!
//! A pin is checked after the certificate was verified, and applies to the server's own key alone.
//! Other certificates that a server presents need not belong to its chain, so their keys prove
//! nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{Hash, HashAlgorithm};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::config_error::TlsConfigError;
use crate::base64;
use crate::link::UnpinnedKey;

/// The SHA-256 digest of a public key, as a certificate contains it (`SubjectPublicKeyInfo`).
///
/// Its text form is curl's: `sha256//` and the digest in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKeyPin([u8; 32]);

impl PublicKeyPin {
    /// Creates a pin from a digest.
    pub const fn sha256(digest: [u8; 32]) -> PublicKeyPin {
        PublicKeyPin(digest)
    }

    /// Returns the digest.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for PublicKeyPin {
    type Err = TlsConfigError;

    fn from_str(text: &str) -> Result<PublicKeyPin, TlsConfigError> {
        let digest = text.strip_prefix("sha256//").and_then(base64::decode);
        let digest = digest.and_then(|digest| <[u8; 32]>::try_from(digest).ok());
        digest.map(PublicKeyPin).ok_or(TlsConfigError::Pin)
    }
}

impl fmt::Display for PublicKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", base64::encode(&self.0))
    }
}

/// The pins of each host, by its name in lower case or its address.
pub(super) type Pins = BTreeMap<String, Vec<PublicKeyPin>>;

/// Returns a host as rustls names it, or `None` if it is none.
pub(super) fn host_name(host: &str) -> Option<String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    match url::Host::parse(host).ok()? {
        url::Host::Domain(name) => Some(name.trim_end_matches('.').to_owned()),
        url::Host::Ipv4(address) => Some(address.to_string()),
        url::Host::Ipv6(address) => Some(address.to_string()),
    }
}

/// Checks pins after another verifier accepted the certificate.
pub(super) struct Pinned {
    verifier: Arc<dyn ServerCertVerifier>,
    pins: Pins,
    sha256: &'static dyn Hash,
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").field("verifier", &self.verifier).field("pins", &self.pins).finish_non_exhaustive()
    }
}

impl Pinned {
    /// Returns `None` if the provider has no SHA-256.
    pub(super) fn new(verifier: Arc<dyn ServerCertVerifier>, pins: Pins, provider: &CryptoProvider) -> Option<Pinned> {
        let hashes = provider.cipher_suites.iter().map(|suite| match suite {
            rustls::SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
            rustls::SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        });
        let sha256 = hashes.into_iter().find(|hash| hash.algorithm() == HashAlgorithm::SHA256)?;
        Some(Pinned { verifier, pins, sha256 })
    }

    fn check(&self, certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
        let host = host.to_str().to_ascii_lowercase();
        let Some(pins) = self.pins.get(host.trim_end_matches('.')) else { return Ok(()) };
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let digest = <[u8; 32]>::try_from(self.sha256.hash(&key).as_ref());
        let presented = PublicKeyPin(digest.map_err(|_| Error::General("SHA-256 of another length".into()))?);
        if pins.contains(&presented) {
            return Ok(());
        }
        Err(CertificateError::Other(OtherError(Arc::new(UnpinnedKey { host, presented: presented.to_string() })))
            .into())
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        self.check(end_entity, server_name)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pin_is_written_as_curl_writes_it() {
        let text = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let pin: PublicKeyPin = text.parse().unwrap();
        assert_eq!(pin, PublicKeyPin::sha256(std::array::from_fn(|at| at as u8)));
        assert_eq!(pin.to_string(), text);
        for bad in ["", "sha256//", "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "sha256//AAEC", &text[2..]] {
            assert_eq!(bad.parse::<PublicKeyPin>(), Err(TlsConfigError::Pin), "{bad}");
        }
    }

    #[test]
    fn pinned_host_has_one_spelling() {
        for (host, name) in [
            ("A.Example", "a.example"),
            ("a.example.", "a.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(host_name(host).as_deref(), Some(name));
        }
        assert!(host_name("").is_none() && host_name("a b").is_none() && host_name("https://a.example/").is_none());
    }
}
