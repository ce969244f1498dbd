//! T47: a kept connection is used when a look has found it empty that came after it was given out, and not otherwise.

use super::*;

/// What the engine asks for next that is not answered here.
#[derive(Debug, PartialEq)]
enum Asks {
    Probe(SocketId),
    Write(SocketId),
    Nothing,
}

impl World {
    /// Runs until a kept connection is to be looked at, or something is to be written, or nothing is to be done.
    fn asks(&mut self) -> Asks {
        loop {
            match self.engine.poll(&mut self.session) {
                Output::Probe(socket) => return Asks::Probe(socket),
                Output::Transmit(socket) => return Asks::Write(socket),
                Output::Wait => return Asks::Nothing,
                Output::Close(socket) => drop(self.open.remove(&socket)),
                Output::Connect(socket, _) => {
                    self.open.insert(socket, Vec::new());
                    self.engine.connected(self.now, socket).unwrap();
                }
                Output::Ended { .. } | Output::Event(..) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// A world with one idle connection, of which the last read has shown that there is no more.
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
fn t47_without_polls_that_tell_all_every_kept_connection_is_looked_at() {
    let (mut world, socket) = World::with_idle();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Probe(socket), "at once: no time makes it known");
    world.engine.socket_input(world.now, socket, Input::Alive).unwrap();
    assert_eq!(world.asks(), Asks::Write(socket));
}

#[test]
fn t47_a_poll_from_before_the_connection_was_given_out_is_no_look() {
    let (mut world, socket) = World::with_idle();
    world.poll();
    let before = world.engine.begin_poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    assert!(world.engine.awaits_poll());
    world.engine.mark_polled(world.now, before);
    assert_eq!(world.asks(), Asks::Nothing, "that poll may have looked at the socket before");
    assert!(world.engine.awaits_poll());
    world.poll();
    assert!(!world.engine.awaits_poll());
    assert_eq!(world.asks(), Asks::Write(socket));
}

#[test]
fn one_look_serves_all_that_wait_for_it() {
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
fn requests_that_waited_for_one_look_share_one_storage() {
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
fn t47_what_is_heard_while_the_look_is_awaited_is_looked_at() {
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
fn t47_behind_a_read_that_was_filled_no_poll_is_a_look() {
    let mut world = World::new(PoolLimits::default());
    world.get("http://10.0.0.1/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    world.poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Probe(socket));
}

#[test]
fn where_no_more_looks_come_those_that_wait_are_looked_at_by_themselves() {
    let (mut world, socket) = World::with_idle();
    world.poll();
    world.get("http://10.0.0.1/");
    assert_eq!(world.asks(), Asks::Nothing);
    world.engine.look_at_each();
    assert!(!world.engine.awaits_poll());
    assert_eq!(world.asks(), Asks::Probe(socket));
}

#[test]
fn what_is_cancelled_while_it_waits_for_a_look_ends_and_closes() {
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
fn a_deadline_is_met_while_a_look_is_awaited() {
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
