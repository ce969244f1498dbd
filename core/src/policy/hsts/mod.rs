//! HTTP Strict Transport Security (RFC 6797): hosts that are reached over https only.
//!
//! A response over verified TLS may ask for https, with the field Strict-Transport-Security. The
//! session then stores its host, and upgrades every later hop to an http URL of that host. The
//! upgrade comes before cookies are chosen and before any look-up. The policy never turns https
//! into http.
//!
//! Left out: lists of preloaded hosts. [`HstsStore::load`] accepts one.

mod field;
mod store;
mod text;
mod upgrade;

pub use store::{HstsEntry, HstsStore};
pub use text::HstsLoaded;
pub(super) use upgrade::{AFTER, before};
