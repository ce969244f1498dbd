//! Random schedules over numbered sockets. Whatever happens (cancellation, closing, delay,
//! refusal), every transfer ends once, every socket is closed or idle in the pool, and the pool's
//! counts are correct at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::rng_tests::Rng;
use crate::{Body, Method, Request, UnixTime};

#[derive(Default)]
struct Wire {
    connected: bool,
    sent: Vec<u8>,
    incoming: Vec<u8>,
    ended: bool,
}

struct Storm {
    engine: Engine,
    session: Session,
    limits: PoolLimits,
    now: Now,
    rng: Rng,
    wires: BTreeMap<SocketId, Wire>,
    resolving: Vec<TransferId>,
    live: BTreeSet<TransferId>,
    started: usize,
    ended: usize,
    succeeded: usize,
}

const ANSWERS: [&str; 7] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2/next\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://b.test/next\r\nConnection: close\r\n\r\n",
    "nonsense\r\n\r\n",
];

impl Storm {
    fn new(seed: u64) -> Storm {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let some = |rng: &mut Rng| (!rng.one_in(3)).then(|| 1 + rng.below(5));
        let limits = PoolLimits {
            open_total: some(&mut rng),
            open_per_key: some(&mut rng),
            idle_total: rng.below(5),
            idle_per_key: rng.below(3),
            ..PoolLimits::default()
        };
        Storm {
            engine: Engine::new(limits),
            session: Session::new(),
            limits,
            now: Now::new(Instant::from_origin(Duration::from_secs(100)), UnixTime(1_000_000)),
            rng,
            wires: BTreeMap::new(),
            resolving: Vec::new(),
            live: BTreeSet::new(),
            started: 0,
            ended: 0,
            succeeded: 0,
        }
    }

    fn start(&mut self) {
        const HOSTS: [&str; 5] = ["10.0.0.1", "10.0.0.2", "a.test", "b.test", "[::1]"];
        let host = HOSTS[self.rng.below(HOSTS.len())];
        let (keep, timeout) = (!self.rng.one_in(4), self.rng.below(30) as u64);
        let mut request = Request::new(Method::GET, format!("http://{host}/")).keep_alive(keep);
        if timeout > 20 {
            request.set_timeout(Duration::from_secs(timeout - 20));
        }
        if self.rng.one_in(4) {
            request.set_method(Method::PUT);
            request.set_data(Body::Stream { length: None, rewindable: self.rng.one_in(2) });
        }
        let prepared = self.session.prepare(&request).unwrap();
        let group = Group(self.rng.below(3) as u64);
        let id = self.engine.start(self.now, prepared, Some(group));
        assert!(self.live.insert(id), "ids are never reused");
        self.started += 1;
    }

    /// Simulates an external event.
    fn event(&mut self) {
        let now = self.now;
        let sockets: Vec<SocketId> = self.wires.keys().copied().collect();
        let live: Vec<TransferId> = self.live.iter().copied().collect();
        match self.rng.below(16) {
            0 | 1 => self.start(),
            2 if self.rng.one_in(3) => {
                if let Some(id) = self.rng.pick(&live) {
                    self.engine.cancel(now, id);
                }
            }
            3 if self.rng.one_in(20) => self.engine.cancel_group(now, Group(self.rng.below(3) as u64)),
            3 if self.rng.one_in(20) => self.engine.close_idle(),
            4 => {
                if let Some(id) = self.rng.pick(&live) {
                    match self.rng.one_in(3) {
                        true => self.engine.pause(id),
                        false => self.engine.resume(id),
                    }
                    let _ = self.engine.transfer_input(now, id, Input::Ready(Side::Body));
                }
            }
            5 => {
                let time = [1, 300, 2_000, 20_000][self.rng.below(4)];
                self.now.instant = self.now.instant + Duration::from_millis(time);
                self.engine.tick(self.now);
            }
            6 if !self.resolving.is_empty() => {
                let at = self.rng.below(self.resolving.len());
                let id = self.resolving.swap_remove(at);
                let two = ["10.0.1.1:80".parse().unwrap(), "[::2]:80".parse().unwrap()];
                // It may have ended already.
                let _ = match self.rng.below(5) {
                    0 => self.engine.transfer_input(
                        now,
                        id,
                        Input::ResolveFailed(IoFailure::new(std::io::ErrorKind::NotFound)),
                    ),
                    n => self.engine.transfer_input(now, id, Input::Resolved(&two[..1 + n % 2])),
                };
            }
            _ => {
                if let Some(socket) = self.rng.pick(&sockets) {
                    self.wire_event(socket);
                }
            }
        }
    }

