//! Why TLS failed, as a caller can act upon it.
//!
//! Decides which of rustls's many errors mean the same to a caller. The text of the less common ones is kept.

use std::fmt;

/// Why a TLS handshake or connection failed. Such a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The server's certificate leads to no root that is trusted.
    UnknownIssuer,
    /// The certificate is good, but not for this server.
    WrongName {
        /// The host name or address that was asked for.
        expected: String,
        /// The names in the certificate, as far as they are known.
        presented: Vec<String>,
    },
    /// The certificate's time is over, by the wall clock of [`Now`](crate::Now).
    Expired,
    /// The certificate's time has not begun, by the wall clock of [`Now`](crate::Now).
    NotYetValid,
    /// The certificate was revoked.
    Revoked,
    /// A signature, in the certificate or on the handshake, is wrong or of an unknown kind.
    BadSignature,
    /// Another reason why the certificate was not accepted.
    BadCertificate(String),
    /// The server ended the connection with this alert.
    Alert {
        /// The alert's number in the IANA registry.
        code: u8,
        /// Its name.
        name: String,
    },
    /// Both sides speak TLS, but have no version, cipher suite or other feature in common.
    PeerIncompatible(String),
    /// The server does not speak `http/1.1`, or chose something else (RFC 7301 §3.2).
    NoApplicationProtocol,
    /// The first bytes of the answer are not TLS: probably a plain-text server on this port.
    NotTls,
    /// The server closed the connection during the handshake, with the closure alert.
    Closed,
    /// Bytes followed the handshake before this side had sent any.
    EarlyBytes,
    /// The connection ended before the handshake did, or without the closure alert (RFC 8446 §6.1).
    Truncated,
    /// The name cannot be that of a server: neither a DNS name nor an IP address.
    InvalidName(String),
    /// The server broke the rules of TLS, or a record was forged or damaged on the way.
    Misbehaved(String),
    /// Anything else.
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
                "the server's certificate is not issued by a trusted root; \
                 trust its issuer with TlsConfig::builder().root(…)",
            ),
            TlsFailure::WrongName { expected, presented } if presented.is_empty() => {
                write!(f, "the server's certificate is not valid for {expected}")
            }
            TlsFailure::WrongName { expected, presented } => {
                write!(f, "the server's certificate is not valid for {expected}, only for ")?;
                // A certificate may carry hundreds of names; a line shows the first few.
                for (i, name) in presented.iter().take(4).enumerate() {
                    write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
                }
                if presented.len() > 4 { write!(f, " and {} more", presented.len() - 4) } else { Ok(()) }
            }
            TlsFailure::Expired => f.write_str("the server's certificate has expired"),
            TlsFailure::NotYetValid => f.write_str("the server's certificate is not valid yet"),
            TlsFailure::Revoked => f.write_str("the server's certificate has been revoked"),
            TlsFailure::BadSignature => f.write_str("a signature in the server's handshake is not valid"),
            TlsFailure::BadCertificate(why) => write!(f, "the server's certificate is not acceptable: {why}"),
            TlsFailure::Alert { code, name } => write!(f, "the server sent the TLS alert {name} ({code})"),
            TlsFailure::PeerIncompatible(why) => write!(f, "the server and this client have no TLS in common: {why}"),
            TlsFailure::NoApplicationProtocol => f.write_str("the server does not offer http/1.1 over TLS"),
            TlsFailure::NotTls => {
                f.write_str("expected TLS, but the server's answer is not TLS; is it http:// on this port?")
            }
            TlsFailure::Closed => f.write_str("the server closed the connection during the TLS handshake"),
            TlsFailure::EarlyBytes => f.write_str("expected nothing right after the TLS handshake, got bytes"),
            TlsFailure::Truncated => f.write_str("the connection ended without TLS's closure alert"),
            TlsFailure::InvalidName(name) => write!(f, "expected a DNS name or an IP address, not {name:?}"),
            TlsFailure::Misbehaved(why) => write!(f, "the server broke the TLS protocol: {why}"),
            TlsFailure::Other(why) => write!(f, "TLS failed: {why}"),
        }
    }
}

impl std::error::Error for TlsFailure {}

#[cfg(feature = "tls")]
mod from_rustls {
    use super::TlsFailure;
    use rustls::{AlertDescription, CertificateError, Error};

    impl From<Error> for TlsFailure {
        fn from(error: Error) -> Self {
            match error {
                Error::InvalidCertificate(e) => certificate(e),
                Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => {
                    TlsFailure::NoApplicationProtocol
                }
                Error::AlertReceived(alert) => TlsFailure::Alert { code: alert.into(), name: format!("{alert:?}") },
                Error::PeerIncompatible(why) => TlsFailure::PeerIncompatible(words(&format!("{why:?}"))),
                Error::NoCertificatesPresented => TlsFailure::BadCertificate("there is none".into()),
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

    /// rustls tells names in their Debug form, as `DnsName("a.example")` and `IpAddress(192.0.2.1)`. They are the peer's words.
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

    /// The name of one of rustls's variants in words, without what it holds.
    fn words(variant: &str) -> String {
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
            e => TlsFailure::BadCertificate(e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tls")]
    #[test]
    fn t79_names_are_told_as_the_certificate_has_them() {
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
    fn a_wrong_name_is_told_in_one_short_line() {
        let names: Vec<_> = (0..300).map(|i| format!("host{i}.example")).collect();
        let line = TlsFailure::WrongName { expected: "a.example".into(), presented: names }.to_string();
        assert!(line.ends_with("and 296 more"), "{line}");
        let line = TlsFailure::WrongName { expected: "a.example".into(), presented: Vec::new() }.to_string();
        assert_eq!(line, "the server's certificate is not valid for a.example");
    }
}
