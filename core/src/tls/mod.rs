//! TLS as a layer: bytes in, bytes out.
//!
//! The negotiated parameters ([`TlsInfo`]) and the failures ([`TlsFailure`]) are plain data and
//! always available. The settings ([`TlsConfig`]) and the machine ([`TlsLayer`]) require the
//! feature `tls` and build on rustls, which also performs no I/O.
//!
//! The core reads no clock: the [`Now`](crate::Now) of each input dates the certificates. Keys come
//! from the crypto provider's random source, the only randomness that does not derive from the
//! caller's seed. The client sends no early data (0-RTT) and offers only `http/1.1`.

#[cfg(feature = "tls")]
mod clock;
#[cfg(feature = "tls")]
mod config;
mod config_error;
#[cfg(feature = "tls")]
mod in_place;
#[cfg(feature = "tls")]
mod layer;
#[cfg(feature = "tls")]
mod pin;
#[cfg(feature = "tls")]
mod verify;

pub use crate::link::{TlsFailure, TlsInfo, TlsVersion};
pub use config_error::TlsConfigError;

#[cfg(feature = "tls")]
pub use config::{TlsConfig, TlsConfigBuilder};
#[cfg(feature = "tls")]
pub use layer::TlsLayer;
#[cfg(feature = "tls")]
pub use pin::PublicKeyPin;
