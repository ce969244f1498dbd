//! A public suffix list parsed from text in the usual format (publicsuffix.org/list), for callers
//! that ship a newer one.
//!
//! One rule per line, up to the first blank. `//` starts a comment, a leading `*.` matches any
//! label, and `!` marks an exception. U-labels become A-labels. The longest matching rule counts;
//! an exception precedes all others, and `*` applies if none matches.

use super::suffix::PublicSuffixList;
use std::collections::BTreeMap;
use std::fmt;

/// The rules for one name; all three may apply to the same name.
#[derive(Clone, Copy, Debug, Default)]
struct Rules {
    /// The name itself is a public suffix.
    exact: bool,
    /// Every name with one more label is a public suffix.
    wildcard: bool,
    /// The name is not a public suffix although its parent has a wildcard.
    exception: bool,
}

/// A list of public suffix rules. A lookup costs the labels of the host times the logarithm of the
/// number of rules. `Debug` shows only the number of names.
#[derive(Clone, Default)]
pub struct SuffixRules {
    names: BTreeMap<Box<str>, Rules>,
}

impl fmt::Debug for SuffixRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuffixRules").field("names", &self.names.len()).finish()
    }
}

/// A line that is not a valid rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The line number, from 1.
    pub line: usize,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid public suffix rule in line {}", self.line)
    }
}

impl std::error::Error for RuleError {}

impl SuffixRules {
    /// Parses a list.
    ///
    /// # Errors
    /// [`RuleError`] if a line contains text that is not a host name, or a `*` other than a leading
    /// label.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut names: BTreeMap<Box<str>, Rules> = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let Some(rule) = text.split_whitespace().next().filter(|rule| !rule.starts_with("//")) else { continue };
            let (name, kind) = match (rule.strip_prefix("*."), rule.strip_prefix('!')) {
                (Some(name), _) => (name, Rules { wildcard: true, ..Rules::default() }),
                (_, Some(name)) => (name, Rules { exception: true, ..Rules::default() }),
                (None, None) => (rule, Rules { exact: true, ..Rules::default() }),
            };
            if rule == "*" {
                continue; // This rule always applies.
            }
            let name = match url::Host::parse(name) {
                Ok(url::Host::Domain(name)) if !name.contains('*') && !name.is_empty() => name,
                _ => return Err(RuleError { line }),
            };
            let known = names.entry(name.into_boxed_str()).or_default();
            known.exact |= kind.exact;
            known.wildcard |= kind.wildcard;
            known.exception |= kind.exception;
        }
        Ok(SuffixRules { names })
    }

    fn rules(&self, name: &str) -> Rules {
        self.names.get(name).copied().unwrap_or_default()
    }
}

impl PublicSuffixList for SuffixRules {
    fn public_suffix<'a>(&self, host: &'a str) -> &'a str {
        let mut longest = None;
        let mut name = host;
        loop {
            let parent = name.split_once('.').map(|(_, parent)| parent);
            let rules = self.rules(name);
            if rules.exception {
                return parent.unwrap_or(name);
            }
            let any_under_parent = parent.is_some_and(|parent| self.rules(parent).wildcard);
            if longest.is_none() && (rules.exact || any_under_parent) {
                longest = Some(name);
            }
            match parent {
                Some(parent) => name = parent,
                None => return longest.unwrap_or(name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::suffix::PublicSuffixes;
    use super::*;
    use std::sync::Arc;

    #[test]
    fn rules_wildcards_and_exceptions_apply() {
        let rules = SuffixRules::parse(
            "// a comment\n\ncom\nuk\nco.uk // and a remark\n*.ck\n!www.ck\n\u{516c}\u{53f8}.cn\nblog.example.com\n*\n",
        );
        let list = PublicSuffixes::List(Arc::new(rules.unwrap()));
        for (host, expected) in [
            ("com", None),
            ("a.b.com", Some("b.com")),
            ("a.co.uk", Some("a.co.uk")),
            ("co.uk", None),
            ("b.uk", Some("b.uk")),
            ("ck", None),
            ("a.ck", None),
            ("b.a.ck", Some("b.a.ck")),
            ("www.ck", Some("www.ck")),
            ("a.www.ck", Some("www.ck")),
            ("a.xn--55qx5d.cn", Some("a.xn--55qx5d.cn")),
            ("example.com", Some("example.com")),
            ("me.blog.example.com", Some("me.blog.example.com")),
            ("a.b.c", Some("b.c")),
        ] {
            assert_eq!(list.registrable_domain(host), expected, "{host}");
        }
    }

    #[test]
    fn invalid_rule_error_names_the_line() {
        assert_eq!(SuffixRules::parse("com\na.*.b").unwrap_err(), RuleError { line: 2 });
        assert_eq!(SuffixRules::parse("a b\n\nx<y").unwrap_err().to_string(), "invalid public suffix rule in line 3");
    }
}
