//! Connecting to one of several addresses: Happy Eyeballs version 2 (RFC 8305 §4 to §5) as a pure machine.
//!
//! Addresses are tried in the resolver's order with the families taking turns, IPv6 first. An attempt that has
//! neither succeeded nor failed after the delay gets company; a failed one hands on at once. The first success
//! wins, the others are to be closed. So a dead IPv6 path costs one delay, not a timeout.
//!
//! Left out: resolving (both answers are expected together, so that §3's resolution delay does not apply), the sorting of
//! §4 by history (the resolver has done RFC 6724), and any deadline of the whole: give up by dropping the machine
//! and closing [`Dial::pending`].

mod error;
#[cfg(test)]
mod tests;

pub use error::{DialError, FailReason, FailedAddress};

use crate::limits::Limits;
use crate::time::{Duration, Instant};
use std::io;
use std::net::SocketAddr;

/// The delay that RFC 8305 §5 recommends: 250 ms.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// One attempt of a [`Dial`]: the index of its address in [`Dial::addresses`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(u32);

impl AttemptId {
    /// The place of its address in [`Dial::addresses`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What [`Dial::poll`] wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStep {
    /// Begin to connect to this address, without waiting. Given once for each address; poll again afterwards.
    Connect(AttemptId, SocketAddr),
    /// Nothing to do before an attempt is reported, or until the time comes, if there is one.
    Wait(Option<Instant>),
    /// This attempt is the connection. Repeated from then on; see [`Dial::take_losers`].
    Won(AttemptId),
    /// Every address has failed; [`Dial::error`] says how. Repeated from then on.
    Failed,
}

#[derive(Debug)]
enum Attempt {
    Waiting,
    Connecting,
    Connected,
    Failed(io::ErrorKind, Box<str>),
    /// A loser that was handed out to be closed.
    Dropped,
}

/// The machine for one connection. Time enters with [`Dial::poll`] only.
#[derive(Debug)]
pub struct Dial {
    addresses: Vec<SocketAddr>,
    attempts: Vec<Attempt>,
    /// Addresses before this one were given out.
    next: usize,
    connecting: usize,
    /// When the next attempt may begin although others are under way.
    not_before: Option<Instant>,
    delay: Duration,
    winner: Option<AttemptId>,
}

impl Dial {
    /// A machine for `addresses` in the resolver's order, with [`ATTEMPT_DELAY`] between attempts.
    ///
    /// Repeated addresses count once. The families are interleaved (RFC 8305 §4, one address of each in turn, IPv6
    /// first), and then the first [`Limits::addresses`] are kept.
    ///
    /// # Errors
    /// [`DialError::NoAddresses`] when nothing is left to try.
    pub fn new(addresses: &[SocketAddr], limits: &Limits) -> Result<Dial, DialError> {
        Dial::with_delay(addresses, limits, ATTEMPT_DELAY)
    }

    /// [`Dial::new`] with another delay. RFC 8305 §5 asks for 10 ms at least, and 100 ms to 2 s in general.
    ///
    /// # Errors
    /// As [`Dial::new`].
    pub fn with_delay(addresses: &[SocketAddr], limits: &Limits, delay: Duration) -> Result<Dial, DialError> {
        let addresses = interleave(addresses, limits.addresses);
        if addresses.is_empty() {
            return Err(DialError::NoAddresses);
        }
        let attempts = addresses.iter().map(|_| Attempt::Waiting).collect();
        Ok(Dial { addresses, attempts, next: 0, connecting: 0, not_before: None, delay, winner: None })
    }

    /// What is to be done at `now`.
    pub fn poll(&mut self, now: Instant) -> DialStep {
        if let Some(id) = self.winner {
            return DialStep::Won(id);
        }
        let Some(&address) = self.addresses.get(self.next) else {
            return if self.connecting == 0 { DialStep::Failed } else { DialStep::Wait(None) };
        };
        match self.not_before {
            Some(time) if now < time => DialStep::Wait(Some(time)),
            _ => {
                let id = AttemptId(u32::try_from(self.next).unwrap_or(u32::MAX));
                self.not_before = Some(now + self.delay);
                self.next += 1;
                self.connecting += 1;
                self.set(id, Attempt::Connecting);
                DialStep::Connect(id, address)
            }
        }
    }

    /// An attempt has succeeded. The first one wins; a later one is a loser that [`Dial::take_losers`] lists.
    /// Ignored for an attempt that is not under way.
    pub fn connected(&mut self, id: AttemptId) {
        if self.is_connecting(id) {
            self.connecting -= 1;
            self.set(id, Attempt::Connected);
            self.winner.get_or_insert(id);
        }
    }

