//! The engine over numbered sockets and a manual clock.

use std::collections::BTreeMap;
use std::time::Duration;

mod costs;
mod facts;
mod guarded;
mod probes;
mod reads;
mod storm;

use super::*;
use crate::error::{IoFailure, Misuse};
use crate::transfer::{Input, Side};
use crate::{Method, Request, UnixTime};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// An engine, its session, and what happened.
struct World {
    engine: Engine,
    session: Session,
    now: Now,
    open: BTreeMap<SocketId, Vec<u8>>,
    most_open: usize,
    connects: usize,
    bodies: BTreeMap<TransferId, Vec<u8>>,
    ended: Vec<(TransferId, Option<String>)>,
    /// Whether servers answer what they are sent.
    answers: bool,
}

impl World {
    fn new(limits: PoolLimits) -> World {
        World {
            engine: Engine::new(limits),
            session: Session::new(),
            now: Now::new(Instant::from_origin(Duration::from_secs(100)), UnixTime(1_000_000)),
            open: BTreeMap::new(),
            most_open: 0,
            connects: 0,
            bodies: BTreeMap::new(),
            ended: Vec::new(),
            answers: true,
        }
    }

    fn get(&mut self, url: &str) -> TransferId {
        self.get_in(url, None)
    }

    fn get_in(&mut self, url: &str, group: Option<Group>) -> TransferId {
        let prepared = self.session.prepare(&Request::new(Method::GET, url)).unwrap();
        self.engine.start(self.now, prepared, group)
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant = self.now.instant + time;
        self.engine.tick(self.now);
    }

    /// A poll that reports nothing.
    fn poll(&mut self) {
        let mark = self.engine.begin_poll();
        self.engine.mark_polled(self.now, mark);
    }

    /// Runs until the engine waits.
    fn run(&mut self) {
        self.run_bounded(100_000);
    }

    fn run_bounded(&mut self, steps: usize) {
        for _ in 0..steps {
            if !self.step() {
                return;
            }
        }
        panic!("the engine does not come to rest");
    }

    fn step(&mut self) -> bool {
        let now = self.now;
        match self.engine.poll(&mut self.session) {
            Output::Connect(socket) => {
                assert!(self.open.insert(socket, Vec::new()).is_none());
                let same_index = self.open.keys().filter(|open| open.index() == socket.index()).count();
                assert_eq!(same_index, 1, "socket indexes are unique");
                self.connects += 1;
                self.most_open = self.most_open.max(self.open.len());
                self.engine.connected(now, socket).unwrap();
            }
            Output::Close(socket) => assert!(self.open.remove(&socket).is_some()),
            Output::Transmit(socket) => {
                let bytes = self.engine.outgoing(socket).to_vec();
                self.open.get_mut(&socket).unwrap().extend_from_slice(&bytes);
                self.engine.socket_input(now, socket, Input::Wrote(bytes.len())).unwrap();
            }
            Output::Read(socket) => {
                let sent = self.open.get_mut(&socket).unwrap();
                let input = if self.answers && sent.ends_with(b"\r\n\r\n") {
                    sent.clear();
                    self.engine.space(socket)[..ANSWER.len()].copy_from_slice(ANSWER);
                    Input::Filled(ANSWER.len())
                } else {
                    Input::Blocked(Side::Read)
                };
                self.engine.socket_input(now, socket, input).unwrap();
            }
            Output::Probe(socket) => self.engine.socket_input(now, socket, Input::Alive).unwrap(),
            Output::Body(id) => {
                let bytes = self.engine.body(id).to_vec();
                self.bodies.entry(id).or_default().extend_from_slice(&bytes);
                self.engine.transfer_input(now, id, Input::Consumed(bytes.len())).unwrap();
            }
            Output::Ended { id, error, .. } => {
                assert!(self.ended.iter().all(|(known, _)| *known != id), "each transfer ends once");
                self.ended.push((id, error.map(|error| error.kind().to_string())));
            }
            Output::Event(..) => {}
            Output::Wait => return false,
            other => panic!("{other:?}"),
        }
        true
    }

    fn errors(&self) -> Vec<&String> {
        self.ended.iter().filter_map(|(_, error)| error.as_ref()).collect()
    }
}

#[test]
fn many_transfers_end_and_pool_their_connections() {
    let mut world = World::new(PoolLimits::default());
    let ids: Vec<_> = (0..50).map(|n| world.get(&format!("http://10.0.0.{n}/"))).collect();
    world.run();
    assert_eq!((world.ended.len(), world.errors().len()), (50, 0));
    assert!(ids.iter().all(|id| world.bodies[id] == b"hi"));
    assert!(world.engine.is_empty());
    assert_eq!(world.open.len(), 16, "the pool's limit of idle connections");
    assert_eq!(world.engine.sockets(), 16);
    world.engine.close_idle();
    world.run();
    assert_eq!((world.open.len(), world.engine.sockets()), (0, 0));
}

