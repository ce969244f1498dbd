//! The URLs that requests were made for last, so that one that comes again is not looked at again.
//!
//! Decides nothing: what is remembered is the outcome of the door for exactly the same text, or the same parsed URL. URLs with user
//! information are not remembered, nor long ones.

use std::fmt;
use std::sync::Arc;

use http::Method;
use url::Url;

use crate::request::{IntoUrl, Request, Spelling, Target};

/// How many URLs are remembered, and how long they may be.
const ENTRIES: usize = 8;
const LONGEST: usize = 2 * 1024;

/// Makes requests, and remembers their last few URLs.
///
/// ```
/// use petition_core::{Method, UrlCache};
///
/// let mut memo = UrlCache::default();
/// let first = memo.request(Method::GET, "http://example.com");
/// let again = memo.request(Method::GET, "http://example.com");
/// assert_eq!(first.url(), again.url());
/// ```
#[derive(Default)]
pub struct UrlCache {
    entries: Vec<Entry>,
    /// Where to look first.
    last: usize,
    /// Which one is given up next.
    oldest: usize,
}

struct Entry {
    /// `None` where a parsed URL was given, which was taken as it is.
    text: Option<Box<str>>,
    url: Arc<Url>,
}

impl Entry {
    fn is(&self, spelling: Spelling<'_>) -> bool {
        match (spelling, &self.text) {
            (Spelling::Text(given), Some(text)) => given == &**text,
            (Spelling::Url(given), None) => given.as_str() == self.url.as_str(),
            _ => false,
        }
    }
}

impl UrlCache {
    /// As [`Request::new`].
    pub fn request(&mut self, method: Method, url: impl IntoUrl) -> Request {
        if let Some(url) = self.known(url.spelling()) {
            return Request::to(method, Target::Absolute { url, userinfo: None });
        }
        let text = match url.spelling() {
            Spelling::Text(text) => Some(text.into()),
            Spelling::Url(_) => None,
        };
        let request = Request::new(method, url);
        if let Target::Absolute { url, userinfo: None } = &request.target {
            self.remember(Entry { text, url: url.clone() });
        }
        request
    }

    fn known(&mut self, spelling: Spelling<'_>) -> Option<Arc<Url>> {
        let at = match self.entries.get(self.last) {
            Some(entry) if entry.is(spelling) => self.last,
            _ => self.entries.iter().position(|entry| entry.is(spelling))?,
        };
        self.last = at;
        self.entries.get(at).map(|entry| entry.url.clone())
    }

    fn remember(&mut self, entry: Entry) {
        if entry.text.as_ref().map_or(0, |text| text.len()).max(entry.url.as_str().len()) > LONGEST {
            return;
        }
        match self.entries.get_mut(self.oldest) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        self.last = self.oldest;
        self.oldest = (self.oldest + 1) % ENTRIES;
    }
}

impl fmt::Debug for UrlCache {
    // A URL may carry secrets in its query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlCache").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(one: &Request, other: &Request) -> bool {
        match (&one.target, &other.target) {
            (Target::Absolute { url: one, .. }, Target::Absolute { url: other, .. }) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    #[test]
    fn the_same_text_gives_the_same_url_and_any_other_text_its_own() {
        let mut memo = UrlCache::default();
        let texts =
            ["http://a", "http://a/", "HTTP://A", "http://a:80", "http://a/b", "http://a/b?c", "http://b", "https://a"];
        for _ in 0..3 {
            for text in texts {
                let (new, again) = (memo.request(Method::GET, text), memo.request(Method::POST, text));
                assert_eq!(new.url(), Request::new(Method::GET, text).url());
                assert!(shared(&new, &again) && again.method() == Method::POST);
            }
        }
        let parsed: Url = "http://a/".parse().unwrap();
        let (new, again) = (memo.request(Method::GET, &parsed), memo.request(Method::GET, &parsed));
        assert!(shared(&new, &again) && new.url() == Some(&parsed));
    }

    #[test]
    fn secrets_faults_and_long_urls_are_not_remembered() {
        let mut memo = UrlCache::default();
        let long = format!("http://a/{}", "x".repeat(LONGEST - 8));
        for text in ["http://user:canary@a/", "/relative", "http://a b/", "", &long] {
            let request = memo.request(Method::GET, text);
            assert_eq!(request.url(), Request::new(Method::GET, text).url());
            assert!(memo.entries.is_empty(), "{text}");
        }
        memo.request(Method::GET, &long[..LONGEST]);
        assert_eq!(memo.entries.len(), 1);
    }

    #[test]
    fn no_more_than_a_few_are_remembered() {
        let mut memo = UrlCache::default();
        for n in 0..100 {
            memo.request(Method::GET, format!("http://host{n}/"));
        }
        assert_eq!(memo.entries.len(), ENTRIES);
        assert!(!format!("{memo:?}").contains("host"));
    }
}
