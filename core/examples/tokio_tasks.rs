//! One task for each request on tokio's current-thread runtime, HTTP and HTTPS alike; connections are shared by a pool.
//!
//! `cargo run -p petition-core --example tokio_tasks` or `… -- URL…`
//!
//! [`fetch`] waits for readiness and reads by `try_read`; everything else is the [`Transfer`]'s.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side: what core has not.

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use petition_core::dial::AttemptId;
use petition_core::link::Link;
use petition_core::pool::{Pool, Pooled, Take};
use petition_core::{Event, Input, IoFailure, Method, Output, Request, Session, Side, Transfer, transfer::Route};
use tokio::io::Interest;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;

#[path = "support/embedded.rs"]
mod embedded;
use embedded::now;

/// What the tasks share.
struct Client {
    session: RefCell<Session>,
    pool: RefCell<Pool<Route, (Box<Link>, TcpStream)>>,
}

type Attempts = JoinSet<(AttemptId, io::Result<TcpStream>)>;

/// One request to its final response.
async fn fetch(client: &Client, request: Request) -> Result<(u16, Vec<u8>), Box<dyn Error>> {
    let mut transfer = Transfer::new(client.session.borrow().prepare(&request)?, now());
    let (mut stream, mut attempts, mut status, mut body) = (None::<TcpStream>, Attempts::new(), 0, Vec::new());
    loop {
        let output = transfer.poll();
        let input = match (output, &stream) {
            (Output::Sync, _) => {
                transfer.sync(now(), &mut client.session.borrow_mut())?;
                continue;
            }
            (Output::Acquire, _) => match client.take(&transfer) {
                Some((pooled, idle)) => {
                    let (link, kept) = pooled.item;
                    Input::Acquired { link, peer: stream.insert(kept).peer_addr().ok(), idle }
                }
                None => Input::NotAcquired,
            },
            (Output::Release, _) => {
                client.put(&mut transfer, stream.take());
                continue;
            }
            (Output::Resolve, _) => {
                let (host, port) = transfer.peer_name().unwrap_or_default();
                let found: Vec<_> = lookup_host((host, port)).await.map(Iterator::collect).unwrap_or_default();
                transfer.handle(now(), Input::Resolved(&found))?;
                continue;
            }
            (Output::Connect(attempt, address), _) => {
                attempts.spawn(async move { (attempt, TcpStream::connect(address).await) });
                continue;
            }
            (Output::Abandon(_), _) => {
                attempts.abort_all();
                continue;
            }
            (Output::Close, _) => {
                stream = None;
                continue;
            }
            (Output::Check, Some(stream)) => match stream.try_read(&mut [0]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => Input::Alive,
                _ => Input::Dead,
            },
            (Output::Transmit, Some(stream)) => match stream.try_write(transfer.outgoing()) {
                Ok(n) => Input::Wrote(n),
                Err(error) => failed(Side::Write, &error),
            },
            (Output::Read, Some(stream)) => match stream.try_read(transfer.space()) {
                Ok(0) => Input::Eof,
                Ok(n) => Input::Filled(n),
                Err(error) => failed(Side::Read, &error),
            },
            (Output::Body, _) => {
                body.extend_from_slice(transfer.body());
                Input::Consumed(transfer.body().len())
            }
            (Output::Event(Event::Head(head)), _) => {
                status = head.status().as_u16();
                continue;
            }
            (Output::Event(Event::Done), _) => return Ok((status, body)),
            (Output::Event(Event::Failed(error)), _) => return Err(error.into()),
            (Output::Event(_), _) => continue,
            (Output::Wait, _) => match wait(&mut transfer, &stream, &mut attempts).await? {
                Some((attempt, Ok(connected))) => {
                    stream = Some(connected);
                    Input::Connected(attempt)
                }
                Some((attempt, Err(error))) => Input::ConnectFailed(attempt, IoFailure::from(&error)),
                None => Input::Tick,
            },
            (output, _) => return Err(format!("not for a request without a body stream: {output:?}").into()),
        };
        transfer.handle(now(), input)?;
    }
}

/// Waits for an attempt to connect or for the socket, at most until the transfer's deadline.
async fn wait(
    transfer: &mut Transfer,
    stream: &Option<TcpStream>,
    attempts: &mut Attempts,
) -> Result<Option<(AttemptId, io::Result<TcpStream>)>, Box<dyn Error>> {
    let left = transfer.deadline().map_or(Duration::from_secs(3600), |at| at - now().instant);
    let Some(stream) = stream else {
        return Ok(timeout(left, attempts.join_next()).await.ok().flatten().transpose()?);
    };
    let writes = if transfer.is_blocked(Side::Write) { Interest::WRITABLE } else { Interest::READABLE };
    if let Ok(ready) = timeout(left, stream.ready(Interest::READABLE | writes)).await {
        let ready = ready?;
        for (side, is) in [(Side::Read, ready.is_readable()), (Side::Write, ready.is_writable())] {
            if is {
                transfer.handle(now(), Input::Ready(side))?;
            }
        }
    }
    Ok(None)
}

fn failed(side: Side, error: &io::Error) -> Input<'static> {
    match error.kind() {
        ErrorKind::WouldBlock => Input::Blocked(side),
        _ => Input::Failed(side, IoFailure::from(error)),
    }
}

impl Client {
    fn take(&self, transfer: &Transfer) -> Option<(Pooled<Route, (Box<Link>, TcpStream)>, Duration)> {
        match self.pool.borrow_mut().take(transfer.route()?, now().instant) {
            Take::Reuse { pooled, idle_for } => Some((pooled, idle_for)),
            Take::Open { .. } | Take::Full => None,
        }
    }

    fn put(&self, transfer: &mut Transfer, stream: Option<TcpStream>) {
        if let (Some((key, link)), Some(stream)) = (transfer.take_link(), stream) {
            let (born, hint) = (now().instant, link.http().keep_alive_timeout());
            drop(self.pool.borrow_mut().put(Pooled { key, item: (link, stream), born }, born, hint));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (_servers, session, urls) = embedded::servers_or(std::env::args().skip(1))?;
    let client = Rc::new(Client { session: RefCell::new(session), pool: RefCell::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let (tasks, local) = (RefCell::new(JoinSet::new()), LocalSet::new());
    for url in urls {
        let client = client.clone();
        let task = async move {
            match fetch(&client, Request::new(Method::GET, &url)).await {
                Ok((status, body)) => println!("{url}: {status}, {} bytes", body.len()),
                Err(error) => println!("{url}: {error}"),
            }
        };
        tasks.borrow_mut().spawn_local_on(task, &local);
    }
    runtime.block_on(local.run_until(async { tasks.take().join_all().await }));
    Ok(())
}
