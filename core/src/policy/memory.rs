//! What the policies of a session remember from request to request.

use std::collections::BTreeSet;

use url::Url;

use crate::cookie::Jar;
use crate::origin::Origin;

/// Origins remembered to refuse `Expect: 100-continue`. When there are more, all are forgotten: the
/// oldest knowledge is worth little.
const REFUSED_EXPECT: usize = 256;

/// The cookies, and what servers were found to refuse.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) jar: Jar,
    refused_expect: BTreeSet<Origin>,
}

impl Memory {
    pub(super) fn refuses_expect(&self, url: &Url) -> bool {
        !self.refused_expect.is_empty() && self.refused_expect.contains(&Origin::of(url))
    }

    pub(super) fn remember_refused_expect(&mut self, url: &Url) {
        if self.refused_expect.len() >= REFUSED_EXPECT {
            self.refused_expect.clear();
        }
        self.refused_expect.insert(Origin::of(url));
    }
}
