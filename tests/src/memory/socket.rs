//! One connection of the world: a wire with a scripted peer at the other end.

use std::io;
use std::time::Duration;

use super::script_runner::ScriptRunner;
use crate::network::Wire;
use petition_core::route::address::Address;

/// Who has a socket of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// A transfer has it.
    InUse,
    /// The pool has it.
    Pooled,
    /// It was closed.
    Closed,
}

/// How an attempt to connect ends, and when.
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

pub(super) struct Socket {
    pub(super) address: Address,
    pub(super) dialling: Dialling,
    pub(super) state: ConnectionState,
    pub(super) opened: Duration,
    pub(super) closed: Option<Duration>,
    pub(super) wire: Wire,
    pub(super) runner: ScriptRunner,
}
