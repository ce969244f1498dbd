//! The fields allowed in a trailer section (RFC 9110 §6.5.1). Excluded are fields for framing,
//! routing, authentication, state, cache control and content format, since the head decides all of
//! these.

const NEVER: [&str; 43] = [
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "location",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "refresh",
    "retry-after",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "warning",
    "www-authenticate",
];

/// Whether a field called `name`, in any case, may be a trailer.
pub(crate) fn may_be_trailer(name: &str) -> bool {
    !NEVER.iter().any(|never| never.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_may_be_digests_never_framing() {
        for name in ["Content-Digest", "X-Checksum", "Server-Timing", "Authentication-Info", "ETag"] {
            assert!(may_be_trailer(name), "{name}");
        }
        for name in ["Content-Length", "TRANSFER-ENCODING", "set-cookie", "Location", "Host", "WWW-Authenticate"] {
            assert!(!may_be_trailer(name), "{name}");
        }
    }
}
