//! Parses and counts the codings of a body from its Content-Encoding fields (RFC 9110 §8.4).
//!
//! The limit applies to all fields of a response together, because a limit for each field would be
//! ineffective.

use super::DecodeError;
use crate::content::text;
use crate::{LimitExceeded, Limits};
use std::fmt;

/// A content coding that this crate supports (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `gzip`, also sent as `x-gzip` (RFC 1952).
    Gzip,
    /// `deflate`: the zlib format (RFC 1950), or the bare deflate format (RFC 1951) that some
    /// servers send instead.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878, RFC 9659).
    Zstd,
}

impl Coding {
    /// Returns the name as written in a field.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// Returns the coding of that name, in any case, if it is compiled in.
    fn compiled_in(token: &[u8]) -> Option<Coding> {
        let is = |name: &str| token.eq_ignore_ascii_case(name.as_bytes());
        if cfg!(feature = "gzip") && (is("gzip") || is("x-gzip")) {
            Some(Coding::Gzip)
        } else if cfg!(feature = "gzip") && is("deflate") {
            Some(Coding::Deflate)
        } else if cfg!(feature = "brotli") && is("br") {
            Some(Coding::Brotli)
        } else if cfg!(feature = "zstd") && is("zstd") {
            Some(Coding::Zstd)
        } else {
            None
        }
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns the value of an Accept-Encoding field that lists every compiled-in coding; `identity` if
/// there is none.
pub const fn accept_encoding() -> &'static str {
    match (cfg!(feature = "gzip"), cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
        (true, true, true) => "gzip, deflate, br, zstd",
        (true, true, false) => "gzip, deflate, br",
        (true, false, true) => "gzip, deflate, zstd",
        (true, false, false) => "gzip, deflate",
        (false, true, true) => "br, zstd",
        (false, true, false) => "br",
        (false, false, true) => "zstd",
        (false, false, false) => "identity",
    }
}

/// The codings of a body, in the order in which they were applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codings {
    known: Vec<Coding>,
    /// The names of all codings, if one of them is unknown.
    undecoded: Vec<Box<str>>,
    /// Names that are not codings and were skipped.
    misnamed: Vec<Box<str>>,
}

impl Codings {
    /// Parses the values of all Content-Encoding fields of a response, in their order.
    ///
    /// Names match in any case; `identity` and empty list elements are ignored. Names known not to
    /// be codings (`none`, `binary`, a charset) are skipped; see [`Codings::misnamed`]. Without
    /// fields, nothing is allocated.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] `content_codings` if there are more codings than
    /// [`Limits::content_codings`], known or not.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Result<Codings, DecodeError> {
        let mut count = 0;
        Codings::counted(values, limits, &mut count)
    }

    /// Works like [`Codings::parse`], and adds the transfer codings of the same body. Those were
    /// applied last and are removed first (RFC 9112 §6.1). A final `chunked` is excluded, since the
    /// connection decodes it. `transfer` holds the values of all Transfer-Encoding fields.
    ///
    /// # Errors
    /// As for [`Codings::parse`]; the limit counts both kinds together.
    pub fn parse_with_transfer<'a>(
        values: impl IntoIterator<Item = &'a [u8]>,
        transfer: impl IntoIterator<Item = &'a [u8]>,
        limits: &Limits,
    ) -> Result<Codings, DecodeError> {
        let mut count = 0;
        let mut content = Codings::counted(values, limits, &mut count)?;
        let mut transfer: Vec<&[u8]> = transfer.into_iter().flat_map(elements).collect();
        transfer.pop_if(|last| last.eq_ignore_ascii_case(b"chunked"));
        let transfer = Codings::counted(transfer, limits, &mut count)?;
        content.misnamed.extend(transfer.misnamed);
        if transfer.undecoded.is_empty() {
            content.known.extend(transfer.known);
            return Ok(content);
        }
        // The outermost coding stays, so nothing below it can be decoded.
        let below = content.known.into_iter().map(|coding| coding.name().into());
        let undecoded = content.undecoded.into_iter().chain(below).chain(transfer.undecoded).collect();
        Ok(Codings { known: Vec::new(), undecoded, misnamed: content.misnamed })
    }

    fn counted<'a>(
        values: impl IntoIterator<Item = &'a [u8]>,
        limits: &Limits,
        count: &mut u64,
    ) -> Result<Codings, DecodeError> {
        let (mut known, mut undecoded, mut misnamed) = (Vec::new(), Vec::<Box<str>>::new(), Vec::new());
        for token in values.into_iter().flat_map(elements) {
            if token.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            *count += 1;
            LimitExceeded::check("content_codings", limits.content_codings as u64, *count)?;
            if is_misnamed(token) {
                misnamed.push(lossy(token));
                continue;
            }
            match Coding::compiled_in(token) {
                Some(coding) if undecoded.is_empty() => known.push(coding),
                _ => {
                    undecoded.extend(known.drain(..).map(|coding| Box::from(coding.name())));
                    undecoded.push(lossy(token));
                }
            }
        }
        Ok(Codings { known, undecoded, misnamed })
    }

    /// Returns the names of all codings as received, undecoded and misnamed ones included.
    pub(crate) fn left_on(self) -> Vec<Box<str>> {
        let known = self.known.into_iter().map(|coding| coding.name().into());
        self.undecoded.into_iter().chain(known).chain(self.misnamed).collect()
    }

    /// Whether the body is plain: no coding was named, known or not.
    pub fn is_identity(&self) -> bool {
        self.list().is_empty() && self.undecoded().is_empty()
    }

    /// Returns the codings to remove, in the order in which they were applied; empty if the body is
    /// plain or stays encoded.
    pub fn list(&self) -> &[Coding] {
        &self.known
    }

    /// Returns the names of *all* content codings of the body if one of them is unknown or not
    /// compiled in, otherwise nothing. Transfer codings are included only if one of those is
    /// unknown.
    ///
    /// The delivered body is still in these codings; check them before reading it as text.
    pub fn undecoded(&self) -> &[Box<str>] {
        &self.undecoded
    }

    /// Returns the names that are not codings, such as `none`, `binary` or a charset; they were
    /// skipped.
    pub fn misnamed(&self) -> &[Box<str>] {
        &self.misnamed
    }

    pub(crate) fn into_undecoded(self) -> Vec<Box<str>> {
        self.undecoded
    }
}

/// Returns the elements of a list, without empty ones.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Whether servers are known to send this name for a body without a coding; it is not the name of
/// one (RFC 9110 §8.4.1).
fn is_misnamed(token: &[u8]) -> bool {
    let other = ["none", "binary", "7bit", "8bit"];
    other.iter().any(|name| token.eq_ignore_ascii_case(name.as_bytes())) || text::is_label(token)
}

fn lossy(token: &[u8]) -> Box<str> {
    String::from_utf8_lossy(token).into()
}
