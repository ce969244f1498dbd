//! Repetitions: how often a chain made each of its requests.

use super::RedirectError;
use http::Method;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use url::{Position, Url};

/// The requests of one chain. Holds 16 bytes for each hop, so that the limit on redirects bounds it.
///
/// A 64-bit hash with fixed keys tells requests apart. A peer that finds two URLs of one hash can only
/// end the chain that it leads on itself.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<u64, Times>);

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    all: u32,
    /// It was made since the last new cookie.
    lately: bool,
}

impl Seen {
    /// Nothing seen yet. Does not allocate.
    pub const fn new() -> Seen {
        Seen(BTreeMap::new())
    }

    /// Notes a request that is about to be made, the first of the chain included. The fragment does not count: it
    /// is not sent.
    ///
    /// # Errors
    /// [`RedirectError::Loop`] when the same method and URL, with a body or without as now, was noted since the last
    /// [`Seen::cookie_set`]. It is noted all the same.
    pub fn visit(&mut self, method: &Method, url: &Url, with_body: bool) -> Result<(), RedirectError> {
        let times = self.0.entry(key(method, url, with_body)).or_default();
        times.all = times.all.saturating_add(1);
        if std::mem::replace(&mut times.lately, true) { Err(RedirectError::Loop) } else { Ok(()) }
    }

    /// How often this request was noted.
    pub fn times(&self, method: &Method, url: &Url, with_body: bool) -> u32 {
        self.0.get(&key(method, url, with_body)).map_or(0, |times| times.all)
    }

    /// A response of the chain changed the jar: what was asked before may be answered otherwise now.
    pub fn cookie_set(&mut self) {
        self.0.values_mut().for_each(|times| times.lately = false);
    }
}

fn key(method: &Method, url: &Url, with_body: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    (method.as_str(), &url[..Position::AfterQuery], with_body).hash(&mut hasher);
    hasher.finish()
}
