//! Shared by the tests of `petition-std`: sessions that trust the kit, both worlds (plain and TLS),
//! the process's own resources, and generous but finite time limits.

mod printed;
mod programs;
mod resources;
mod transports;

use std::error::Error;
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use petition_std::{Session, TlsConfig};

pub use self::printed::Printed;
pub use self::programs::{Calls, example, starts, trace};
pub use self::resources::{eventually, open_files, sockets, threads};
pub use self::transports::{Answer, Client, Upload};
use crate::httpbin::{self, Httpbin};
use crate::tls::{Authority, Endpoint};

/// An httpbin server, and a session that can talk to it.
#[derive(Debug)]
pub struct World {
    /// The server.
    pub server: Httpbin,
    /// The session.
    pub session: Session,
}

impl World {
    /// Returns a world without TLS.
    pub fn plain() -> World {
        World::made(httpbin::Builder::default(), None)
    }

    /// Returns a world under TLS, with its own certificate authority.
    pub fn tls() -> World {
        World::made(httpbin::Builder::default(), Some(&Authority::new()))
    }

    /// Returns both.
    pub fn both() -> [World; 2] {
        [World::plain(), World::tls()]
    }

    /// Returns a world with a configured server.
    ///
    /// # Panics
    /// When no port is free.
    pub fn made(builder: httpbin::Builder, authority: Option<&Authority>) -> World {
        let (builder, session) = match authority {
            None => (builder, Session::new()),
            Some(authority) => (builder.tls(&Endpoint::new(&authority.issue_localhost())), session_trusting(authority)),
        };
        World { server: builder.start().expect("a port is free"), session }
    }

    /// Returns the server's URL followed by `path`.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Returns a session like the original one: no options, cookies or connections.
    pub fn fresh_session(&self) -> Session {
        let session = Session::new();
        let tls = self.session.state().with(|session| session.settings().tls.clone());
        session.configure(|options| {
            options.tls(tls);
        });
        session
    }
}

/// Returns TLS settings that trust only this authority.
///
/// # Panics
/// When core rejects the kit's root certificate.
pub fn trust(authority: &Authority) -> TlsConfig {
    TlsConfig::builder().root(authority.der()).build().expect("the kit's root is sound")
}

/// Returns a session that trusts only this authority.
pub fn session_trusting(authority: &Authority) -> Session {
    session_with(&trust(authority))
}

/// Returns a session with these TLS settings.
pub fn session_with(tls: &TlsConfig) -> Session {
    let session = Session::new();
    session.configure(|options| {
        options.tls(tls.clone());
    });
    session
}

/// Runs `f` and checks its duration. A slow machine may be late: the upper bound detects hangs and
/// deadlines that were rounded up; it does not check accuracy.
///
/// # Panics
/// When the duration is not in `range`.
#[track_caller]
pub fn timed<R>(range: RangeInclusive<Duration>, f: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = f();
    let took = began.elapsed();
    assert!(range.contains(&took), "expected {range:?}, took {took:?}");
    result
}

/// The range for a deadline of one second.
pub const ONE_SECOND: RangeInclusive<Duration> = Duration::from_millis(950)..=Duration::from_millis(1600);

/// Returns the error and all its sources on one line, as most programs print them.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Writing to a String cannot fail.
        let _ = write!(out, ": {error}");
        source = error.source();
    }
    out
}

/// Returns all texts of an error: Display and Debug of it and of its sources.
pub fn everything(error: &(dyn Error + 'static)) -> String {
    let mut out = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut source = error.source();
    while let Some(error) = source {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{error}\n{error:?}");
        source = error.source();
    }
    out
}
