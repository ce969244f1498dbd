//! The policy: upgrades URLs before a hop, and stores the hosts of responses that ask for https.

use crate::policy::{After, Before, Hop, Memory, Outcome, Plan, Trail, Verdict};

pub(in crate::policy) const AFTER: After =
    After { concerns: |head, _| head.has_strict_transport(), needs_memory: asks_for_https, decide: after };

/// The field's name (RFC 6797 §6.1).
const FIELD: &str = "strict-transport-security";

/// Upgrades the URL of the hop if its host asked for https.
#[inline]
pub(in crate::policy) fn before(plan: &mut Plan<'_>, memory: &mut Memory) -> Before {
    if memory.hsts.is_empty() { Before::Send } else { upgrade(plan, memory) }
}

/// Sessions without stored hosts, the common case, never call this.
#[inline(never)]
fn upgrade(plan: &mut Plan<'_>, memory: &Memory) -> Before {
    let hop = &plan.hop;
    if !hop.config.hsts {
        return Before::Send;
    }
    plan.trail.knows_hsts_hosts = true;
    if hop.url.scheme() != "http" || !memory.hsts.applies(hop.url, hop.now.unix) {
        return Before::Send;
    }
    let mut url = Box::new(hop.url.clone());
    memory.hsts.upgrade(&mut url, hop.now.unix);
    Before::Upgrade(url)
}

/// Whether a response over verified TLS has the field.
fn asks_for_https(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    let Outcome::Head(head) = outcome else { return false };
    hop.is_verified && hop.config.hsts && head.has_strict_transport()
}

/// Applies the first field to the store (RFC 6797 §8.1).
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, _: &mut Trail, memory: Option<&mut Memory>) -> Option<Verdict> {
    if let (Outcome::Head(head), Some(memory)) = (outcome, memory)
        && asks_for_https(hop, outcome)
        && let Some(field) = head.get(FIELD)
    {
        memory.hsts.receive(hop.url, field, hop.now.unix);
    }
    None
}
