//! Which codings are on a body: the Content-Encoding fields read, counted and named (RFC 9110 §8.4).
//!
//! The limit counts over all the fields of a response, because a count for each field is no limit at all.

use super::DecodeError;
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
pub struct Codings(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Known(Vec<Coding>),
    /// At least one is not known: none is taken off, and these are their names.
    Undecoded(Vec<Box<str>>),
}

impl Codings {
    /// Reads the values of all Content-Encoding fields of a response, in their order.
    ///
    /// Names are compared without regard to case; `identity` and empty list elements do not count. No field
    /// allocates nothing.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] `content_codings`: more codings than [`Limits::content_codings`], known or not.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Result<Codings, DecodeError> {
        let mut kind = Kind::Known(Vec::new());
        let mut count = 0_usize;
        for token in values.into_iter().flat_map(|value| value.split(|&byte| byte == b',')) {
            let token = token.trim_ascii();
            if token.is_empty() || token.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            count += 1;
            LimitExceeded::check("content_codings", limits.content_codings as u64, count as u64)?;
            kind = match (kind, Coding::compiled_in(token)) {
                (Kind::Known(mut list), Some(coding)) => {
                    list.push(coding);
                    Kind::Known(list)
                }
                (Kind::Known(list), None) => {
                    let before = list.into_iter().map(|coding| Box::from(coding.name()));
                    Kind::Undecoded(before.chain([lossy(token)]).collect())
                }
                (Kind::Undecoded(mut names), _) => {
                    names.push(lossy(token));
                    Kind::Undecoded(names)
                }
            };
        }
        Ok(Codings(kind))
    }

    /// Whether the body is plain: no coding was named, known or not.
    pub fn is_identity(&self) -> bool {
        self.list().is_empty() && self.undecoded().is_empty()
    }

    /// The codings to take off, the last one first; empty when the body is plain or stays as it is.
    pub fn list(&self) -> &[Coding] {
        match &self.0 {
            Kind::Known(list) => list,
            Kind::Undecoded(_) => &[],
        }
    }

    /// The names of *all* codings on the body when one of them is not known or not compiled in; else empty.
    ///
    /// The body is then delivered as it was sent: whoever reads it as text must look here first.
    pub fn undecoded(&self) -> &[Box<str>] {
        match &self.0 {
            Kind::Known(_) => &[],
            Kind::Undecoded(names) => names,
        }
    }
}

fn lossy(token: &[u8]) -> Box<str> {
    String::from_utf8_lossy(token).into()
}
