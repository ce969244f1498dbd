//! Credentials bound to origins.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::Auth;
use crate::origin::{Origin, OriginRef};

/// Credentials by origin. Cloning is cheap.
///
/// A request's entries are added to the session's, and replace those for the same origin.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OriginAuth(Option<Arc<Vec<Entry>>>);

/// An entry of `None` means that the origin gets no credentials, even if the session has some.
type Entry = (Origin, Option<Auth>);

impl OriginAuth {
    /// Creates an empty list.
    pub const fn new() -> Self {
        OriginAuth(None)
    }

    /// Sets the credentials of an origin.
    pub fn set(&mut self, origin: Origin, auth: Auth) {
        self.insert(origin, Some(auth));
    }

    /// Removes the credentials of an origin, including the session's.
    pub fn remove(&mut self, origin: Origin) {
        self.insert(origin, None);
    }

    /// Returns the credentials of the origin of `url`.
    pub fn find(&self, url: &Url) -> Option<&Auth> {
        let origin = OriginRef::of(url);
        let (_, auth) = self.0.as_ref()?.iter().find(|(known, _)| *known == origin)?;
        auth.as_ref()
    }

    /// Whether no origin has an entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns this level's list layered over `lower`.
    pub(crate) fn layered_over(&self, lower: &OriginAuth) -> OriginAuth {
        let mut merged = lower.clone();
        for (origin, auth) in self.0.iter().flat_map(|entries| entries.iter()) {
            merged.insert(origin.clone(), auth.clone());
        }
        merged
    }

    fn insert(&mut self, origin: Origin, auth: Option<Auth>) {
        let entries = Arc::make_mut(self.0.get_or_insert_default());
        match entries.iter_mut().find(|(known, _)| *known == origin) {
            Some(entry) => entry.1 = auth,
            None => entries.push((origin, auth)),
        }
    }
}

impl fmt::Debug for OriginAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().flat_map(|entries| entries.iter());
        f.debug_map().entries(entries.map(|(origin, auth)| (origin.to_string(), auth))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn auth(token: &str) -> Auth {
        Auth::bearer(token).unwrap()
    }

    #[test]
    fn t1_credentials_are_found_for_their_origin_alone() {
        let mut list = OriginAuth::new();
        list.set(Origin::of(&url("https://a.test")), auth("canary"));
        assert!(list.find(&url("https://A.test.:443/path?q")).is_some());
        for other in ["http://a.test/", "https://a.test:444/", "https://b.a.test/", "https://ba.test/"] {
            assert!(list.find(&url(other)).is_none(), "{other}");
        }
        assert_eq!(format!("{list:?}"), "{\"https://a.test\": Some(Auth(Bearer ***))}");
    }

    #[test]
    fn request_replaces_and_removes_origins_of_the_session() {
        let [a, b, c] = ["https://a.test", "https://b.test", "https://c.test"].map(url);
        let (mut session, mut request) = (OriginAuth::new(), OriginAuth::new());
        session.set(Origin::of(&a), auth("1"));
        session.set(Origin::of(&b), auth("2"));
        request.set(Origin::of(&a), auth("3"));
        request.remove(Origin::of(&b));
        request.set(Origin::of(&c), auth("4"));
        let merged = request.layered_over(&session);
        assert_eq!([merged.find(&a), merged.find(&b), merged.find(&c)], [Some(&auth("3")), None, Some(&auth("4"))]);
        assert_eq!(session.find(&a), Some(&auth("1")), "the session is unchanged");
    }
}
