//! Names, addresses and connection attempts in the simulated world, and their faults.

use std::io::ErrorKind;
use std::net::SocketAddr;

use super::inputs::DriverInput;
use super::origins;
use super::wire::{Fault, Wire};
use super::world::{Scheduled, World};
use crate::memory::ms;
use crate::rng::Rng;
use petition_core::route::address::Address;

impl World {
    pub(super) fn looked_up(&mut self, t: u32) {
        let running = &self.running[self.transfers[t as usize - 1]];
        if running.over {
            return;
        }
        let Some(transfer) = self.recorder.transfer(t) else { return };
        let Some((name, port)) = transfer.peer_name() else { return };
        let name = name.to_owned();
        let faulty = self.plan.conditions.faulty;
        if faulty && self.rng.one_in(40) {
            self.fired = true;
            return self.tell_if_asked(t, &DriverInput::ResolveFailed(t, ErrorKind::NotFound));
        }
        let mut addresses = origins::lookup(&name).unwrap_or_else(|| panic!("who is {name}?"));
        addresses.truncate(1 + self.rng.below(3));
        let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        self.tell_if_asked(t, &DriverInput::Resolved(t, addresses));
    }

    /// Answers a look-up that the transfer may have abandoned meanwhile.
    fn tell_if_asked(&mut self, _t: u32, input: &DriverInput<'_>) {
        self.step += 1;
        let now = self.clocks();
        let answered = self.recorder.handle(now, input);
        if let Err(words) = answered {
            assert!(words.contains("ended") || words.contains("not asked"), "{words}");
        }
    }

    /// Starts an attempt to connect.
    pub(super) fn dial(&mut self, socket: u32, address: Address) {
        let origin = origins::at(&address).unwrap_or_else(|| panic!("who is at {address}?"));
        assert_eq!(socket as usize, self.wires.len() + 1);
        let conditions = &self.plan.conditions;
        let (latency, bandwidth, faulty) = (conditions.latency, conditions.bandwidth, conditions.faulty);
        let rng = &mut self.rng;
        let some = |rng: &mut Rng| if rng.one_in(2) { rng.below(400) } else { rng.below(20_000) };
        let fault = if !faulty || !rng.one_in(3) {
            Fault::None
        } else {
            match rng.below(14) {
                11.. => {
                    let sent = if rng.one_in(3) { 1 + rng.below(30) } else { 0 };
                    Fault::DiesAt(1 + rng.below(3), rng.one_in(2), sent)
                }
                0 | 1 => Fault::ResetDown(some(rng), rng.one_in(2)),
                2 => Fault::FinDown(some(rng)),
                3 => Fault::StallDown(some(rng)),
                4 | 5 => Fault::ResetUp(some(rng)),
                6 => Fault::StopReading(some(rng)),
                7 => Fault::HalfClose,
                _ => Fault::IdleClose(ms(rng.next_u64() % 8_000)),
            }
        };
        let dialling = if faulty { rng.below(16) } else { 15 };
        let extra = ms(if rng.one_in(4) { rng.next_u64() % 600 } else { 0 });
        self.wires.push(Wire::new(address, origin, fault, latency, bandwidth));
        match dialling {
            0 => self.fired = true, // A black hole.
            1 | 2 => {
                self.fired = true;
                self.wire(socket).fired = true;
                self.after(latency + extra, Scheduled::Dialled(socket));
            }
            _ => self.after(latency + extra, Scheduled::Dialled(socket)),
        }
    }

    pub(super) fn dialled(&mut self, socket: u32) {
        let now = self.clock.now;
        let wire = self.wire(socket);
        if !wire.open {
            return;
        }
        if wire.fired {
            wire.open = false;
            self.handle(&DriverInput::ConnectFailed(socket, ErrorKind::ConnectionRefused));
        } else {
            wire.connected = Some(now);
            self.handle(&DriverInput::Connected(socket));
        }
    }
}
