//! The server side of TLS on one port: its configuration, its handshake behaviour, and its
//! counters.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::{Authority, Farewell, Identity, provider};
use crate::net::gate::Stop;
use crate::net::service::Peer;
use crate::net::socket::Socket;
use crate::net::watch::Watch;
use crate::net::wire::{Wire, flush};

/// How the endpoint sends its part of the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    /// At once.
    #[default]
    Prompt,
    /// Only this many bytes; then nothing until the client closes.
    StallAfter(usize),
    /// One byte at each interval, in its own write.
    Trickle(Duration),
}

/// The results of an endpoint's handshakes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandshakeCounts {
    /// Completed with certificates.
    pub full: usize,
    /// Completed by resuming a session.
    pub resumed: usize,
    /// Those in which the client sent data before the server had sent anything (RFC 8446 §2.3).
    pub early: usize,
    /// The causes of the failures, including stalled handshakes that the client aborted.
    pub failed: Vec<String>,
}

/// Makes a server of the kit use TLS. Clones share their counters.
#[derive(Clone, Debug)]
pub struct Endpoint {
    config: Arc<ServerConfig>,
    handshake: Handshake,
    farewell: Farewell,
    counts: Arc<Watch<HandshakeCounts>>,
}

/// The options of an [`Endpoint`].
#[derive(Debug)]
pub struct EndpointBuilder {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
    tickets: bool,
    early_data: bool,
    clients: Option<rustls::RootCertStore>,
    handshake: Handshake,
    farewell: Farewell,
}

impl Endpoint {
    /// Returns an endpoint with `identity`: TLS 1.2 and 1.3, ALPN `http/1.1`, session tickets, a
    /// prompt handshake and a clean end.
    pub fn new(identity: &Identity) -> Self {
        Self::builder(identity).build()
    }

    /// Returns the builder that [`Endpoint::new`] uses.
    pub fn builder(identity: &Identity) -> EndpointBuilder {
        EndpointBuilder {
            chain: identity.chain(),
            key: identity.key(),
            versions: vec![&rustls::version::TLS12, &rustls::version::TLS13],
            protocols: vec![b"http/1.1".to_vec()],
            tickets: true,
            early_data: false,
            clients: None,
            handshake: Handshake::Prompt,
            farewell: Farewell::CloseNotify,
        }
    }

    /// Returns the rustls configuration.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Returns the current counters.
    pub fn counts(&self) -> HandshakeCounts {
        self.counts.read(Clone::clone)
    }

    /// Waits until the counters satisfy `enough`.
    ///
    /// # Panics
    /// After [`PATIENCE`](crate::net::PATIENCE).
    #[track_caller]
    pub fn wait_for(&self, what: &str, enough: impl Fn(&HandshakeCounts) -> bool) {
        self.counts.wait_for(what, |counts| enough(counts).then_some(()));
    }

    /// Performs the handshake on an accepted connection.
    ///
    /// # Errors
    /// When the client aborts or violates TLS; the handshake counts as failed.
    pub fn accept(&self, peer: &Peer) -> io::Result<Wire> {
        let outcome = self.shake_hands(peer.socket.clone(), peer.stop());
        self.counts.update(|counts| match &outcome {
            Ok((_, HandshakeKind::Resumed, early)) => {
                counts.resumed += 1;
                counts.early += usize::from(*early);
            }
            Ok(_) => counts.full += 1,
            Err(error) => counts.failed.push(error.to_string()),
        });
        outcome.map(|(wire, ..)| wire)
    }

