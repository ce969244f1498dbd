//! Limits on what a peer can make the client store or do, and the error that names the exceeded
//! limit.
//!
//! Each limit has a default that ordinary servers do not reach, and a name that its error states.

use std::fmt;

/// Limits on what a peer can make the client store or do. All sizes are in bytes.
/// [`Limits::DEFAULT`] holds the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// A whole response head, from status line to empty line. Default: 256 KiB.
    pub head_bytes: usize,
    /// One line of a response head. Default: 64 KiB.
    pub head_line_bytes: usize,
    /// The number of fields in a response head, at most [`Limits::MAX_FIELDS`]. Default: 256.
    pub head_fields: usize,
    /// The reason phrase. Default: 1 KiB.
    pub reason_bytes: usize,
    /// The number of 1xx responses to one request. Default: 64.
    pub informational_responses: usize,
    /// All heads that answer one request together, 1xx and final. Default: 256 KiB.
    pub all_heads_bytes: usize,
    /// The extensions on one chunk-size line. Default: 256 B.
    pub chunk_extension_bytes: usize,
    /// The extensions on all chunk-size lines of one body together. Default: 16 KiB.
    pub chunk_extensions_bytes: usize,
    /// The framing of a chunked body beyond 8 bytes per data byte. Default: 16 KiB.
    pub chunk_overhead_bytes: u64,
    /// A whole trailer section. Default: 16 KiB.
    pub trailer_bytes: usize,
    /// The number of fields in a trailer section, at most [`Limits::MAX_FIELDS`]. Default: 64.
    pub trailer_fields: usize,
    /// The number of content codings on one response, over all Content-Encoding fields. Default: 3.
    pub content_codings: usize,
    /// The decoded size of a body that is read as a whole (`bytes`, `text`, `json`). Default: 64
    /// MiB.
    pub body_bytes: u64,
    /// The decoded size of a streamed body. Default: `None`, no limit.
    pub stream_bytes: Option<u64>,
    /// Decoded bytes per encoded byte, checked once more than 1 MiB has been decoded. Default: 200.
    pub decode_ratio: u64,
    /// The window of a zstd frame: how far back its data may refer, and so how much of it is
    /// stored. Default: 8 MiB, which RFC 9659 §3 asks servers to stay within. (The formats limit
    /// gzip and deflate to 32 KiB, br to 16 MiB.)
    pub decode_window: u64,
    /// The windows and tables of br and zstd bodies, over all transfers of a session. Default: 256
    /// MiB.
    pub decode_memory: u64,
    /// Body bytes read and discarded so that a connection can be reused. Default: 64 KiB.
    pub drain_bytes: u64,
    /// The time spent on discarding a body. Default: 250 ms.
    pub drain_time: std::time::Duration,
    /// The part of a proxy's refusal body that the error carries. Default: 10 KiB.
    pub proxy_refusal_bytes: usize,
    /// The number of addresses tried for one connection. Default: 16.
    pub addresses: usize,
    /// The caller's URL. Default: 64 KiB.
    pub url_bytes: usize,
    /// A Location field. Default: 16 KiB.
    pub location_bytes: usize,
}

impl Limits {
    /// The maximum number of fields in any head, whatever the limit. An [`http::HeaderMap`] holds
    /// this many whatever their names are. It has room for four times as many, but fails above this
    /// if a peer chooses names with equal hashes.
    pub const MAX_FIELDS: usize = 6_500;

    /// Returns the effective limit on the fields of a head.
    pub(crate) fn most_head_fields(&self) -> usize {
        self.head_fields.min(Self::MAX_FIELDS)
    }

    /// Returns the effective limit on the fields of a trailer section.
    pub(crate) fn most_trailer_fields(&self) -> usize {
        self.trailer_fields.min(Self::MAX_FIELDS)
    }

    /// The defaults that the fields document.
    pub const DEFAULT: Limits = Limits {
        head_bytes: 256 * 1024,
        head_line_bytes: 64 * 1024,
        head_fields: 256,
        reason_bytes: 1024,
        informational_responses: 64,
        all_heads_bytes: 256 * 1024,
        chunk_extension_bytes: 256,
        chunk_extensions_bytes: 16 * 1024,
        chunk_overhead_bytes: 16 * 1024,
        trailer_bytes: 16 * 1024,
        trailer_fields: 64,
        content_codings: 3,
        body_bytes: 64 * 1024 * 1024,
        stream_bytes: None,
        decode_ratio: 200,
        decode_window: 8 * 1024 * 1024,
        decode_memory: 256 * 1024 * 1024,
        drain_bytes: 64 * 1024,
        drain_time: std::time::Duration::from_millis(250),
        proxy_refusal_bytes: 10 * 1024,
        addresses: 16,
        url_bytes: 64 * 1024,
        location_bytes: 16 * 1024,
    };

