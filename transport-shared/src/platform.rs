//! The operating system's trust store.

use std::sync::Arc;

use petition_core::tls::TlsConfigError;
use rustls::client::danger::ServerCertVerifier;
use rustls_platform_verifier::Verifier;

/// Returns a verifier that trusts what the operating system trusts, for
/// [`TlsConfigBuilder::server_verifier`](petition_core::tls::TlsConfigBuilder::server_verifier).
///
/// On Windows and Apple's systems, the system itself verifies each certificate, including
/// revocation, and may access the network for it. Elsewhere, this function reads the system's
/// roots from disk, or from the file that `SSL_CERT_FILE` names. Call it once: the verifier can be
/// shared.
///
/// # Errors
/// [`TlsConfigError::PlatformTrust`] if the trust store cannot be read or contains no root.
pub fn platform_verifier() -> Result<Arc<dyn ServerCertVerifier>, TlsConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(provider).map_err(|error| TlsConfigError::PlatformTrust(error.to_string()))?;
    Ok(Arc::new(verifier))
}
