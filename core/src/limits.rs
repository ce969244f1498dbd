//! Limits on what a peer can make the client store or do, and the error that names the exceeded
//! limit.
//!
//! Each limit has a default that ordinary servers do not reach, and a name that its error states.

use std::fmt;

/// Passes the table of all limits to a macro, behind the tokens given: documentation, name, type
/// and default of each.
macro_rules! limit_table {
    ($user:ident! { $($head:tt)* }) => {
        $user! { $($head)* {
            /// A whole response head, from status line to empty line. Default: 256 KiB.
            head_bytes: usize = 256 * 1024;
            /// One line of a response head. Default: 64 KiB.
            head_line_bytes: usize = 64 * 1024;
            /// The number of fields in a response head, at most [`Limits::MAX_FIELDS`]. Default:
            /// 256.
            head_fields: usize = 256;
            /// The reason phrase. Default: 1 KiB.
            reason_bytes: usize = 1024;
            /// The number of 1xx responses to one request. Default: 64.
            informational_responses: usize = 64;
            /// All heads that answer one request together, 1xx and final. Default: 256 KiB.
            all_heads_bytes: usize = 256 * 1024;
            /// The extensions on one chunk-size line. Default: 256 B.
            chunk_extension_bytes: usize = 256;
            /// The extensions on all chunk-size lines of one body together. Default: 16 KiB.
            chunk_extensions_bytes: usize = 16 * 1024;
            /// The framing of a chunked body beyond 8 bytes per data byte. Default: 16 KiB.
            chunk_overhead_bytes: u64 = 16 * 1024;
            /// A whole trailer section. Default: 16 KiB.
            trailer_bytes: usize = 16 * 1024;
            /// The number of fields in a trailer section, at most [`Limits::MAX_FIELDS`]. Default:
            /// 64.
            trailer_fields: usize = 64;
            /// The number of content codings on one response, over all Content-Encoding fields.
            /// Default: 3.
            content_codings: usize = 3;
            /// The decoded size of a body that is read as a whole (`bytes`, `text`, `json`).
            /// Default: 64 MiB.
            body_bytes: u64 = 64 * 1024 * 1024;
            /// The decoded size of a streamed body. Default: `None`, no limit.
            stream_bytes: Option<u64> = None;
            /// One line of a body that is read by lines or as server-sent events. Default: 1 MiB.
            line_bytes: usize = 1024 * 1024;
            /// The data of one server-sent event. Default: 8 MiB.
            event_bytes: usize = 8 * 1024 * 1024;
            /// Decoded bytes per encoded byte, checked once more than 1 MiB has been decoded.
            /// Default: 200.
            decode_ratio: u64 = 200;
            /// The window of a zstd frame: how far back its data may refer, and so how much of it
            /// is stored. Default: 8 MiB, which RFC 9659 §3 asks servers to stay within. (The
            /// formats limit gzip and deflate to 32 KiB, br to 16 MiB.)
            decode_window: u64 = 8 * 1024 * 1024;
            /// The windows and tables of br and zstd bodies, over all transfers of a session.
            /// Default: 256 MiB.
            decode_memory: u64 = 256 * 1024 * 1024;
            /// Body bytes read and discarded so that a connection can be reused. Default: 64 KiB.
            drain_bytes: u64 = 64 * 1024;
            /// The time spent on discarding a body. Default: 250 ms.
            drain_time: std::time::Duration = std::time::Duration::from_millis(250);
            /// The part of a proxy's refusal body that the error carries. Default: 10 KiB.
            proxy_refusal_bytes: usize = 10 * 1024;
            /// The number of challenges answered for one URL, counted separately for the origin and
            /// the proxy. A second Digest challenge is answered only if the server calls the nonce
            /// stale. Default: 2.
            auth_rounds: usize = 2;
            /// The number of addresses tried for one connection. Default: 16.
            addresses: usize = 16;
            /// The caller's URL. Default: 64 KiB.
            url_bytes: usize = 64 * 1024;
            /// A Location field. Default: 16 KiB.
            location_bytes: usize = 16 * 1024;
        } }
    };
}

pub(crate) use limit_table;

macro_rules! limits {
    ({ $($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)* }) => {
        /// Limits on what a peer can make the client store or do. All sizes are in bytes.
        /// [`Limits::DEFAULT`] holds the defaults.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Limits {
            /// The defaults that the fields document.
            pub const DEFAULT: Limits = Limits { $($name: $default,)* };

            /// Iterates over every limit by the name that its error states, with its value: bytes,
            /// numbers or milliseconds. The value is `None` where there is no limit.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<u64>)> + use<> {
                [$((stringify!($name), self.$name.value())),*].into_iter()
            }
        }
    };
}

limit_table!(limits! {});

/// A limit as a number.
trait Value {
    fn value(self) -> Option<u64>;
}

impl Value for usize {
    fn value(self) -> Option<u64> {
        Some(self as u64)
    }
}

impl Value for u64 {
    fn value(self) -> Option<u64> {
        Some(self)
    }
}

impl Value for Option<u64> {
    fn value(self) -> Option<u64> {
        self
    }
}

impl Value for std::time::Duration {
    fn value(self) -> Option<u64> {
        Some(u64::try_from(self.as_millis()).unwrap_or(u64::MAX))
    }
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
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// An exceeded limit: its name, which is that of the [`Limits`] field, its value, and the amount
/// found.
///
/// `found` is the smallest amount known to exceed the limit. It does not depend on how the input
/// was split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitExceeded {
    /// The limit's name, as in [`Limits`].
    pub name: &'static str,
    /// The limit's value.
    pub limit: u64,
    /// The amount found.
    pub found: u64,
}

impl LimitExceeded {
    /// Checks that `found` does not exceed `limit`.
    ///
    /// # Errors
    /// [`LimitExceeded`] if it does.
    pub fn check(name: &'static str, limit: u64, found: u64) -> Result<(), LimitExceeded> {
        if found > limit { Err(LimitExceeded { name, limit, found }) } else { Ok(()) }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit {} is {}, found {}", self.name, self.limit, self.found)
    }
}

impl std::error::Error for LimitExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_match_the_documentation() {
        const KIB: u64 = 1024;
        let named: Vec<_> = Limits::default().named().collect();
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
            ("line_bytes", Some(1024 * KIB)),
            ("event_bytes", Some(8 * 1024 * KIB)),
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
