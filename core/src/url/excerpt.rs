//! Excerpts of rejected URLs for errors: enough to recognize the URL, without possible secrets.
//!
//! A rejected URL has no reliable structure. Text before an `@` may be credentials; text after `?`
//! or `#` may be a token. When the URL contains an `@`, only the scheme is shown.

/// The maximum number of characters shown.
const SHOWN: usize = 64;

/// The maximum length of the scheme shown for a URL that contains an `@`.
const SCHEME: usize = 16;

/// Returns the start of a rejected URL, quoted and escaped, without possible credentials, query or
/// fragment.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = if text.contains('@') {
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
        let plain = scheme.len() <= SCHEME && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain && !scheme.is_empty() { text.get(..scheme.len() + 3).unwrap_or_default() } else { "" }
    } else {
        text.split(['?', '#']).next().unwrap_or_default()
    };
    let cut: String = shown.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn t96_excerpt_identifies_url_and_hides_secrets() {
        let long = "x".repeat(100);
        for (text, shown) in [
            ("http://exa mple/p", "\"http://exa mple/p\""),
            ("", "\"\""),
            ("example.com", "\"example.com\""),
            ("http://h:99999/a?token=canary", "\"http://h:99999/a…\""),
            ("http://h h/#canary", "\"http://h h/…\""),
            ("http://us:canary@h h/", "\"http://…\""),
            ("http://us:can?ary@h h/", "\"http://…\""),
            ("http://us:can/a#ry@h h/", "\"http://…\""),
            ("us:canary@h", "\"…\""),
            ("ftp://us:canary@h", "\"ftp://…\""),
            ("can:ary://x@h", "\"…\""),
            ("http://h\r\nX: y", "\"http://h\\r\\nX: y\""),
            (&long, &format!("\"{}…\"", "x".repeat(64))),
        ] {
            assert_eq!(excerpt(text), shown, "{text:?}");
        }
    }
}
