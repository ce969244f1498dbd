//! Paths: the default of a cookie, and which requests it goes with (RFC 6265bis §5.1.4).
//!
//! Bytes are compared as they stand: no percent-decoding, no case folding.

/// The directory of a request's path: up to its last `/`, without it; `/` when that leaves nothing.
pub(super) fn default_path(request_path: &str) -> &str {
    if !request_path.starts_with('/') {
        return "/";
    }
    match request_path.rfind('/') {
        None | Some(0) => "/",
        Some(last) => request_path.get(..last).unwrap_or("/"),
    }
}

/// Whether `request_path` lies in or under `cookie_path`.
pub(super) fn path_matches(request_path: &[u8], cookie_path: &[u8]) -> bool {
    match request_path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || cookie_path.ends_with(b"/") || rest.starts_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_directory_of_the_request() {
        for (request, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("/a/b/", "/a/b"),
            ("a/b", "/"),
            ("//", "/"),
        ] {
            assert_eq!(default_path(request), expected, "{request}");
        }
    }

    #[test]
    fn a_path_matches_itself_and_what_lies_under_it() {
        for (request, cookie, expected) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/a", "/a/", false),
            ("/A", "/a", false),
            ("/%61", "/a", false),
            ("/", "/a", false),
        ] {
            assert_eq!(path_matches(request.as_bytes(), cookie.as_bytes()), expected, "{request} {cookie}");
        }
    }
}
