//! What can go wrong, in three kinds that are never mixed: a request that cannot be built
//! ([`BuildError`](crate::BuildError)), an embedder's call out of turn ([`Misuse`]), and everything
//! else, which is an [`Error`].
//!
//! A user of a transport meets [`Error`] alone: every other error type of the library converts into
//! it, so that `?` works on all of them in a function that returns it.

mod from;
mod kind;
mod report;

use std::fmt;

pub use kind::ErrorKind;
pub use report::{Error, Processed, Report};

/// The embedder called out of turn: a mistake in the program, never something that a peer can cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// An answer to an output that was not given, or was answered already.
    UnexpectedInput,
    /// More bytes reported than were offered.
    TooManyBytes,
    /// A kept connection without the TLS that the route needs, or with TLS that it does not.
    OtherRoute,
    /// A connection that served a request before, in answer to [`Acquire::New`](crate::Acquire::New).
    NotNew,
    /// The transfer has ended.
    AlreadyEnded,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::UnexpectedInput => "misuse: an answer to something that was not asked",
            Misuse::TooManyBytes => "misuse: more bytes reported than were offered",
            Misuse::OtherRoute => "misuse: a kept connection whose layers are not those of the route",
            Misuse::NotNew => "misuse: a used connection where a new one was asked for",
            Misuse::AlreadyEnded => "misuse: the transfer has ended",
        })
    }
}

impl std::error::Error for Misuse {}

/// What a transfer was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Making settings, or the caller's own I/O: outside of any request.
    Configure,
    /// Building the request.
    Prepare,
    /// Waiting for a place in the pool.
    Acquire,
    /// Looking up the name.
    Resolve,
    /// Connecting.
    Connect,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// The TLS handshake with the proxy.
    ProxyTls,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the response head.
    Head,
    /// Judging a redirect.
    Redirect,
    /// Checking the status, where the caller asked for that.
    Status,
    /// Reading the body.
    Body,
}

impl Phase {
    /// Whether no byte of the request itself can have moved.
    pub(crate) fn is_before_the_request(self) -> bool {
        use Phase::*;
        matches!(self, Configure | Prepare | Acquire | Resolve | Connect | Proxy | ProxyTls | Tls)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Configure => "configuring",
            Phase::Prepare => "building the request",
            Phase::Acquire => "waiting for a connection",
            Phase::Resolve => "looking up the name",
            Phase::Connect => "connecting",
            Phase::Proxy => "asking the proxy",
            Phase::ProxyTls => "the TLS handshake with the proxy",
            Phase::Tls => "the TLS handshake",
            Phase::Send => "sending the request",
            Phase::Head => "waiting for the response head",
            Phase::Redirect => "judging the redirect",
            Phase::Status => "checking the status",
            Phase::Body => "reading the body",
        })
    }
}

/// Which deadline fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// `connect_timeout`: look-up and connecting.
    Connect,
    /// `pool_timeout`: waiting for a free connection slot.
    Pool,
    /// `handshake_timeout`: the proxy's and TLS handshakes.
    Handshake,
    /// `first_byte_timeout`: from the request's last byte to the response's first.
    FirstByte,
    /// `idle_timeout`: no byte moved.
    Idle,
    /// `total_timeout`: the whole call.
    Total,
}

impl Timeout {
    /// Iterates over all of them.
    pub fn all() -> impl Iterator<Item = Timeout> {
        use Timeout::*;
        [Connect, Pool, Handshake, FirstByte, Idle, Total].into_iter()
    }

    /// The name of the option that sets it.
    pub const fn option(self) -> &'static str {
        match self {
            Timeout::Connect => "connect_timeout",
            Timeout::Pool => "pool_timeout",
            Timeout::Handshake => "handshake_timeout",
            Timeout::FirstByte => "first_byte_timeout",
            Timeout::Idle => "idle_timeout",
            Timeout::Total => "total_timeout",
        }
    }
}

/// A failure of the operating system, as the embedder saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoFailure {
    /// The kind.
    pub kind: std::io::ErrorKind,
    /// The system's words.
    pub text: String,
}

impl IoFailure {
    /// A failure of this kind, in the kind's own words.
    pub fn new(kind: std::io::ErrorKind) -> Self {
        IoFailure { kind, text: kind.to_string() }
    }
}

impl From<&std::io::Error> for IoFailure {
    fn from(error: &std::io::Error) -> Self {
        IoFailure { kind: error.kind(), text: error.to_string() }
    }
}

impl IoFailure {
    /// Whether the system said more than the kind does.
    fn says_more(&self) -> bool {
        self.text != self.kind.to_string()
    }
}

impl fmt::Display for IoFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for IoFailure {}

#[cfg(test)]
mod tests;
