//! The SOCKS proxy of the simulated world: what a client may write to it, and what it answers.

use std::net::IpAddr;

use super::origins::{self, ORIGINS, Origin, SOCKS};
use super::request_spec::{Credentials, ProxySpec};
use super::tunnels::tunnel_request;
use super::wire_monitor::{Framed, Written};
use super::world::World;

/// The schemes of SOCKS proxies.
pub(super) const SCHEMES: [&str; 4] = ["socks5h", "socks5", "socks4a", "socks4"];

/// A message of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The greeting of SOCKS5 (RFC 1928 §3), or the request of SOCKS4.
    Greeting,
    /// User and password (RFC 1929).
    Credentials,
    /// The request of SOCKS5 (RFC 1928 §4).
    Request,
}

impl Message {
    /// Whether these bytes are the whole message.
    pub(super) fn is_complete(self, bytes: &[u8]) -> bool {
        let byte = |at: usize| bytes.get(at).copied().map(usize::from);
        let length = match (self, byte(0)) {
            (Message::Greeting, Some(5)) => byte(1).map(|methods| 2 + methods),
            // The user ends with a zero byte, and so does a name behind it.
            (Message::Greeting, _) => {
                let ends = 1 + usize::from(bytes.get(4..8).is_some_and(|ip| ip[..3] == [0; 3]));
                let zeros = bytes.iter().skip(8).filter(|byte| **byte == 0).count();
                return bytes.len() > 8 && zeros >= ends;
            }
            (Message::Credentials, _) => byte(1).and_then(|user| Some(3 + user + byte(2 + user)?)),
            (Message::Request, _) => match byte(3) {
                Some(1) => Some(10),
                Some(4) => Some(22),
                Some(_) => byte(4).map(|name| 7 + name),
                None => None,
            },
        };
        length.is_some_and(|length| bytes.len() >= length)
    }

    /// Returns the message that follows this one; `None` if a tunnel does.
    pub(super) fn next(self, bytes: &[u8]) -> Option<Message> {
        match self {
            Message::Greeting if bytes[0] == 4 => None,
            Message::Greeting if asks_for_credentials(bytes) => Some(Message::Credentials),
            Message::Greeting | Message::Credentials => Some(Message::Request),
            Message::Request => None,
        }
    }
}

/// Whether a greeting of SOCKS5 offers user and password. The proxy then takes them.
fn asks_for_credentials(greeting: &[u8]) -> bool {
    greeting[2..].contains(&2)
}

/// Whether a request uses a SOCKS proxy.
pub(super) fn is_socks(via: &ProxySpec) -> bool {
    via.url.starts_with("socks")
}

/// Returns the messages that a request for a tunnel to `origin` may consist of.
fn messages(via: &ProxySpec, origin: &Origin) -> Vec<(Message, Vec<u8>)> {
    let port = origin.port.to_be_bytes();
    let literal = origin.host.parse::<IpAddr>().ok();
    let by_name = via.url.starts_with("socks5h") || via.url.starts_with("socks4a");
    let targets: Vec<IpAddr> = match (literal, by_name) {
        (Some(address), _) => vec![address],
        (None, true) => Vec::new(),
        (None, false) => origins::addresses(origin.machine).to_vec(),
    };
    let fours = targets.iter().filter_map(|ip| if let IpAddr::V4(ip) = ip { Some(ip.octets()) } else { None });
    let mut all = Vec::new();
    if via.url.starts_with("socks4") {
        let request = |ip: [u8; 4], name: &[u8]| {
            let bytes = [&[4, 1][..], &port, &ip, b"\0", name].concat();
            (Message::Greeting, bytes)
        };
        all.extend(fours.map(|ip| request(ip, b"")));
        if targets.is_empty() {
            all.push(request([0, 0, 0, 1], format!("{}\0", origin.host).as_bytes()));
        }
        return all;
    }
    match &via.credentials {
        Some(Credentials::Basic(user, password)) => {
            all.push((Message::Greeting, vec![5, 2, 0, 2]));
            let (user, password) = (user.as_bytes(), password.as_bytes());
            let lengths = [user.len() as u8, password.len() as u8];
            all.push((Message::Credentials, [&[1, lengths[0]][..], user, &[lengths[1]], password].concat()));
        }
        _ => all.push((Message::Greeting, vec![5, 1, 0])),
    }
    let request = |kind: u8, target: &[u8]| (Message::Request, [&[5, 1, 0, kind][..], target, &port].concat());
    all.extend(fours.map(|ip| request(1, &ip)));
    if targets.is_empty() {
        let host = origin.host.as_bytes();
        all.push(request(3, &[&[host.len() as u8][..], host].concat()));
    }
    all
}

