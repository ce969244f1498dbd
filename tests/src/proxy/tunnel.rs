//! The tunnel after a CONNECT: passes bytes both ways until both sides have ended.

use std::io::{self, Read, Write};
use std::thread;

use super::{Log, Tunnel};
use crate::net::incoming::Incoming;
use crate::net::socket::Socket;
use crate::net::watch::Watch;

/// Sends `answer`, then passes bytes until both directions have ended. Passes on the end of one
/// direction; an error ends both.
pub(super) fn run(
    target: &str,
    answer: &[u8],
    client: &mut Incoming,
    origin: Socket,
    log: &Watch<Log>,
) -> io::Result<()> {
    let index = log.update(|log| {
        log.tunnels.push(Tunnel { target: target.to_owned(), ..Tunnel::default() });
        log.tunnels.len() - 1
    });
    let note = |change: &dyn Fn(&mut Tunnel)| {
        log.update(|log| log.tunnels.get_mut(index).map(change));
    };
    // Recorded first, so that a client with the response finds the tunnel in the log.
    client.wire().write_all(answer)?;
    // Bytes that the client sent before the response belong to the tunnel.
    let early = client.take(client.buffered().len());
    note(&|tunnel| tunnel.sent.extend_from_slice(&early));
    let client = client.wire().clone();
    let sockets = [client.socket().clone(), origin.clone()];
    let end = |outcome: io::Result<()>| {
        if outcome.is_err() {
            sockets.iter().for_each(Socket::shut);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to) = (client.clone(), origin.clone());
            let copied = to
                .write_all(&early)
                .and_then(|()| copy(&mut from, &mut to, |piece| note(&|tunnel| tunnel.sent.extend_from_slice(piece))));
            end(copied.and_then(|()| to.half_close()));
        });
        let (mut from, mut to) = (origin.clone(), client.clone());
        let copied = copy(&mut from, &mut to, |piece| note(&|tunnel| tunnel.received += piece.len()));
        end(copied.and_then(|()| to.half_close()));
    });
    Ok(())
}

fn copy(from: &mut impl Read, to: &mut impl Write, note: impl Fn(&[u8])) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let n = from.read(&mut buffer)?;
        let piece = buffer.get(..n).unwrap_or_default();
        if piece.is_empty() {
            return Ok(());
        }
        note(piece);
        to.write_all(piece)?;
    }
}
