//! A program's own mio loop, with its own sockets and timers. Requests use a range of its tokens.
//!
//! `cargo run -p petition-mio --example own_poll` or `… -- [--name NAME=ADDRESS] [--times N] URL…`
//!
//! A request whose host is an address, or a name that the program knows, starts no thread.

use std::error::Error;
use std::io::ErrorKind;
use std::ops::Range;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use petition_mio::{Driver, DriverConfig, StaticAddresses};

#[path = "support/embedded.rs"]
mod embedded;

/// The tokens for requests; all others belong to the program.
const REQUESTS: Range<usize> = 1000..2000;
/// How long requests may keep the program from its own work.
const BUDGET: Duration = Duration::from_millis(2);
/// The interval of the program's own work.
const TICK: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let (names, arguments) = names(std::env::args().skip(1).collect())?;
    let mut poll = Poll::new()?;
    let mut driver = Driver::new(poll.registry(), REQUESTS, DriverConfig::default())?;
    driver.client().configure(|options| options.static_addresses = names);
    let (_servers, urls) = embedded::servers_or(&driver.client(), arguments)?;
    for url in urls {
        driver.client().get(&url).send(move |result| match result {
            Ok(response) => println!("{url}: {}, {} bytes", response.status(), response.bytes().len()),
            Err(error) => println!("{url}: {error}"),
        });
    }
    let ticks = run(&mut poll, &mut driver)?;
    println!("{ticks} ticks");
    Ok(())
}

/// Runs until no request is left. Returns the number of ticks.
fn run(poll: &mut Poll, driver: &mut Driver) -> Result<u32, Box<dyn Error>> {
    let mut events = Events::with_capacity(256);
    let (mut tick, mut ticks) = (Instant::now() + TICK, 0);
    let mut more = driver.turn(Some(BUDGET));
    while !driver.is_empty() {
        let own = tick.saturating_duration_since(Instant::now());
        let wait = if more { Duration::ZERO } else { driver.timeout().map_or(own, |due| due.min(own)) };
        match poll.poll(&mut events, Some(wait)) {
            Ok(()) => {
                for event in &events {
                    if !driver.ready(event) {
                        // A socket of the program's own.
                    }
                }
                driver.mark_polled(&events);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        more = driver.turn(Some(BUDGET));
        if Instant::now() >= tick {
            tick += TICK;
            ticks += 1;
        }
    }
    Ok(ticks)
}

/// Parses the names that need no look-up, and returns the other arguments.
fn names(mut arguments: Vec<String>) -> Result<(StaticAddresses, Vec<String>), Box<dyn Error>> {
    let mut names = StaticAddresses::new();
    while let [option, known, ..] = &arguments[..]
        && option == "--name"
    {
        let (name, address) = known.split_once('=').ok_or("expected NAME=ADDRESS")?;
        names.set_all_ports(name, [address.parse()?])?;
        arguments.drain(..2);
    }
    Ok((names, arguments))
}
