//! The destination of a connection, if the caller's rules change it: an address or name that
//! replaces the URL's, and static addresses. It is part of a connection's key.

use std::net::SocketAddr;

use url::Url;

use super::address::Address;
use super::connect_to::{ConnectTo, Target};
use super::proxy::{Names, Proxy};
use super::static_addresses::StaticAddresses;
use super::{port, without_brackets};

/// The destination of a connection under the caller's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Destination {
    /// Where to connect instead of the URL's host and port.
    pub(super) target: Option<Target>,
    /// The static addresses of the host to connect to: the proxy, if there is one.
    pub(super) of_peer: Option<Box<[SocketAddr]>>,
    /// The static addresses of the host behind a SOCKS proxy that receives addresses, not names.
    pub(super) behind_proxy: Option<Box<[SocketAddr]>>,
}

impl Destination {
    /// Returns the destination of a request to `url`; `None` if no rule matches. A hop with an
    /// address from the caller has no `proxy`.
    pub(crate) fn new(
        url: &Url,
        proxy: Option<&Proxy>,
        connect_to: Option<&ConnectTo>,
        names: &StaticAddresses,
    ) -> Option<Destination> {
        let target = connect_to.and_then(|rules| rules.target(url));
        let find = |host: &str, port: u16| Some(names.find(without_brackets(host), port)?.into());
        let of_target = || match &target {
            Some(Target::Address(_)) => None,
            Some(Target::Name(host, port)) => find(host, *port),
            None => find(url.host_str().unwrap_or_default(), port(url)),
        };
        let (of_peer, behind_proxy) = match proxy {
            None => (of_target(), None),
            Some(proxy) => {
                let of_proxy = find(proxy.url().host_str().unwrap_or_default(), port(proxy.url()));
                (of_proxy, proxy.socks().is_some_and(|(_, names)| names == Names::Local).then(of_target).flatten())
            }
        };
        let destination = Destination { target, of_peer, behind_proxy };
        (destination != Destination::default()).then_some(destination)
    }

    /// Returns the address that the caller named, if any.
    pub(super) fn address(&self) -> Option<&Address> {
        match &self.target {
            Some(Target::Address(address)) => Some(address),
            Some(Target::Name(..)) | None => None,
        }
    }

    /// Returns the name and port to connect to instead of the URL's, if a rule names one.
    pub(super) fn name(&self) -> Option<(&str, u16)> {
        match &self.target {
            Some(Target::Name(host, port)) => Some((host, *port)),
            Some(Target::Address(_)) | None => None,
        }
    }
}
