//! Why a SOCKS proxy opened no tunnel.

use std::fmt;

/// Why the SOCKS handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocksFailure {
    /// The proxy refused the request, or could not reach the target.
    Refused(SocksReply),
    /// The proxy wants credentials, and none are set.
    CredentialsWanted,
    /// The proxy rejected the user or the password.
    CredentialsRejected,
    /// The proxy accepts neither a user with a password nor anonymous clients.
    NoMethod,
    /// The answer begins with this byte instead of the protocol's version: the peer is no SOCKS
    /// proxy, or one of another version.
    Version(u8),
    /// The reply contains an address of an unknown kind.
    AddressKind(u8),
    /// SOCKS4 carries no IPv6 address.
    Ipv6,
    /// The target's name is empty, or longer than the 255 bytes that SOCKS carries.
    NameTooLong,
    /// SOCKS cannot carry these credentials: they are of another scheme than Basic, longer than 255
    /// bytes, or a password for SOCKS4.
    Credentials,
}

/// The code in a proxy's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocksReply {
    /// A code of SOCKS4. 91 to 93 are known; others are kept as received.
    V4(u8),
    /// A code of SOCKS5. RFC 1928 §6 defines 1 to 8; others are kept as received.
    V5(u8),
}

impl fmt::Display for SocksReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, code) = match *self {
            SocksReply::V4(code @ 91) => ("request rejected or failed", code),
            SocksReply::V4(code @ 92) => ("identd is not reachable on this client", code),
            SocksReply::V4(code @ 93) => ("identd reports another user", code),
            SocksReply::V5(code @ 1) => ("general failure", code),
            SocksReply::V5(code @ 2) => ("not allowed by the ruleset", code),
            SocksReply::V5(code @ 3) => ("network unreachable", code),
            SocksReply::V5(code @ 4) => ("host unreachable", code),
            SocksReply::V5(code @ 5) => ("connection refused", code),
            SocksReply::V5(code @ 6) => ("TTL expired", code),
            SocksReply::V5(code @ 7) => ("command not supported", code),
            SocksReply::V5(code @ 8) => ("address type not supported", code),
            SocksReply::V4(code) | SocksReply::V5(code) => ("unknown reply", code),
        };
        write!(f, "{text} ({code})")
    }
}

impl fmt::Display for SocksFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocksFailure::Refused(reply) => write!(f, "the SOCKS proxy opened no connection: {reply}"),
            SocksFailure::CredentialsWanted => {
                f.write_str("the SOCKS proxy requires credentials; set them in its URL or with Proxy::auth")
            }
            SocksFailure::CredentialsRejected => f.write_str("the SOCKS proxy rejected the user or the password"),
            SocksFailure::NoMethod => {
                f.write_str("the SOCKS proxy accepts neither a user with a password nor anonymous clients")
            }
            SocksFailure::Version(first) => write!(
                f,
                "expected a SOCKS reply, found the byte {first:#04x}; is this a SOCKS proxy, and of this version?"
            ),
            SocksFailure::AddressKind(kind) => {
                write!(f, "the SOCKS proxy's reply contains an address of the unknown kind {kind}")
            }
            SocksFailure::Ipv6 => f.write_str("SOCKS4 carries no IPv6 address; use socks5"),
            SocksFailure::NameTooLong => {
                f.write_str("a SOCKS proxy takes a host name of 1 to 255 bytes, without a NUL")
            }
            SocksFailure::Credentials => f.write_str(
                "expected credentials that SOCKS carries: Auth::basic with at most 255 bytes each, \
                 and without a password for SOCKS4",
            ),
        }
    }
}

impl std::error::Error for SocksFailure {}
