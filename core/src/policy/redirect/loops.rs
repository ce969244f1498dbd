//! Redirect loops: counts how often a chain made each of its requests.

use super::RedirectError;
use http::Method;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use url::{Position, Url};

/// The requests of one redirect chain. It holds 16 bytes per hop, so the redirect limit bounds it.
///
/// Requests are compared by a 64-bit hash with fixed keys. A peer that finds two URLs with one hash
/// can only end its own chain.
#[derive(Clone, Debug, Default)]
pub struct LoopDetector(BTreeMap<u64, Times>);

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    all: u32,
    /// Whether it was made since the last new cookie.
    since_cookie: bool,
}

impl LoopDetector {
    /// Creates a detector for a new chain. Does not allocate.
    pub const fn new() -> LoopDetector {
        LoopDetector(BTreeMap::new())
    }

    /// Records a request that is about to be made; call it for the first of the chain too. The
    /// fragment is ignored, since it is not sent.
    ///
    /// # Errors
    /// [`RedirectError::Loop`] if the same request was recorded since the last
    /// [`LoopDetector::mark_new_cookie`]. Requests are the same if method, URL and presence of a
    /// body are. The request is recorded nevertheless.
    pub fn visit(&mut self, method: &Method, url: &Url, with_body: bool) -> Result<(), RedirectError> {
        let times = self.0.entry(key(method, url, with_body)).or_default();
        times.all = times.all.saturating_add(1);
        if std::mem::replace(&mut times.since_cookie, true) { Err(RedirectError::Loop) } else { Ok(()) }
    }

    /// Returns how often this request was recorded.
    pub fn times(&self, method: &Method, url: &Url, with_body: bool) -> u32 {
        self.0.get(&key(method, url, with_body)).map_or(0, |times| times.all)
    }

    /// Records that a response of the chain changed the jar: repeating a request is no loop then,
    /// since its response may differ.
    pub fn mark_new_cookie(&mut self) {
        self.0.values_mut().for_each(|times| times.since_cookie = false);
    }
}

fn key(method: &Method, url: &Url, with_body: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    (method.as_str(), &url[..Position::AfterQuery], with_body).hash(&mut hasher);
    hasher.finish()
}