    /// Returns every limit by the name that its error states, with its value in bytes, milliseconds
    /// or as a number. `None` means no limit.
    pub fn named(&self) -> [(&'static str, Option<u64>); 23] {
        // Without `..`, so that adding a limit fails to compile here.
        let Limits {
            head_bytes,
            head_line_bytes,
            head_fields,
            reason_bytes,
            informational_responses,
            all_heads_bytes,
            chunk_extension_bytes,
            chunk_extensions_bytes,
            chunk_overhead_bytes,
            trailer_bytes,
            trailer_fields,
            content_codings,
            body_bytes,
            stream_bytes,
            decode_ratio,
            decode_window,
            decode_memory,
            drain_bytes,
            drain_time,
            proxy_refusal_bytes,
            addresses,
            url_bytes,
            location_bytes,
        } = *self;
        [
            ("head_bytes", Some(head_bytes as u64)),
            ("head_line_bytes", Some(head_line_bytes as u64)),
            ("head_fields", Some(head_fields as u64)),
            ("reason_bytes", Some(reason_bytes as u64)),
            ("informational_responses", Some(informational_responses as u64)),
            ("all_heads_bytes", Some(all_heads_bytes as u64)),
            ("chunk_extension_bytes", Some(chunk_extension_bytes as u64)),
            ("chunk_extensions_bytes", Some(chunk_extensions_bytes as u64)),
            ("chunk_overhead_bytes", Some(chunk_overhead_bytes)),
            ("trailer_bytes", Some(trailer_bytes as u64)),
            ("trailer_fields", Some(trailer_fields as u64)),
            ("content_codings", Some(content_codings as u64)),
            ("body_bytes", Some(body_bytes)),
            ("stream_bytes", stream_bytes),
            ("decode_ratio", Some(decode_ratio)),
            ("decode_window", Some(decode_window)),
            ("decode_memory", Some(decode_memory)),
            ("drain_bytes", Some(drain_bytes)),
            ("drain_time", Some(u64::try_from(drain_time.as_millis()).unwrap_or(u64::MAX))),
            ("proxy_refusal_bytes", Some(proxy_refusal_bytes as u64)),
            ("addresses", Some(addresses as u64)),
            ("url_bytes", Some(url_bytes as u64)),
            ("location_bytes", Some(location_bytes as u64)),
        ]
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// An exceeded limit: its name, which is that of the [`Limits`] field, its value, and the amount
/// found.
///
/// `seen` is the smallest amount known to exceed the limit. It does not depend on how the input was
/// split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitExceeded {
    /// The limit's name, as in [`Limits`].
    pub name: &'static str,
    /// The limit's value.
    pub limit: u64,
    /// The amount found.
    pub seen: u64,
}

impl LimitExceeded {
    /// Checks that `seen` does not exceed `limit`.
    ///
    /// # Errors
    /// [`LimitExceeded`] if it does.
    pub fn check(name: &'static str, limit: u64, seen: u64) -> Result<(), LimitExceeded> {
        if seen > limit { Err(LimitExceeded { name, limit, seen }) } else { Ok(()) }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit {} is {}, found {}", self.name, self.limit, self.seen)
    }
}

impl std::error::Error for LimitExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_match_the_documentation() {
        const KIB: u64 = 1024;
        let named = Limits::default().named();
        for documented in [
            ("head_bytes", Some(256 * KIB)),
            ("head_line_bytes", Some(64 * KIB)),
            ("head_fields", Some(256)),
            ("reason_bytes", Some(KIB)),
            ("informational_responses", Some(64)),
            ("all_heads_bytes", Some(256 * KIB)),
            ("chunk_extension_bytes", Some(256)),
            ("chunk_extensions_bytes", Some(16 * KIB)),
            ("chunk_overhead_bytes", Some(16 * KIB)),
            ("trailer_bytes", Some(16 * KIB)),
            ("trailer_fields", Some(64)),
            ("content_codings", Some(3)),
            ("body_bytes", Some(64 * 1024 * KIB)),
            ("stream_bytes", None),
            ("decode_ratio", Some(200)),
            ("decode_window", Some(8 * 1024 * KIB)),
            ("decode_memory", Some(256 * 1024 * KIB)),
            ("drain_bytes", Some(64 * KIB)),
            ("drain_time", Some(250)),
            ("proxy_refusal_bytes", Some(10 * KIB)),
            ("addresses", Some(16)),
            ("url_bytes", Some(64 * KIB)),
            ("location_bytes", Some(16 * KIB)),
        ] {
            assert!(named.contains(&documented), "{documented:?}");
        }
    }

    #[test]
    fn limit_is_exceeded_only_above_its_value() {
        assert_eq!(LimitExceeded::check("head_bytes", 10, 10), Ok(()));
        let e = LimitExceeded::check("head_bytes", 10, 11).unwrap_err();
        assert_eq!(e.to_string(), "limit head_bytes is 10, found 11");
    }
}
