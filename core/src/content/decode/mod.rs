//! Content decoding: removes the content codings from a response body.
//!
//! [`Codings`] parses the Content-Encoding fields (RFC 9110 §8.4), and [`Decoder`] decodes the
//! body. The decoder is pull-based: it never writes beyond the caller's slice, so the memory that a
//! peer can make it hold is bounded:
//!
//! | Coding | Held for one body | Bound |
//! | --- | --- | --- |
//! | gzip, deflate | less than 64 KiB | the format: a window of 32 KiB |
//! | br | the window as far as there is data, and tables (at most 4 MiB) | the format: 16 MiB, and `decode_memory` |
//! | zstd | the window as far as there is data, and at most 2 MiB | `decode_window`, by default 8 MiB, and `decode_memory` |
//!
//! [`Limits::decode_memory`](crate::Limits::decode_memory) limits the memory of br and zstd over
//! all transfers of a session ([`DecodeMemory`]). In addition, each pair of adjacent codings needs
//! 8 KiB, and an incomplete zstd block up to 256 KiB.
//!
//! Splits of the input and sizes of output slices do not affect the result: the same bytes, and the
//! same error at the same position of the output. That includes the limits (see [`Decoder`]). One
//! exception is corrupt br data: the error is the same, but may come some bytes earlier or later.
//!
//! A coding that is unknown or not compiled in is not an error: the body stays encoded, and
//! [`Codings::undecoded`] names its codings.
//!
//! Not included: chunked coding, which the connection decodes; the size of a body (see
//! [`SizeLimit`], which also counts bodies without a coding); the dictionaries of RFC 9842.

mod codec;
mod codings;
mod decoder;
mod error;
mod memory;
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
#[cfg(feature = "zstd")]
mod zstd_block;

pub use codings::{Coding, Codings, accept_encoding};
pub use decoder::{Decoder, Next, Progress};
pub use error::DecodeError;
pub use memory::DecodeMemory;
pub use size::SizeLimit;

#[cfg(test)]
mod tests;
