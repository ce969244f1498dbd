//! HTTP Strict Transport Security (RFC 6797): hosts that are reached over https only.

mod field;
mod store;
mod text;

pub use store::{HstsEntry, HstsStore};
pub use text::HstsImported;
