//! TLS as a [`Layer`]: the client side, over rustls's unbuffered connection.
//!
//! rustls gets one record at a time. The plaintext is then found where it was decrypted, and
//! received bytes bound the work. A clean end is a closure alert and nothing else (RFC 8446 §6.1);
//! bytes after it are ignored. Only `http/1.1` may be negotiated.
//!
//! rustls does all cryptography, certificate checks, key updates and tickets. Its own limits on
//! floods (empty records, warnings, tickets) stay in force.

use super::in_place::InPlace;
use super::{TlsConfig, TlsFailure, TlsInfo, TlsVersion};
use crate::Now;
use crate::link::{Layer, LayerEof, LayerError, LayerKind, Received};
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus};
use rustls::{HandshakeKind, ProtocolVersion};
use std::fmt;

const HTTP_1_1: &[u8] = b"http/1.1";
/// The length of a record header in bytes (RFC 8446 §5.1).
const HEADER: usize = 5;
/// The longest record payload of any version (RFC 5246 §6.2.3).
const MAX_PAYLOAD: usize = 16 * 1024 + 2048;
/// The maximum bytes of records held while a handshake message is incomplete. rustls limits a
/// message to 64 KiB; this limits the overhead of splitting it into many records.
const MAX_HELD: usize = 128 * 1024;
/// The maximum plaintext bytes encrypted in one call.
const MAX_SEND: usize = 64 * 1024;
/// More than any cipher suite adds to a record, including its header.
const OVERHEAD: usize = 64;

/// The client side of one TLS connection.
pub struct TlsLayer {
    state: State,
    in_place: InPlace,
    /// Bytes at the front of `wire` that rustls has processed but not released: parts of a
    /// handshake message.
    held: usize,
    /// Whether one entire record has arrived. Before that, unexpected bytes mean that the peer does
    /// not speak TLS.
    record_received: bool,
    peer_closed: bool,
}

enum State {
    Ready(TlsConfig, ServerName<'static>),
    Handshaking(TlsConfig, UnbufferedClientConnection),
    Open(TlsConfig, UnbufferedClientConnection),
    Ended,
}

impl TlsLayer {
    /// Creates a TLS layer for `host`: a DNS name, with or without the final dot, or an IP address,
    /// IPv6 with or without brackets. The server's certificate must be valid for `host`; for an
    /// address, it must contain that address (RFC 9525 §3.3). A name is sent as SNI without its
    /// final dot; an address is not sent (RFC 6066 §3).
    ///
    /// The layer computes nothing before [`start`](Layer::start).
    ///
    /// # Errors
    /// [`TlsFailure::InvalidName`] when `host` is neither.
    pub fn new(config: &TlsConfig, host: &str) -> Result<Self, TlsFailure> {
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        let name = ServerName::try_from(bare).map_err(|_| TlsFailure::InvalidName(host.into()))?.to_owned();
        Ok(TlsLayer {
            state: State::Ready(config.clone(), name),
            in_place: InPlace::Unknown,
            held: 0,
            record_received: false,
            peer_closed: false,
        })
    }

    /// Returns the length of the next complete record after the held ones.
    fn next_record(&self, wire: &[u8]) -> Result<Option<usize>, TlsFailure> {
        let rest = wire.get(self.held..).unwrap_or_default();
        // Content types 20 to 24; the first version byte is 3 in all of them.
        if !self.record_received
            && (rest.first().is_some_and(|t| !(20..=24).contains(t)) || rest.get(1).is_some_and(|v| *v != 3))
        {
            return Err(TlsFailure::NotTls);
        }
        let Some(&[content, major, _, a, b]) = rest.first_chunk::<HEADER>() else { return Ok(None) };
        let payload = usize::from(u16::from_be_bytes([a, b]));
        if !(20..=24).contains(&content) || major != 3 || payload > MAX_PAYLOAD {
            return Err(if self.record_received {
                TlsFailure::Misbehaved(format!("a record of type {content} and {payload} bytes"))
            } else {
                TlsFailure::NotTls
            });
        }
        Ok((rest.len() - HEADER >= payload).then_some(HEADER + payload))
    }

    fn fail(&mut self, failure: TlsFailure) -> LayerError {
        self.state = State::Ended;
        LayerError::Tls(failure)
    }

