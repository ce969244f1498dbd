//! Content decoding: the bytes of a response body, from as they were sent to as they were meant.
//!
//! [`Codings`] reads the Content-Encoding fields (RFC 9110 §8.4) and says what is on the body; [`Decoder`] takes
//! it off. The decoder is pulled: it writes into the caller's slice and never further, so that what a peer
//! can make us hold is fixed: per coding a window (deflate 32 KiB, br 16 MiB, zstd 8 MiB, each grown or
//! touched only as far as there is data) and 8 KiB between two codings.
//!
//! How the input is cut and how large the output slices are changes nothing: the same bytes come out, and
//! the same error at the same point of the output. That holds for the limits too (see [`Decoder`]). The one
//! exception is corrupt br data: the same error, but it may come some bytes earlier or later.
//!
//! A coding that is not known, or not compiled in, is an answer and not an error: nothing is taken off, and
//! [`Codings::undecoded`] names what is still on the body.
//!
//! Left out: Transfer-Encoding (the connection's), the size of a body (see [`SizeLimit`], which also counts
//! bodies without a coding), and the dictionaries of RFC 9842.

mod codec;
mod codings;
mod decoder;
mod error;
mod size;
mod stage;
#[cfg(any(feature = "gzip", feature = "brotli", feature = "zstd"))]
mod tail;

#[cfg(feature = "brotli")]
mod br;
#[cfg(feature = "gzip")]
mod deflate;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "gzip")]
mod gzip_header;
#[cfg(feature = "gzip")]
mod inflate;
#[cfg(feature = "zstd")]
mod zstd;

pub use codings::{Coding, Codings, accept_encoding};
pub use decoder::{Decoder, Next, Progress};
pub use error::DecodeError;
pub use size::SizeLimit;

#[cfg(test)]
mod tests;
