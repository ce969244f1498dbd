//! One connection of the world: two bounded byte queues with a peer at the other end.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::script_runner::ScriptRunner;

/// Bytes that fit on the way in either direction.
pub(super) const WINDOW: usize = 64 * 1024;

/// What became of a socket in the client's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// A transfer has it.
    InUse,
    /// The pool has it.
    Pooled,
    /// It was closed.
    Closed,
}

/// What connecting comes to, and when.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialling {
    Succeeds(Duration),
    Fails(Duration, io::ErrorKind),
    Never,
    Over,
}

impl Dialling {
    pub(super) fn due(self) -> Option<Duration> {
        match self {
            Dialling::Succeeds(at) | Dialling::Fails(at, _) => Some(at),
            Dialling::Never | Dialling::Over => None,
        }
    }
}

/// How the peer's direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset,
}

pub(super) struct Socket {
    pub(super) address: SocketAddr,
    pub(super) dialling: Dialling,
    pub(super) state: ConnectionState,
    pub(super) opened: Duration,
    pub(super) closed: Option<Duration>,
    pub(super) line: Line,
    pub(super) runner: ScriptRunner,
}

/// What is on the way.
#[derive(Default)]
pub(super) struct Line {
    segments: VecDeque<Vec<u8>>,
    queued: usize,
    /// Bytes for the peer that it has not read.
    pub(super) inbox: Vec<u8>,
    pub(super) end: Option<End>,
    /// The peer takes no more: writing fails.
    pub(super) deaf: bool,
    /// The client has closed.
    pub(super) hung_up: bool,
}

impl Line {
    pub(super) fn room_to_client(&self) -> usize {
        WINDOW.saturating_sub(self.queued)
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() && self.end.is_none() && !self.hung_up {
            self.queued += bytes.len();
            self.segments.push_back(bytes.to_vec());
        }
    }

    pub(super) fn readable(&self) -> bool {
        !self.segments.is_empty() || self.end.is_some()
    }

    pub(super) fn room_to_peer(&self) -> usize {
        WINDOW.saturating_sub(self.inbox.len())
    }

    /// At most `most` bytes of one segment. Empty: the end. `None`: nothing there.
    pub(super) fn read(&mut self, most: usize) -> Option<io::Result<Vec<u8>>> {
        let Some(first) = self.segments.front_mut() else {
            return self.end.map(|end| match end {
                End::Fin => Ok(Vec::new()),
                End::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            });
        };
        let n = most.min(first.len());
        let rest = first.split_off(n);
        let bytes = std::mem::replace(first, rest);
        if first.is_empty() {
            self.segments.pop_front();
        }
        self.queued -= bytes.len();
        Some(Ok(bytes))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.deaf || self.end == Some(End::Reset) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(self.room_to_peer());
        self.inbox.extend_from_slice(&bytes[..n]);
        Ok(n)
    }
}