    fn wire_event(&mut self, socket: SocketId) {
        let (now, what) = (self.now, self.rng.below(12));
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        if !wire.connected {
            if what == 0 {
                self.wires.remove(&socket);
                let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
                self.engine.connect_failed(now, socket, refused).unwrap();
            } else if what < 6 {
                wire.connected = true;
                self.engine.connected(now, socket).unwrap();
            }
            return;
        }
        match what {
            0 => wire.ended = true,
            1..8 if wire.sent.windows(4).any(|four| four == b"\r\n\r\n") => {
                wire.sent.clear();
                let at = self.rng.below(ANSWERS.len());
                wire.incoming.extend_from_slice(ANSWERS[at].as_bytes());
            }
            8 => return self.engine.socket_input(now, socket, Input::Ready(Side::Write)).unwrap(),
            _ => return,
        }
        self.engine.socket_input(now, socket, Input::Ready(Side::Read)).unwrap();
    }

    /// Handles one output; returns false if there is none.
    fn step(&mut self) -> bool {
        let now = self.now;
        match self.engine.poll(&mut self.session) {
            Output::Wait => return false,
            Output::Connect(socket) => {
                assert!(self.wires.keys().all(|open| open.index() != socket.index()), "a socket's number is its own");
                self.wires.insert(socket, Wire::default());
                if self.rng.one_in(10) {
                    self.wires.remove(&socket);
                    let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
                    self.engine.connect_failed(now, socket, refused).unwrap();
                }
            }
            Output::Close(socket) => drop(self.wires.remove(&socket).expect("only open sockets are closed")),
            Output::Transmit(socket) => {
                let bytes = self.engine.outgoing(socket).to_vec();
                assert!(!bytes.is_empty());
                let n = 1 + self.rng.below(bytes.len());
                let input = match self.rng.below(8) {
                    0 => Input::Blocked(Side::Write),
                    1 if self.rng.one_in(5) => {
                        Input::Failed(Side::Write, IoFailure::new(std::io::ErrorKind::BrokenPipe))
                    }
                    _ => {
                        self.wires.get_mut(&socket).unwrap().sent.extend_from_slice(&bytes[..n]);
                        Input::Wrote(n)
                    }
                };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Read(socket) => {
                let wire = self.wires.get_mut(&socket).unwrap();
                let input = if !wire.incoming.is_empty() {
                    let n = 1 + self.rng.below(wire.incoming.len());
                    let space = self.engine.space(socket);
                    let n = n.min(space.len());
                    assert!(n > 0, "the read space is not empty");
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
                let alive = wire.incoming.is_empty() && !wire.ended;
                let input = if alive { Input::Alive } else { Input::Dead };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Resolve(id) => self.resolving.push(id),
            Output::NeedBody(id) => {
                let told = match self.rng.below(4) {
                    0 => self.engine.transfer_input(now, id, Input::BodyEnd),
                    1 => self.engine.transfer_input(now, id, Input::Blocked(Side::Body)),
                    _ => self.engine.push_body(now, id, b"some").map(|_| ()),
                };
                assert_eq!(told, Ok(()));
            }
            Output::Rewind(id) => {
                let input = if self.rng.one_in(4) { Input::NotRewound } else { Input::Rewound };
                self.engine.transfer_input(now, id, input).unwrap();
            }
            Output::Body(id) => {
                let n = self.rng.below(self.engine.body(id).len() + 1);
                self.engine.transfer_input(now, id, Input::Consumed(n)).unwrap();
            }
            Output::Event(id, _) => assert!(self.live.contains(&id), "no output follows the end"),
            Output::Ended { id, error, .. } => {
                assert!(self.live.remove(&id), "each transfer ends once");
                self.ended += 1;
                self.succeeded += usize::from(error.is_none());
            }
        }
        true
    }

    fn rest(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return self.check();
            }
        }
        panic!("the engine does not come to rest");
    }

    /// Checks the invariants that hold at rest.
    fn check(&self) {
        let engine = &self.engine;
        assert_eq!(engine.len(), self.live.len());
        assert_eq!(engine.sockets(), self.wires.len());
        let slots: Vec<&Slot> = engine.transfers.keys().filter_map(|key| engine.transfers.get(key)).collect();
        let sockets = engine.sockets.keys().filter_map(|key| engine.sockets.get(key));
        let idle = sockets.filter(|socket| matches!(socket.owner, Owner::Idle(..))).count();
        let counted = slots.iter().filter(|slot| slot.counted).count();
        let statistics = engine.statistics();
        assert_eq!((statistics.idle, statistics.open), (idle, idle + counted));
        for slot in &slots {
            let attempts = slot.dialing.as_ref().is_some_and(|dialing| !dialing.attempts.is_empty());
            assert!(slot.counted || (slot.socket.is_none() && !attempts), "every connection has a slot");
            assert!(!(slot.counted && slot.waits.is_some()), "a transfer with a slot does not wait for one");
        }
        assert!(self.limits.open_total.is_none_or(|limit| statistics.open <= limit));
        let waiting = slots.iter().filter(|slot| slot.waits.is_some()).count();
        assert_eq!(engine.waiting.len(), waiting);
        if let Some(limit) = self.limits.open_per_key {
            let mut of_route: BTreeMap<String, usize> = BTreeMap::new();
            for slot in slots.iter().filter(|slot| slot.counted) {
                *of_route.entry(format!("{:?}", slot.transfer.peer_name())).or_default() += 1;
            }
            assert!(of_route.values().all(|n| *n <= limit), "{of_route:?}");
        }
        for slot in slots.iter().filter(|slot| slot.waits.is_some()) {
            let key_is_full = engine.pool.key_is_full(slot.transfer.route().unwrap());
            let full = self.limits.open_total.is_some_and(|limit| statistics.open >= limit && idle == 0);
            assert!(key_is_full || full, "no transfer waits for a free slot");
        }
        assert!(!matches!(engine.buffer, ReadBuffer::Lent(_)), "no waiting connection holds the read buffer");
    }

    fn finish(&mut self) {
        self.rest();
        self.engine.cancel_all(self.now);
        self.rest();
        assert_eq!((self.ended, self.live.len()), (self.started, 0));
        self.engine.close_idle();
        self.rest();
        assert!(self.wires.is_empty() && self.engine.sockets() == 0);
        assert_eq!(self.engine.statistics().open, 0);
        assert!(self.engine.waiting.is_empty());
    }
}

#[test]
fn random_schedules_lose_nothing() {
    let (mut succeeded, mut failed) = (0, 0);
    for seed in 1..=400 {
        let mut storm = Storm::new(seed);
        for _ in 0..300 {
            storm.event();
            match storm.rng.below(3) {
                0 => storm.rest(),
                _ => {
                    for _ in 0..storm.rng.below(12) {
                        storm.step();
                    }
                }
            }
        }
        storm.finish();
        succeeded += storm.succeeded;
        failed += storm.ended - storm.succeeded;
    }
    assert!(succeeded > 1_000 && failed > 1_000, "{succeeded} {failed}");
}
