//! What the embedder may choose about a jar: limits, public suffixes, and whether loopback is as good as https.

use super::limits::CookieLimits;
use super::origin::Loopback;
use super::suffix::PublicSuffixes;

/// All choices about a jar. The default is the strict one.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The limits. Default [`CookieLimits::DEFAULT`].
    pub limits: CookieLimits,
    /// Which domains are public suffixes, for which no cookie may be set. Default: the compiled-in list, if the
    /// feature `public-suffix` is on.
    pub public_suffixes: PublicSuffixes,
    /// Whether loopback counts as secure. Default: it does not.
    pub loopback: Loopback,
}
