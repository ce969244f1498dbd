//! Why TLS settings could not be made, as plain data that is there without the feature `tls` as well.

use std::fmt;

/// Why TLS settings could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// TLS is needed, and the feature `tls` is off.
    NotCompiledIn,
    /// There is no crypto provider: the feature `ring` is off and none was given.
    NoProvider,
    /// There is nothing to trust: the feature `webpki-roots` is off and no root was given.
    NoRoots,
    /// The PEM text is not as expected.
    Pem(String),
    /// The PEM text of a client certificate has no private key in it.
    NoPrivateKey,
    /// A certificate, a key or a choice of versions was refused.
    Rustls(String),
}

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsConfigError::NotCompiledIn => f.write_str("TLS is needed and not compiled in; enable the feature `tls`"),
            TlsConfigError::NoProvider => f.write_str(
                "expected a crypto provider, there is none; enable the feature `ring`, or set one with \
                 TlsConfigBuilder::crypto_provider",
            ),
            TlsConfigError::NoRoots => f.write_str(
                "expected root certificates to trust, there are none; enable the feature `webpki-roots`, or add \
                 some with TlsConfigBuilder::root",
            ),
            TlsConfigError::Pem(why) => write!(f, "expected certificates in PEM: {why}"),
            TlsConfigError::NoPrivateKey => f.write_str(
                "expected a private key (PKCS #8, PKCS #1 or SEC 1) in the PEM of the client certificate, found none; \
                 append it to the certificates",
            ),
            TlsConfigError::Rustls(why) => write!(f, "the TLS settings were refused: {why}"),
        }
    }
}

impl std::error::Error for TlsConfigError {}
