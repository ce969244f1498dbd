//! An engine under any schedule of requests, cancels, pauses, inputs, failures and time.
//!
//! Checks: each transfer ends once, and has no output afterwards; a socket is opened once and
//! closed once, and never are more open than the limits allow; the engine's counts are right
//! whenever it is at rest; it comes to rest after bounded work; a credential is only ever written
//! to the origin or proxy that it is for (invariant 3); the same program gives the same run,
//! whatever accessors are called in between.

mod embedder_calls;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use arbitrary::Unstructured;
use petition_core::engine::{Engine, Group, Output, PollMark, READ_BUFFER, SocketId, TransferId};
use petition_core::route::pool::PoolLimits;
use petition_core::{Address, Input, Instant, IoFailure, Limits, Now, Session, Side, Transfer, UnixTime};

use super::generators::{CANARY, answer, request, step};
use crate::memory::invariants::memory_is_bounded;

/// Runs a program for one engine.
pub fn engine_ops(data: &[u8]) {
    let asked = Run::new(data, true);
    assert_eq!(asked, Run::new(data, false), "an accessor decides nothing, and the same program gives the same run");
}

/// The addresses of the two names that are looked up.
const NAMES: [(&str, &str); 2] = [("a.test", "10.0.1.1"), ("b.test", "10.0.1.2")];

#[derive(Default)]
struct Wire {
    host: String,
    connected: bool,
    /// Every byte written.
    sent: Vec<u8>,
    /// Credentials before this byte are checked.
    checked: usize,
    incoming: Vec<u8>,
    ended: bool,
}

struct Run<'a> {
    u: Unstructured<'a>,
    /// Whether accessors are called.
    asks: bool,
    engine: Engine,
    session: Session,
    limits: PoolLimits,
    now: Now,
    wires: BTreeMap<SocketId, Wire>,
    live: BTreeSet<TransferId>,
    resolving: Vec<TransferId>,
    rewinding: Vec<TransferId>,
    /// A poll of all sockets that has begun.
    mark: Option<PollMark>,
    started: usize,
    ended: usize,
    shown: Vec<String>,
}

