//! The servers of the simulated world: scheme, name, port, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use petition_core::route::address::Address;

/// One origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Whether it uses https.
    pub(super) secure: bool,
    /// The name, or an address.
    pub(super) host: &'static str,
    /// The port.
    pub(super) port: u16,
    /// Its machine: origins of one machine share addresses.
    pub(super) machine: u8,
}

const fn plain(host: &'static str, port: u16, machine: u8) -> Origin {
    Origin { secure: false, host, port, machine }
}

/// All origins. One machine has two ports, one name is a subdomain of another, one origin is an
/// address.
pub(super) const ORIGINS: [Origin; 9] = [
    plain("a.test", 80, 1),
    plain("b.test", 80, 2),
    plain("www.a.test", 80, 3),
    plain("a.test", 8080, 1),
    plain("192.0.2.50", 80, 5),
    Origin { secure: true, host: "a.test", port: 443, machine: 1 },
    Origin { secure: true, host: "www.a.test", port: 443, machine: 3 },
    plain("proxy.test", 3128, 9),
    plain("proxy.test", 1080, 9),
];

/// The HTTP proxy.
pub(super) const PROXY: usize = 7;

/// The SOCKS proxy.
pub(super) const SOCKS: usize = 8;

/// The origins without TLS, the first one more often.
pub(super) const PLAIN: [usize; 7] = [0, 0, 0, 1, 2, 3, 4];

impl Origin {
    /// Returns scheme and authority.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }

    /// Returns the value of Host.
    pub(super) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (false, 80) | (true, 443) => self.host.into(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// Returns whether the host is an address.
    pub(super) fn is_literal(&self) -> bool {
        self.host.as_bytes()[0].is_ascii_digit()
    }
}

/// Returns the addresses of a machine; the second is IPv6.
pub(super) fn addresses(machine: u8) -> [IpAddr; 3] {
    let v4 = |last: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    [v4(machine * 10), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, machine.into())), v4(machine * 10 + 1)]
}

/// The last part of a further address of each machine, behind the machine's number: a name that only
/// rules of the caller's lead to, and an address that only the caller knows.
const ALIAS: u8 = 5;
const STATIC: u8 = 6;

/// Returns the name of a machine that only a rule for another host leads to.
pub(super) fn alias(machine: u8) -> String {
    format!("alias{machine}.test")
}

/// Returns the address of a machine that only static addresses lead to.
pub(super) fn static_address(machine: u8) -> IpAddr {
    further(machine, STATIC)
}

/// Returns the address of a machine under its alias.
pub(super) fn alias_address(machine: u8) -> IpAddr {
    further(machine, ALIAS)
}

fn further(machine: u8, last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, machine * 10 + last))
}

/// Returns the addresses of a name.
pub(super) fn lookup(name: &str) -> Option<Vec<IpAddr>> {
    let aliased = ORIGINS.iter().find(|origin| alias(origin.machine) == name);
    match aliased {
        Some(origin) => Some(vec![alias_address(origin.machine)]),
        None => Some(addresses(machine(name)?).to_vec()),
    }
}

/// Returns the origin that is served at an address.
pub(super) fn at(address: &Address) -> Option<usize> {
    let address = match address {
        Address::Tcp(address) => address,
        Address::Unix(path) => return path.to_str()?.strip_prefix("/run/origin")?.parse().ok(),
        Address::Custom(identity) => return identity.as_str().strip_prefix("origin")?.parse().ok(),
    };
    ORIGINS.iter().position(|origin| {
        let further = [alias_address(origin.machine), static_address(origin.machine)];
        let mut all = addresses(origin.machine).into_iter().chain(further);
        origin.port == address.port() && all.any(|ip| ip == address.ip())
    })
}

/// Returns the Unix socket, or the custom address, where an origin is served.
pub(super) fn local(origin: usize, custom: bool) -> Address {
    if custom { Address::custom(format!("origin{origin}")) } else { Address::unix(format!("/run/origin{origin}")) }
}

/// Returns which of an origin's routes an address belongs to: connections of different routes are
/// never mixed.
pub(super) fn route(address: &Address) -> Option<IpAddr> {
    let ip = address.socket_addr()?.ip();
    ORIGINS
        .iter()
        .flat_map(|origin| [alias_address(origin.machine), static_address(origin.machine)])
        .find(|of| *of == ip)
}

/// Returns the machine of a name.
fn machine(name: &str) -> Option<u8> {
    ORIGINS.iter().find(|origin| origin.host == name).map(|origin| origin.machine)
}
