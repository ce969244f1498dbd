//! A tunnel through a SOCKS proxy: SOCKS5 (RFC 1928) with user names and passwords (RFC 1929),
//! SOCKS4 and SOCKS4a.
//!
//! The handshake carries the target and the proxy's own credentials, and nothing of the request.
//! Replies have known lengths: the layer leaves bytes after the last reply unread, and
//! [`Link`](super::Link) rejects them.
//!
//! Left out: GSSAPI (RFC 1961), BIND and UDP.

mod failure;
#[cfg(test)]
mod tests;

pub use failure::{SocksFailure, SocksReply};

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::layer::{Layer, LayerEof, LayerError, LayerKind, Received};
use super::proxy_failure::ProxyFailure;
use crate::Now;
use crate::buffer::Retained;

/// The longest name, user or password: its length takes one byte.
const LONGEST: usize = 255;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocksVersion {
    /// SOCKS4; with a name as the target, SOCKS4a. It has a user name, but no password.
    V4,
    /// SOCKS5.
    V5,
}

/// The target of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocksTarget {
    /// An address.
    Address(SocketAddr),
    /// A name that the proxy looks up, and a port.
    Name(String, u16),
}

/// The client side of SOCKS. Once open, it passes bytes through.
pub struct Socks {
    version: SocksVersion,
    state: State,
    /// The user and password, until they are sent.
    credentials: Option<(Vec<u8>, Vec<u8>)>,
    /// The encoded request for the target.
    request: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waits for the method that the proxy selects (RFC 1928 §3).
    Method,
    /// Waits for the verdict on the credentials (RFC 1929 §2).
    Credentials,
    /// Waits for the reply to the request.
    Reply,
    Open,
}

impl Socks {
    /// Creates a tunnel to `target`, with a user and password for the proxy.
    ///
    /// # Errors
    /// [`SocksFailure::Ipv6`], [`SocksFailure::NameTooLong`] or [`SocksFailure::Credentials`] when
    /// the protocol cannot carry these values.
    pub fn new(
        version: SocksVersion,
        target: &SocksTarget,
        credentials: Option<(&[u8], &[u8])>,
    ) -> Result<Socks, SocksFailure> {
        let credentials = credentials.map(|(user, password)| (user.to_vec(), password.to_vec()));
        let request = match version {
            SocksVersion::V4 => request_v4(target, credentials.as_ref())?,
            SocksVersion::V5 => request_v5(target)?,
        };
        if let (SocksVersion::V5, Some((user, password))) = (version, &credentials)
            && (user.is_empty() || user.len() > LONGEST || password.len() > LONGEST)
        {
            return Err(SocksFailure::Credentials);
        }
        Ok(Socks { version, state: State::Method, credentials, request })
    }

    /// Handles the next reply, if it is complete. Returns its length.
    fn reply(&mut self, input: &[u8], down: &mut Vec<u8>) -> Result<Option<usize>, SocksFailure> {
        match (self.version, self.state) {
            (SocksVersion::V4, _) => self.reply_v4(input),
            (SocksVersion::V5, State::Method) => self.method(input, down),
            (SocksVersion::V5, State::Credentials) => self.verdict(input, down),
            (SocksVersion::V5, _) => self.reply_v5(input),
        }
    }

    fn reply_v4(&mut self, input: &[u8]) -> Result<Option<usize>, SocksFailure> {
        let &[version, code, _, _, _, _, _, _, ..] = input else { return begins(input, 0) };
        if version != 0 {
            return Err(SocksFailure::Version(version));
        }
        if code != 90 {
            return Err(SocksFailure::Refused(SocksReply::V4(code)));
        }
        self.state = State::Open;
        Ok(Some(8))
    }

    fn method(&mut self, input: &[u8], down: &mut Vec<u8>) -> Result<Option<usize>, SocksFailure> {
        let &[version, method, ..] = input else { return begins(input, 5) };
        if version != 5 {
            return Err(SocksFailure::Version(version));
        }
        match (method, self.credentials.take()) {
            (0, _) => self.ask(down),
            (2, Some((user, password))) => {
                down.push(1);
                for text in [&user, &password] {
                    down.push(u8::try_from(text.len()).map_err(|_| SocksFailure::Credentials)?);
                    down.extend_from_slice(text);
                }
                self.state = State::Credentials;
            }
            (_, None) => return Err(SocksFailure::CredentialsWanted),
            (_, Some(_)) => return Err(SocksFailure::NoMethod),
        }
        Ok(Some(2))
    }

    fn verdict(&mut self, input: &[u8], down: &mut Vec<u8>) -> Result<Option<usize>, SocksFailure> {
        let &[version, status, ..] = input else { return begins(input, 1) };
        // Some proxies answer with the version of SOCKS instead.
        if version != 1 && version != 5 {
            return Err(SocksFailure::Version(version));
        }
        if status != 0 {
            return Err(SocksFailure::CredentialsRejected);
        }
        self.ask(down);
        Ok(Some(2))
    }

