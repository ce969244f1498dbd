//! Names, addresses and dialling in the simulated world, and what goes wrong with them.

use std::io::ErrorKind;
use std::net::SocketAddr;

use super::inputs::Told;
use super::origins;
use super::wire::{Fault, Wire};
use super::world::{Happens, World};
use crate::memory::{Dice, ms};

impl World {
    pub(super) fn looked_up(&mut self, t: u32) {
        let running = &self.running[self.transfers[t as usize - 1]];
        if running.over {
            return;
        }
        let Some(transfer) = self.tape.transfer(t) else { return };
        let Some((name, port)) = transfer.peer_name() else { return };
        let name = name.to_owned();
        let faulty = self.plan.weather.faulty;
        if faulty && self.dice.once_in(40) {
            self.fired = true;
            return self.tell_if_asked(t, &Told::ResolveFailed(t, ErrorKind::NotFound));
        }
        let machine = origins::machine(&name).unwrap_or_else(|| panic!("who is {name}?"));
        let mut addresses = origins::addresses(machine).to_vec();
        addresses.truncate(1 + self.dice.below(3));
        let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        self.tell_if_asked(t, &Told::Resolved(t, addresses));
    }

    /// The answer to a look-up that may have been given up meanwhile.
    fn tell_if_asked(&mut self, _t: u32, told: &Told<'_>) {
        self.step += 1;
        let now = self.clocks();
        let answered = self.tape.tell(now, told);
        if let Err(words) = answered {
            assert!(words.contains("ended") || words.contains("not asked"), "{words}");
        }
    }

    /// A connection is to be opened.
    pub(super) fn dial(&mut self, socket: u32, address: SocketAddr) {
        let origin = origins::at(address).unwrap_or_else(|| panic!("who is at {address}?"));
        assert_eq!(socket as usize, self.wires.len() + 1);
        let weather = &self.plan.weather;
        let (latency, bandwidth, faulty) = (weather.latency, weather.bandwidth, weather.faulty);
        let dice = &mut self.dice;
        let some = |dice: &mut Dice| if dice.once_in(2) { dice.below(400) } else { dice.below(20_000) };
        let fault = if !faulty || !dice.once_in(3) {
            Fault::None
        } else {
            match dice.below(14) {
                11.. => {
                    let said = if dice.once_in(3) { 1 + dice.below(30) } else { 0 };
                    Fault::DiesAt(1 + dice.below(3), dice.once_in(2), said)
                }
                0 | 1 => Fault::ResetDown(some(dice), dice.once_in(2)),
                2 => Fault::FinDown(some(dice)),
                3 => Fault::StallDown(some(dice)),
                4 | 5 => Fault::ResetUp(some(dice)),
                6 => Fault::StopReading(some(dice)),
                7 => Fault::HalfClose,
                _ => Fault::IdleClose(ms(dice.throw() % 8_000)),
            }
        };
        let dialling = if faulty { dice.below(16) } else { 15 };
        let extra = ms(if dice.once_in(4) { dice.throw() % 600 } else { 0 });
        self.wires.push(Wire::new(address, origin, fault, latency, bandwidth));
        match dialling {
            0 => self.fired = true, // A black hole.
            1 | 2 => {
                self.fired = true;
                self.wire(socket).fired = true;
                self.after(latency + extra, Happens::Dialled(socket));
            }
            _ => self.after(latency + extra, Happens::Dialled(socket)),
        }
    }

    pub(super) fn dialled(&mut self, socket: u32) {
        let now = self.now;
        let wire = self.wire(socket);
        if !wire.open {
            return;
        }
        if wire.fired {
            wire.open = false;
            self.tell(&Told::ConnectFailed(socket, ErrorKind::ConnectionRefused));
        } else {
            wire.connected = Some(now);
            self.tell(&Told::Connected(socket));
        }
    }
}
