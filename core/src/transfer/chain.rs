//! State of a transfer across its hops. Most requests have one hop and a decodable body; state for
//! other requests is boxed.

use super::io::Hop;
use crate::http1::Fields;
use crate::policy::Trail;

/// State across hops.
#[derive(Default)]
pub(super) struct Chain {
    /// State that most requests do not need.
    pub(super) rare: Option<Box<Rare>>,
    pub(super) trail: Trail,
}

/// State that most requests do not need.
#[derive(Default)]
pub(super) struct Rare {
    /// The previous hops.
    pub(super) history: Vec<Hop>,
    /// Small pieces of a chunked request body that wait to be sent as one chunk.
    pub(super) gathered: Vec<u8>,
    /// The trailers of the final response.
    pub(super) trailers: Option<Fields>,
    /// Content codings that stay on the body of the final response.
    pub(super) undecoded: Vec<Box<str>>,
    /// A limit on the final body, set before the body began.
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

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
