//! The bodies of the fuzz targets: ordinary functions of bytes that panic when an invariant fails.
//!
//! `fuzz/` passes them to libFuzzer. `cargo test` runs them over the kept corpus and over seeded
//! random bytes, so that they stay current. The first bytes of an input make choices; a peer sends
//! the rest.

mod challenge;
mod chunked;
mod cookie;
mod decode;
mod differential;
mod events;
mod exchange;
mod fields;
mod hsts;
mod layers;
mod multipart;
mod ops;
mod response;
mod transfer;
mod url;

pub use challenge::challenge;
pub use chunked::chunked;
pub use cookie::{cookie, date};
pub use decode::decode;
pub use differential::differential;
pub use events::{events, lines};
pub use fields::{disposition, link};
pub use hsts::hsts;
pub use layers::layers;
pub use multipart::multipart;
pub use ops::{connection_ops, engine_ops, link_ops, transfer_ops};
pub use response::response;
pub use transfer::transfer;
pub use url::{location, url};

/// The body of a target.
pub type Body = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Body); 21] = [
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
    ("link", link),
    ("disposition", disposition),
    ("events", events),
    ("lines", lines),
    ("hsts", hsts),
    ("multipart", multipart),
    ("challenge", challenge),
    ("transfer", transfer),
];

/// Removes the first byte and returns it, as a choice.
fn choice(data: &mut &[u8]) -> usize {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    usize::from(*first)
}
