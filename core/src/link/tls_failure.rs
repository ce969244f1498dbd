//! TLS failures, classified so that a caller can act on them.
//!
//! Maps rustls's many errors to the few that differ for a caller. Less common ones keep their text.

use std::fmt;

/// Why a TLS handshake or connection failed. The connection has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The server's certificate does not chain to a trusted root.
    UnknownIssuer,
    /// The certificate is valid, but not for this server.
    WrongName {
        /// The requested host name or address.
        expected: String,
        /// The names in the certificate, as far as known.
        presented: Vec<String>,
    },
    /// The certificate is valid, but its public key is not
    /// [pinned](crate::tls::TlsConfigBuilder::pin_public_key) for this server.
    UnpinnedKey {
        /// The host that has pins.
        host: String,
        /// The pin of the key in the certificate.
        presented: String,
    },
    /// The certificate has expired, by the wall clock of [`Now`](crate::Now).
    Expired,
    /// The certificate is not yet valid, by the wall clock of [`Now`](crate::Now).
    NotYetValid,
    /// The certificate was revoked.
    Revoked,
    /// A signature in the certificate or on the handshake is invalid or of an unknown kind.
    BadSignature,
    /// The certificate was rejected for another reason. Holds the reason.
    BadCertificate(String),
    /// The server ended the connection with this alert.
    Alert {
        /// The alert's number in the IANA registry.
        code: u8,
        /// The alert's name.
        name: String,
    },
    /// Both sides speak TLS but share no version, cipher suite or other required feature.
    PeerIncompatible(String),
    /// The server does not speak `http/1.1`, or selected another protocol (RFC 7301 §3.2).
    NoApplicationProtocol,
    /// The first bytes of the answer are not TLS; probably a plain-text server on this port.
    NotTls,
    /// The server closed the connection during the handshake, with the closure alert.
    Closed,
    /// Bytes followed the handshake before this side had sent any.
    EarlyBytes,
    /// The connection ended before the handshake completed, or without the closure alert (RFC 8446
    /// §6.1).
    Truncated,
    /// The name is neither a DNS name nor an IP address.
    InvalidName(String),
    /// The server violated the TLS protocol, or a record was forged or damaged in transit.
    Misbehaved(String),
    /// Any other failure. Holds its description.
    Other(String),
}

impl TlsFailure {
    /// Whether the connection ended, as opposed to wrong bytes.
    pub fn is_truncation(&self) -> bool {
        matches!(self, TlsFailure::Closed | TlsFailure::Truncated)
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFailure::UnknownIssuer => f.write_str(
                "the server's certificate does not chain to a trusted root; \
                 trust its issuer with TlsConfig::builder().root(…)",
            ),
            TlsFailure::WrongName { expected, presented } if presented.is_empty() => {
                write!(f, "the server's certificate is not valid for {expected}")
            }
            TlsFailure::WrongName { expected, presented } => {
                write!(f, "the server's certificate is not valid for {expected}, only for ")?;
                // A certificate may contain hundreds of names; the message shows the first few.
                for (i, name) in presented.iter().take(4).enumerate() {
                    write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
                }
                if presented.len() > 4 { write!(f, " and {} more", presented.len() - 4) } else { Ok(()) }
            }
            TlsFailure::UnpinnedKey { host, presented } => write!(
                f,
                "the public key of the server's certificate is not pinned for {host}: its pin is {presented}; \
                 if the server's key was replaced on purpose, add this pin",
            ),
            TlsFailure::Expired => f.write_str("the server's certificate has expired"),
            TlsFailure::NotYetValid => f.write_str("the server's certificate is not valid yet"),
            TlsFailure::Revoked => f.write_str("the server's certificate has been revoked"),
            TlsFailure::BadSignature => f.write_str("a signature in the server's handshake is not valid"),
            TlsFailure::BadCertificate(why) => write!(f, "the server's certificate was rejected: {why}"),
            TlsFailure::Alert { code, name } => write!(f, "the server sent the TLS alert {name} ({code})"),
            TlsFailure::PeerIncompatible(why) => write!(f, "the server and this client share no TLS parameters: {why}"),
            TlsFailure::NoApplicationProtocol => f.write_str("the server does not offer http/1.1 over TLS"),
            TlsFailure::NotTls => {
                f.write_str("expected TLS, but the server does not use TLS; does this port serve plain http?")
            }
            TlsFailure::Closed => f.write_str("the server closed the connection during the TLS handshake"),
            TlsFailure::EarlyBytes => f.write_str("expected no bytes directly after the TLS handshake, found some"),
            TlsFailure::Truncated => f.write_str("the connection ended without TLS's closure alert"),
            TlsFailure::InvalidName(name) => write!(f, "expected a DNS name or an IP address, not {name:?}"),
            TlsFailure::Misbehaved(why) => write!(f, "the server violated the TLS protocol: {why}"),
            TlsFailure::Other(why) => write!(f, "TLS failed: {why}"),
        }
    }
}

impl std::error::Error for TlsFailure {}

/// The error that the verifier of pins passes through rustls.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct UnpinnedKey {
    pub(crate) host: String,
    pub(crate) presented: String,
}

