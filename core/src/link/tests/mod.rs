//! Links against peers in memory. `drive` is the one function that moves bytes, under many patterns of splitting;
//! `peer` has the other sides.

mod drive;
mod facts;
mod layer;
mod peer;
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
