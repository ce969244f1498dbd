//! `petition-mio` on real sockets: the guide, callbacks, streams, and the loop itself.
#![forbid(unsafe_code)]

mod callbacks;
mod equivalence;
mod guide;
mod loops;
mod pending;
mod stale;
mod streams;
mod uploads;

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use petition_core::Session;
use petition_mio::{DriverConfig, Error, EventLoop, LoopThread, Response, petition_core};
use petition_tests::support::chain;
use petition_tests::tls::Authority;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

type Outcome = Result<Response, Error>;

/// Returns a configuration whose session trusts only this authority.
fn trusting(authority: &Authority) -> DriverConfig {
    let mut session = Session::new();
    let tls = petition_tests::memory::client_config(authority);
    session.configure(|options| {
        options.tls(tls);
    });
    DriverConfig { session: session.into(), ..DriverConfig::default() }
}

fn thread() -> LoopThread {
    LoopThread::spawn(DriverConfig::default()).unwrap()
}

fn event_loop() -> EventLoop {
    EventLoop::new().unwrap()
}

/// Turns until `done`, or fails.
#[track_caller]
fn turn_until(event_loop: &mut EventLoop, what: &str, mut done: impl FnMut(&mut EventLoop) -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done(event_loop) {
        assert!(Instant::now() < until, "waited for {what}: {:?}", event_loop.driver());
        event_loop.turn(Some(Duration::from_millis(20))).unwrap();
    }
}

/// Turns until every request has ended.
#[track_caller]
fn finish(event_loop: &mut EventLoop) {
    turn_until(event_loop, "the end of every request", |event_loop| event_loop.driver().is_empty());
}

/// Checks that no socket and no slot is left once the idle connections are closed.
#[track_caller]
fn assert_nothing_left(event_loop: &mut EventLoop) {
    event_loop.driver_mut().close_idle();
    // A turn is bounded, and a panic may have ended the last one early.
    turn_until(event_loop, "the closing of idle sockets", |event_loop| event_loop.driver().sockets() == 0);
    let driver = event_loop.driver();
    assert_eq!((driver.len(), driver.sockets(), driver.statistics().open), (0, 0, 0));
}

/// Returns a channel for the reports of callbacks, in order.
fn outcomes<T>() -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
    mpsc::channel()
}

#[track_caller]
fn next<T>(from: &mpsc::Receiver<T>) -> T {
    from.recv_timeout(PATIENCE).expect("a callback")
}

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Ok(response) => response.status().as_u16().to_string(),
        Err(error) => chain(error.kind()),
    }
}
