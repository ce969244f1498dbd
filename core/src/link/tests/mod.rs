//! Links against peers in memory. `drive` moves the bytes, under many split patterns; `peer`
//! implements the other sides.

pub(super) mod drive;
mod facts;
mod layer;
pub(super) mod peer;
mod plain;
#[cfg(feature = "ring")]
mod tls;
#[cfg(feature = "ring")]
mod tls_peer;
#[cfg(feature = "ring")]
mod tls_records;
#[cfg(feature = "ring")]
mod tls_trust;
mod tunnel;
