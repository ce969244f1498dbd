//! Finds the addresses for a new connection: static, cached, or looked up.
//!
//! A failed look-up is never cached. If every cached address fails, the name is looked up, and the
//! new answer replaces the cached one.

use std::net::SocketAddr;

use super::machine::Machine;
use super::stage::{LookedUp, Order, Stage};
use crate::error::{ErrorKind, IoFailure, Misuse};
use crate::link::{ProxyFailure, SocksFailure, SocksVersion};
use crate::route::Route;
use crate::route::address::Address;
use crate::route::dial::DialError;
use crate::session::Session;
use crate::time::Instant;

impl Machine {
    /// Starts a new connection, without asking the pool.
    pub(super) fn find_addresses(&mut self) {
        let since = self.now.instant;
        self.peer = None;
        if self.route.as_ref().is_none_or(|route| route.local_target().is_none()) {
            return self.find_peer(since);
        }
        match self.route.as_ref().and_then(Route::known_target) {
            Some(addresses) => {
                // Report a failure as one of the origin, not of the proxy.
                self.enter(Stage::Resolve { order: Order::Given, since, name: LookedUp::Target });
                self.target_found(addresses, since);
            }
            None => self.look_up(LookedUp::Target, since),
        }
    }

    fn find_peer(&mut self, since: Instant) {
        if let Some(cold) = &mut self.chain.cold {
            cold.cached = false;
        }
        match self.route.as_ref().and_then(Route::known_addresses) {
            Some(addresses) => self.dial(addresses, since),
            None => self.look_up(LookedUp::Peer, since),
        }
    }

    /// Asks the look-up cache, if it is enabled, or else the resolver.
    fn look_up(&mut self, name: LookedUp, since: Instant) {
        match self.request.settings.lookup_cache {
            Some(_) => self.enter(Stage::Cache { since, name, answer: None }),
            None => self.enter(Stage::Resolve { order: Order::Due, since, name }),
        }
    }

    /// Returns which name is being looked up, if any.
    pub(super) fn looked_up(&self) -> Option<LookedUp> {
        match self.stage {
            Stage::Cache { name, .. } | Stage::Resolve { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Caches the answer of the resolver, or uses a cached one. Without a session the transfer
    /// proceeds as if there were no cache.
    pub(super) fn use_cache(&mut self, session: Option<&mut Session>) {
        let now = self.now.instant;
        let Stage::Cache { since, name, answer } = &mut self.stage else { return };
        let (since, name, answer) = (*since, *name, answer.take());
        let fresh = answer.is_some();
        let host = self.route.as_ref().and_then(|route| match name {
            LookedUp::Peer => Some(route.peer_name()),
            LookedUp::Target => route.local_target(),
        });
        let found = match (self.request.settings.lookup_cache, session, host, answer) {
            (Some(cache), Some(session), Some((host, port)), Some(answer)) => {
                session.known_names.insert(host, port, &answer, cache, now);
                Some(answer)
            }
            (Some(cache), Some(session), Some((host, port)), None) => {
                session.known_names.find(host, port, cache, now).map(Into::into)
            }
            (_, _, _, answer) => answer,
        };
        match found {
            Some(addresses) => self.found(name, &addresses, since, !fresh),
            None => self.enter(Stage::Resolve { order: Order::Due, since, name }),
        }
    }

    /// Proceeds with the addresses of a name.
    fn found(&mut self, name: LookedUp, addresses: &[SocketAddr], since: Instant, cached: bool) {
        let addresses = addresses.iter().copied().map(Address::Tcp).collect();
        match name {
            LookedUp::Peer => {
                if cached {
                    self.chain.cold_mut().cached = true;
                }
                self.dial(addresses, since);
            }
            LookedUp::Target => self.target_found(addresses, since),
        }
    }

    /// Chooses the address to send to a SOCKS proxy: an IPv4 address if there is one, since not
    /// every proxy has IPv6.
    fn target_found(&mut self, addresses: Vec<Address>, since: Instant) {
        let allowed = match self.request.settings.address_policy.filter(addresses) {
            Ok(allowed) => allowed,
            Err(denied) => return self.fail(ErrorKind::AddressDenied(denied)),
        };
        let mut allowed: Vec<SocketAddr> = allowed.iter().filter_map(Address::socket_addr).collect();
        allowed.sort_by_key(SocketAddr::is_ipv6);
        let version = self.request.proxy().and_then(|proxy| proxy.socks()).map(|(version, _)| version);
        match allowed.first() {
            None => self.fail(ErrorKind::Connect(DialError::NoAddresses)),
            Some(address) if address.is_ipv6() && version == Some(SocksVersion::V4) => {
                self.fail(ErrorKind::Proxy(ProxyFailure::Socks(SocksFailure::Ipv6)));
            }
            Some(&address) => {
                self.chain.cold_mut().target = Some(address);
                self.find_peer(since);
            }
        }
    }

    pub(super) fn resolved(&mut self, addresses: &[SocketAddr]) -> Result<(), Misuse> {
        let Stage::Resolve { order: Order::Given, since, name } = self.stage else {
            return Err(Misuse::UnexpectedInput);
        };
        match self.request.settings.lookup_cache {
            Some(_) => self.enter(Stage::Cache { since, name, answer: Some(addresses.into()) }),
            None => self.found(name, addresses, since, false),
        }
        Ok(())
    }

    pub(super) fn resolve_failed(&mut self, failure: IoFailure) -> Result<(), Misuse> {
        let Stage::Resolve { order: Order::Given, .. } = self.stage else { return Err(Misuse::UnexpectedInput) };
        self.fail(ErrorKind::Resolve(failure));
        Ok(())
    }
}