    fn ask(&mut self, down: &mut Vec<u8>) {
        down.append(&mut self.request);
        self.state = State::Reply;
    }

    fn reply_v5(&mut self, input: &[u8]) -> Result<Option<usize>, SocksFailure> {
        let &[version, code, _, kind, first, ..] = input else { return begins(input, 5) };
        if version != 5 {
            return Err(SocksFailure::Version(version));
        }
        if code != 0 {
            return Err(SocksFailure::Refused(SocksReply::V5(code)));
        }
        let address = match kind {
            1 => 4,
            3 => 1 + usize::from(first),
            4 => 16,
            kind => return Err(SocksFailure::AddressKind(kind)),
        };
        let length = 4 + address + 2;
        if input.len() < length {
            return Ok(None);
        }
        self.state = State::Open;
        Ok(Some(length))
    }
}

/// Checks the start of an incomplete reply: a server of another protocol may never complete one.
fn begins(input: &[u8], version: u8) -> Result<Option<usize>, SocksFailure> {
    match input.first() {
        Some(&first) if first != version && !(version == 1 && first == 5) => Err(SocksFailure::Version(first)),
        _ => Ok(None),
    }
}

fn request_v4(target: &SocksTarget, credentials: Option<&(Vec<u8>, Vec<u8>)>) -> Result<Vec<u8>, SocksFailure> {
    // An address that no host has announces a name (SOCKS4a).
    let (address, name, port) = match target {
        SocksTarget::Address(SocketAddr::V4(address)) => (*address.ip(), None, address.port()),
        SocksTarget::Address(SocketAddr::V6(_)) => return Err(SocksFailure::Ipv6),
        SocksTarget::Name(name, port) => (Ipv4Addr::new(0, 0, 0, 1), Some(checked(name)?), *port),
    };
    let mut request = vec![4, 1];
    request.extend_from_slice(&port.to_be_bytes());
    request.extend_from_slice(&address.octets());
    if let Some((user, password)) = credentials {
        if user.contains(&0) || user.len() > LONGEST || !password.is_empty() {
            return Err(SocksFailure::Credentials);
        }
        request.extend_from_slice(user);
    }
    request.push(0);
    if let Some(name) = name {
        request.extend_from_slice(name);
        request.push(0);
    }
    Ok(request)
}

fn request_v5(target: &SocksTarget) -> Result<Vec<u8>, SocksFailure> {
    let mut request = vec![5, 1, 0];
    let port = match target {
        SocksTarget::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    request.push(1);
                    request.extend_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    request.push(4);
                    request.extend_from_slice(&ip.octets());
                }
            }
            address.port()
        }
        SocksTarget::Name(name, port) => {
            let name = checked(name)?;
            request.push(3);
            request.push(u8::try_from(name.len()).map_err(|_| SocksFailure::NameTooLong)?);
            request.extend_from_slice(name);
            *port
        }
    };
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

fn checked(name: &str) -> Result<&[u8], SocksFailure> {
    let name = name.as_bytes();
    if name.is_empty() || name.len() > LONGEST || name.contains(&0) { Err(SocksFailure::NameTooLong) } else { Ok(name) }
}

impl Layer for Socks {
    fn kind(&self) -> LayerKind {
        LayerKind::Proxy
    }

    fn start(&mut self, _now: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        match (self.version, &self.credentials) {
            (SocksVersion::V4, _) => self.ask(down),
            (SocksVersion::V5, None) => down.extend_from_slice(&[5, 1, 0]),
            (SocksVersion::V5, Some(_)) => down.extend_from_slice(&[5, 2, 0, 2]),
        }
        Ok(())
    }

    fn receive(&mut self, _now: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError> {
        let mut used = 0;
        while self.state != State::Open {
            let input = wire.get(used..).unwrap_or_default();
            match self.reply(input, down).map_err(|failure| LayerError::from(ProxyFailure::Socks(failure)))? {
                Some(length) => used += length,
                None => break,
            }
            // The proxy cannot answer what was not sent yet.
            if self.state != State::Open && used < wire.len() {
                return Err(ProxyFailure::EarlyBytes.into());
            }
        }
        Ok(Received::used(used))
    }

    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        if self.state == State::Open { Ok(LayerEof::Clean) } else { Err(ProxyFailure::Closed.into()) }
    }

    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        down.extend_from_slice(plain);
        Ok(plain.len())
    }

    fn close(&mut self, _down: &mut Vec<u8>) {}

    fn is_open(&self) -> bool {
        self.state == State::Open
    }

    fn is_transparent(&self) -> bool {
        true
    }

    fn retained(&self) -> Retained {
        let credentials = self.credentials.as_ref().map_or(0, |(user, password)| user.capacity() + password.capacity());
        Retained { received: 0, outgoing: self.request.capacity() + credentials }
    }
}

impl fmt::Debug for Socks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks").field("version", &self.version).field("state", &self.state).finish_non_exhaustive()
    }
}
