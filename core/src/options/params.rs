//! Name and value pairs of one level (query parameters, a request's own cookies), one level over another.

/// A list of pairs to set, append or remove. Names are compared exactly.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    edits: Vec<(String, Option<String>)>,
}

impl Params {
    /// No edits.
    pub const fn new() -> Self {
        Params { edits: Vec::new() }
    }

    /// Sets `name` to the one value `value`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.unset(&name);
        self.edits.push((name, Some(value.into())));
    }

    /// Adds one more pair of this name behind the others.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.edits.push((name.into(), Some(value.into())));
    }

    /// Removes the name: a lower level's pairs of this name are not used.
    pub fn remove(&mut self, name: impl Into<String>) {
        let name = name.into();
        self.unset(&name);
        self.edits.push((name, None));
    }

    /// Takes back whatever this list said of the name.
    pub fn unset(&mut self, name: &str) {
        self.edits.retain(|(n, _)| n != name);
    }

    /// Whether this list says anything of the name.
    pub fn contains(&self, name: &str) -> bool {
        self.edits.iter().any(|(n, _)| n == name)
    }

    /// The pairs in order, without the removed names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edits.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// Keeps the pairs for which `keep` says so, given the name and the value; removed names stay removed.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.edits.retain(|(name, value)| value.as_ref().is_none_or(|value| keep(name, value)));
    }

    /// Whether the list says nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// This list laid over `lower`: `lower`'s words of names that this list does not mention, then this list's.
    pub fn layered_over(&self, lower: &Params) -> Params {
        let kept = lower.edits.iter().filter(|(name, _)| !self.contains(name));
        Params { edits: kept.chain(&self.edits).cloned().collect() }
    }
}

impl std::fmt::Debug for Params {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.edits.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_empty_until_something_is_said() {
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