#[test]
fn requests_in_a_row_use_one_connection() {
    let mut world = World::new(PoolLimits::default());
    for _ in 0..20 {
        world.get("http://10.0.0.1/");
        world.run();
    }
    assert_eq!((world.connects, world.ended.len(), world.errors().len()), (1, 20, 0));
}

#[test]
fn t88_limits_hold_and_waiters_are_served_in_order() {
    let limits = PoolLimits { open_total: Some(2), open_per_key: Some(1), ..PoolLimits::default() };
    let mut world = World::new(limits);
    let ids: Vec<_> = (0..30).map(|n| world.get(&format!("http://10.0.0.{}/", n % 3))).collect();
    world.run();
    assert_eq!((world.ended.len(), world.errors().len()), (30, 0));
    assert!(world.most_open <= 2, "{}", world.most_open);
    for host in 0..3 {
        let of_host = |id: &TransferId| ids.iter().position(|known| known == id).unwrap() % 3 == host;
        let order: Vec<_> = world.ended.iter().map(|(id, _)| *id).filter(of_host).collect();
        assert!(order.is_sorted_by_key(|id| ids.iter().position(|known| known == id)), "first come, first served");
    }
}

#[test]
fn deadline_fires_without_any_input() {
    let mut world = World::new(PoolLimits::default());
    world.answers = false;
    world.get("http://10.0.0.1/");
    world.run();
    let deadline = world.engine.deadline().unwrap();
    assert!(deadline <= world.now.instant + Duration::from_secs(30));
    let mut turns = 0;
    while world.ended.is_empty() {
        let left = world.engine.deadline().expect("something is due") - world.now.instant;
        world.pass(left);
        world.run();
        turns += 1;
    }
    assert_eq!(world.errors(), ["timed out: idle_timeout is 30s"]);
    assert_eq!(world.now.instant.since_origin(), Duration::from_secs(130));
    assert!(turns <= 2, "{turns}");
    assert!(world.open.is_empty());
}

#[test]
fn cancelled_requests_leave_nothing_open() {
    let mut world = World::new(PoolLimits::default());
    world.answers = false;
    let one = world.get("http://10.0.0.1/");
    for n in 0..4 {
        world.get_in(&format!("http://10.0.1.{n}/"), Some(Group(7)));
        world.get_in(&format!("http://10.0.2.{n}/"), Some(Group(8)));
    }
    world.run();
    assert_eq!(world.open.len(), 9);
    world.engine.cancel(world.now, one);
    world.engine.cancel(world.now, one);
    world.run();
    assert_eq!((world.ended.len(), world.open.len()), (1, 8));
    world.engine.cancel_group(world.now, Group(7));
    world.run();
    assert_eq!((world.ended.len(), world.open.len()), (5, 4));
    world.engine.cancel_all(world.now);
    world.run();
    assert_eq!((world.ended.len(), world.open.len(), world.engine.sockets()), (9, 0, 0));
    assert!(world.ended.iter().all(|(_, error)| error.as_deref() == Some("cancelled")));
    assert!(world.engine.is_empty());
}

#[test]
fn cancelling_at_any_step_closes_all() {
    for steps in 0..40 {
        let mut world = World::new(PoolLimits::default());
        let id = world.get("http://10.0.0.1/");
        for _ in 0..steps {
            world.step();
        }
        world.engine.cancel(world.now, id);
        world.run();
        assert_eq!(world.ended.len(), 1, "after {steps} steps");
        world.engine.close_idle();
        world.run();
        assert!(world.open.is_empty() && world.engine.sockets() == 0, "after {steps} steps");
        assert_eq!(world.engine.statistics().open, 0, "after {steps} steps");
    }
}

#[test]
fn t47_readable_idle_connection_is_closed_not_reused() {
    let mut world = World::new(PoolLimits::default());
    world.get("http://10.0.0.1/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
    world.get("http://10.0.0.1/");
    world.run();
    assert_eq!((world.connects, world.ended.len(), world.errors().len()), (2, 2, 0));
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.engine.statistics().open, 1);
}

#[test]
fn idle_connections_expire_by_the_clock() {
    let mut world = World::new(PoolLimits::default());
    world.get("http://10.0.0.1/");
    world.run();
    assert_eq!(world.open.len(), 1);
    for _ in 0..3 {
        if let Some(deadline) = world.engine.deadline() {
            world.pass(deadline - world.now.instant);
            world.run();
        }
    }
    assert!(world.open.is_empty());
    assert_eq!(world.engine.deadline(), None);
}

#[test]
fn paused_transfer_reads_nothing_until_resumed() {
    let mut world = World::new(PoolLimits::default());
    let id = world.get("http://10.0.0.1/");
    world.engine.pause(id);
    world.run();
    assert!(world.ended.is_empty() && !world.bodies.contains_key(&id));
    world.pass(Duration::from_secs(3600));
    world.run();
    assert!(world.ended.is_empty(), "paused time does not count");
    world.engine.resume(id);
    world.run();
    assert_eq!(world.bodies[&id], b"hi");
    assert_eq!((world.ended.len(), world.errors().len()), (1, 0));
}

