//! Where the requests of a scenario connect to, if not by the name of their URL: Unix sockets, custom
//! addresses, static addresses, and other hosts.

use petition_core::route::address::Address;

use super::origins::{self, ORIGINS, Origin};
use super::plan::pick;
use super::request_spec::{AddressRule, NameRule, RequestSpec};
use crate::rng::Rng;

/// Adds rules to a request whose URL has the origin `first`. They come from generators of their
/// own, so that they change no other choice.
pub(super) fn choose(seed: u64, number: usize, spec: &mut RequestSpec, first: usize, origins: &[usize]) {
    let own = |salt: u64| Rng::new(seed ^ salt ^ (number as u64).wrapping_mul(0x9e37_79b9));
    let mut local = own(0x756e_6978);
    if spec.via.is_none() && local.one_in(5) {
        if local.one_in(2) {
            let address = local_address(&mut local, first);
            spec.addresses.push(AddressRule { origin: None, address });
        }
        if local.one_in(2) {
            let origin = *pick(&mut local, origins);
            let address = local_address(&mut local, origin);
            spec.addresses.push(AddressRule { origin: Some(ORIGINS[origin].url()), address });
        }
    }
    let mut named = own(0x6e61_6d65);
    spec.keeps_lookups = named.one_in(3);
    if spec.via.is_none() && named.one_in(4) {
        let mut of: Vec<usize> = (0..1 + named.below(2)).map(|_| *pick(&mut named, origins)).collect();
        of.dedup();
        spec.names.extend(of.into_iter().map(|origin| name_rule(&mut named, origin)));
    }
}

/// Returns a rule for an origin: its alias, or a static address unless its host is an address.
fn name_rule(rng: &mut Rng, origin: usize) -> NameRule {
    let Origin { host, port, machine, .. } = ORIGINS[origin];
    if rng.one_in(2) && !ORIGINS[origin].is_literal() {
        return NameRule::Static(host.into(), port, origins::static_address(machine));
    }
    NameRule::Host(format!("{host}:{port}"), format!("{}:{port}", origins::alias(machine)))
}

fn local_address(rng: &mut Rng, origin: usize) -> Address {
    origins::local(origin, rng.one_in(2))
}
