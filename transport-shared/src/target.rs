//! What a connector is to connect to.

use petition_core::route::address::Address;

/// The target of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    address: &'a Address,
    host: &'a str,
    port: u16,
}

impl<'a> Target<'a> {
    /// Creates a target. Transports do this for their connectors.
    pub fn new(address: &'a Address, host: &'a str, port: u16) -> Target<'a> {
        Target { address, host, port }
    }

    /// Returns the address: resolved, or named by [`connect_to`](petition_core::Options::connect_to).
    pub fn address(&self) -> &'a Address {
        self.address
    }

    /// Returns the host of the origin, or of the proxy if there is one. An IPv6 address has no
    /// brackets.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// Returns the port of the origin, or of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }
}
