//! Connects to one of several addresses: Happy Eyeballs version 2 (RFC 8305 §4, §5) as a pure state
//! machine.
//!
//! The machine tries addresses in the resolver's order, alternating families, IPv6 first. After the
//! delay, a pending attempt is joined by the next; a failed one is followed at once. The first
//! success wins; the others must be closed. A dead IPv6 path thus costs one delay, not a timeout.
//!
//! Left out: resolving, and with it the resolution delay of §3, since both answers are expected
//! together; the sorting of §4, since the resolver has done RFC 6724; and a total deadline. To
//! abort, drop the machine and close [`Dial::pending`].

mod error;
#[cfg(test)]
mod tests;

pub use error::{DialError, FailReason, FailedAddress};

use crate::limits::Limits;
use crate::route::address::Address;
use crate::time::{Duration, Instant};
use std::io;

/// The delay that RFC 8305 §5 recommends: 250 ms.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// An attempt of a [`Dial`], identified by the index of its address in [`Dial::addresses`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(u32);

impl AttemptId {
    /// Returns the index of its address in [`Dial::addresses`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The next step of a [`Dial`], from [`Dial::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStep {
    /// Start connecting to [`Dial::address`] without blocking, then poll again. Returned once per
    /// address.
    Connect(AttemptId),
    /// Wait until an attempt is reported, or until this time if there is one.
    Wait(Option<Instant>),
    /// This attempt won. Every later poll returns the same; see [`Dial::take_losers`].
    Won(AttemptId),
    /// Every address has failed; [`Dial::error`] has the reasons. Every later poll returns the
    /// same.
    Failed,
}

#[derive(Debug)]
enum Attempt {
    Waiting,
    Connecting,
    Connected,
    Failed(io::ErrorKind, Box<str>),
    /// A loser that was returned for closing.
    Dropped,
}

/// The state machine for one connection. Time enters only through [`Dial::poll`].
#[derive(Debug)]
pub struct Dial {
    addresses: Vec<Address>,
    attempts: Vec<Attempt>,
    /// The index of the next address to try.
    next: usize,
    connecting: usize,
    /// When the next attempt may begin while others are pending.
    not_before: Option<Instant>,
    delay: Duration,
    winner: Option<AttemptId>,
}

impl Dial {
    /// Creates a machine for `addresses` in the resolver's order, with [`ATTEMPT_DELAY`] between
    /// attempts.
    ///
    /// Duplicates are removed and families interleaved (RFC 8305 §4: one address of each in turn,
    /// IPv6 first). Addresses other than TCP's come before them. Then the list is cut to
    /// [`Limits::addresses`].
    ///
    /// # Errors
    /// [`DialError::NoAddresses`] if no address is left to try.
    pub fn new(addresses: &[Address], limits: &Limits) -> Result<Dial, DialError> {
        Dial::with_delay(addresses, limits, ATTEMPT_DELAY)
    }

    /// Creates a machine as [`Dial::new`] does, with another delay. RFC 8305 §5 requires at least
    /// 10 ms and recommends 100 ms to 2 s.
    ///
    /// # Errors
    /// As [`Dial::new`].
    pub fn with_delay(addresses: &[Address], limits: &Limits, delay: Duration) -> Result<Dial, DialError> {
        let addresses = interleave(addresses, limits.addresses);
        if addresses.is_empty() {
            return Err(DialError::NoAddresses);
        }
        let attempts = addresses.iter().map(|_| Attempt::Waiting).collect();
        Ok(Dial { addresses, attempts, next: 0, connecting: 0, not_before: None, delay, winner: None })
    }

    /// Returns the next step at `now`.
    pub fn poll(&mut self, now: Instant) -> DialStep {
        if let Some(id) = self.winner {
            return DialStep::Won(id);
        }
        if self.next >= self.addresses.len() {
            return if self.connecting == 0 { DialStep::Failed } else { DialStep::Wait(None) };
        }
        match self.not_before {
            Some(time) if now < time => DialStep::Wait(Some(time)),
            _ => {
                let id = AttemptId(u32::try_from(self.next).unwrap_or(u32::MAX));
                self.not_before = Some(now + self.delay);
                self.next += 1;
                self.connecting += 1;
                self.set(id, Attempt::Connecting);
                DialStep::Connect(id)
            }
        }
    }

