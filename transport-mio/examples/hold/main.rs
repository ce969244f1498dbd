//! Measures the memory of many transfers that wait for their responses.
//!
//! `cargo run --release -p petition-mio --example hold -- 10000 [--tls]`
//!
//! A server process receives the requests and answers none before all have arrived. Then the
//! resident memory of this process is compared with its size before (`/proc/self/statm`). That
//! excludes the kernel's socket buffers, which are shown separately from `/proc/net/sockstat`. Then
//! the server answers, and every response is checked. One request precedes the first measurement,
//! so that one-time costs do not count.
//!
//! With `--tls`, a third process does the same with bare `rustls::ClientConnection`s, for
//! comparison.

mod bare;
mod memory;
mod server;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use petition_mio::{Client, EventLoop, TlsConfig};
use server::Server;

fn main() -> Result<(), Box<dyn Error>> {
    memory::raise_file_limit()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--serve", n, ca] => server::serve(n.parse()?, ca),
        ["--bare", n, address, ca] => bare::measure(n.parse()?, address, ca),
        [n] => hold(n.parse()?, false),
        [n, "--tls"] | ["--tls", n] => hold(n.parse()?, true),
        _ => Err("usage: hold N [--tls]".into()),
    }
}

fn hold(n: usize, tls: bool) -> Result<(), Box<dyn Error>> {
    let server = Server::start(n, tls)?;
    let mut event_loop = EventLoop::new()?;
    let client = event_loop.client();
    patient(&client, &server)?;
    let url = server.url();

    // One-time costs: buffers, the loop, the TLS configuration.
    client.get(format!("{url}/warm")).send(|result| assert_eq!(result.expect("an answer").status(), 204));
    while !event_loop.driver().is_empty() {
        event_loop.turn(None)?;
    }
    event_loop.driver_mut().close_idle();
    event_loop.turn(Some(Duration::ZERO))?;

    let before = memory::now();
    let (answers, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    for i in 0..n {
        let answers = answers.clone();
        client.get(format!("{url}/{i}")).send(move |result| {
            let response = result.expect("an answer");
            assert_eq!((response.status().as_u16(), &response.bytes()[..]), (200, format!("/{i}").as_bytes()));
            answers.fetch_add(1, Ordering::Relaxed);
        });
    }
    while !server.holds_all() {
        event_loop.turn(Some(Duration::from_millis(100)))?;
    }
    let after = memory::now();
    assert_eq!((event_loop.driver().len(), answers.load(Ordering::Relaxed)), (n, 0));
    println!("{n} {} connections wait, opened in {:.1?}", if tls { "TLS" } else { "plain" }, began.elapsed());
    memory::report("petition", n, &before, &after);

    server.answer();
    while !event_loop.driver().is_empty() {
        event_loop.turn(None)?;
    }
    assert_eq!(answers.load(Ordering::Relaxed), n);
    println!("{n} answers, each the right one; {:.1?} in all", began.elapsed());
    if tls {
        bare::run(n)?;
    }
    Ok(())
}

/// Sets long timeouts: the default ones would end the held requests.
fn patient(client: &Client, server: &Server) -> Result<(), Box<dyn Error>> {
    let tls = match server.ca() {
        Some(ca) => Some(TlsConfig::builder().root(ca.into()).build()?),
        None => None,
    };
    let long = Duration::from_secs(600);
    client.configure(|options| {
        options.idle_timeout(long).connect_timeout(long).handshake_timeout(long).tls(tls);
    });
    Ok(())
}
