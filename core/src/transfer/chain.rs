//! What a transfer remembers over its hops. Most requests have one hop, and a body that can be decoded: what is there only for others is in a box.

use super::io::Hop;
use crate::http1::Fields;
use crate::policy::redirect::Seen;

/// What is remembered over the hops.
#[derive(Default)]
pub(super) struct Chain {
    /// Nothing, for most requests.
    pub(super) rare: Option<Box<Rare>>,
    /// Redirects that were followed, whatever was taken out of the history.
    pub(super) hops: u32,
    /// A response of the chain changed the jar.
    pub(super) new_cookies: bool,
    pub(super) expect: Expectation,
}

/// What most requests have none of.
#[derive(Default)]
pub(super) struct Rare {
    /// The hops before this one.
    pub(super) history: Vec<Hop>,
    pub(super) seen: Seen,
    pub(super) referer: Option<String>,
    /// Small pieces of a chunked request body that wait to leave as one chunk.
    pub(super) gathered: Vec<u8>,
    /// The trailers of the final response.
    pub(super) trailers: Option<Fields>,
    /// Content codings that stay on the body of the final response.
    pub(super) undecoded: Vec<Box<str>>,
    /// A limit on the final body that was set before it began.
    pub(super) body_limit: Option<(&'static str, u64)>,
}

impl Chain {
    pub(super) fn history(&self) -> &[Hop] {
        self.rare.as_ref().map_or(&[], |rare| &rare.history)
    }

    pub(super) fn undecoded(&self) -> &[Box<str>] {
        self.rare.as_ref().map_or(&[], |rare| &rare.undecoded)
    }

    pub(super) fn gathered(&self) -> &[u8] {
        self.rare.as_ref().map_or(&[], |rare| &rare.gathered)
    }

    pub(super) fn take_gathered(&mut self) -> Vec<u8> {
        self.rare.as_mut().map(|rare| std::mem::take(&mut rare.gathered)).unwrap_or_default()
    }

    pub(super) fn referer(&self) -> Option<&str> {
        self.rare.as_ref()?.referer.as_deref()
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// Whether a request still asks with `Expect: 100-continue` (T53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expectation {
    #[default]
    Asks,
    /// 417 came back, and the session is to know.
    Refused,
    /// It came back, and the session knows.
    Known,
}
