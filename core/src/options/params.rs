//! Name and value pairs of one level: query parameters, or cookies that options set.

/// A list of pairs to set, append or remove. Names compare exactly.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    edits: Vec<(String, Option<String>)>,
}

impl Params {
    /// Creates an empty list.
    pub const fn new() -> Self {
        Params { edits: Vec::new() }
    }

    /// Sets `name` to `value`, replacing earlier pairs of this name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.unset(&name);
        self.edits.push((name, Some(value.into())));
    }

    /// Appends a pair, after earlier pairs of this name.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.edits.push((name.into(), Some(value.into())));
    }

    /// Removes the name: a lower level's pairs of this name are not sent.
    pub fn remove(&mut self, name: impl Into<String>) {
        let name = name.into();
        self.unset(&name);
        self.edits.push((name, None));
    }

    /// Drops every edit of the name from this list; the lower level's pairs are used again.
    pub fn unset(&mut self, name: &str) {
        self.edits.retain(|(n, _)| n != name);
    }

    /// Whether this list sets or removes the name.
    pub fn contains(&self, name: &str) -> bool {
        self.edits.iter().any(|(n, _)| n == name)
    }

    /// Iterates over the pairs in order, without removed names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edits.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// Retains the pairs for which `keep` returns true, given name and value. Removed names stay
    /// removed.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.edits.retain(|(name, value)| value.as_ref().is_none_or(|value| keep(name, value)));
    }

    /// Whether the list has no edits.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Returns this list layered over `lower`: `lower`'s edits of names that this list does not
    /// contain, then this list's edits.
    pub fn layered_over(&self, lower: &Params) -> Params {
        let inherited = lower.edits.iter().filter(|(name, _)| !self.contains(name));
        Params { edits: inherited.chain(&self.edits).cloned().collect() }
    }
}

impl std::fmt::Debug for Params {
    /// Shows names only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.edits.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_empty_until_a_name_is_set() {
        let mut params = Params::new();
        assert!(params.is_empty() && !params.contains("a"));
        params.remove("a");
        assert!(!params.is_empty() && params.contains("a") && params.iter().next().is_none());
        params.unset("a");
        assert!(params.is_empty());
    }

    #[test]
    fn levels_merge_by_name_and_keep_their_order() {
        let mut lower = Params::new();
        lower.append("a", "1");
        lower.append("b", "2");
        lower.append("a", "3");
        let mut upper = Params::new();
        upper.set("b", "9");
        upper.remove("c");
        let merged = upper.layered_over(&lower);
        assert_eq!(merged.iter().collect::<Vec<_>>(), [("a", "1"), ("a", "3"), ("b", "9")]);
        upper.remove("a");
        assert_eq!(upper.layered_over(&lower).iter().collect::<Vec<_>>(), [("b", "9")]);
    }
}
