//! Errors, in three kinds that are never mixed: a request that cannot be built
//! ([`BuildError`](crate::BuildError)), an embedder's call out of turn ([`Misuse`]), and every
//! other failure, an [`Error`].
//!
//! Users of a transport only see [`Error`]: every other error type of the library converts into it,
//! so that `?` works on all of them in a function that returns it.

mod from;
mod kind;
mod report;

use std::fmt;

pub use kind::ErrorKind;
pub use report::{Error, Processed, Report};

/// The embedder called out of turn. This is a bug in the program; a peer can never cause it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// The input answers an output that was not given, or was answered already.
    UnexpectedInput,
    /// The input reports more bytes than were offered.
    TooManyBytes,
    /// The connection lacks TLS that the route needs, or has TLS that it does not need.
    OtherRoute,
    /// The connection, in answer to [`Acquire::New`](crate::Acquire::New), has served a request
    /// before.
    NotNew,
    /// The transfer has ended.
    AlreadyEnded,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::UnexpectedInput => "misuse: the input answers no output",
            Misuse::TooManyBytes => "misuse: more bytes reported than were offered",
            Misuse::OtherRoute => "misuse: the layers of the connection do not fit the route",
            Misuse::NotNew => "misuse: the connection was used before, but a new one was ordered",
            Misuse::AlreadyEnded => "misuse: the transfer has ended",
        })
    }
}

impl std::error::Error for Misuse {}

/// The phase in which a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Building settings, or the caller's own I/O: outside of any request.
    Configure,
    /// Building the request.
    Prepare,
    /// Waiting for a connection slot.
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
    /// Deciding about a redirect.
    Redirect,
    /// Checking the status, on the caller's request.
    Status,
    /// Reading the body.
    Body,
}

impl Phase {
    /// Whether this phase precedes the first byte of the request itself.
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
            Phase::Redirect => "following the redirect",
            Phase::Status => "checking the status",
            Phase::Body => "reading the body",
        })
    }
}

/// A deadline, by the option that sets it.
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
    /// `total_timeout`: the whole request.
    Total,
}

impl Timeout {
    /// Iterates over all deadlines.
    pub fn all() -> impl Iterator<Item = Timeout> {
        use Timeout::*;
        [Connect, Pool, Handshake, FirstByte, Idle, Total].into_iter()
    }

    /// Returns the name of the option that sets it.
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

/// A failure of the operating system, as the embedder reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoFailure {
    /// The kind.
    pub kind: std::io::ErrorKind,
    /// The system's text.
    pub text: String,
}

impl IoFailure {
    /// Creates a failure of this kind, with the kind's own text.
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
    /// Whether the system's text says more than the kind.
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
