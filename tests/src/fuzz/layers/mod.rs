//! Byte paths of layers with any bytes: a proxy's responses to CONNECT and to SOCKS, a custom layer
//! once or several times, TLS records, and a real TLS session with a changed, lost, repeated or truncated
//! record.
//!
//! Checks: events, content and error depend neither on the split nor on polls; an error is final;
//! the bytes received through TLS are a prefix of those sent, and only all of them pass for
//! complete (invariants 1, 4, 13).

mod frames;
mod session;
mod wire;

use petition_core::http1::{Config, Leniencies};
use petition_core::link::{Layer, Link, Socks, SocksTarget, SocksVersion, Tunnel};
use petition_core::tls::TlsLayer;
use petition_core::{Limits, Method};

use super::choice;
use crate::rng::Rng;
pub(super) use frames::Frames;
use wire::Drive;

/// Runs a stack of layers over the input.
pub fn layers(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    if chosen % 8 >= 6 {
        return session::session(chosen, seed, data);
    }
    // An error may quote what the peer sent, even if that is our secret.
    let said: Vec<u8> = data.iter().copied().filter(|&b| b != 0xff).collect();
    if said.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()) {
        return;
    }
    let stack = || -> Vec<Box<dyn Layer>> {
        match chosen % 8 {
            0 if chosen & 32 != 0 => vec![socks(chosen)],
            0 => vec![tunnel()],
            1 => vec![Box::new(Frames::default())],
            2 => vec![tunnel(), Box::new(Frames::default())],
            3 if chosen & 32 != 0 => vec![socks(chosen), tunnel()],
            3 => vec![Box::new(Frames::default()), tunnel()],
            4 => (0..3).map(|_| Box::new(Frames::default()) as Box<dyn Layer>).collect(),
            _ => vec![Box::new(TlsLayer::new(&session::client(), "a.test").unwrap())],
        }
    };
    let leniencies = if chosen & 8 == 0 { Leniencies::COMPAT } else { Leniencies::STRICT };
    let config = Config { limits: Limits::DEFAULT, leniencies };
    // The bytes after a mark arrive only when everything before it is consumed and answered.
    let flights: Vec<&[u8]> = data.split(|&b| b == 0xff).collect();
    let method = if chosen & 16 == 0 { Method::GET } else { Method::POST };
    let whole = Drive::new(&method, None).run(Link::new(stack(), config), &flights);
    let cut = Drive::new(&method, Some(Rng::new(seed))).run(Link::new(stack(), config), &flights);
    if whole.early || cut.early {
        // Bytes directly after a handshake are an error unless they arrive later: then the split
        // matters.
        return;
    }
    assert_eq!((&whole.events, &whole.error), (&cut.events, &cut.error));
    assert_eq!(whole.body, cut.body);
    if chosen % 8 < 2 {
        assert_eq!(whole.sent, cut.sent, "what is sent depends on nothing but what came");
    }
}

/// The credentials for the proxy.
const SECRET: &str = "Y2FuYXJ5OmNhbmFyeQ";

fn socks(chosen: usize) -> Box<dyn Layer> {
    let (version, password) = match chosen & 64 {
        0 => (SocksVersion::V5, SECRET),
        _ => (SocksVersion::V4, ""),
    };
    let target = SocksTarget::Name("a.test".into(), 443);
    Box::new(Socks::new(version, &target, Some((SECRET.as_bytes(), password.as_bytes()))).unwrap())
}

fn tunnel() -> Box<dyn Layer> {
    let credentials = format!("Basic {SECRET}");
    let fields = [("Proxy-Authorization", credentials.as_bytes())];
    Box::new(Tunnel::new(Config::default(), "a.test:443", fields).unwrap())
}
