//! An idle connection is used only if a probe finds it empty after it was given to its transfer
//! (RFC 9112 §9.2).

use super::*;

/// The engine's next output that these tests do not answer themselves.
#[derive(Debug, PartialEq)]
enum Asks {
    Probe(SocketId),
    Write(SocketId),
    Nothing,
}

impl World {
    /// Runs until the engine orders a probe or a write, or has nothing to do.
    fn asks(&mut self) -> Asks {
        loop {
            match self.engine.poll(&mut self.session) {
                Output::Probe(socket) => return Asks::Probe(socket),
                Output::Transmit(socket) => return Asks::Write(socket),
                Output::Wait => return Asks::Nothing,
                Output::Close(socket) => drop(self.open.remove(&socket)),
                Output::Connect(socket) => {
                    self.open.insert(socket, Vec::new());
                    self.engine.connected(self.now, socket).unwrap();
                }
                Output::Ended { .. } | Output::Event(..) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// A world with one idle connection whose last read showed that there is no more.
    fn with_idle() -> (World, SocketId) {
        let mut world = World::new(PoolLimits::default());
        world.get("http://10.0.0.1/");
        world.run();
        let socket = *world.open.keys().next().unwrap();
        world.engine.socket_input(world.now, socket, Input::Blocked(Side::Read)).unwrap();
        (world, socket)
    }
}

#[test]
fn t47_without_complete_polls_every_idle_connection_is_probed() {
    let (mut world, socket) = World::with_idle();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Probe(socket), "at once: no time makes it known");
    world.engine.socket_input(world.now, socket, Input::Alive).unwrap();
    assert_eq!(world.asks(), Asks::Write(socket));
}

#[test]
fn t47_poll_before_the_acquisition_is_no_probe() {
    let (mut world, socket) = World::with_idle();
    world.poll();
    let before = world.engine.begin_poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    assert!(world.engine.awaits_poll());
    world.engine.mark_polled(world.now, before);
    assert_eq!(world.asks(), Asks::Nothing, "that poll may have checked the socket earlier");
    assert!(world.engine.awaits_poll());
    world.poll();
    assert!(!world.engine.awaits_poll());
    assert_eq!(world.asks(), Asks::Write(socket));
}

#[test]
fn one_poll_serves_all_waiters() {
    let mut world = World::new(PoolLimits::default());
    let urls: Vec<String> = (0..5).map(|n| format!("http://10.0.0.{n}/")).collect();
    for url in &urls {
        world.get(url);
    }
    world.run();
    let sockets: Vec<_> = world.open.keys().copied().collect();
    for socket in &sockets {
        world.engine.socket_input(world.now, *socket, Input::Blocked(Side::Read)).unwrap();
    }
    world.poll();
    for url in &urls {
        world.get(url);
    }
    assert_eq!(world.asks(), Asks::Nothing);
    world.poll();
    let mut written = Vec::new();
    while let Asks::Write(socket) = world.asks() {
        written.push(socket);
        let n = world.engine.outgoing(socket).len();
        world.engine.socket_input(world.now, socket, Input::Wrote(n)).unwrap();
    }
    written.sort();
    assert_eq!(written, sockets);
}

#[test]
fn requests_after_one_poll_share_one_storage() {
    let mut world = World::new(PoolLimits::default());
    let urls: Vec<String> = (0..9).map(|n| format!("http://10.0.0.{n}/")).collect();
    for url in &urls {
        world.get(url);
    }
    world.run();
    for socket in world.open.keys().copied().collect::<Vec<_>>() {
        world.engine.socket_input(world.now, socket, Input::Blocked(Side::Read)).unwrap();
    }
    world.poll();
    for url in &urls {
        world.get(url);
    }
    assert_eq!(world.asks(), Asks::Nothing);
    world.poll();
    let mut written = 0;
    while let Asks::Write(socket) = world.asks() {
        let n = world.engine.outgoing(socket).len();
        assert!(world.engine.retained().outgoing < 2 * n);
        world.engine.socket_input(world.now, socket, Input::Wrote(n)).unwrap();
        written += 1;
    }
    assert_eq!(written, 9);
}

#[test]
fn t47_readiness_while_waiting_for_the_poll_is_probed() {
    let (mut world, socket) = World::with_idle();
    world.poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    let mark = world.engine.begin_poll();
    world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
    world.engine.mark_polled(world.now, mark);
    assert_eq!(world.asks(), Asks::Probe(socket));
    world.engine.socket_input(world.now, socket, Input::Dead).unwrap();
    let Asks::Write(other) = world.asks() else { panic!("no other connection") };
    assert_ne!(other, socket);
    assert!(!world.open.contains_key(&socket));
}

#[test]
fn t47_full_read_prevents_probing_by_poll() {
    let mut world = World::new(PoolLimits::default());
    world.get("http://10.0.0.1/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    world.poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Probe(socket));
}

#[test]
fn waiters_are_probed_individually_when_polls_end() {
    let (mut world, socket) = World::with_idle();
    world.poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    world.engine.probe_individually();
    assert!(!world.engine.awaits_poll());
    assert_eq!(world.asks(), Asks::Probe(socket));
}

#[test]
fn cancelled_waiter_for_a_poll_ends_and_closes() {
    let (mut world, _) = World::with_idle();
    world.poll();
    let id = world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    world.engine.cancel(world.now, id);
    world.poll();
    world.run();
    assert!(world.open.is_empty() && world.engine.is_empty() && !world.engine.awaits_poll());
}

#[test]
fn deadline_fires_while_waiting_for_a_poll() {
    let (mut world, _) = World::with_idle();
    world.poll();
    let request = Request::new(Method::GET, "http://10.0.0.1/").timeout(Duration::from_secs(1));
    world.engine.start(world.now, world.session.prepare(&request).unwrap(), None);
    assert_eq!(world.asks(), Asks::Nothing);
    assert_eq!(world.engine.deadline(), Some(world.now.instant + Duration::from_secs(1)));
    world.pass(Duration::from_secs(1));
    world.run();
    assert_eq!(world.errors().len(), 1);
}
