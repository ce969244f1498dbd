//! Link fields: typed links from a response to other resources (RFC 8288).
//!
//! Parsing follows RFC 8288 appendix B: it is lenient and takes one pass. If a link has no `<`, the
//! rest of the field is ignored. A target is resolved like a Location, so that it can be requested
//! safely.

use std::fmt;

use url::Url;

use crate::byte_search::{memchr, memchr3};
use crate::content::ext_value;
use crate::limits::Limits;
use crate::redaction;
use crate::url::resolve_location;

/// A link from a response's Link field.
///
/// Its `Debug` output shows neither user information nor query values.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    url: Option<Url>,
    target: String,
    parameters: Vec<(String, String)>,
}

impl Link {
    /// Returns the target, resolved against the URL of the response, without user information.
    /// `None` if it is not a valid http or https URL.
    pub fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// Returns the target as received, between `<` and `>`. It may have any scheme.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns whether the link has this relation type, such as `next`, ignoring case. Only the
    /// first `rel` parameter counts. It may list several types.
    pub fn has_rel(&self, relation: &str) -> bool {
        self.rels().any(|rel| rel.eq_ignore_ascii_case(relation))
    }

    /// Iterates over the relation types.
    pub fn rels(&self) -> impl Iterator<Item = &str> {
        self.parameter("rel").unwrap_or_default().split_ascii_whitespace()
    }

    /// Returns the link's title. `title*` takes precedence over `title`.
    pub fn title(&self) -> Option<&str> {
        self.parameter("title*").or_else(|| self.parameter("title"))
    }

    /// Returns the first parameter called `name`, ignoring case. If the name ends in `*`, the value
    /// is decoded (RFC 8187).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Iterates over the parameters in order. Their names are in lower case.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Link");
        if let Some(url) = &self.url {
            f.field("url", &redaction::url(url));
        }
        f.field("rel", &self.parameter("rel").unwrap_or_default()).finish_non_exhaustive()
    }
}

/// Parses the Link fields of a response whose URL is `base`.
pub fn parse<'a>(base: &Url, fields: impl IntoIterator<Item = &'a [u8]>) -> Vec<Link> {
    let mut links = Vec::new();
    fields.into_iter().for_each(|field| parse_field(base, field, &mut links));
    links
}

fn parse_field(base: &Url, field: &[u8], links: &mut Vec<Link>) {
    let mut rest = field;
    loop {
        rest = skip(rest, b" \t,");
        let Some(tail) = rest.strip_prefix(b"<") else { return };
        let Some((target, tail)) = memchr(b'>', tail).and_then(|end| tail.split_at_checked(end)) else { return };
        let (parameters, tail) = parameters(tail.get(1..).unwrap_or_default());
        let url = resolve_location(base, target, &Limits::DEFAULT).ok().map(|located| located.url);
        links.push(Link { url, target: ext_value::plain(target), parameters });
        rest = tail;
    }
}

/// Returns the parameters of one link, and the rest of the field after them.
fn parameters(field: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut parameters = Vec::new();
    let mut rest = skip(field, b" \t");
    while let Some(tail) = rest.strip_prefix(b";") {
        let (name, tail) = token(skip(tail, b" \t"));
        let (value, tail) = match tail.strip_prefix(b"=") {
            Some(tail) => value(skip(tail, b" \t")),
            None => (Vec::new(), tail),
        };
        if !name.is_empty() {
            let name = ext_value::plain(name).to_ascii_lowercase();
            let value = match name.ends_with('*') {
                true => ext_value::decode(&value),
                false => Some(ext_value::plain(&value)),
            };
            parameters.extend(value.map(|value| (name, value)));
        }
        rest = skip(tail, b" \t");
    }
    (parameters, rest)
}

/// Splits off text up to a delimiter, without white space at its end.
fn token(field: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr3(b';', b',', b'=', field).unwrap_or(field.len());
    let (name, tail) = field.split_at_checked(end).unwrap_or((field, &[]));
    (name.trim_ascii_end(), tail)
}

