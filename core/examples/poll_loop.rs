//! A complete client over `poll(2)`: many transfers on one thread, HTTP and HTTPS.
//!
//! `cargo run -p petition-core --example poll_loop` or `… -- URL…`
//!
//! [`run`] and [`wait`] are all that a custom event loop needs. They open, read, write and close
//! sockets as the engine orders, and report the results. The engine decides about bytes, redirects
//! and deadlines.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side uses items that core does not allow.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

use petition_core::engine::{Engine, Output, SocketId, TransferId};
use petition_core::{Address, Input, IoFailure, Method, Now, Request, Session, Side};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

#[path = "support/embedded.rs"]
mod embedded;

type Sockets = BTreeMap<SocketId, TcpStream>;

/// Runs until every transfer has ended. `report` receives the outputs for the caller.
fn run(
    engine: &mut Engine,
    session: &mut Session,
    mut report: impl FnMut(&Engine, Output),
) -> Result<(), Box<dyn Error>> {
    let mut sockets = Sockets::new();
    while !engine.is_empty() {
        match engine.poll(session) {
            Output::Connect(id) => match open(engine.address(id).ok_or("no address")?) {
                Ok(stream) => drop(sockets.insert(id, stream)),
                Err(error) => engine.connect_failed(now(), id, IoFailure::from(&error))?,
            },
            Output::Close(id) => drop(sockets.remove(&id)),
            Output::Transmit(id) => {
                let result = (&sockets[&id]).write(engine.outgoing(id));
                engine.socket_input(now(), id, write_input(result))?;
            }
            Output::Read(id) => {
                let result = (&sockets[&id]).read(engine.space(id));
                engine.socket_input(now(), id, read_input(result))?;
            }
            Output::Probe(id) => {
                let alive = matches!(sockets[&id].peek(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock);
                engine.socket_input(now(), id, if alive { Input::Alive } else { Input::Dead })?;
            }
            Output::Resolve(id) => {
                // Blocks during the look-up. A real program would use another thread and answer
                // later.
                let found = engine.peer_name(id).unwrap_or_default().to_socket_addrs();
                let addresses: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
                engine.transfer_input(now(), id, Input::Resolved(&addresses))?;
            }
            Output::Body(id) => {
                report(engine, Output::Body(id));
                engine.transfer_input(now(), id, Input::Consumed(engine.body(id).len()))?;
            }
            Output::NeedBody(id) => engine.transfer_input(now(), id, Input::BodyEnd)?,
            Output::Wait => wait(engine, &mut sockets)?,
            other => report(engine, other),
        }
    }
    Ok(())
}

/// Waits for the sockets that the engine awaits, at most until its next deadline.
fn wait(engine: &mut Engine, sockets: &mut Sockets) -> Result<(), Box<dyn Error>> {
    let flag = |awaits, flag| if awaits { flag } else { PollFlags::empty() };
    let wanted =
        |id| flag(engine.awaits(id, Side::Read), PollFlags::IN) | flag(engine.awaits(id, Side::Write), PollFlags::OUT);
    let mut all: Vec<_> = sockets.iter().map(|(id, stream)| PollFd::new(stream, wanted(*id))).collect();
    let left = engine.deadline().map(|at| Timespec::try_from(at - now().instant)).transpose()?;
    poll(&mut all, left.as_ref())?;
    let ready = sockets.keys().zip(&all).filter(|(_, fd)| !fd.revents().is_empty());
    let ready: Vec<SocketId> = ready.map(|(id, _)| *id).collect();
    for id in ready {
        if engine.is_connecting(id) {
            match sockets[&id].take_error()? {
                None => engine.connected(now(), id)?,
                Some(error) => {
                    sockets.remove(&id);
                    engine.connect_failed(now(), id, IoFailure::from(&error))?;
                }
            }
        } else {
            engine.socket_input(now(), id, Input::Ready(Side::Read))?;
            engine.socket_input(now(), id, Input::Ready(Side::Write))?;
        }
    }
    engine.tick(now());
    Ok(())
}

fn write_input(result: io::Result<usize>) -> Input<'static> {
    match result {
        Ok(n) => Input::Wrote(n),
        Err(error) => failed(Side::Write, &error),
    }
}

fn read_input(result: io::Result<usize>) -> Input<'static> {
    match result {
        Ok(0) => Input::Eof,
        Ok(n) => Input::Filled(n),
        Err(error) => failed(Side::Read, &error),
    }
}

fn failed(side: Side, error: &io::Error) -> Input<'static> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => Input::Blocked(side),
        _ => Input::Failed(side, IoFailure::from(error)),
    }
}

/// Opens a socket and starts connecting it. Only TCP addresses are configured here.
fn open(address: &Address) -> io::Result<TcpStream> {
    let address = address.socket_addr().ok_or(ErrorKind::Unsupported)?;
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)?;
    match connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error.into()),
    }
}

fn now() -> Now {
    embedded::now()
}

fn main() -> Result<(), Box<dyn Error>> {
    let (_servers, mut session, urls) = embedded::servers_or(std::env::args().skip(1))?;
    let mut engine = Engine::default();
    let mut names: BTreeMap<TransferId, String> = BTreeMap::new();
    for url in urls {
        let request = session.prepare(&Request::new(Method::GET, &url))?;
        names.insert(engine.start(now(), request, None), url);
    }
    let mut bodies: BTreeMap<TransferId, usize> = BTreeMap::new();
    run(&mut engine, &mut session, |engine, output| match output {
        Output::Body(id) => *bodies.entry(id).or_default() += engine.body(id).len(),
        Output::Ended { id, transfer, error: None } => {
            println!("{} -> {}: {} bytes", names[&id], transfer.url(), bodies.get(&id).unwrap_or(&0));
        }
        Output::Ended { id, error: Some(error), .. } => println!("{}: {error}", names[&id]),
        _ => {}
    })
}