#[cfg(feature = "tls")]
impl fmt::Display for UnpinnedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the public key {} is not pinned for {}", self.presented, self.host)
    }
}

#[cfg(feature = "tls")]
impl std::error::Error for UnpinnedKey {}

#[cfg(feature = "tls")]
mod from_rustls {
    use super::{TlsFailure, UnpinnedKey};
    use rustls::{AlertDescription, CertificateError, Error};

    impl From<Error> for TlsFailure {
        fn from(error: Error) -> Self {
            match error {
                Error::InvalidCertificate(e) => certificate(e),
                Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => {
                    TlsFailure::NoApplicationProtocol
                }
                Error::AlertReceived(alert) => TlsFailure::Alert { code: alert.into(), name: format!("{alert:?}") },
                Error::PeerIncompatible(why) => TlsFailure::PeerIncompatible(variant_name(&format!("{why:?}"))),
                Error::NoCertificatesPresented => TlsFailure::BadCertificate("the server presented none".into()),
                Error::DecryptError => TlsFailure::Misbehaved("a record could not be decrypted".into()),
                e @ (Error::InappropriateMessage { .. }
                | Error::InappropriateHandshakeMessage { .. }
                | Error::InvalidMessage(_)
                | Error::PeerMisbehaved(_)
                | Error::PeerSentOversizedRecord) => TlsFailure::Misbehaved(e.to_string()),
                e => TlsFailure::Other(e.to_string()),
            }
        }
    }

    /// Extracts a name. rustls gives names in their Debug form, as `DnsName("a.example")` and
    /// `IpAddress(192.0.2.1)`. Their content comes from the peer.
    fn bare_name(name: String) -> String {
        let Some((kind, inner)) = name.strip_suffix(')').and_then(|name| name.split_once('(')) else {
            return "a name of another kind".into();
        };
        match kind {
            "DnsName" | "IpAddress" | "UniformResourceIdentifier" => {
                inner.trim_matches('"').chars().take(255).flat_map(char::escape_debug).collect()
            }
            _ => "a name of another kind".into(),
        }
    }

    /// Splits the name of a rustls variant into words, without its fields.
    fn variant_name(variant: &str) -> String {
        let name: String = variant.chars().take_while(char::is_ascii_alphanumeric).collect();
        let mut words = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(letter.to_ascii_lowercase());
        }
        words
    }

    fn certificate(error: CertificateError) -> TlsFailure {
        use CertificateError as E;
        match error {
            E::UnknownIssuer => TlsFailure::UnknownIssuer,
            E::Expired | E::ExpiredContext { .. } => TlsFailure::Expired,
            E::NotValidYet | E::NotValidYetContext { .. } => TlsFailure::NotYetValid,
            E::Revoked => TlsFailure::Revoked,
            E::BadSignature
            | E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => TlsFailure::BadSignature,
            E::NotValidForName => TlsFailure::WrongName { expected: "this server".into(), presented: Vec::new() },
            E::NotValidForNameContext { expected, presented } => {
                let presented = presented.into_iter().map(bare_name).collect();
                TlsFailure::WrongName { expected: expected.to_str().into_owned(), presented }
            }
            E::Other(e) => match e.0.downcast_ref::<UnpinnedKey>() {
                Some(UnpinnedKey { host, presented }) => {
                    TlsFailure::UnpinnedKey { host: host.clone(), presented: presented.clone() }
                }
                None => TlsFailure::BadCertificate(E::Other(e).to_string()),
            },
            e => TlsFailure::BadCertificate(e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tls")]
    #[test]
    fn t79_names_appear_as_in_the_certificate() {
        let presented = [
            "DnsName(\"a.example\")",
            "IpAddress(192.0.2.1)",
            "UniformResourceIdentifier(\"http://x\")",
            "DnsName(\"\u{1b}[31m\n\")",
            "DirectoryName",
            "Unsupported(0x81)",
        ];
        let error = rustls::CertificateError::NotValidForNameContext {
            expected: "b.example".try_into().unwrap(),
            presented: presented.map(String::from).into(),
        };
        let TlsFailure::WrongName { presented, .. } = rustls::Error::InvalidCertificate(error).into() else { panic!() };
        let other = "a name of another kind";
        assert_eq!(presented, ["a.example", "192.0.2.1", "http://x", "\\u{1b}[31m\\n", other, other]);
        let why = rustls::Error::PeerIncompatible(rustls::PeerIncompatible::NoCipherSuitesInCommon);
        assert_eq!(TlsFailure::from(why), TlsFailure::PeerIncompatible("no cipher suites in common".into()));
    }

    #[test]
    fn wrong_name_error_is_one_short_line() {
        let names: Vec<_> = (0..300).map(|i| format!("host{i}.example")).collect();
        let line = TlsFailure::WrongName { expected: "a.example".into(), presented: names }.to_string();
        assert!(line.ends_with("and 296 more"), "{line}");
        let line = TlsFailure::WrongName { expected: "a.example".into(), presented: Vec::new() }.to_string();
        assert_eq!(line, "the server's certificate is not valid for a.example");
    }
}
