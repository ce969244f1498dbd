//! The driver's reads and writes on the wire, and what the caller supplies and consumes.

use std::io;
use std::time::Duration;

use petition_core::{Input, IoFailure, Side};

use super::Driver;
use crate::memory::caller::Reader;
use crate::memory::upload::Piece;
use crate::network::{End, Read};

impl Driver<'_> {
    pub(super) fn transmit(&mut self) {
        let socket = self.manual.socket.expect("a connection to write to");
        let bytes = self.manual.transfer.outgoing();
        assert!(!bytes.is_empty(), "asked to transmit nothing");
        if self.world.style.noise(6) {
            self.parked_write = true;
            return self.input(Input::Blocked(Side::Write));
        }
        let n = self.world.style.cut(bytes.len());
        let now = self.world.clock.now;
        let wire = &mut self.world.sockets[socket].wire;
        let written = wire.room(now).map(|room| {
            let n = n.min(room);
            if n > 0 {
                wire.write(now, &bytes[..n]);
            }
            n
        });
        match written {
            Ok(0) if self.world.style.blocking => self.wait(),
            Ok(0) => {
                self.parked_write = true;
                self.input(Input::Blocked(Side::Write));
            }
            Ok(n) => self.input(Input::Wrote(n)),
            Err(kind) => self.input(Input::Failed(Side::Write, IoFailure::new(kind))),
        }
    }

    pub(super) fn read(&mut self) {
        let socket = self.manual.socket.expect("a connection to read from");
        if self.world.style.noise(6) {
            self.parked_read = true;
            return self.input(Input::Blocked(Side::Read));
        }
        let reads = matches!(self.caller.reader, Reader::Reads);
        let way = self.world.style.rng().below(4);
        let in_place = way < 2;
        // In place as much as is planned, or as there is room for; or a slice.
        let plan = self.manual.transfer.read_plan(if reads && way == 2 { 64 * 1024 } else { 0 });
        let direct = plan.direct > 0;
        let most = match way {
            _ if direct => plan.direct + plan.buffered,
            0 => self.manual.transfer.space().len().min(plan.buffered),
            1 => self.manual.transfer.space().len(),
            _ => 16 * 1024,
        };
        assert!(most > 0, "asked to read into nothing");
        let n = self.world.style.cut(most);
        let now = self.world.clock.now;
        match self.world.sockets[socket].wire.read(now, n) {
            Read::Nothing if self.world.style.blocking => self.wait(),
            Read::Nothing => {
                self.parked_read = true;
                self.input(Input::Blocked(Side::Read));
            }
            Read::Bytes(bytes) if direct => {
                let (body, behind) = bytes.split_at(bytes.len().min(plan.direct));
                self.out.body.extend_from_slice(body);
                if !behind.is_empty() {
                    self.manual.transfer.space()[..behind.len()].copy_from_slice(behind);
                }
                self.idle_polls = 0;
                if !self.manual.transfer.note_direct(bytes.len()) {
                    self.input(Input::ReadDirect(bytes.len()));
                }
                self.input(Input::Consumed(0));
            }
            Read::Bytes(bytes) if in_place => {
                self.manual.transfer.space()[..bytes.len()].copy_from_slice(&bytes);
                self.input(Input::Filled(bytes.len()));
            }
            Read::Bytes(bytes) => self.input(Input::Received(&bytes)),
            Read::End(End::Fin) => self.input(Input::Eof),
            Read::End(End::Reset) => {
                self.input(Input::Failed(Side::Read, IoFailure::new(io::ErrorKind::ConnectionReset)));
            }
        }
    }

    pub(super) fn supply(&mut self) {
        assert!(
            self.manual.transfer.outgoing().is_empty() || self.manual.transfer.is_blocked(Side::Write),
            "T52: the source is asked although output waits to be written"
        );
        if self.world.style.noise(6) {
            self.park_body(self.world.clock.now);
            return self.input(Input::Blocked(Side::Body));
        }
        match self.caller.source.next(self.world.clock.now) {
            Piece::Bytes(bytes) => {
                let n = self.world.style.cut(bytes.len());
                let now = self.world.clocks();
                self.idle_polls = 0;
                let taken = self.manual.transfer.push_body(now, &bytes[..n]).expect("a body that was asked for");
                self.caller.source.at += taken;
            }
            // A driver that blocks in the caller's code notices nothing meanwhile.
            Piece::NotBefore(time) if self.world.style.blocking => {
                while let Some(wake) = self.world.next_wake().filter(|&wake| wake < time) {
                    self.world.advance(wake);
                    self.world.run_peers();
                }
                self.world.advance(time);
                self.idle_polls = 0;
            }
            Piece::NotBefore(time) => {
                self.park_body(time);
                self.input(Input::Blocked(Side::Body));
            }
            Piece::End => self.input(Input::BodyEnd),
            Piece::Failed => self.input(Input::BodyFailed("the file is gone".into())),
        }
    }

    fn park_body(&mut self, until: Duration) {
        self.parked_body = Some(until);
        self.world.wake_at(until);
    }

    pub(super) fn discard(&mut self) {
        self.discarded = true;
        self.input(Input::Discard);
    }

    pub(super) fn consume(&mut self) {
        assert!(!self.discarded, "a body was offered that nobody wants");
        let have = self.out.body.len();
        let mut most = self.manual.transfer.body().len();
        assert!(most > 0, "an empty body was offered");
        match self.caller.reader {
            Reader::Pauses(after, until) if self.world.clock.now < until => {
                most = most.min(after.saturating_sub(have));
                if most == 0 {
                    self.world.wake_at(until);
                    return self.pass();
                }
            }
            Reader::Discards(after) => {
                most = most.min(after.saturating_sub(have));
                if most == 0 {
                    return self.discard();
                }
            }
            _ => {}
        }
        let n = if self.world.style.noise(6) { 0 } else { self.world.style.cut(most) };
        self.out.body.extend_from_slice(&self.manual.transfer.body()[..n]);
        self.input(Input::Consumed(n));
    }
}
