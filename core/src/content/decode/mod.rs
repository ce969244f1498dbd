//! Content decoding: the bytes of a response body, from as they were sent to as they were meant.
//!
//! [`Codings`] reads the Content-Encoding fields (RFC 9110 §8.4) and says what is on the body; [`Decoder`] takes
//! it off. The decoder is pulled: it writes into the caller's slice and never further, so that what a peer
//! can make us hold is bounded, and named where it is much:
//!
//! | Coding | Held for one body | Bound |
//! | --- | --- | --- |
//! | gzip, deflate | less than 64 KiB | the format: a window of 32 KiB |
//! | br | the window as far as there is data, and tables (at most 4 MiB) | the format: 16 MiB, and `decode_memory` |
//! | zstd | the window as far as there is data, and at most 2 MiB | `decode_window`, by default 8 MiB, and `decode_memory` |
//!
//! [`Limits::decode_memory`](crate::Limits::decode_memory) bounds what br and zstd hold over all transfers of a session ([`DecodeMemory`]). Between two
//! codings there are 8 KiB, and a block of zstd waits in at most 256 KiB until it is there in full.
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