    fn shake_hands(&self, mut socket: Socket, stop: &Stop) -> io::Result<(Wire, HandshakeKind, bool)> {
        let mut state = ServerConnection::new(self.config()).map_err(io::Error::other)?;
        let mut sent = 0;
        while state.is_handshaking() {
            if state.wants_write() {
                self.send_flight(&mut state, &mut socket, stop, &mut sent)?;
                continue;
            }
            if state.read_tls(&mut socket)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the client closed during the handshake"));
            }
            if let Err(error) = state.process_new_packets() {
                // Sending the alert is optional; the client may have closed.
                let _ = flush(&mut state, &mut socket);
                let _ = socket.half_close();
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        self.send_flight(&mut state, &mut socket, stop, &mut sent)?;
        let kind = state.handshake_kind().unwrap_or(HandshakeKind::Full);
        let early = state.early_data().is_some();
        Ok((Wire::tls(socket, state, self.farewell), kind, early))
    }

    fn send_flight(
        &self,
        state: &mut ServerConnection,
        socket: &mut Socket,
        stop: &Stop,
        sent: &mut usize,
    ) -> io::Result<()> {
        let mut flight = Vec::new();
        match self.handshake {
            Handshake::Prompt => return flush(state, socket),
            Handshake::StallAfter(_) | Handshake::Trickle(_) => {
                while state.wants_write() {
                    state.write_tls(&mut flight)?;
                }
            }
        }
        match self.handshake {
            Handshake::StallAfter(limit) if *sent + flight.len() > limit => {
                socket.write_all(flight.get(..limit.saturating_sub(*sent)).unwrap_or_default())?;
                socket.set_read_patience(None)?;
                while socket.read(&mut [0; 1024])? > 0 {}
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the client gave up the stalled handshake"));
            }
            Handshake::Trickle(interval) => {
                for byte in &flight {
                    socket.write_all(std::slice::from_ref(byte))?;
                    stop.pause(interval)?;
                }
            }
            Handshake::Prompt | Handshake::StallAfter(_) => socket.write_all(&flight)?,
        }
        *sent += flight.len();
        Ok(())
    }
}

impl EndpointBuilder {
    /// Allows only one TLS version.
    ///
    /// # Panics
    /// For versions other than TLS 1.2 and 1.3.
    pub fn only(mut self, version: ProtocolVersion) -> Self {
        self.versions = match version {
            ProtocolVersion::TLSv1_2 => vec![&rustls::version::TLS12],
            ProtocolVersion::TLSv1_3 => vec![&rustls::version::TLS13],
            other => panic!("rustls does not speak {other:?}"),
        };
        self
    }

    /// Sets the ALPN protocols, best first; an empty list disables ALPN. `&["h2"]` refuses an
    /// HTTP/1.1 client that uses ALPN.
    pub fn protocols(mut self, names: &[&str]) -> Self {
        self.protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Disables session resumption.
    pub fn without_tickets(mut self) -> Self {
        self.tickets = false;
        self
    }

    /// Accepts early data from clients that resume a session. Sessions are then stored instead of
    /// put into tickets.
    pub fn early_data(mut self) -> Self {
        self.early_data = true;
        self
    }

    /// Requires a client certificate of this authority.
    pub fn clients_of(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.roots());
        self
    }

    /// Sets the handshake behaviour.
    pub fn handshake(mut self, handshake: Handshake) -> Self {
        self.handshake = handshake;
        self
    }

    /// Sets how connections end.
    pub fn farewell(mut self, farewell: Farewell) -> Self {
        self.farewell = farewell;
        self
    }

    /// Builds the endpoint.
    ///
    /// # Panics
    /// When rustls rejects the certificate or the key.
    pub fn build(self) -> Endpoint {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&self.versions)
            .expect("ring has cipher suites for the versions");
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(roots) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
                    .build()
                    .expect("the authority's root is well-formed"),
            ),
        };
        let mut config = builder.with_single_cert(self.chain, self.key).expect("the key belongs to the certificate");
        config.alpn_protocols = self.protocols;
        if self.early_data {
            config.max_early_data_size = 16 * 1024;
        } else if self.tickets {
            config.ticketer = rustls::crypto::ring::Ticketer::new().expect("ring can make a ticket key");
        } else {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Endpoint {
            config: Arc::new(config),
            handshake: self.handshake,
            farewell: self.farewell,
            counts: Arc::new(Watch::default()),
        }
    }
}
