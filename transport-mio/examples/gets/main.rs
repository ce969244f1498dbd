//! Many small requests over a few kept connections on one thread: what does one request cost?
//!
//! `cargo run --release -p petition-mio --example gets -- 200000 [--raw] [--connections 64] [--hosts 1] [--cookies 0]`
//!
//! A server in a process of its own answers each GET with 12 fields and 13 bytes. With `--raw` the same is done by a loop written by hand: a request written
//! beforehand, one write, one read into one buffer, httparse, and nothing kept; it shows what a client costs beyond that.
//!
//! The example counts nothing but time, so that other tools can count in it. A difference of two lengths leaves the beginning and the end out:
//!
//! ```text
//! valgrind --tool=callgrind target/release/examples/gets 2000      and 12000; the difference of "Collected", divided by 10000
//! strace -c target/release/examples/gets 200000
//! ```
//!
//! `--hosts` spreads the requests over so many hosts, which are addresses of the loopback; `--cookies` puts so many cookies of other hosts into the jar.

mod raw;
mod server;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use petition_mio::cookie::Jar;
use petition_mio::{Client, DriverConfig, EventLoop, PoolLimits, UnixTime, Url};
use server::Server;

/// What is asked for on the command line.
struct Asked {
    requests: usize,
    connections: usize,
    hosts: usize,
    cookies: usize,
    raw: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let mut asked = Asked { requests: 200_000, connections: 64, hosts: 1, cookies: 0, raw: false };
    while let Some(word) = words.next() {
        let mut number = || words.next().ok_or("a number is missing")?.parse::<usize>().map_err(Box::<dyn Error>::from);
        match &*word {
            "--serve" => return server::serve(),
            "--raw" => asked.raw = true,
            "--connections" => asked.connections = number()?.max(1),
            "--hosts" => asked.hosts = number()?.clamp(1, 60_000),
            "--cookies" => asked.cookies = number()?,
            word => {
                asked.requests =
                    word.parse().map_err(|_| "usage: gets [N] [--raw] [--connections C] [--hosts H] [--cookies K]")?
            }
        }
    }
    server::raise_file_limit()?;
    let server = Server::start()?;
    let began = Instant::now();
    match asked.raw {
        true => raw::run(server.address(), asked.requests, asked.connections)?,
        false => run(server.address(), &asked)?,
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} requests over {} connections in {took:.2} s: {:.0} a second",
        asked.requests,
        asked.connections,
        asked.requests as f64 / took
    );
    Ok(())
}

/// What the callbacks share.
struct Work {
    client: Client,
    urls: Vec<Url>,
    requests: usize,
    begun: AtomicUsize,
    answered: AtomicUsize,
}

fn run(address: SocketAddr, asked: &Asked) -> Result<(), Box<dyn Error>> {
    let many = asked.connections.max(asked.hosts) + 64;
    let pool = PoolLimits { idle_total: many, idle_per_key: many, ..PoolLimits::DEFAULT };
    let mut event_loop = EventLoop::with(DriverConfig { pool, ..DriverConfig::default() })?;
    let client = event_loop.client();
    client.cookies(|jar| remember(jar, asked.cookies))?;
    let urls = (0..asked.hosts).map(|i| format!("http://{}:{}/", host(i), address.port()).parse());
    let work = Arc::new(Work {
        client,
        urls: urls.collect::<Result<_, _>>()?,
        requests: asked.requests,
        begun: AtomicUsize::new(0),
        answered: AtomicUsize::new(0),
    });
    for _ in 0..asked.connections {
        next(work.clone());
    }
    while work.answered.load(Ordering::Relaxed) < asked.requests {
        event_loop.turn(None)?;
    }
    Ok(())
}

/// Sends the next request; when its answer is there, the next.
fn next(work: Arc<Work>) {
    let number = work.begun.fetch_add(1, Ordering::Relaxed);
    if number >= work.requests {
        return;
    }
    let url = &work.urls[number % work.urls.len()];
    let request = work.client.get(url);
    request.send(move |result| {
        let response = result.expect("an answer");
        assert_eq!((response.status().as_u16(), &response.bytes()[..]), (200, server::BODY));
        work.answered.fetch_add(1, Ordering::Relaxed);
        next(work);
    });
}

/// Addresses of the loopback, each of which is a host for a client.
fn host(i: usize) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::LOCALHOST) + i as u32)
}

/// Cookies of hosts that are not asked.
fn remember(jar: &mut Jar, cookies: usize) -> Result<(), Box<dyn Error>> {
    for i in 0..cookies {
        let url: Url = format!("http://host{i}.test/").parse()?;
        let now = UnixTime::default();
        jar.receive_all(&url, [&b"name=value"[..]], now, Default::default(), |_, _| ());
    }
    assert_eq!(jar.len(), cookies);
    Ok(())
}