#[test]
fn timers_of_ended_requests_do_not_accumulate() {
    let mut world = World::new(PoolLimits::default());
    for _ in 0..5_000 {
        world.get("http://10.0.0.1/");
        world.run();
    }
    assert!(world.engine.timers.len() <= 200, "{}", world.engine.timers.len());
}

#[test]
fn unexpected_inputs_are_misuse_and_change_nothing() {
    let mut world = World::new(PoolLimits::default());
    let id = world.get("http://10.0.0.1/");
    world.run();
    let now = world.now;
    assert_eq!(world.engine.transfer_input(now, id, Input::Consumed(1)), Err(Misuse::AlreadyEnded));
    let socket = *world.open.keys().next().unwrap();
    assert_eq!(world.engine.connected(now, socket), Err(Misuse::UnexpectedInput));
    assert_eq!(world.engine.socket_input(now, socket, Input::Wrote(1)), Err(Misuse::UnexpectedInput));
    assert_eq!(world.open.len(), 1);
}

#[test]
fn connection_closed_by_peer_leaves_the_pool() {
    let limits = PoolLimits { open_total: Some(1), ..PoolLimits::default() };
    let mut world = World::new(limits);
    world.get("http://10.0.0.1/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
    let statistics = world.engine.statistics();
    assert_eq!((statistics.open, statistics.idle), (0, 0));
    world.run();
    assert!(world.open.is_empty());
}

#[test]
fn t88_connection_for_one_request_has_a_slot_too() {
    let limits = PoolLimits { open_total: Some(3), ..PoolLimits::default() };
    let mut world = World::new(limits);
    world.answers = false;
    for n in 0..20 {
        let request = Request::new(Method::GET, format!("http://10.0.0.{n}/")).keep_alive(false);
        let prepared = world.session.prepare(&request).unwrap();
        world.engine.start(world.now, prepared, None);
    }
    world.run();
    assert_eq!((world.open.len(), world.engine.statistics().open), (3, 3));
    world.answers = true;
    for socket in world.open.keys().copied().collect::<Vec<_>>() {
        world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
    }
    world.run();
    assert_eq!((world.ended.len(), world.errors().len(), world.most_open), (20, 0, 3));
    assert_eq!((world.open.len(), world.engine.statistics().open), (0, 0));
}

#[test]
fn freed_slot_goes_to_the_longest_waiting() {
    let limits = PoolLimits { open_total: Some(1), ..PoolLimits::default() };
    let mut world = World::new(limits);
    world.get("http://10.0.0.1/");
    world.run();
    world.answers = false;
    let first = world.get("http://10.0.0.1/");
    world.run();
    let other = world.get("http://10.0.0.2/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    world.engine.socket_input(world.now, socket, Input::Eof).unwrap();
    world.answers = true;
    world.run();
    assert_eq!(world.most_open, 1);
    assert_eq!(world.ended.iter().map(|(id, _)| *id).skip(1).collect::<Vec<_>>(), [other, first]);
    assert!(world.errors().is_empty());
}

#[test]
fn work_per_transfer_is_independent_of_waiters() {
    let work = |waiting: usize, limits: PoolLimits| {
        let mut world = World::new(limits);
        world.get("http://10.0.0.1/");
        world.run();
        world.answers = false;
        for n in 0..waiting {
            world.get(&format!("http://10.1.{}.{}/", n / 250, n % 250));
        }
        world.run();
        world.answers = true;
        let before = world.engine.polls;
        world.get("http://10.0.0.1/");
        world.run();
        world.engine.polls - before
    };
    let few = work(1, PoolLimits::default());
    assert_eq!(work(5_000, PoolLimits::default()), few);
    assert!(few < 20, "{few}");
}

#[test]
fn ten_thousand_waiters_all_get_a_slot() {
    let limits = PoolLimits { open_total: Some(7), open_per_key: Some(2), ..PoolLimits::default() };
    let mut world = World::new(limits);
    for n in 0..10_000 {
        world.get(&format!("http://10.1.{}.{}/", n / 250 % 4, n % 250));
    }
    for _ in 0..10 {
        world.run_bounded(1_000_000);
    }
    assert_eq!((world.ended.len(), world.errors().len()), (10_000, 0));
    assert!(world.most_open <= 7);
}

#[test]
fn inactive_connections_hold_no_read_buffer() {
    let mut world = World::new(PoolLimits::default());
    for n in 0..10 {
        world.get(&format!("http://10.0.0.{n}/"));
    }
    world.run();
    assert!(matches!(&world.engine.buffer, ReadBuffer::Here(buffer) if buffer.len() == READ_BUFFER));
    let address = |world: &World| match &world.engine.buffer {
        ReadBuffer::Here(buffer) => buffer.as_ptr(),
        _ => panic!("not here"),
    };
    let first = address(&world);
    world.answers = false;
    world.get("http://10.0.0.1/");
    world.get("http://10.0.9.1/");
    world.run();
    world.engine.cancel_all(world.now);
    world.run();
    assert_eq!(address(&world), first, "the buffer is shared");
}
