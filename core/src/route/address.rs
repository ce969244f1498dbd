//! Addresses: where a connection leads.
//!
//! A resolver answers with TCP addresses only. A Unix socket or an address of the embedder's own
//! comes from the caller's settings ([`ConnectTo`](super::connect_to::ConnectTo)), never from a
//! peer, so neither a name nor a Location can lead to one by itself.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// An address to connect to. Cloning it allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A TCP socket.
    Tcp(SocketAddr),
    /// A Unix socket, by its path.
    Unix(Arc<Path>),
    /// An address of the embedder's own, which its connector understands.
    Custom(CustomAddress),
}

impl Address {
    /// Returns the address of the Unix socket with this path.
    pub fn unix(path: impl AsRef<Path>) -> Address {
        Address::Unix(path.as_ref().into())
    }

    /// Returns an address of the embedder's own with this identity.
    pub fn custom(identity: impl Into<Arc<str>>) -> Address {
        Address::Custom(CustomAddress(identity.into()))
    }

    /// Returns the TCP address, if it is one.
    pub const fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) | Address::Custom(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address::Tcp(address)
    }
}

/// Writes a TCP address as `127.0.0.1:80` or `[::1]:80`, a Unix socket as `unix:` and its path, and
/// any other as `custom address`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Custom(_) => f.write_str("custom address"),
        }
    }
}

/// The identity of an address that only the embedder's connector understands. Two addresses are the
/// same if their identities are equal byte for byte.
///
/// It may contain a secret, so `Debug` and errors do not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomAddress(Arc<str>);

impl CustomAddress {
    /// Returns the identity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes redacted)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tcp_address_has_a_socket_address() {
        let tcp: SocketAddr = "[::1]:80".parse().unwrap();
        assert_eq!(Address::from(tcp).socket_addr(), Some(tcp));
        assert_eq!(Address::unix("/run/a.sock").socket_addr(), None);
        assert_eq!(Address::custom("a").socket_addr(), None);
    }

    #[test]
    fn identity_of_a_custom_address_is_never_printed() {
        let address = Address::custom("vsock:hunter2");
        assert_eq!(format!("{address} {address:?}"), "custom address Custom((13 bytes redacted))");
        let Address::Custom(identity) = address else { panic!("it is custom") };
        assert_eq!(identity.as_str(), "vsock:hunter2");
    }

    #[test]
    fn printed_address_names_the_socket() {
        assert_eq!(Address::unix("/run/a.sock").to_string(), "unix:/run/a.sock");
        assert_eq!(Address::from(SocketAddr::from(([127, 0, 0, 1], 80))).to_string(), "127.0.0.1:80");
    }

    #[test]
    fn address_is_no_larger_than_a_socket_address() {
        assert_eq!(size_of::<Option<Address>>(), size_of::<Option<SocketAddr>>());
    }
}
