//! A cache of the URLs of the last requests, which saves parsing them again.
//!
//! The cache changes no result: it maps exactly the same text, or the same parsed URL, to its
//! validated form. It stores neither long URLs nor those with user information.

use std::fmt;
use std::sync::Arc;

use http::Method;
use url::Url;

use crate::request::{IntoUrl, Request, Spelling, Target};

/// How many URLs are cached, and their maximum length in bytes.
const ENTRIES: usize = 8;
const MAX_LENGTH: usize = 2 * 1024;

/// Creates requests, and caches their last few URLs.
///
/// ```
/// use petition_core::{Method, UrlCache};
///
/// let mut cache = UrlCache::default();
/// let first = cache.request(Method::GET, "http://example.com");
/// let again = cache.request(Method::GET, "http://example.com");
/// assert_eq!(first.url(), again.url());
/// ```
#[derive(Default)]
pub struct UrlCache {
    entries: Vec<Entry>,
    /// The entry of the last hit, checked first.
    last: usize,
    /// The entry to replace next.
    oldest: usize,
}

struct Entry {
    /// `None` if the URL was given in parsed form.
    text: Option<Box<str>>,
    url: Arc<Url>,
}

impl Entry {
    fn matches(&self, spelling: Spelling<'_>) -> bool {
        match (spelling, &self.text) {
            (Spelling::Text(given), Some(text)) => given == &**text,
            (Spelling::Url(given), None) => given.as_str() == self.url.as_str(),
            _ => false,
        }
    }
}

impl UrlCache {
    /// Creates a request as [`Request::new`] does.
    pub fn request(&mut self, method: Method, url: impl IntoUrl) -> Request {
        if let Some(url) = self.find(url.spelling()) {
            return Request::to(method, Target::Absolute { url, userinfo: None });
        }
        let text = match url.spelling() {
            Spelling::Text(text) => Some(text.into()),
            Spelling::Url(_) => None,
        };
        let request = Request::new(method, url);
        if let Target::Absolute { url, userinfo: None } = &request.target {
            self.insert(Entry { text, url: url.clone() });
        }
        request
    }

    fn find(&mut self, spelling: Spelling<'_>) -> Option<Arc<Url>> {
        let at = match self.entries.get(self.last) {
            Some(entry) if entry.matches(spelling) => self.last,
            _ => self.entries.iter().position(|entry| entry.matches(spelling))?,
        };
        self.last = at;
        self.entries.get(at).map(|entry| entry.url.clone())
    }

    fn insert(&mut self, entry: Entry) {
        if entry.text.as_ref().map_or(0, |text| text.len()).max(entry.url.as_str().len()) > MAX_LENGTH {
            return;
        }
        match self.entries.get_mut(self.oldest) {
            Some(slot) => *slot = entry,
            None => self.entries.push(entry),
        }
        self.last = self.oldest;
        self.oldest = (self.oldest + 1) % ENTRIES;
    }
}

impl fmt::Debug for UrlCache {
    // URLs may carry secrets in their queries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlCache").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_url(one: &Request, other: &Request) -> bool {
        match (&one.target, &other.target) {
            (Target::Absolute { url: one, .. }, Target::Absolute { url: other, .. }) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    #[test]
    fn equal_text_shares_one_url() {
        let mut cache = UrlCache::default();
        let texts =
            ["http://a", "http://a/", "HTTP://A", "http://a:80", "http://a/b", "http://a/b?c", "http://b", "https://a"];
        for _ in 0..3 {
            for text in texts {
                let (new, again) = (cache.request(Method::GET, text), cache.request(Method::POST, text));
                assert_eq!(new.url(), Request::new(Method::GET, text).url());
                assert!(share_url(&new, &again) && again.method() == Method::POST);
            }
        }
        let parsed: Url = "http://a/".parse().unwrap();
        let (new, again) = (cache.request(Method::GET, &parsed), cache.request(Method::GET, &parsed));
        assert!(share_url(&new, &again) && new.url() == Some(&parsed));
    }

    #[test]
    fn secrets_faults_and_long_urls_are_not_cached() {
        let mut cache = UrlCache::default();
        let long = format!("http://a/{}", "x".repeat(MAX_LENGTH - 8));
        for text in ["http://user:canary@a/", "/relative", "http://a b/", "", &long] {
            let request = cache.request(Method::GET, text);
            assert_eq!(request.url(), Request::new(Method::GET, text).url());
            assert!(cache.entries.is_empty(), "{text}");
        }
        let _ = cache.request(Method::GET, &long[..MAX_LENGTH]);
        assert_eq!(cache.entries.len(), 1);
    }

    #[test]
    fn cache_is_bounded() {
        let mut cache = UrlCache::default();
        for n in 0..100 {
            let _ = cache.request(Method::GET, format!("http://host{n}/"));
        }
        assert_eq!(cache.entries.len(), ENTRIES);
        assert!(!format!("{cache:?}").contains("host"));
    }
}