    /// Checks the negotiated protocol once the handshake is complete.
    fn open(&mut self) -> Result<(), LayerError> {
        let State::Handshaking(_, conn) = &self.state else { return Ok(()) };
        if conn.is_handshaking() {
            return Ok(());
        }
        if conn.alpn_protocol().is_some_and(|chosen| chosen != HTTP_1_1) {
            return Err(self.fail(TlsFailure::NoApplicationProtocol));
        }
        if let State::Handshaking(config, conn) = std::mem::replace(&mut self.state, State::Ended) {
            self.state = State::Open(config, conn);
        }
        Ok(())
    }

    /// Lets rustls process `wire`, which ends with a record.
    fn process(&mut self, now: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError> {
        let (State::Handshaking(config, conn) | State::Open(config, conn)) = &mut self.state else {
            return Ok(Received::NEED_MORE);
        };
        if let Some(clock) = config.clock() {
            clock.set(now.unix);
        }
        let mut used = 0;
        let witness = loop {
            let UnbufferedStatus { discard, state } =
                conn.process_tls_records(wire.get_mut(used..).unwrap_or_default());
            let mut plain = None;
            let mut done = false;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => match traffic.next_record() {
                    Some(Ok(record)) => {
                        plain = Some(self.in_place.witness(record.payload));
                        used += record.discard;
                        done = true;
                    }
                    Some(Err(error)) => return Err(self.fail(error.into())),
                    None => {}
                },
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, down),
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.peer_closed = true,
                Ok(_) => done = true,
                Err(error) => {
                    // The alert for the peer is queued by now.
                    while conn.wants_write() {
                        match conn.process_tls_records(&mut []).state {
                            Ok(ConnectionState::EncodeTlsData(data)) => encode(data, down),
                            _ => break,
                        }
                    }
                    return Err(self.fail(error.into()));
                }
            }
            used += discard;
            if done {
                break plain;
            }
        };
        let record = self.held..wire.len();
        self.held = wire.len().saturating_sub(used);
        let Some(witness) = witness else { return Ok(Received::used(used.min(wire.len()))) };
        let payload = wire.get_mut(record.start + HEADER..record.end).unwrap_or_default();
        match self.in_place.locate(payload, &witness) {
            Some(found) => {
                let start = record.start + HEADER;
                Ok(Received { discard: used.min(wire.len()), plain: start + found.start..start + found.end })
            }
            None => {
                Err(self.fail(TlsFailure::Other("decrypted bytes are not at the offset of the first record".into())))
            }
        }
    }

    /// Calls `write` when rustls is ready to write, after rustls has sent its own data.
    fn write<T>(
        &mut self,
        down: &mut Vec<u8>,
        write: impl FnOnce(&mut Writer<'_>, &mut Vec<u8>) -> Result<T, EncryptError>,
    ) -> Option<Result<T, EncryptError>> {
        let State::Open(_, conn) = &mut self.state else { return None };
        // rustls remembers how much input it has processed and expects as much again. The buffer is
        // empty unless a ticket or key update is partially received.
        let mut held = vec![0; self.held];
        loop {
            match conn.process_tls_records(&mut held).state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => return Some(write(&mut traffic, down)),
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, down),
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.peer_closed = true,
                Ok(_) | Err(_) => return None,
            }
        }
    }
}

type Writer<'c> = rustls::unbuffered::WriteTraffic<'c, rustls::client::ClientConnectionData>;

fn encode<Data>(mut data: EncodeTlsData<'_, Data>, down: &mut Vec<u8>) {
    let start = down.len();
    let size = match data.encode(&mut []) {
        Err(EncodeError::InsufficientSize(needed)) => needed.required_size,
        _ => return,
    };
    down.resize(start + size, 0);
    let written = data.encode(down.get_mut(start..).unwrap_or_default()).unwrap_or(0);
    down.truncate(start + written);
}

