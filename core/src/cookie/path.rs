//! The default path of a cookie, and the path-match (RFC 6265bis §5.1.4).
//!
//! Bytes are compared exactly, without percent-decoding or case folding.

/// Returns the directory of a request path: the path up to its last `/`, excluding it, or `/` if
/// that is empty.
pub(super) fn default_path(request_path: &str) -> &str {
    if !request_path.starts_with('/') {
        return "/";
    }
    match request_path.rfind('/') {
        None | Some(0) => "/",
        Some(last) => request_path.get(..last).unwrap_or("/"),
    }
}

/// Whether `request_path` equals `cookie_path` or lies below it.
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
    fn default_path_is_the_request_directory() {
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
    fn path_matches_itself_and_paths_below() {
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
