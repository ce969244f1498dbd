//! The rules T65 to T73 and all other behavior of the jar, one file for each concern.

mod data;
mod domain;
mod flood;
mod header;
mod hostile;
mod overlay;
mod prefix;
mod reasons;
mod round_trip;

use super::*;
use crate::rng_tests::Rng;
use crate::time::UnixTime;
use std::sync::Arc;
use url::Url;

pub(super) const NOW: UnixTime = UnixTime(1_700_000_000);

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(super) fn later(seconds: u64) -> UnixTime {
    NOW.saturating_add(seconds)
}

/// Public suffixes that are stable under the tests, with or without the compiled-in list.
pub(super) fn suffixes() -> PublicSuffixes {
    PublicSuffixes::List(Arc::new(SuffixRules::parse("com\norg\nuk\nco.uk\ngithub.io\nio\n").unwrap()))
}

pub(super) fn jar() -> Jar {
    Jar::with_policy(Policy { public_suffixes: suffixes(), ..Policy::default() })
}

pub(super) fn jar_with(limits: CookieLimits) -> Jar {
    Jar::with_policy(Policy { public_suffixes: suffixes(), limits, ..Policy::default() })
}

/// Returns the result of one Set-Cookie value.
pub(super) fn offer(jar: &mut Jar, from: &str, field: &str) -> Result<Change, Rejected> {
    offer_at(jar, from, field, NOW)
}

pub(super) fn offer_at(jar: &mut Jar, from: &str, field: &str, now: UnixTime) -> Result<Change, Rejected> {
    let outcome = jar.receive(&url(from), field.as_bytes(), now, SiteContext::SameSite);
    jar.store.check();
    outcome
}

/// Returns the Cookie field for a URL, empty for none.
pub(super) fn sent(jar: &mut Jar, to: &str) -> String {
    sent_at(jar, to, NOW)
}

pub(super) fn sent_at(jar: &mut Jar, to: &str, now: UnixTime) -> String {
    sent_in(jar, to, now, SiteContext::SameSite)
}

pub(super) fn sent_in(jar: &mut Jar, to: &str, now: UnixTime, context: SiteContext) -> String {
    let header = jar.header(&url(to), now, context);
    jar.store.check();
    header.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

pub(super) fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    rng.pick(from).expect("something to pick from")
}
