//! The address policy: decides which addresses may be connected to, between resolving and
//! connecting. It guards against server-side request forgery: a name or a redirect that leads into
//! the caller's own network.
//!
//! It checks resolved socket addresses, never text: URL parsing has normalized unusual IPv4
//! notations, and a name may resolve to any address. It applies to each hop, to literal addresses
//! too, and again to the peer address of every new or reused connection. The IANA special-purpose
//! address registries (RFC 6890) define which addresses are public.
//!
//! The policy decides about TCP addresses alone. A Unix socket or an address of the embedder's own is
//! always allowed: the caller's settings name it, and no name or redirect of a peer's leads there
//! unless those settings say so.
//!
//! Left out: ports, and public addresses with a special meaning in one provider's network, such as
//! 168.63.129.16. Use [`AddressPolicy::Custom`] for those.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::contain::contain;
use crate::route::address::Address;

/// Which TCP addresses a request may connect to.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum AddressPolicy {
    /// Any address. The default.
    #[default]
    Any,
    /// Public TCP addresses only: those for which [`is_public`] returns true.
    PublicOnly,
    /// TCP addresses for which the function returns true. It must be quick and must not block. If it
    /// panics, the address is denied.
    Custom(Arc<dyn Fn(SocketAddr) -> bool + Send + Sync>),
}

impl AddressPolicy {
    /// Whether `address` may be connected to. An address other than TCP's may.
    pub fn allows(&self, address: &Address) -> bool {
        let &Address::Tcp(address) = address else { return true };
        match self {
            AddressPolicy::Any => true,
            AddressPolicy::PublicOnly => is_public(address.ip()),
            AddressPolicy::Custom(allowed) => contain(|| allowed(address)).unwrap_or(false),
        }
    }

    /// Removes the denied addresses and keeps the order of the rest. An empty list stays empty.
    ///
    /// # Errors
    /// [`AddressDenied`] with all addresses if every one of a non-empty list is denied.
    pub fn filter(&self, mut addresses: Vec<Address>) -> Result<Vec<Address>, AddressDenied> {
        if matches!(self, AddressPolicy::Any) {
            return Ok(addresses);
        }
        let mut denied = Vec::new();
        addresses.retain(|address| {
            let allowed = self.allows(address);
            if !allowed {
                denied.extend(address.socket_addr());
            }
            allowed
        });
        if addresses.is_empty() && !denied.is_empty() { Err(AddressDenied { denied }) } else { Ok(addresses) }
    }
}

/// Two custom policies are equal if they share one function object.
impl PartialEq for AddressPolicy {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (AddressPolicy::Any, AddressPolicy::Any) | (AddressPolicy::PublicOnly, AddressPolicy::PublicOnly) => true,
            (AddressPolicy::Custom(a), AddressPolicy::Custom(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for AddressPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressPolicy::Any => "Any",
            AddressPolicy::PublicOnly => "PublicOnly",
            AddressPolicy::Custom(_) => "Custom",
        })
    }
}

/// The [`AddressPolicy`] denies every address of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressDenied {
    /// The denied addresses, in the resolver's order.
    pub denied: Vec<SocketAddr>,
}

impl fmt::Display for AddressDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address policy allows none of")?;
        for (index, address) in self.denied.iter().take(16).enumerate() {
            write!(f, "{} {address}", if index == 0 { "" } else { "," })?;
        }
        match self.denied.len().saturating_sub(16) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl std::error::Error for AddressDenied {}

/// Whether the address belongs to the public unicast Internet.
///
/// Returns false for loopback, private, shared (carrier-grade NAT), link-local, unique-local,
/// multicast, broadcast, benchmarking, documentation, protocol-assignment and reserved addresses.
/// Also for the tunnels 6to4 and Teredo, whose addresses hide the real endpoint. An IPv4 address
/// inside an IPv6 one is checked as IPv4 if packets go there: `::ffff:0:0/96` (mapped) and
/// `64:ff9b::/96` (NAT64, RFC 6052).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]                              // this network, private, loopback
            | [100, 64..=127, ..]                       // shared, RFC 6598
            | [169, 254, ..]                            // link-local
            | [172, 16..=31, ..]                        // private
            | [192, 0, 0, _]                            // protocol assignments
            | [192, 0, 2, _]                            // documentation
            | [192, 88, 99, _]                          // 6to4 relays, RFC 7526
            | [192, 168, ..]                            // private
            | [198, 18 | 19, ..]                        // benchmarking
            | [198, 51, 100, _] | [203, 0, 113, _]      // documentation
            | [224..=255, ..] // multicast, reserved, broadcast
    )
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Mapped, and NAT64: packets go to the address in the last 32 bits.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments, Teredo and benchmarking among them: 2001::/23.
        [0x2001, 0..=0x1ff, ..] => false,
        // Documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // 6to4.
        [0x2002, ..] => false,
        // Global unicast, 2000::/3. Everything else is special or unassigned.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn t29_special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn t29_public_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "3fff:1000::1",
        ] {
            assert!(public(text), "{text}");
        }
    }

    fn sockets(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse::<SocketAddr>().unwrap().into()).collect()
    }

    #[test]
    fn denied_addresses_are_removed_and_none_left_fails() {
        let mixed = sockets(&["127.0.0.1:80", "8.8.8.8:80", "[::1]:80", "1.1.1.1:80"]);
        assert_eq!(AddressPolicy::Any.filter(mixed.clone()).as_ref(), Ok(&mixed));
        assert_eq!(AddressPolicy::PublicOnly.filter(mixed), Ok(sockets(&["8.8.8.8:80", "1.1.1.1:80"])));
        let inner = sockets(&["127.0.0.1:80", "[fe80::1]:80"]);
        let error = AddressPolicy::PublicOnly.filter(inner.clone()).unwrap_err();
        assert_eq!(error.to_string(), "the address policy allows none of 127.0.0.1:80, [fe80::1]:80");
        assert_eq!(error.denied.into_iter().map(Address::Tcp).collect::<Vec<_>>(), inner);
        assert_eq!(AddressPolicy::PublicOnly.filter(Vec::new()), Ok(Vec::new()));
    }

    #[test]
    fn t29_policy_that_panics_allows_nothing() {
        let policy = AddressPolicy::Custom(Arc::new(|address| match address.port() {
            80 => panic!("intended"),
            port => port == 443,
        }));
        assert_eq!(policy.filter(sockets(&["8.8.8.8:80", "8.8.8.8:443"])), Ok(sockets(&["8.8.8.8:443"])));
        assert!(policy.filter(sockets(&["8.8.8.8:80"])).is_err());
    }

    #[test]
    fn policy_decides_about_tcp_addresses_alone() {
        let (unix, custom) = (Address::unix("/run/a.sock"), Address::custom("a"));
        let nothing = AddressPolicy::Custom(Arc::new(|_| false));
        let mut mixed = sockets(&["127.0.0.1:80"]);
        mixed.extend([unix.clone(), custom.clone()]);
        for policy in [AddressPolicy::PublicOnly, nothing] {
            assert_eq!(policy.filter(mixed.clone()), Ok(vec![unix.clone(), custom.clone()]));
        }
    }

    #[test]
    fn custom_function_receives_the_port() {
        let policy = AddressPolicy::Custom(Arc::new(|address| address.port() == 443));
        assert_eq!(policy.filter(sockets(&["8.8.8.8:80", "8.8.8.8:443"])), Ok(sockets(&["8.8.8.8:443"])));
    }
}
