//! The settings of a jar: limits, public suffixes, and the security of loopback.

use super::limits::CookieLimits;
use super::origin::Loopback;
use super::suffix::PublicSuffixes;

/// The settings of a jar. The defaults are the strict ones.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The limits. Default: [`CookieLimits::DEFAULT`].
    pub limits: CookieLimits,
    /// The source of public suffixes, for which no cookie may be set. Default: the compiled-in list
    /// if the feature `public-suffix` is on.
    pub public_suffixes: PublicSuffixes,
    /// Whether loopback counts as secure. Default: no.
    pub loopback: Loopback,
}
