//! What of a refused URL an error may show: enough to know it again, and nothing that could be a secret.
//!
//! It was not understood, so nobody can say where its parts end. Decides: text before an `@` could be credentials, text behind `?` or `#`
//! could be a token. With an `@` in it no more than the scheme is shown.

/// The most characters that are shown of it.
const SHOWN: usize = 64;

/// The longest scheme that is shown of a URL with an `@`.
const SCHEME: usize = 16;

/// The beginning of a URL that was refused, in quotes and escaped, without what could be credentials, query or fragment.
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
    fn t96_a_refused_url_is_known_again_and_shows_no_secret() {
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
