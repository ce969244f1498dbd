//! Which codings are on a body: the Content-Encoding fields read, counted and named (RFC 9110 §8.4).
//!
//! The limit counts over all the fields of a response, because a count for each field is no limit at all.

use super::DecodeError;
use crate::content::text;
use crate::{LimitExceeded, Limits};
use std::fmt;

/// A content coding that this crate can know (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `gzip`, also sent as `x-gzip` (RFC 1952).
    Gzip,
    /// `deflate`: the zlib format (RFC 1950), or what some servers send in its place, bare deflate (RFC 1951).
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878, RFC 9659).
    Zstd,
}

impl Coding {
    /// The name as it is written in a field.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// The coding of that name, in any case, if it is compiled in.
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

/// The value of an Accept-Encoding field that asks for every coding that is compiled in; `identity` when none is.
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

/// The codings on a body, in the order in which they were put on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codings {
    known: Vec<Coding>,
    /// Those under the known ones, if one of them is not known: their names.
    undecoded: Vec<Box<str>>,
    /// What names no coding, and was passed over.
    misnamed: Vec<Box<str>>,
}

impl Codings {
    /// Reads the values of all Content-Encoding fields of a response, in their order.
    ///
    /// Names are compared without regard to case; `identity` and empty list elements do not count. What is known to be
    /// no coding (`none`, `binary`, a charset) is passed over: see [`Codings::misnamed`]. No field allocates nothing.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] `content_codings`: more codings than [`Limits::content_codings`], known or not.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Result<Codings, DecodeError> {
        let mut count = 0;
        Codings::counted(values, limits, &mut count)
    }

    /// As [`Codings::parse`], with the transfer codings of the same body: those are on it last and come off first (RFC 9112 §6.1). A
    /// final `chunked` is not one of them: the connection takes it off. `transfer` are the values of all Transfer-Encoding fields.
    ///
    /// # Errors
    /// As [`Codings::parse`]; the limit counts both kinds together.
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
        // What is outermost stays: nothing below can be reached.
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
            if names_no_coding(token) {
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

    /// All of them as they are said to be: none is taken off, and what names no coding counts as an unknown one.
    pub(crate) fn left_on(self) -> Vec<Box<str>> {
        let known = self.known.into_iter().map(|coding| coding.name().into());
        self.undecoded.into_iter().chain(known).chain(self.misnamed).collect()
    }

    /// Whether the body is plain: no coding was named, known or not.
    pub fn is_identity(&self) -> bool {
        self.list().is_empty() && self.undecoded().is_empty()
    }

    /// The codings to take off, the last one first; empty when the body is plain or stays as it is.
    pub fn list(&self) -> &[Coding] {
        &self.known
    }

    /// The names of *all* content codings on the body when one of them is not known or not compiled in; else empty. Transfer codings are
    /// among them only if one of those is not known.
    ///
    /// These stay on the body that is delivered: whoever reads it as text must look here first.
    pub fn undecoded(&self) -> &[Box<str>] {
        &self.undecoded
    }

    /// What stands among the codings and names none, such as `none`, `binary` or a charset: it was passed over.
    pub fn misnamed(&self) -> &[Box<str>] {
        &self.misnamed
    }

    pub(crate) fn into_undecoded(self) -> Vec<Box<str>> {
        self.undecoded
    }
}

/// The elements of a list, but for empty ones.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Whether servers are known to say this of a body without a coding: no content coding has such a name (RFC 9110 §8.4.1).
fn names_no_coding(token: &[u8]) -> bool {
    let other = ["none", "binary", "7bit", "8bit"];
    other.iter().any(|name| token.eq_ignore_ascii_case(name.as_bytes())) || text::is_label(token)
}

fn lossy(token: &[u8]) -> Box<str> {
    String::from_utf8_lossy(token).into()
}