impl World {
    /// Checks that a transfer asks for this message, and whose credentials the connection has.
    pub(super) fn judge_socks(&mut self, socket: u32, message: Message, bytes: &[u8]) -> Framed {
        let given = self.wire(socket).given.clone();
        let asked = self.running.iter().zip(&self.plan.requests);
        let asked = asked.filter(|(running, _)| running.transfer.is_some() && !running.over);
        let found = asked.into_iter().find_map(|(running, planned)| {
            let via = planned.spec.via.as_ref().filter(|via| is_socks(via))?;
            let origin = self.plan.pages[planned.pages[running.hop]].origin;
            // The request shows no credentials: those of the connection must be this transfer's.
            if message == Message::Request && given != via.credentials {
                return None;
            }
            messages(via, &ORIGINS[origin])
                .contains(&(message, bytes.to_vec()))
                .then(|| (origin, via.credentials.clone()))
        });
        let Some((origin, credentials)) = found else {
            panic!("nobody sends this to a SOCKS proxy: {message:?} {}", bytes.escape_ascii())
        };
        let opens = message.next(bytes).is_none();
        let wire = self.wire(socket);
        assert!(wire.origin == SOCKS && wire.tunnel.is_none(), "a tunnel is asked of {}", wire.address);
        if message == Message::Credentials {
            wire.given = credentials;
        }
        if opens {
            wire.tunnel = Some((origin, usize::MAX));
        }
        Framed { written: tunnel_request(message_name(message, bytes)), length: Some(0) }
    }

    /// Answers the last message of the client.
    pub(super) fn answer_socks(&mut self, socket: u32, request: &Written) {
        let now = self.clock.now;
        let greets = request.method.starts_with("GREETING");
        let refuses = !greets && self.plan.conditions.faulty && self.rng.one_in(12);
        self.fired |= refuses;
        let wire = &mut self.wires[socket as usize - 1];
        wire.next += 1;
        wire.continued = true;
        wire.released = Some(now);
        wire.reusable &= !refuses;
        let begin = wire.sent.len();
        if let Some((_, from)) = &mut wire.tunnel {
            *from = begin;
        }
        let reply: &[u8] = match (request.method.as_str(), refuses) {
            ("GREETING", _) => b"\x05\x00",
            ("GREETING WITH CREDENTIALS", _) => b"\x05\x02",
            ("CREDENTIALS", false) => b"\x01\x00",
            ("CREDENTIALS", true) => b"\x01\x01",
            ("SOCKS4", false) => b"\x00\x5a\0\0\0\0\0\0",
            ("SOCKS4", true) => b"\x00\x5b\0\0\0\0\0\0",
            (_, false) => b"\x05\x00\x00\x03\x02hi\0\0",
            (_, true) => b"\x05\x05\x00\x01\0\0\0\0\0\0",
        };
        let times = wire.say(now, reply);
        self.arrivals(socket, times);
    }
}

/// Returns the name that stands in place of the method.
fn message_name(message: Message, bytes: &[u8]) -> &'static str {
    match message {
        Message::Greeting if bytes[0] == 4 => "SOCKS4",
        Message::Greeting if asks_for_credentials(bytes) => "GREETING WITH CREDENTIALS",
        Message::Greeting => "GREETING",
        Message::Credentials => "CREDENTIALS",
        Message::Request => "SOCKS5",
    }
}
