//! The engine without sockets or waiting: a scripted peer and a manual clock.
//!
//! `cargo run -p petition-core --example memory`
//!
//! [`run`] is the loop. When nothing else can happen, the clock jumps to the next deadline: 30
//! seconds of silence take no time. Only the peer knows whether TLS is used.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side uses items that core does not allow.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use petition_core::engine::{Engine, Output, SocketId};
use petition_core::{Address, Input, Instant, Method, Now, Request, Session, Side, UnixTime};
use petition_tests::memory::{client_config, server_config};
use petition_tests::tls::Authority;
use rustls::{ServerConfig, ServerConnection};

/// Runs until every transfer has ended. Each connection has its own peer.
fn run(
    engine: &mut Engine,
    session: &mut Session,
    now: &mut Now,
    peer: impl Fn(&Address) -> Peer,
    mut report: impl FnMut(&Engine, Now, Output),
) -> Result<(), Box<dyn Error>> {
    let mut peers: BTreeMap<SocketId, Peer> = BTreeMap::new();
    while !engine.is_empty() {
        match engine.poll(session) {
            Output::Resolve(id) => {
                let port = engine.peer_name(id).map_or(0, |(_, port)| port);
                engine.transfer_input(*now, id, Input::Resolved(&[([192, 0, 2, 1], port).into()]))?;
            }
            Output::Connect(id) => {
                peers.insert(id, peer(engine.address(id).ok_or("no address")?));
                engine.connected(*now, id)?;
            }
            Output::Transmit(id) => {
                let bytes = engine.outgoing(id);
                let n = bytes.len();
                peers.get_mut(&id).ok_or("no such socket")?.receive(bytes)?;
                engine.socket_input(*now, id, Input::Wrote(n))?;
            }
            Output::Read(id) => {
                let bytes = peers.get_mut(&id).ok_or("no such socket")?.take_outgoing();
                let input = if bytes.is_empty() { Input::Blocked(Side::Read) } else { Input::Received(&bytes) };
                engine.socket_input(*now, id, input)?;
            }
            Output::Probe(id) => engine.socket_input(*now, id, Input::Alive)?,
            Output::Close(id) => drop(peers.remove(&id)),
            Output::Body(id) => {
                report(engine, *now, Output::Body(id));
                engine.transfer_input(*now, id, Input::Consumed(engine.body(id).len()))?;
            }
            Output::Wait => {
                now.instant = engine.deadline().ok_or("the engine would wait forever")?;
                engine.tick(*now);
            }
            other => report(engine, *now, other),
        }
    }
    Ok(())
}

/// A peer that answers by a script, optionally over TLS.
struct Peer {
    tls: Option<ServerConnection>,
    received: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Peer {
    fn new(tls: Option<&Arc<ServerConfig>>) -> Result<Peer, rustls::Error> {
        let tls = tls.map(|config| ServerConnection::new(config.clone())).transpose()?;
        Ok(Peer { tls, received: Vec::new(), outgoing: Vec::new() })
    }

    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        match &mut self.tls {
            None => self.received.extend_from_slice(bytes),
            Some(tls) => {
                while !bytes.is_empty() {
                    tls.read_tls(&mut bytes)?;
                    tls.process_new_packets()?;
                }
                // Reads only the bytes that have arrived.
                let _ = tls.reader().read_to_end(&mut self.received);
            }
        }
        if self.received.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(std::mem::take(&mut self.received))?;
            let answer = match head.split(' ').nth(1) {
                Some("/") => "HTTP/1.1 302 Found\r\nLocation: /home\r\nSet-Cookie: seen=1\r\nContent-Length: 0\r\n\r\n",
                Some("/home") if head.contains("Cookie: seen=1\r\n") => {
                    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome"
                }
                // Silence.
                _ => "",
            };
            match &mut self.tls {
                None => self.outgoing.extend_from_slice(answer.as_bytes()),
                Some(tls) => tls.writer().write_all(answer.as_bytes())?,
            }
        }
        Ok(())
    }

    fn take_outgoing(&mut self) -> Vec<u8> {
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            // Writing to a vector never fails.
            let _ = tls.write_tls(&mut self.outgoing);
        }
        std::mem::take(&mut self.outgoing)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let authority = Authority::new();
    let tls = server_config(&authority, &["a.test"]);
    let mut session = Session::new();
    session.configure(|options| {
        options.tls(client_config(&authority));
    });
    let start = Instant::from_origin(Duration::ZERO);
    let (mut engine, mut now) = (Engine::default(), Now::new(start, UnixTime(1_800_000_000)));
    for url in ["http://a.test/", "https://a.test/", "http://a.test/silence"] {
        let request = session.prepare(&Request::new(Method::GET, url))?;
        engine.start(now, request, None);
    }
    let peer = |address: &Address| {
        let https = address.socket_addr().is_some_and(|address| address.port() == 443);
        Peer::new(https.then_some(&tls)).expect("the kit's certificate is sound")
    };
    run(&mut engine, &mut session, &mut now, peer, |engine, now, output| match output {
        Output::Body(id) => println!("{}", String::from_utf8_lossy(engine.body(id))),
        Output::Ended { transfer, error, .. } => {
            let how = error.map_or_else(|| "done".to_owned(), |error| error.to_string());
            println!("{} after {:?}: {how}", transfer.url(), now.instant - start);
        }
        _ => {}
    })
}