/// Runs `write` on the end of `down`, first with `size` bytes of room, then with as many as it
/// requests.
fn append(
    down: &mut Vec<u8>,
    mut size: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> Result<(), EncryptError> {
    let start = down.len();
    loop {
        down.resize(start + size, 0);
        match write(down.get_mut(start..).unwrap_or_default()) {
            Ok(written) => {
                down.truncate(start + written);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(needed)) if needed.required_size > size => size = needed.required_size,
            Err(error) => {
                down.truncate(start);
                return Err(error);
            }
        }
    }
}

impl Layer for TlsLayer {
    fn kind(&self) -> LayerKind {
        LayerKind::Tls
    }

    fn start(&mut self, now: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        let State::Ready(config, name) = std::mem::replace(&mut self.state, State::Ended) else { return Ok(()) };
        if let Some(clock) = config.clock() {
            clock.set(now.unix);
        }
        let conn = UnbufferedClientConnection::new_with_alpn(config.rustls().clone(), name, vec![HTTP_1_1.to_vec()])
            .map_err(|error| LayerError::Tls(error.into()))?;
        self.state = State::Handshaking(config, conn);
        self.process(now, &mut [], down).map(|_| ())
    }

    fn receive(&mut self, now: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError> {
        let mut used = 0;
        loop {
            if self.peer_closed {
                // RFC 8446 §6.1: data after the closure alert is ignored.
                self.held = 0;
                return Ok(Received::used(wire.len()));
            }
            let unread = wire.get_mut(used..).unwrap_or_default();
            let record = match self.next_record(unread) {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(Received::used(used)),
                Err(failure) => return Err(self.fail(failure)),
            };
            let end = self.held + record;
            if end > MAX_HELD {
                return Err(self.fail(TlsFailure::Misbehaved("a handshake message in too many records".into())));
            }
            let opening = !self.is_open();
            if opening && matches!(unread.get(self.held..end), Some([21, 3, _, 0, 2, _, 0])) {
                // RFC 8446 §6.1: the server ends TLS before the handshake completes, and may leave
                // TCP open. rustls treats this alert as a warning.
                return Err(self.fail(TlsFailure::Alert { code: 0, name: "CloseNotify".into() }));
            }
            let got = self.process(now, unread.get_mut(..end).unwrap_or_default(), down)?;
            self.record_received = true;
            self.open()?;
            if opening && self.is_open() && got.plain.is_empty() {
                // Report the open layer before any fault in the next record.
                return Ok(Received::used(used + got.discard));
            }
            if !got.plain.is_empty() {
                let plain = used + got.plain.start..used + got.plain.end;
                return Ok(Received { discard: used + got.discard, plain });
            }
            used += got.discard;
        }
    }

    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        match self.state {
            State::Open(..) if self.peer_closed => Ok(LayerEof::Clean),
            State::Open(..) => Ok(LayerEof::Truncated),
            _ => Err(self.fail(TlsFailure::Truncated)),
        }
    }

    fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        let plain = plain.get(..MAX_SEND).unwrap_or(plain);
        let room = plain.len() + (plain.len() / (16 * 1024) + 1) * OVERHEAD;
        match self.write(down, |traffic, down| append(down, room, |out| traffic.encrypt(plain, out))) {
            Some(Ok(())) => Ok(plain.len()),
            Some(Err(error)) => Err(self.fail(TlsFailure::Other(error.to_string()))),
            None => Err(self.fail(TlsFailure::Other("the TLS connection can no longer send".into()))),
        }
    }

    fn close(&mut self, down: &mut Vec<u8>) {
        // A failure here only means that no closure alert is sent.
        let _ = self.write(down, |traffic, down| append(down, OVERHEAD, |out| traffic.queue_close_notify(out)));
        if let State::Open(..) = self.state {
            self.state = State::Ended;
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    fn tls_info(&self) -> Option<TlsInfo<'_>> {
        let State::Open(_, conn) = &self.state else { return None };
        Some(TlsInfo {
            version: match conn.protocol_version()? {
                ProtocolVersion::TLSv1_3 => TlsVersion::V1_3,
                _ => TlsVersion::V1_2,
            },
            cipher_suite: conn.negotiated_cipher_suite()?.suite().into(),
            alpn: conn.alpn_protocol(),
            resumed: conn.handshake_kind() == Some(HandshakeKind::Resumed),
            certificate: conn.peer_certificates().and_then(|chain| chain.first()).map(|own| own.as_ref()),
        })
    }
}

impl fmt::Debug for TlsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(..) => "ready",
            State::Handshaking(..) => "handshaking",
            State::Open(..) if self.peer_closed => "half closed",
            State::Open(..) => "open",
            State::Ended => "ended",
        };
        f.debug_struct("TlsLayer").field("state", &state).field("held", &self.held).finish_non_exhaustive()
    }
}
