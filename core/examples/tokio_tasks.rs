//! One task per request on tokio's current-thread runtime, for HTTP and HTTPS. A pool shares the
//! connections.
//!
//! `cargo run -p petition-core --example tokio_tasks` or `… -- URL…`
//!
//! [`fetch`] waits for readiness and reads with `try_read`; the [`Transfer`] does everything else.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side uses items that core does not allow.

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::dial::AttemptId;
use petition_core::route::pool::{Pool, Pooled, Take};
use petition_core::{Acquire, Address, Event, Input, IoFailure, Method, Output, Request, Session, Side, Transfer};
use tokio::io::Interest;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;

#[path = "support/embedded.rs"]
mod embedded;
use embedded::now;

/// State that the tasks share.
struct Client {
    session: RefCell<Session>,
    pool: RefCell<Pool<Route, (Box<Link>, TcpStream)>>,
}

type Attempts = JoinSet<(AttemptId, io::Result<TcpStream>)>;

/// Sends one request and returns its final response.
async fn fetch(client: &Client, request: Request) -> Result<(u16, Vec<u8>), Box<dyn Error>> {
    let mut transfer = Transfer::new(client.session.borrow().prepare(&request)?, now());
    let (mut stream, mut attempts, mut status, mut body) = (None::<TcpStream>, Attempts::new(), 0, Vec::new());
    loop {
        match transfer.poll() {
            Output::Sync => transfer.sync(now(), &mut client.session.borrow_mut())?,
            Output::Acquire(Acquire::New) => transfer.handle(now(), Input::OpenNew)?,
            Output::Acquire(Acquire::Any) => match client.take(&transfer) {
                Some((link, idle)) => {
                    let peer = stream.insert(idle).peer_addr().ok().map(Address::Tcp);
                    transfer.handle(now(), Input::Acquired { link, peer })?;
                }
                None => transfer.handle(now(), Input::OpenNew)?,
            },
            Output::Release => client.put(&mut transfer, stream.take()),
            Output::Resolve => {
                let found = lookup_host(transfer.peer_name().unwrap_or_default()).await;
                let found: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
                transfer.handle(now(), Input::Resolved(&found))?;
            }
            Output::Connect(attempt) => {
                // Only TCP addresses are configured here.
                let address = transfer.address(attempt).and_then(Address::socket_addr).ok_or("not a TCP address")?;
                attempts.spawn(async move { (attempt, TcpStream::connect(address).await) });
            }
            Output::CancelConnect(_) => attempts.abort_all(),
            Output::Close => stream = None,
            Output::Probe => {
                let alive = matches!(open(&stream)?.try_read(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock);
                transfer.handle(now(), if alive { Input::Alive } else { Input::Dead })?;
            }
            Output::Transmit => {
                let result = open(&stream)?.try_write(transfer.outgoing());
                transfer.handle(now(), write_input(result))?;
            }
            Output::Read => {
                let result = open(&stream)?.try_read(transfer.space());
                transfer.handle(now(), read_input(result))?;
            }
            Output::Body => {
                body.extend_from_slice(transfer.body());
                transfer.handle(now(), Input::Consumed(transfer.body().len()))?;
            }
            // These requests have no body stream.
            Output::NeedBody => transfer.handle(now(), Input::BodyEnd)?,
            Output::Rewind => transfer.handle(now(), Input::Rewound)?,
            Output::Event(Event::Head(head)) => status = head.status().as_u16(),
            Output::Event(Event::Done) => return Ok((status, body)),
            Output::Event(Event::Failed(error)) => return Err(error.into()),
            Output::Event(_) => {}
            Output::Wait => wait(&mut transfer, &mut stream, &mut attempts).await?,
        }
    }
}

/// Waits for a connection attempt or the socket, at most until the transfer's deadline.
async fn wait(
    transfer: &mut Transfer,
    stream: &mut Option<TcpStream>,
    attempts: &mut Attempts,
) -> Result<(), Box<dyn Error>> {
    let left = transfer.deadline().map_or(Duration::from_secs(3600), |at| at - now().instant);
    let Some(stream) = stream else {
        let input = match timeout(left, attempts.join_next()).await.ok().flatten().transpose()? {
            Some((attempt, Ok(connected))) => {
                *stream = Some(connected);
                Input::Connected(attempt)
            }
            Some((attempt, Err(error))) => Input::ConnectFailed(attempt, IoFailure::from(&error)),
            None => Input::Tick,
        };
        return Ok(transfer.handle(now(), input)?);
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
    Ok(transfer.handle(now(), Input::Tick)?)
}

fn open(stream: &Option<TcpStream>) -> io::Result<&TcpStream> {
    stream.as_ref().ok_or_else(|| ErrorKind::NotConnected.into())
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
        ErrorKind::WouldBlock => Input::Blocked(side),
        _ => Input::Failed(side, IoFailure::from(error)),
    }
}

impl Client {
    fn take(&self, transfer: &Transfer) -> Option<(Box<Link>, TcpStream)> {
        match self.pool.borrow_mut().take(transfer.route()?, now().instant) {
            Take::Reuse { pooled: Pooled { item, .. } } => Some(item),
            Take::Open { .. } | Take::Full => None,
        }
    }

    fn put(&self, transfer: &mut Transfer, stream: Option<TcpStream>) {
        if let (Some((key, link)), Some(stream)) = (transfer.take_link(), stream) {
            let (opened_at, hint) = (now().instant, link.http().keep_alive_timeout());
            drop(self.pool.borrow_mut().put(Pooled { key, item: (link, stream), opened_at }, opened_at, hint));
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
