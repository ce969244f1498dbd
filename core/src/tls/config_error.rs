//! Errors of TLS settings, as plain data that is available without the feature `tls` too.

use std::fmt;

/// Why TLS settings could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// TLS is required, but the feature `tls` is off.
    NotCompiledIn,
    /// There is no crypto provider: the feature `ring` is off and the caller set none.
    NoProvider,
    /// There is no root to trust: the feature `webpki-roots` is off and the caller added none.
    NoRoots,
    /// The PEM text is malformed. Holds the cause.
    Pem(String),
    /// The PEM text of a client certificate contains no private key.
    NoPrivateKey,
    /// The text of a public key pin is malformed.
    Pin,
    /// A host with pins is neither a DNS name nor an IP address. Holds its text.
    PinnedHost(String),
    /// The crypto provider offers no SHA-256, which pins need.
    NoSha256,
    /// The operating system's trust store cannot be used. Holds the cause.
    PlatformTrust(String),
    /// rustls rejected a certificate, a key or the versions. Holds its message.
    Rustls(String),
}

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsConfigError::NotCompiledIn => f.write_str("TLS is not compiled in; enable the feature `tls`"),
            TlsConfigError::NoProvider => f.write_str(
                "no crypto provider; enable the feature `ring`, or set one with \
                 TlsConfigBuilder::crypto_provider",
            ),
            TlsConfigError::NoRoots => f.write_str(
                "no root certificates to trust; enable the feature `webpki-roots`, or add \
                 some with TlsConfigBuilder::root",
            ),
            TlsConfigError::Pem(why) => write!(f, "expected certificates in PEM: {why}"),
            TlsConfigError::NoPrivateKey => f.write_str(
                "the PEM text of the client certificate contains no private key (PKCS #8, PKCS #1 or SEC 1); \
                 append it to the certificates",
            ),
            TlsConfigError::Pin => {
                f.write_str("expected a public key pin of the form sha256//BASE64, with a digest of 32 bytes")
            }
            TlsConfigError::PinnedHost(host) => {
                write!(f, "expected a DNS name or an IP address for a public key pin, not {host:?}")
            }
            TlsConfigError::NoSha256 => {
                f.write_str("the crypto provider has no SHA-256, which public key pins need; choose another provider")
            }
            TlsConfigError::PlatformTrust(why) => {
                write!(f, "the operating system's trust store cannot be used: {why}")
            }
            TlsConfigError::Rustls(why) => write!(f, "rustls rejected the TLS settings: {why}"),
        }
    }
}

impl std::error::Error for TlsConfigError {}
