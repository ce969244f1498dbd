//! Loops: the same request again, with nothing changed in between.

use super::RedirectError;
use http::Method;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use url::{Position, Url};

/// The requests of one chain. Holds 8 bytes for each hop, so that the hop limit bounds it.
///
/// Requests are told apart by a 64-bit hash with fixed keys. Who finds two URLs of one hash can only
/// end the chain that he is himself leading on.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeSet<u64>);

impl Seen {
    /// Nothing seen yet. Does not allocate.
    pub const fn new() -> Seen {
        Seen(BTreeSet::new())
    }

    /// Notes a request that is about to be made, the first of the chain included. The fragment does not count: it
    /// is not sent.
    ///
    /// # Errors
    /// [`RedirectError::Loop`] when the same method and URL, with a body or without as now, was noted since the last
    /// [`Seen::cookie_set`].
    pub fn visit(&mut self, method: &Method, url: &Url, with_body: bool) -> Result<(), RedirectError> {
        let mut hasher = DefaultHasher::new();
        (method.as_str(), &url[..Position::AfterQuery], with_body).hash(&mut hasher);
        if self.0.insert(hasher.finish()) { Ok(()) } else { Err(RedirectError::Loop) }
    }

    /// A response of the chain changed the jar: what was asked before may be answered otherwise now.
    pub fn cookie_set(&mut self) {
        self.0.clear();
    }
}
