//! State that the policies of a session keep from request to request.

use std::collections::BTreeSet;

use url::Url;

use super::auth::Spaces;
use super::hsts::HstsStore;
use crate::cookie::Jar;
use crate::origin::Origin;
use crate::seed::Seed;

/// How many origins are remembered to reject `Expect: 100-continue`. Beyond that, all are
/// forgotten, since old entries are worth little.
const MAX_REFUSED_EXPECT: usize = 256;

/// The cookie jar, the hosts that asked for https, the protection spaces, and the origins that
/// reject `Expect: 100-continue`.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) jar: Jar,
    pub(crate) hsts: HstsStore,
    pub(super) spaces: Spaces,
    refused_expect: BTreeSet<Origin>,
}

impl Memory {
    pub(crate) fn new(seed: Seed) -> Memory {
        let (jar, hsts) = (Jar::default(), HstsStore::default());
        Memory { jar, hsts, spaces: Spaces::new(seed), refused_expect: BTreeSet::new() }
    }

    pub(super) fn refuses_expect(&self, url: &Url) -> bool {
        !self.refused_expect.is_empty() && self.refused_expect.contains(&Origin::of(url))
    }

    pub(super) fn remember_refused_expect(&mut self, url: &Url) {
        if self.refused_expect.len() >= MAX_REFUSED_EXPECT {
            self.refused_expect.clear();
        }
        self.refused_expect.insert(Origin::of(url));
    }
}
