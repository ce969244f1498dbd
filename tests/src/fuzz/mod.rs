//! The bodies of the fuzz targets: ordinary functions of bytes, which panic when an invariant does not hold.
//!
//! `fuzz/` hands them to libFuzzer; `cargo test` runs them over the kept corpus and over seeded random bytes, so that they cannot rot. The first
//! bytes of an input choose, the rest is what a peer sends.

mod chunked;
mod cookie;
mod decode;
mod differential;
mod exchange;
mod layers;
mod ops;
mod response;
mod transfer;
mod url;

pub use chunked::chunked;
pub use cookie::{cookie, date};
pub use decode::decode;
pub use differential::differential;
pub use layers::layers;
pub use ops::{connection_ops, engine_ops, link_ops, transfer_ops};
pub use response::response;
pub use transfer::transfer;
pub use url::{location, url};

/// A target's body.
pub type Body = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Body); 14] = [
    ("response", response),
    ("chunked", chunked),
    ("differential", differential),
    ("layers", layers),
    ("transfer_ops", transfer_ops),
    ("engine_ops", engine_ops),
    ("link_ops", link_ops),
    ("connection_ops", connection_ops),
    ("decode", decode),
    ("cookie", cookie),
    ("date", date),
    ("url", url),
    ("location", location),
    ("transfer", transfer),
];

/// Small deterministic numbers: xorshift64*.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A row of numbers for this seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = u128::from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D));
        usize::try_from((wide * n as u128) >> 64).unwrap_or_default()
    }

    /// Cuts `bytes` into pieces of 1 to `most` bytes.
    pub fn pieces<'a>(&mut self, mut bytes: &'a [u8], most: usize) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at((1 + self.below(most)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

/// Takes the first byte off: a choice.
fn choice(data: &mut &[u8]) -> usize {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    usize::from(*first)
}
