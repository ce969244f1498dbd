//! TLS for the kit's servers: a certificate authority created at run time, and endpoints that can
//! misbehave.

mod authority;
mod endpoint;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use self::authority::{Authority, Identity, IdentityFiles, Leaf};
pub use self::endpoint::{Endpoint, EndpointBuilder, Handshake, HandshakeCounts};
pub use super::net::wire::Farewell;

/// The kit's crypto provider. No process-wide default is needed or installed.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
