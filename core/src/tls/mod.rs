//! TLS as a layer of bytes in, bytes out.
//!
//! What was agreed ([`TlsInfo`]) and what went wrong ([`TlsFailure`]) are plain data and always there; the settings
//! ([`TlsConfig`]) and the machine ([`TlsLayer`]) need the feature `tls` and stand on rustls, which does no I/O either.
//!
//! The core has no clock: certificates are dated by the [`Now`](crate::Now) that comes with each input.
//! Keys are the one thing here that is drawn from the crypto provider's randomness and not from the caller's seed.
//! There is no early data (0-RTT) and no protocol but `http/1.1` is offered.

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
mod verify;

pub use crate::link::{TlsFailure, TlsInfo, TlsVersion};
pub use config_error::TlsConfigError;

#[cfg(feature = "tls")]
pub use config::{TlsConfig, TlsConfigBuilder};
#[cfg(feature = "tls")]
pub use layer::TlsLayer;