impl Run<'_> {
    /// Runs the program to its end, and returns what was observed.
    #[expect(clippy::new_ret_no_self)]
    fn new(data: &[u8], asks: bool) -> Vec<String> {
        let mut u = Unstructured::new(data);
        let some = |u: &mut Unstructured<'_>| u.int_in_range(0..=4).map(|n| (n > 0).then_some(n));
        let (Ok(open_total), Ok(open_per_key)) = (some(&mut u), some(&mut u)) else { return Vec::new() };
        let limits = PoolLimits::DEFAULT
            .open_total(open_total)
            .open_per_key(open_per_key)
            .idle_total(usize::from(u.arbitrary::<u8>().unwrap_or(3) % 5))
            .idle_per_key(usize::from(u.arbitrary::<u8>().unwrap_or(2) % 3));
        let mut run = Run {
            u,
            asks,
            engine: Engine::new(limits),
            session: Session::new(),
            limits,
            now: Now::new(Instant::from_origin(Duration::from_secs(1)), UnixTime(1_700_000_000)),
            wires: BTreeMap::new(),
            live: BTreeSet::new(),
            resolving: Vec::new(),
            rewinding: Vec::new(),
            mark: None,
            started: 0,
            ended: 0,
            shown: Vec::new(),
        };
        let before = run.session.options().clone();
        for _ in 0..400 {
            if run.u.is_empty() || run.op().is_err() {
                break;
            }
        }
        run.finish();
        assert_eq!(run.session.options(), &before, "sending changes no option");
        run.shown
    }

    fn op(&mut self) -> arbitrary::Result<()> {
        match self.u.int_in_range(0..=18)? {
            0 | 1 => self.start()?,
            2 => self.control()?,
            3 => {
                self.now.instant = self.now.instant + step(&mut self.u)?;
                self.engine.tick(self.now);
            }
            4..=8 => self.wire_event()?,
            9 if !self.resolving.is_empty() => {
                let at = self.u.choose_index(self.resolving.len())?;
                let id = self.resolving.swap_remove(at);
                let well = !self.u.ratio(1, 5)?;
                self.resolved(id, well);
            }
            10..=12 => self.rest()?,
            13 | 14 => self.ask()?,
            15 => self.misuse()?,
            16 => self.poll_sockets()?,
            _ => drop(self.turn()?),
        }
        Ok(())
    }

    fn start(&mut self) -> arbitrary::Result<()> {
        if self.started == 40 {
            return Ok(());
        }
        let (request, _) = request(&mut self.u)?;
        let Ok(prepared) = self.session.prepare(&request) else { return Ok(()) };
        let group = Group(self.u.int_in_range(0..=2)?);
        let id = match self.u.int_in_range(0..=3)? {
            0 => {
                let mut transfer = Transfer::new(prepared, self.now);
                let begun = self.u.ratio(1, 3)?;
                if begun {
                    let _ = transfer.sync(self.now, &mut self.session);
                }
                match self.engine.adopt(transfer, Some(group)) {
                    Ok(id) => id,
                    Err(_) => {
                        assert!(begun, "it has not begun");
                        return Ok(());
                    }
                }
            }
            _ => self.engine.start(self.now, prepared, Some(group)),
        };
        assert!(self.live.insert(id), "an id is never used again");
        self.started += 1;
        Ok(())
    }

    /// Acts as the caller, on current or ended transfers.
    fn control(&mut self) -> arbitrary::Result<()> {
        let live: Vec<TransferId> = self.live.iter().copied().collect();
        let some = if live.is_empty() { None } else { Some(*self.u.choose(&live)?) };
        match (self.u.int_in_range(0..=9)?, some) {
            (0, Some(id)) => self.engine.cancel(self.now, id),
            (1, _) if self.u.ratio(1, 4)? => self.engine.cancel_group(self.now, Group(self.u.int_in_range(0..=2)?)),
            (2, _) if self.u.ratio(1, 4)? => self.engine.close_idle(),
            (3 | 4, Some(id)) => self.engine.pause(id),
            (5 | 6, Some(id)) => self.engine.resume(id),
            (7, Some(id)) => drop(self.engine.transfer_input(self.now, id, Input::Ready(Side::Body))),
            (8, Some(id)) if self.u.ratio(1, 2)? => {
                let limit = self.u.arbitrary::<bool>()?.then_some(4);
                self.engine.limit_body(id, "body_bytes", limit);
            }
            (8, Some(id)) => drop(self.engine.transfer_input(self.now, id, Input::Discard)),
            // Unrequested inputs are harmless.
            (9, Some(id)) => drop(self.engine.transfer_input(self.now, id, Input::Rewound)),
            _ => {}
        }
        Ok(())
    }

    /// Acts as a peer.
    fn wire_event(&mut self) -> arbitrary::Result<()> {
        let sockets: Vec<SocketId> = self.wires.keys().copied().collect();
        if sockets.is_empty() {
            return Ok(());
        }
        let socket = *self.u.choose(&sockets)?;
        let what = self.u.int_in_range(0..=11)?;
        let Some(wire) = self.wires.get_mut(&socket) else { return Ok(()) };
        if !wire.connected {
            match what {
                0 => self.refuse(socket),
                1..=8 => {
                    wire.connected = true;
                    self.engine.connected(self.now, socket).unwrap();
                }
                _ => {}
            }
            return Ok(());
        }
        match what {
            0 => wire.ended = true,
            1..=8 => wire.incoming.extend_from_slice(&answer(&mut self.u)?),
            9 => {
                self.engine.socket_input(self.now, socket, Input::Ready(Side::Write)).unwrap();
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.engine.socket_input(self.now, socket, Input::Ready(Side::Read)).unwrap();
        Ok(())
    }

    fn refuse(&mut self, socket: SocketId) {
        self.wires.remove(&socket);
        let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
        self.engine.connect_failed(self.now, socket, refused).unwrap();
    }

    fn resolved(&mut self, id: TransferId, well: bool) {
        let name = self.engine.peer_name(id).map(|(name, _)| name.to_owned());
        let address = NAMES.iter().find(|(other, _)| Some(*other) == name.as_deref()).map(|(_, address)| address);
        let input = match address {
            Some(address) if well => &[format!("{address}:80").parse().unwrap()][..],
            _ => &[],
        };
        // The transfer may have ended by now.
        let _ = self.engine.transfer_input(self.now, id, Input::Resolved(input));
    }

    fn rest(&mut self) -> arbitrary::Result<()> {
        for _ in 0..100_000 {
            if !self.turn()? {
                self.check();
                return Ok(());
            }
        }
        panic!("the engine does not come to rest");
    }

    /// Answers one output. Returns false when there is none.
    fn turn(&mut self) -> arbitrary::Result<bool> {
        let now = self.now;
        let output = self.engine.poll(&mut self.session);
        match output {
            Output::Wait => return Ok(false),
            Output::Connect(socket) => {
                let host = match self.engine.address(socket).expect("an address to connect to") {
                    // A request names the socket of its own host.
                    Address::Unix(path) => path.file_name().expect("a name").to_string_lossy().into_owned(),
                    address => host_at(address.socket_addr().expect("no other address is configured").ip()),
                };
                self.shown.push(format!("connect {host}"));
                assert!(self.wires.keys().all(|open| open.index() != socket.index()), "a socket's number is its own");
                self.wires.insert(socket, Wire { host, ..Wire::default() });
            }
            Output::Close(socket) => {
                let wire = self.wires.remove(&socket).expect("an open socket is closed");
                self.shown.push(format!("close {} after {} bytes", wire.host, wire.sent.len()));
            }
            Output::Transmit(socket) => {
                let n = self.part(self.engine.outgoing(socket).len());
                let input = match self.u.int_in_range(0..=15).unwrap_or(15) {
                    0 => Input::Blocked(Side::Write),
                    1 => Input::Failed(Side::Write, IoFailure::new(std::io::ErrorKind::BrokenPipe)),
                    _ => {
                        let wire = self.wires.get_mut(&socket).expect("an open socket is written to");
                        wire.sent.extend_from_slice(&self.engine.outgoing(socket)[..n]);
                        no_foreign_secret(wire);
                        Input::Wrote(n)
                    }
                };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Read(socket) => {
                let wire = self.wires.get_mut(&socket).expect("an open socket is read from");
                let input = if !wire.incoming.is_empty() {
                    let space = self.engine.space(socket);
                    assert!(!space.is_empty(), "there is room");
                    // Every buffer has room for 2 KiB.
                    let most = wire.incoming.len().min(space.len()).min(2048);
                    let n = part(&mut self.u, most);
                    space[..n].copy_from_slice(&wire.incoming[..n]);
                    wire.incoming.drain(..n);
                    Input::Filled(n)
                } else if wire.ended {
                    Input::Eof
                } else {
                    Input::Blocked(Side::Read)
                };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Probe(socket) => {
                let wire = &self.wires[&socket];
                let quiet = wire.incoming.is_empty() && !wire.ended;
                let input = if quiet { Input::Alive } else { Input::Dead };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Resolve(id) => self.resolving.push(id),
            Output::NeedBody(id) => {
                let told = match self.u.int_in_range(0..=5).unwrap_or(0) {
                    0..=2 => self.engine.transfer_input(now, id, Input::BodyEnd),
                    3 => self.engine.transfer_input(now, id, Input::Blocked(Side::Body)),
                    _ => self.engine.push_body(now, id, b"some").map(|_| ()),
                };
                assert_eq!(told, Ok(()));
            }
            Output::Rewind(id) if self.u.ratio(1, 4).unwrap_or(false) => self.rewinding.push(id),
            Output::Rewind(id) => self.engine.transfer_input(now, id, Input::Rewound).unwrap(),
            Output::Body(id) => {
                let n = self.part(self.engine.body(id).len());
                self.engine.transfer_input(now, id, Input::Consumed(n)).unwrap();
            }
            Output::Event(id, event) => {
                assert!(self.live.contains(&id), "nothing comes after the end");
                self.shown.push(format!("{} {event:?}", id.index()));
            }
            Output::Ended { id, error, transfer } => {
                assert!(self.live.remove(&id), "one end each");
                assert!(transfer.is_ended());
                self.ended += 1;
                let text =
                    format!("{} {error:?} {}", id.index(), error.as_ref().map_or(String::new(), ToString::to_string));
                assert!(!text.contains(&format!("{CANARY}-1")) && !text.contains(&format!("{CANARY}-p")), "{text}");
                self.shown.push(text);
            }
        }
        Ok(true)
    }

    fn part(&mut self, all: usize) -> usize {
        part(&mut self.u, all)
    }

    /// Checks what holds whenever there is nothing to do.
    fn check(&self) {
        assert_eq!(self.engine.len(), self.live.len());
        assert_eq!(self.engine.sockets(), self.wires.len());
        let statistics = self.engine.statistics();
        memory_is_bounded(
            self.engine.retained(),
            self.live.len(),
            statistics.idle,
            true,
            READ_BUFFER,
            &Limits::DEFAULT,
        );
        assert!(self.limits.open_total.is_none_or(|limit| statistics.open <= limit), "{statistics:?}");
        assert!(statistics.idle <= self.limits.idle_total, "{statistics:?}");
        if !self.live.is_empty() || !self.wires.is_empty() {
            // A waiting transfer has a reason: an outstanding input, or a deadline.
            let asked = !self.resolving.is_empty() || !self.rewinding.is_empty() || !self.wires.is_empty();
            assert!(asked || self.engine.deadline().is_some(), "somebody waits for ever");
        }
    }

    /// Cancels and closes everything.
    fn finish(&mut self) {
        self.rest().expect("no choice is left to the program");
        let mark = self.engine.begin_poll();
        self.engine.mark_polled(self.now, mark);
        self.rest().expect("no choice is left to the program");
        for id in std::mem::take(&mut self.rewinding) {
            let _ = self.engine.transfer_input(self.now, id, Input::NotRewound);
        }
        self.rest().expect("no choice is left to the program");
        self.engine.cancel_all(self.now);
        self.rest().expect("no choice is left to the program");
        assert_eq!((self.ended, self.live.len()), (self.started, 0));
        self.engine.close_idle();
        self.rest().expect("no choice is left to the program");
        assert!(self.wires.is_empty() && self.engine.sockets() == 0 && self.engine.is_empty());
        assert_eq!(self.engine.statistics().open, 0);
        // Timers of ended transfers are dropped when they are due, each once.
        for _ in 0..10 * self.started + 10 {
            let Some(at) = self.engine.deadline() else { break };
            self.now.instant = self.now.instant.max(at);
            self.engine.tick(self.now);
        }
        assert_eq!(self.engine.deadline(), None, "nobody is left who could wait");
    }
}

/// Returns how many of `n` bytes to move: all when the program is over.
fn part(u: &mut Unstructured<'_>, all: usize) -> usize {
    assert!(all > 0, "there is something");
    if u.is_empty() { all } else { u.int_in_range(1..=all).unwrap_or(all) }
}

/// Every canary on this wire names the host that it belongs to, or the proxy.
fn no_foreign_secret(wire: &mut Wire) {
    let proxy = wire.host == "10.0.9.9";
    let new = wire.sent.get(wire.checked..).unwrap_or_default();
    let mut done = new.len().saturating_sub(CANARY.len());
    for at in (0..new.len()).filter(|at| new[*at..].starts_with(CANARY.as_bytes())) {
        let rest = &new[at + CANARY.len()..];
        // It may not be completely written yet.
        let is = |word: &str| rest.starts_with(word.as_bytes()) || word.as_bytes().starts_with(rest);
        let own = is("-free") || is(&format!("-{}", wire.host));
        assert!(own || proxy, "{} was told: {}", wire.host, wire.sent.escape_ascii());
        if rest.len() < 20 {
            done = done.min(at);
        }
    }
    wire.checked += done;
}

/// Returns the host of a URL that leads to this address.
fn host_at(ip: IpAddr) -> String {
    match ip {
        ip if ip.is_loopback() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        ip => {
            let name = NAMES.iter().find(|(_, of)| *of == ip.to_string()).map(|(name, _)| (*name).into());
            name.unwrap_or_else(|| ip.to_string())
        }
    }
}
