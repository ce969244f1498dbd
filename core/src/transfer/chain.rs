//! State of a transfer across its hops. Most requests have one hop and a decodable body; state for
//! other requests is boxed.

use std::net::SocketAddr;

use super::io::Hop;
use crate::http1::Fields;
use crate::policy::Trail;
use crate::policy::auth::Answers;

/// State across hops.
#[derive(Default)]
pub(super) struct Chain {
    /// State that most requests do not need.
    pub(super) cold: Option<Box<ColdState>>,
    pub(super) trail: Trail,
}

/// State that most requests do not need.
#[derive(Default)]
pub(super) struct ColdState {
    /// The previous hops.
    pub(super) history: Vec<Hop>,
    /// Small pieces of a chunked request body that wait to be sent as one chunk.
    pub(super) gathered: Vec<u8>,
    /// The credentials of this hop that depend on a challenge.
    pub(super) answers: Option<Box<Answers>>,
    /// The trailers of the final response.
    pub(super) trailers: Option<Fields>,
    /// Content codings that stay on the body of the final response.
    pub(super) undecoded: Vec<Box<str>>,
    /// Whether the addresses to connect to came from the look-up cache.
    pub(super) cached: bool,
    /// The origin's address for a SOCKS proxy.
    pub(super) target: Option<SocketAddr>,
    /// A limit on the final body, set before the body began.
    pub(super) body_limit: Option<(&'static str, u64)>,
}

impl Chain {
    pub(super) fn history(&self) -> &[Hop] {
        self.cold.as_ref().map_or(&[], |cold| &cold.history)
    }

    pub(super) fn undecoded(&self) -> &[Box<str>] {
        self.cold.as_ref().map_or(&[], |cold| &cold.undecoded)
    }

    pub(super) fn gathered(&self) -> &[u8] {
        self.cold.as_ref().map_or(&[], |cold| &cold.gathered)
    }

    pub(super) fn take_gathered(&mut self) -> Vec<u8> {
        self.cold.as_mut().map(|cold| std::mem::take(&mut cold.gathered)).unwrap_or_default()
    }

    pub(super) fn answers(&self) -> Option<&Answers> {
        self.cold.as_ref()?.answers.as_deref()
    }

    pub(super) fn cold_mut(&mut self) -> &mut ColdState {
        self.cold.get_or_insert_default()
    }
}
