//! What an embedder may call on an engine at any time: polls of its sockets, accessors, and inputs
//! that were not requested.

use petition_core::engine::{SocketId, TransferId};
use petition_core::http1::Config;
use petition_core::link::Link;
use petition_core::{Input, Side};

use super::super::generators::count;
use super::Run;

impl Run<'_> {
    /// Begins a poll of all sockets, or reports that it is over; readiness was reported as it
    /// arose. Or there is no poll any more.
    pub(super) fn poll_sockets(&mut self) -> arbitrary::Result<()> {
        match (self.mark.take(), self.u.int_in_range(0..=5)?) {
            (_, 0) => self.engine.probe_individually(),
            (Some(mark), _) => self.engine.mark_polled(self.now, mark),
            (None, _) => self.mark = Some(self.engine.begin_poll()),
        }
        Ok(())
    }

    /// Accessors.
    pub(super) fn ask(&mut self) -> arbitrary::Result<()> {
        let (which, n) = (self.u.int_in_range(0..=3)?, self.u.int_in_range(0..=7)?);
        if !self.asks {
            return Ok(());
        }
        let engine = &mut self.engine;
        match which {
            0 => {
                let socket = engine.socket_at(n);
                let space = socket.map(|socket| engine.space(socket)).unwrap_or_default();
                space.iter_mut().for_each(|byte| *byte = b'?');
            }
            1 => {
                let Some(socket) = engine.socket_at(n) else { return Ok(()) };
                let _ = (engine.outgoing(socket).len(), engine.is_connecting(socket));
                let _ = [Side::Read, Side::Write, Side::Body].map(|side| engine.awaits(socket, side));
            }
            2 => {
                let Some(id) = self.live.iter().nth(n) else { return Ok(()) };
                let _ = (engine.body(*id).len(), engine.peer_name(*id).is_some());
                let _ = engine.transfer(*id).map(|transfer| (transfer.is_received(), transfer.read_plan(n * 10_000)));
            }
            _ => {
                let _ = (
                    engine.is_at_rest(),
                    engine.awaits_poll(),
                    engine.deadline(),
                    engine.len(),
                    engine.sockets(),
                    engine.is_empty(),
                );
                let _ = (engine.retained(), engine.statistics(), format!("{engine:?}"));
            }
        }
        Ok(())
    }

    /// Sends inputs that were not requested, or not from the embedder.
    pub(super) fn misuse(&mut self) -> arbitrary::Result<()> {
        let n = count(&mut self.u, 100_000)?;
        let link = Box::new(Link::new(Vec::new(), Config::default()));
        let input = match self.u.int_in_range(0..=6)? {
            0 => Input::Acquired { link, peer: None },
            1 => Input::OpenNew,
            2 => Input::Filled(n.max(1_000_000)),
            3 => Input::ReadDirect(n.max(isize::MAX as usize + 1)),
            4 => Input::Consumed(n.max(1_000_000)),
            5 => Input::Wrote(n.max(1_000_000)),
            _ => Input::Rewound,
        };
        let sockets: Vec<SocketId> = self.wires.keys().copied().collect();
        let live: Vec<TransferId> = self.live.iter().copied().collect();
        let told = if !sockets.is_empty() && self.u.arbitrary()? {
            let socket = *self.u.choose(&sockets)?;
            self.engine.socket_input(self.now, socket, input)
        } else if !live.is_empty() {
            let id = *self.u.choose(&live)?;
            self.engine.transfer_input(self.now, id, input)
        } else {
            return Ok(());
        };
        self.shown.push(format!("{told:?}"));
        Ok(())
    }
}