    /// Reports that an attempt succeeded. The first success wins; [`Dial::take_losers`] returns
    /// later ones. Ignored unless the attempt is pending.
    pub fn connected(&mut self, id: AttemptId) {
        if self.is_connecting(id) {
            self.connecting -= 1;
            self.set(id, Attempt::Connected);
            self.winner.get_or_insert(id);
        }
    }

    /// Reports that an attempt failed, for the reason `kind` and `text`. The next address is tried
    /// at once. Ignored unless the attempt is pending.
    pub fn failed(&mut self, id: AttemptId, kind: io::ErrorKind, text: impl Into<Box<str>>) {
        if self.is_connecting(id) {
            self.connecting -= 1;
            self.set(id, Attempt::Failed(kind, text.into()));
            self.not_before = None;
        }
    }

    /// Returns the attempts to close after [`DialStep::Won`], both pending ones and late successes.
    /// Each is returned once, and later reports of it are ignored: its socket can be closed at
    /// once. Empty before.
    pub fn take_losers(&mut self) -> Vec<AttemptId> {
        let Some(winner) = self.winner else { return Vec::new() };
        self.drop_open(|id| id != winner)
    }

    /// Aborts the dial and returns every attempt whose socket is open, including the winner's, for
    /// closing. [`Dial::poll`] returns [`DialStep::Failed`] from now on.
    pub fn abort(&mut self) -> Vec<AttemptId> {
        self.winner = None;
        self.next = self.addresses.len();
        self.drop_open(|_| true)
    }

    /// Iterates over the pending attempts.
    pub fn pending(&self) -> impl Iterator<Item = AttemptId> + '_ {
        self.ids().filter(|&id| self.is_connecting(id))
    }

    /// Returns the addresses in the order of trying.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the address of an attempt.
    pub fn address(&self, id: AttemptId) -> Option<&Address> {
        self.addresses.get(id.index())
    }

    /// Returns when [`Dial::poll`] has a new step without a report, if ever.
    pub fn wakes_at(&self) -> Option<Instant> {
        let waits = self.winner.is_none() && self.next < self.addresses.len();
        self.not_before.filter(|_| waits)
    }

    /// Returns every failure so far, in the order of the addresses. This is the error after
    /// [`DialStep::Failed`], or the partial result when a deadline ends the dial.
    pub fn error(&self) -> DialError {
        let outcome = |(address, attempt): (&Address, &Attempt)| {
            let reason = match attempt {
                Attempt::Failed(kind, text) => FailReason::Failed { kind: *kind, text: text.clone() },
                Attempt::Waiting => FailReason::NotTried,
                Attempt::Connecting | Attempt::Connected | Attempt::Dropped => FailReason::Aborted,
            };
            FailedAddress { address: address.clone(), reason }
        };
        DialError::AllFailed(self.addresses.iter().zip(&self.attempts).map(outcome).collect())
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

/// Returns the addresses without duplicates, at most `cap` of them. Addresses other than TCP's come
/// first, since the caller named them. Then the families alternate, IPv6 first, each in the given
/// order.
fn interleave(addresses: &[Address], cap: usize) -> Vec<Address> {
    let family = |address: &&Address| address.socket_addr().map(|address| address.is_ipv6());
    let mut sixes = addresses.iter().filter(|a| family(a) == Some(true));
    let mut fours = addresses.iter().filter(|a| family(a) == Some(false));
    let mut out: Vec<Address> = Vec::with_capacity(addresses.len().min(cap));
    for other in addresses.iter().filter(|a| family(a).is_none()) {
        if out.len() < cap && !out.contains(other) {
            out.push(other.clone());
        }
    }
    while out.len() < cap {
        // `out` is short: a linear search costs less than a set.
        let six = sixes.find(|a| !out.contains(a));
        let Some(next) = six.or_else(|| fours.find(|a| !out.contains(a))) else { break };
        out.push(next.clone());
        if six.is_some()
            && out.len() < cap
            && let Some(four) = fours.find(|a| !out.contains(a))
        {
            out.push(four.clone());
        }
    }
    out
}