    /// An attempt has failed, for the reason `kind` and `text`. The next address is tried at once.
    /// Ignored for an attempt that is not under way.
    pub fn failed(&mut self, id: AttemptId, kind: io::ErrorKind, text: impl Into<Box<str>>) {
        if self.is_connecting(id) {
            self.connecting -= 1;
            self.set(id, Attempt::Failed(kind, text.into()));
            self.not_before = None;
        }
    }

    /// After [`DialStep::Won`]: the attempts that are to be closed, whether under way or connected too late. Each is
    /// listed once, and what is reported of it later is ignored, so its socket can be closed at once. Empty before.
    pub fn take_losers(&mut self) -> Vec<AttemptId> {
        let Some(winner) = self.winner else { return Vec::new() };
        self.drop_open(|id| id != winner)
    }

    /// Gives up: lists every attempt whose socket is open, the winner's included, to be closed. Nothing is tried any
    /// more, so that [`Dial::poll`] says [`DialStep::Failed`].
    pub fn give_up(&mut self) -> Vec<AttemptId> {
        self.winner = None;
        self.next = self.addresses.len();
        self.drop_open(|_| true)
    }

    /// The attempts that are under way.
    pub fn pending(&self) -> impl Iterator<Item = AttemptId> + '_ {
        self.ids().filter(|&id| self.is_connecting(id))
    }

    /// The addresses in the order in which they are tried.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address of an attempt of this machine.
    pub fn address(&self, id: AttemptId) -> Option<SocketAddr> {
        self.addresses.get(id.index()).copied()
    }

    /// When [`Dial::poll`] has something new to say although nothing was reported, if ever.
    pub fn wakes_at(&self) -> Option<Instant> {
        let waits = self.winner.is_none() && self.next < self.addresses.len();
        self.not_before.filter(|_| waits)
    }

    /// Every failure so far, in the order of the addresses: the error when [`DialStep::Failed`] was given, and what
    /// is known when a deadline ended the attempt.
    pub fn error(&self) -> DialError {
        let fate = |(&address, attempt): (&SocketAddr, &Attempt)| {
            let reason = match attempt {
                Attempt::Failed(kind, text) => FailReason::Failed { kind: *kind, text: text.clone() },
                Attempt::Waiting => FailReason::NotTried,
                Attempt::Connecting | Attempt::Connected | Attempt::Dropped => FailReason::GivenUp,
            };
            FailedAddress { address, reason }
        };
        DialError::AllFailed(self.addresses.iter().zip(&self.attempts).map(fate).collect())
    }

    fn ids(&self) -> impl Iterator<Item = AttemptId> + use<> {
        (0..u32::try_from(self.addresses.len()).unwrap_or(u32::MAX)).map(AttemptId)
    }

    pub(crate) fn is_connecting(&self, id: AttemptId) -> bool {
        matches!(self.attempts.get(id.index()), Some(Attempt::Connecting))
    }

    fn set(&mut self, id: AttemptId, attempt: Attempt) {
        if let Some(slot) = self.attempts.get_mut(id.index()) {
            *slot = attempt;
        }
    }

    fn drop_open(&mut self, which: impl Fn(AttemptId) -> bool) -> Vec<AttemptId> {
        let mut dropped = Vec::new();
        for (id, attempt) in self.ids().zip(&mut self.attempts) {
            if which(id) && matches!(attempt, Attempt::Connecting | Attempt::Connected) {
                if matches!(attempt, Attempt::Connecting) {
                    self.connecting -= 1;
                }
                *attempt = Attempt::Dropped;
                dropped.push(id);
            }
        }
        dropped
    }
}

/// One of each family in turn, IPv6 first, each family in the order given; no address twice; at most `cap`.
fn interleave(addresses: &[SocketAddr], cap: usize) -> Vec<SocketAddr> {
    let mut sixes = addresses.iter().filter(|a| a.is_ipv6());
    let mut fours = addresses.iter().filter(|a| a.is_ipv4());
    let mut out: Vec<SocketAddr> = Vec::with_capacity(addresses.len().min(cap));
    while out.len() < cap {
        // `out` is short, so looking through it costs less than a set would.
        let Some(&six_or_four) = sixes.find(|a| !out.contains(a)).or_else(|| fours.find(|a| !out.contains(a))) else {
            break;
        };
        out.push(six_or_four);
        if six_or_four.is_ipv6()
            && out.len() < cap
            && let Some(&four) = fours.find(|a| !out.contains(a))
        {
            out.push(four);
        }
    }
    out
}
