//! Hosts that have asked for https before the scenario begins, and what servers then say about it.
//! No answer changes which URLs are upgraded, so that the plan knows each hop's origin.

use super::origins::{ORIGINS, Origin};
use super::plan::{Mix, pick};
use crate::rng::Rng;

/// The sets of hosts, each as in curl's file: a dot includes the sub-domains.
const SETS: [&[&str]; 5] =
    [&["a.test"], &[".a.test"], &["www.a.test"], &["a.test", "www.a.test"], &[".a.test", "www.a.test"]];

/// Values that would change the set if they counted.
const LASTING: [&str; 2] = ["max-age=31536000; includeSubDomains", "includeSubDomains ;MAX-AGE=\"9999999\""];

/// Values that change nothing, since they are malformed or withdraw an entry that does not exist.
const VOID: [&str; 5] = ["max-age=0", "max-age=x", "includeSubDomains", "", "max-age=1; max-age=1"];

/// Returns the hosts of a scenario.
pub(super) fn random(seed: u64, mix: Mix) -> &'static [&'static str] {
    let mut rng = Rng::new(seed ^ 0x6873_7473);
    if mix == Mix::Tls && rng.one_in(2) { SETS[rng.below(SETS.len())] } else { &[] }
}

/// Returns the text of a store with these hosts, and with one whose entry has expired.
pub(super) fn text(hosts: &[&str]) -> String {
    let lines = hosts.iter().map(|host| format!("{host} \"unlimited\"  ")).collect::<String>();
    lines + "b.test \"19700101 00:00:00\""
}

/// Returns the origin that a request to this one reaches.
pub(super) fn upgraded(hosts: &[&str], origin: usize) -> usize {
    let Origin { secure, host, .. } = ORIGINS[origin];
    if secure || !hosts.iter().any(|entry| is_own(entry, host) || is_above(entry, host)) {
        return origin;
    }
    ORIGINS.iter().position(|other| other.secure && other.host == host).expect("a server for https")
}

/// Returns the Strict-Transport-Security fields of an answer.
pub(super) fn fields(seed: u64, page: usize, hosts: &[&str], origin: &Origin) -> Vec<&'static str> {
    let mut rng = Rng::new(seed ^ 0x7374_7366 ^ (page as u64).wrapping_mul(0x9e37_79b9));
    if !rng.one_in(2) {
        return Vec::new();
    }
    let lasting = *pick(&mut rng, &LASTING);
    let (own, above) =
        (hosts.iter().find(|entry| is_own(entry, origin.host)), hosts.iter().any(|entry| is_above(entry, origin.host)));
    match (origin.secure, own) {
        // Over http nothing counts.
        (false, _) => vec![lasting],
        (true, Some(own)) => vec![if own.starts_with('.') { LASTING[0] } else { "max-age=31536000" }, "max-age=0"],
        // Its parent's entry covers it, whatever it says.
        (true, None) if above => vec![*pick(&mut rng, &["max-age=0", "max-age=1", "max-age=1; includeSubDomains"])],
        (true, None) => vec![*pick(&mut rng, &VOID), lasting],
    }
}

fn is_own(entry: &str, host: &str) -> bool {
    entry.trim_start_matches('.') == host
}

fn is_above(entry: &str, host: &str) -> bool {
    entry.starts_with('.') && host.ends_with(entry)
}
