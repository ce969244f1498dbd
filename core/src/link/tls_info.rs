//! The parameters that a finished TLS handshake negotiated.

use std::fmt;

/// A TLS version that this client supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2, RFC 5246.
    V1_2,
    /// TLS 1.3, RFC 8446.
    V1_3,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsVersion::V1_2 => "TLS 1.2",
            TlsVersion::V1_3 => "TLS 1.3",
        })
    }
}

/// The parameters of an established TLS connection.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo<'a> {
    /// The protocol version.
    pub version: TlsVersion,
    /// The cipher suite, by its number in the IANA registry.
    pub cipher_suite: u16,
    /// The protocol that the server selected by ALPN (RFC 7301); `None` if it did not answer the
    /// offer.
    pub alpn: Option<&'a [u8]>,
    /// Whether the handshake resumed an earlier session and so needed no certificate.
    pub resumed: bool,
    /// The server's own certificate in DER. For a resumed session, that of the first handshake.
    pub certificate: Option<&'a [u8]>,
}

impl fmt::Debug for TlsInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("cipher_suite", &format_args!("{:#06x}", self.cipher_suite))
            .field("alpn", &self.alpn.map(String::from_utf8_lossy))
            .field("resumed", &self.resumed)
            .field("certificate", &self.certificate.map(<[u8]>::len))
            .finish()
    }
}
