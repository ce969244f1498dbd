//! The leniencies towards a peer, and the record of those used.
//!
//! RFC 9112 leaves the treatment of several malformed inputs to the recipient. Each choice is one
//! named bool here, which can be turned off, and one bit in [`LeniencySet`], which records its use.
//! Input that is always rejected has no name here. The size limits are in [`Limits`].

use std::fmt;

use crate::limits::Limits;

/// How a connection treats its peer: limits and leniencies. To share one between many connections,
/// pass an `Arc<Config>` to [`Connection::new`](super::Connection::new).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The limits on the peer's messages. Default: [`Limits::DEFAULT`].
    pub limits: Limits,
    /// The malformed input to tolerate. Default: [`Leniencies::COMPAT`].
    pub leniencies: Leniencies,
}

macro_rules! leniencies {
    ($( $(#[$doc:meta])* $field:ident, $variant:ident; )*) => {
        /// The departures from the grammar to tolerate in a response. Default:
        /// [`Leniencies::COMPAT`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct Leniencies {
            $( $(#[$doc])* pub $field: bool, )*
        }

        impl Leniencies {
            /// Tolerates every departure that leaves the end of a message certain, or after which
            /// the connection is not reused.
            pub const COMPAT: Leniencies = Leniencies { $( $field: true, )* };
            /// Tolerates nothing beyond the grammar of RFC 9112.
            pub const STRICT: Leniencies = Leniencies { $( $field: false, )* };

            /// Whether this departure is tolerated.
            pub const fn allows(&self, leniency: Leniency) -> bool {
                match leniency { $( Leniency::$variant => self.$field, )* }
            }
        }

        /// One leniency by name; see the field of the same name in [`Leniencies`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Leniency {
            $( $(#[$doc])* $variant, )*
        }

        impl Leniency {
            /// All leniencies.
            pub const ALL: &[Leniency] = &[ $( Leniency::$variant, )* ];

            /// Returns the name of its field in [`Leniencies`].
            pub const fn name(self) -> &'static str {
                match self { $( Leniency::$variant => stringify!($field), )* }
            }
        }
    };
}

leniencies! {
    /// A field value folded over several lines is joined with one space (RFC 9112 §5.2). Never in
    /// the framing fields, Connection or Location.
    obs_fold, ObsFold;
    /// A lone LF ends a line of a head (RFC 9112 §2.2). Never within chunked framing.
    bare_lf, BareLf;
    /// One empty line before a status line, if this connection has delivered a response before (RFC
    /// 9112 §2.2).
    leading_empty_line, LeadingEmptyLine;
    /// A status line that ends directly after the code, without the space (RFC 9112 §4).
    missing_reason, MissingReason;
    /// Bytes 0x80–0xFF in field values and the reason phrase (RFC 9110 §5.5).
    obs_text, ObsText;
    /// Content-Length with Transfer-Encoding: the latter applies, the former is dropped, and the
    /// connection is not reused (RFC 9112 §6.3).
    content_length_beside_transfer_encoding, ContentLengthBesideTransferEncoding;
    /// Transfer-Encoding in an HTTP/1.0 response applies, and the connection is not reused (RFC
    /// 9112 §6.1).
    transfer_encoding_on_http10, TransferEncodingOnHttp10;
    /// A transfer coding other than `chunked`: the body is delivered in that coding. Unless
    /// `chunked` is last, the body extends to the end of the connection (RFC 9112 §6.3).
    unknown_transfer_coding, UnknownTransferCoding;
    /// Spaces between a chunk size, or its extensions, and the end of the line. Never tabs.
    chunk_size_trailing_space, ChunkSizeTrailingSpace;
    /// The connection closes after the last chunk, without the final CRLF.
    missing_final_crlf, MissingFinalCrlf;
    /// A body delimited by the end of the connection is ended by a TLS truncation (RFC 9112 §9.8).
    unclean_tls_close, UncleanTlsClose;
    /// Content in a 205 response is read according to its framing (RFC 9110 §15.3.6).
    reset_content_body, ResetContentBody;
    /// Data after the end of an encoded body that is not in its coding is ignored (RFC 1952 §2.2).
    /// Zero padding is always accepted.
    data_after_coding, DataAfterCoding;
    /// A Content-Encoding value that is not a coding, such as `none`, `binary` or a charset, is
    /// ignored (RFC 9110 §8.4.1).
    not_a_coding, NotACoding;
    /// A Transfer-Encoding that names only `identity`, which RFC 7230 removed, or no coding at all.
    /// The body ends as without the field, by Content-Length if present, and the connection is not
    /// reused.
    identity_transfer_coding, IdentityTransferCoding;
    /// A `;` after a chunk size, or after one of its extensions, without an extension after it.
    empty_chunk_extension, EmptyChunkExtension;
    /// Several spaces between the version and the code of a status line (RFC 9112 §4).
    spaces_in_status_line, SpacesInStatusLine;
    /// Control characters other than NUL, CR and LF in a field value of a head are kept (RFC 9110
    /// §5.5). Never in the framing fields, Connection or Location, and never in a value that is
    /// sent back.
    control_in_value, ControlInValue;
    /// An encoded body of no bytes that only the end of the connection delimits is empty. Otherwise
    /// it counts as truncated.
    empty_encoded_body, EmptyEncodedBody;
    /// Text in a charset that is unknown or not compiled in is decoded as UTF-8. Otherwise it is an
    /// error.
    unknown_charset, UnknownCharset;
}

impl Default for Leniencies {
    fn default() -> Self {
        Leniencies::COMPAT
    }
}

impl Leniency {
    const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// Whether using it prevents another request on the same connection.
    pub const fn poisons(self) -> bool {
        matches!(
            self,
            Leniency::ContentLengthBesideTransferEncoding
                | Leniency::TransferEncodingOnHttp10
                | Leniency::IdentityTransferCoding
                | Leniency::MissingFinalCrlf
                | Leniency::UncleanTlsClose
        )
    }
}

impl fmt::Display for Leniency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of leniencies, such as those used in one exchange.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct LeniencySet(u32);

impl LeniencySet {
    /// The empty set.
    pub const EMPTY: LeniencySet = LeniencySet(0);

    pub(crate) fn insert(&mut self, leniency: Leniency) {
        self.0 |= leniency.bit();
    }

    pub(crate) fn extend(&mut self, other: LeniencySet) {
        self.0 |= other.0;
    }

    /// Whether the set contains `leniency`.
    pub const fn contains(self, leniency: Leniency) -> bool {
        self.0 & leniency.bit() != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the members.
    pub fn iter(self) -> impl Iterator<Item = Leniency> {
        Leniency::ALL.iter().copied().filter(move |&l| self.contains(l))
    }

    /// Returns the first member that prevents another request on the connection.
    pub fn poison(self) -> Option<Leniency> {
        self.iter().find(|l| l.poisons())
    }
}

impl fmt::Debug for LeniencySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leniency_has_its_own_bit_and_switch() {
        let mut set = LeniencySet::EMPTY;
        for &l in Leniency::ALL {
            assert!(!set.contains(l), "{l}");
            set.insert(l);
            assert!(set.contains(l));
            assert!(Leniencies::COMPAT.allows(l) && !Leniencies::STRICT.allows(l), "{l}");
        }
        assert_eq!(set.iter().count(), Leniency::ALL.len());
        assert_eq!(set.poison(), Some(Leniency::ContentLengthBesideTransferEncoding));
    }
}
