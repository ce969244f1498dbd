//! No socket and no waiting: a scripted peer, a clock that is set by hand, and the same engine.
//!
//! `cargo run -p petition-core --example memory`
//!
//! [`run`] is the loop. When nothing else can happen, time goes on to the next deadline: 30 seconds of silence take none here. With TLS the peer alone
//! needs to know of it.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side: what core has not.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use petition_core::engine::{Engine, Output, SocketId};
use petition_core::{Input, Instant, Method, Now, Request, Session, Side, UnixTime};
use petition_tests::memory::{client_config, server_config};
use petition_tests::tls::Authority;
use rustls::{ServerConfig, ServerConnection};

/// Until every transfer has ended. Each connection is a peer of its own.
fn run(
    engine: &mut Engine,
    session: &mut Session,
    now: &mut Now,
    peer: impl Fn(SocketAddr) -> Peer,
    mut tell: impl FnMut(&Engine, Now, Output),
) -> Result<(), Box<dyn Error>> {
    let mut peers: BTreeMap<SocketId, Peer> = BTreeMap::new();
    while !engine.is_empty() {
        match engine.poll(session) {
            Output::Resolve(id) => {
                let port = engine.peer_name(id).map_or(0, |(_, port)| port);
                engine.transfer_input(*now, id, Input::Resolved(&[([192, 0, 2, 1], port).into()]))?;
            }
            Output::Connect(id, address) => {
                peers.insert(id, peer(address));
                engine.connected(*now, id)?;
            }
            Output::Transmit(id) => {
                let bytes = engine.outgoing(id);
                let n = bytes.len();
                peers.get_mut(&id).ok_or("no such socket")?.hear(bytes)?;
                engine.socket_input(*now, id, Input::Wrote(n))?;
            }
            Output::Read(id) => {
                let said = peers.get_mut(&id).ok_or("no such socket")?.say();
                let input = if said.is_empty() { Input::Blocked(Side::Read) } else { Input::Received(&said) };
                engine.socket_input(*now, id, input)?;
            }
            Output::Probe(id) => engine.socket_input(*now, id, Input::Alive)?,
            Output::Close(id) => drop(peers.remove(&id)),
            Output::Body(id) => {
                tell(engine, *now, Output::Body(id));
                engine.transfer_input(*now, id, Input::Consumed(engine.body(id).len()))?;
            }
            Output::Wait => {
                now.instant = engine.deadline().ok_or("waits for ever")?;
                engine.tick(*now);
            }
            other => tell(engine, *now, other),
        }
    }
    Ok(())
}

/// Answers by a script, through TLS if it has any.
struct Peer {
    tls: Option<ServerConnection>,
    heard: Vec<u8>,
    says: Vec<u8>,
}

impl Peer {
    fn new(tls: Option<&Arc<ServerConfig>>) -> Result<Peer, rustls::Error> {
        let tls = tls.map(|config| ServerConnection::new(config.clone())).transpose()?;
        Ok(Peer { tls, heard: Vec::new(), says: Vec::new() })
    }

    fn hear(&mut self, mut bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        match &mut self.tls {
            None => self.heard.extend_from_slice(bytes),
            Some(tls) => {
                while !bytes.is_empty() {
                    tls.read_tls(&mut bytes)?;
                    tls.process_new_packets()?;
                }
                // To its end, which is only that of what has come.
                let _ = tls.reader().read_to_end(&mut self.heard);
            }
        }
        if self.heard.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(std::mem::take(&mut self.heard))?;
            let answer = match head.split(' ').nth(1) {
                Some("/") => "HTTP/1.1 302 Found\r\nLocation: /home\r\nSet-Cookie: seen=1\r\nContent-Length: 0\r\n\r\n",
                Some("/home") if head.contains("Cookie: seen=1\r\n") => {
                    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome"
                }
                // Silence.
                _ => "",
            };
            match &mut self.tls {
                None => self.says.extend_from_slice(answer.as_bytes()),
                Some(tls) => tls.writer().write_all(answer.as_bytes())?,
            }
        }
        Ok(())
    }

    fn say(&mut self) -> Vec<u8> {
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            // A vector takes everything.
            let _ = tls.write_tls(&mut self.says);
        }
        std::mem::take(&mut self.says)
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
    let peer = |address: SocketAddr| {
        Peer::new((address.port() == 443).then_some(&tls)).expect("the kit's certificate is sound")
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
