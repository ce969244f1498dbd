//! TLS configurations for both ends of a connection in memory.

use std::sync::Arc;

use petition_core::tls::TlsConfig;
use rustls::ServerConfig;

use crate::tls::{Authority, Leaf, provider};

/// Returns a server's configuration with a certificate of this authority for these names.
pub fn server_config(authority: &Authority, names: &[&str]) -> Arc<ServerConfig> {
    let identity = authority.issue(&Leaf::new(names));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .with_no_client_auth()
        .with_single_cert(identity.chain(), identity.key())
        .expect("a kit's certificate is sound");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// Returns a client's configuration that trusts this authority alone.
pub fn client_config(authority: &Authority) -> TlsConfig {
    TlsConfig::builder().root(authority.der()).build().expect("a root to trust")
}
