//! Measures the cost of a request: many small requests over a few reused connections on one thread.
//!
//! `cargo run --release -p petition-mio --example gets -- 200000 [--raw] [--connections 64]
//! [--hosts 1] [--cookies 0]`
//!
//! A server process answers each GET with 12 fields and 13 bytes. With `--raw`, a handwritten loop
//! does the same, with a prepared request, one write, one read into one buffer, and httparse. It
//! shows the overhead of a client.
//!
//! The example measures only time; other tools can count more. The difference of two run lengths
//! excludes start and end:
//!
//! ```text
//! valgrind --tool=callgrind target/release/examples/gets 2000      and 12000; the difference of "Collected", divided by 10000
//! strace -c target/release/examples/gets 200000
//! ```
//!
//! `--hosts` spreads the requests over that many hosts, which are loopback addresses. `--cookies`
//! puts that many cookies of other hosts into the jar.

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

/// The command line's options.
struct Arguments {
    requests: usize,
    connections: usize,
    hosts: usize,
    cookies: usize,
    raw: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut rest = std::env::args().skip(1);
    let mut arguments = Arguments { requests: 200_000, connections: 64, hosts: 1, cookies: 0, raw: false };
    while let Some(word) = rest.next() {
        let mut number = || rest.next().ok_or("a number is missing")?.parse::<usize>().map_err(Box::<dyn Error>::from);
        match &*word {
            "--serve" => return server::serve(),
            "--raw" => arguments.raw = true,
            "--connections" => arguments.connections = number()?.max(1),
            "--hosts" => arguments.hosts = number()?.clamp(1, 60_000),
            "--cookies" => arguments.cookies = number()?,
            word => {
                arguments.requests =
                    word.parse().map_err(|_| "usage: gets [N] [--raw] [--connections C] [--hosts H] [--cookies K]")?
            }
        }
    }
    server::raise_file_limit()?;
    let server = Server::start()?;
    let began = Instant::now();
    match arguments.raw {
        true => raw::run(server.address(), arguments.requests, arguments.connections)?,
        false => run(server.address(), &arguments)?,
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} requests over {} connections in {took:.2} s: {:.0} a second",
        arguments.requests,
        arguments.connections,
        arguments.requests as f64 / took
    );
    Ok(())
}

/// State that the callbacks share.
struct Work {
    client: Client,
    urls: Vec<Url>,
    requests: usize,
    begun: AtomicUsize,
    answered: AtomicUsize,
}

fn run(address: SocketAddr, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let many = arguments.connections.max(arguments.hosts) + 64;
    let pool = PoolLimits::DEFAULT.idle_total(many).idle_per_key(many);
    let mut event_loop = EventLoop::with(DriverConfig { pool, ..DriverConfig::default() })?;
    let client = event_loop.client();
    client.cookies(|jar| add_cookies(jar, arguments.cookies))?;
    let urls = (0..arguments.hosts).map(|i| format!("http://{}:{}/", host(i), address.port()).parse());
    let work = Arc::new(Work {
        client,
        urls: urls.collect::<Result<_, _>>()?,
        requests: arguments.requests,
        begun: AtomicUsize::new(0),
        answered: AtomicUsize::new(0),
    });
    for _ in 0..arguments.connections {
        next(work.clone());
    }
    while work.answered.load(Ordering::Relaxed) < arguments.requests {
        event_loop.turn(None)?;
    }
    Ok(())
}

/// Sends the next request, and another one after its response.
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

/// Returns a loopback address, which is a host of its own.
fn host(i: usize) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::LOCALHOST) + i as u32)
}

/// Adds cookies of other hosts.
fn add_cookies(jar: &mut Jar, cookies: usize) -> Result<(), Box<dyn Error>> {
    for i in 0..cookies {
        let url: Url = format!("http://host{i}.test/").parse()?;
        let now = UnixTime::default();
        jar.receive_all(&url, [&b"name=value"[..]], now, Default::default(), |_, _| ());
    }
    assert_eq!(jar.len(), cookies);
    Ok(())
}