/// Splits off a value. Text between the closing quote of a quoted string and the next delimiter is
/// ignored.
fn value(field: &[u8]) -> (Vec<u8>, &[u8]) {
    let plain = |field: &[u8]| field.iter().position(|byte| b";,".contains(byte)).unwrap_or(field.len());
    let Some(mut rest) = field.strip_prefix(b"\"") else {
        let (value, tail) = field.split_at_checked(plain(field)).unwrap_or((field, &[]));
        return (value.trim_ascii_end().to_vec(), tail);
    };
    let mut value = Vec::new();
    loop {
        match rest {
            [b'\\', escaped, tail @ ..] => {
                value.push(*escaped);
                rest = tail;
            }
            [b'"', tail @ ..] => return (value, tail.get(plain(tail)..).unwrap_or_default()),
            [byte, tail @ ..] => {
                value.push(*byte);
                rest = tail;
            }
            [] => return (value, rest),
        }
    }
}

fn skip<'a>(field: &'a [u8], bytes: &[u8]) -> &'a [u8] {
    let start = field.iter().position(|byte| !bytes.contains(byte)).unwrap_or(field.len());
    field.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(field: &str) -> Vec<Link> {
        parse(&Url::parse("https://a.test/items?page=1").unwrap(), [field.as_bytes()])
    }

    /// One line for each link: its target and parameters.
    fn lines(field: &str) -> Vec<String> {
        let parameter = |(name, value): (&str, &str)| format!(" {name}={value}");
        links(field)
            .iter()
            .map(|link| link.parameters().map(parameter).fold(link.target().to_owned(), |a, b| a + &b))
            .collect()
    }

    #[test]
    fn links_are_parsed_leniently() {
        for (field, expected) in [
            ("", &[][..]),
            (
                "<http:/.../front.jpeg>; rel=front; type=\"image/jpeg\"",
                &["http:/.../front.jpeg rel=front type=image/jpeg"],
            ),
            ("<a>; t=\"x\",<b>;", &["a t=x", "b"]),
            ("<a>, <b>;rel=next ,,<c>", &["a", "b rel=next", "c"]),
            ("<a,b;c>;rel=\"x;y, <z>\"", &["a,b;c rel=x;y, <z>"]),
            ("<a>;rel=\"a\\\"b\" junk;x=1", &["a rel=a\"b x=1"]),
            ("<a>;rel=\"open", &["a rel=open"]),
            ("<a>;rel=\"open\\", &["a rel=open\\"]),
            ("<a> ; REL = next ; flag ; =x;;x", &["a rel=next flag= x="]),
            ("<a>;title*=UTF-8''%e2%82%ac", &["a title*=€"]),
            ("<a>;title*=UTF-8''%zz;title=plain", &["a title=plain"]),
            ("<a> junk, <b>", &["a"]),
            ("<a", &[]),
            ("junk <a>", &[]),
            ("<>;rel=self", &[" rel=self"]),
        ] {
            assert_eq!(lines(field), expected, "{field}");
        }
    }

    #[test]
    fn targets_are_resolved_like_locations() {
        for (field, expected) in [
            ("<?page=2>", Some("https://a.test/items?page=2")),
            ("</x>", Some("https://a.test/x")),
            ("<>", Some("https://a.test/items?page=1")),
            ("<//b.test/x>", Some("https://b.test/x")),
            ("<https://user:secret@b.test/>", Some("https://b.test/")),
            ("</\\evil.test>", Some("https://a.test/%5Cevil.test")),
            ("<mailto:a@b.test>", None),
            ("<javascript:x>", None),
            ("<http://[>", None),
        ] {
            assert_eq!(links(field).first().unwrap().url().map(Url::as_str), expected, "{field}");
        }
    }

    #[test]
    fn first_relation_counts_and_may_be_a_list() {
        let link = links("<a>; rel=\"prev NEXT\"; rel=last; title=a; title*=UTF-8''b").remove(0);
        assert!(link.has_rel("next") && link.has_rel("Prev") && !link.has_rel("last"));
        assert_eq!(link.rels().collect::<Vec<_>>(), ["prev", "NEXT"]);
        assert_eq!((link.title(), link.parameter("TITLE")), (Some("b"), Some("a")));
        assert!(!links("<a>").remove(0).has_rel(""));
    }

    #[test]
    fn t96_link_debug_hides_query_values() {
        let shown = format!("{:?}", links("<https://u:pass@b.test/?sig=secret>; rel=next; x=hidden"));
        assert!(shown.contains("next") && shown.contains("b.test"), "{shown}");
        assert!(!["pass", "secret", "hidden"].iter().any(|word| shown.contains(word)), "{shown}");
    }
}
