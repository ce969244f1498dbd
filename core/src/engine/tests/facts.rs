//! Queries, turns, and late inputs.

use super::*;

/// A world with one unanswered request; its transfer and its socket.
fn waiting() -> (World, TransferId, SocketId) {
    let mut world = World::new(PoolLimits::default());
    world.answers = false;
    let id = world.get("http://10.0.0.1/");
    world.run();
    let socket = *world.open.keys().next().unwrap();
    (world, id, socket)
}

#[test]
fn unexpected_input_is_misuse_late_is_not() {
    let (mut world, id, socket) = waiting();
    let now = world.now;
    assert_eq!(world.engine.socket_input(now, socket, Input::Alive), Err(Misuse::UnexpectedInput));
    assert_eq!(world.engine.transfer_input(now, id, Input::Consumed(1)), Err(Misuse::UnexpectedInput));
    world.engine.cancel(now, id);
    assert_eq!(world.engine.socket_input(now, socket, Input::Wrote(1)), Ok(()), "its end has not been polled yet");
    world.run();
    assert_eq!(world.engine.socket_input(now, socket, Input::Wrote(1)), Err(Misuse::UnexpectedInput));
    assert_eq!(world.engine.transfer_input(now, id, Input::Consumed(1)), Err(Misuse::AlreadyEnded));
}

#[test]
fn busy_transfer_leaves_others_their_turn() {
    let mut world = World::new(PoolLimits::default());
    let (flood, other) = (world.get("http://10.0.0.1/"), world.get("http://10.0.0.2/"));
    let mut head = Some(&b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"[..]);
    let (mut flooding, mut in_a_row, mut bodies) = (None, 0, 0);
    for _ in 0..400 {
        let Some(socket) = flooding else {
            if let Output::Connect(socket) = world.engine.poll(&mut world.session) {
                world.engine.connected(world.now, socket).unwrap();
                world.open.insert(socket, Vec::new());
                flooding = Some(socket);
            }
            continue;
        };
        let now = world.now;
        match world.engine.poll(&mut world.session) {
            Output::Read(of) if of == socket => {
                let bytes = head.take().unwrap_or(b"more and more");
                world.engine.socket_input(now, socket, Input::Received(bytes)).unwrap();
            }
            Output::Transmit(of) if of == socket => {
                let n = world.engine.outgoing(of).len();
                world.engine.socket_input(now, of, Input::Wrote(n)).unwrap();
            }
            Output::Body(id) if id == flood => {
                let n = world.engine.body(id).len();
                world.engine.transfer_input(now, id, Input::Consumed(n)).unwrap();
                bodies += 1;
            }
            Output::Event(id, _) if id == flood => {}
            Output::Connect(of) => {
                world.engine.connected(now, of).unwrap();
                world.open.insert(of, Vec::new());
                in_a_row = 0;
            }
            Output::Transmit(of) => {
                let n = world.engine.outgoing(of).len();
                world.engine.socket_input(now, of, Input::Wrote(n)).unwrap();
                in_a_row = 0;
            }
            Output::Read(of) => {
                world.engine.socket_input(now, of, Input::Received(ANSWER)).unwrap();
                in_a_row = 0;
            }
            Output::Body(id) => world.engine.transfer_input(now, id, Input::Consumed(2)).unwrap(),
            Output::Ended { id, error, .. } => world.ended.push((id, error.map(|error| error.to_string()))),
            _ => {}
        }
        in_a_row += 1;
        assert!(in_a_row <= 2 * usize::from(TURN) + 4 || !world.ended.is_empty(), "the other one waits");
    }
    assert_eq!(world.ended, [(other, None)]);
    assert!(bodies > 100, "{bodies}");
}

#[test]
fn sockets_and_transfers_are_known_until_they_end() {
    let mut world = World::new(PoolLimits::default());
    assert!(world.engine.is_at_rest() && world.engine.is_empty());
    let id = world.get("http://10.0.0.1/canary");
    assert!(!world.engine.is_at_rest());
    assert_eq!((world.engine.len(), world.engine.is_empty(), world.engine.sockets()), (1, false, 0));
    let Output::Connect(socket) = world.engine.poll(&mut world.session) else { panic!("no connect") };
    let address: Address = "10.0.0.1:80".parse::<std::net::SocketAddr>().unwrap().into();
    assert_eq!(world.engine.address(socket), Some(&address));
    assert!(world.engine.is_connecting(socket));
    assert_eq!(world.engine.socket_at(socket.index()), Some(socket));
    assert_eq!(world.engine.socket_at(socket.index() + 1), None);
    assert!(world.engine.awaits(socket, Side::Write) && !world.engine.awaits(socket, Side::Read));
    assert!(world.engine.outgoing(socket).is_empty() && world.engine.body(id).is_empty());
    world.engine.connected(world.now, socket).unwrap();
    world.open.insert(socket, Vec::new());
    assert!(!world.engine.is_connecting(socket) && world.engine.address(socket).is_none());
    world.answers = false;
    world.run();
    assert!(world.engine.is_at_rest());
    assert!(world.engine.awaits(socket, Side::Read) && !world.engine.awaits(socket, Side::Write));
    assert_eq!(world.engine.transfer(id).unwrap().url().path(), "/canary");
    let shown = format!("{:?}", world.engine);
    assert!(shown.contains("transfers: 1") && shown.contains("sockets: 1") && !shown.contains("canary"), "{shown}");
    world.answers = true;
    world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
    assert!(!world.engine.is_at_rest());
    world.run();
    assert!(world.engine.transfer(id).is_none());
    assert!(world.engine.awaits(socket, Side::Read) && !world.engine.awaits(socket, Side::Write), "it is idle");
    assert_eq!((world.engine.len(), world.engine.sockets()), (0, 1));
    world.engine.close_idle();
    assert!(!world.engine.is_at_rest() && !world.engine.awaits(socket, Side::Read), "it is about to close");
    world.run();
    assert_eq!(world.engine.socket_at(socket.index()), None);
    assert!(!world.engine.awaits(socket, Side::Read) && !world.engine.awaits(socket, Side::Write));
}

#[test]
fn name_to_look_up_has_its_port() {
    let mut world = World::new(PoolLimits::default());
    let id = world.get("http://a.test:81/");
    assert_eq!(world.engine.peer_name(id), None);
    assert!(matches!(world.engine.poll(&mut world.session), Output::Resolve(of) if of == id));
    assert_eq!(world.engine.peer_name(id), Some(("a.test", 81)));
    world.engine.cancel(world.now, id);
    world.run();
    assert_eq!(world.engine.peer_name(id), None);
}

#[test]
fn storage_of_all_transfers_is_counted() {
    let mut world = World::new(PoolLimits::default());
    assert_eq!(world.engine.retained().total(), 0);
    let (mut all, mut partial) = (Vec::new(), Vec::new());
    for n in 0..3 {
        all.push(world.get(&format!("http://10.0.0.{n}/")));
    }
    world.answers = false;
    world.run();
    let before = world.engine.retained();
    assert!(before.received == 0 && (1..1000).contains(&before.outgoing), "{before:?}");
    for socket in world.open.keys().copied().collect::<Vec<_>>() {
        world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
        while !matches!(world.engine.poll(&mut world.session), Output::Read(of) if of == socket) {}
        let head = b"HTTP/1.1 200 OK\r\nX: a head that has come in part";
        world.engine.socket_input(world.now, socket, Input::Received(head)).unwrap();
        world.engine.socket_input(world.now, socket, Input::Blocked(Side::Read)).unwrap();
        world.run();
        partial.push(world.engine.retained().received);
    }
    assert!(partial[0] >= 48 && partial[1] == 2 * partial[0] && partial[2] == 3 * partial[0], "{partial:?}");
    world.engine.cancel_all(world.now);
    world.run();
    assert_eq!(world.engine.retained().received, 0);
}

#[cfg(feature = "gzip")]
#[test]
fn storage_of_decoded_data_is_counted() {
    let mut world = World::new(PoolLimits::default());
    let id = world.get("http://10.0.0.1/");
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 5\r\n\r\n\x4B\x4C\x4A\x06\x00";
    loop {
        let now = world.now;
        match world.engine.poll(&mut world.session) {
            Output::Connect(socket) => world.engine.connected(now, socket).unwrap(),
            Output::Transmit(socket) => {
                let n = world.engine.outgoing(socket).len();
                world.engine.socket_input(now, socket, Input::Wrote(n)).unwrap();
            }
            Output::Read(socket) => world.engine.socket_input(now, socket, Input::Received(head)).unwrap(),
            Output::Body(_) => break,
            _ => {}
        }
    }
    assert_eq!(world.engine.body(id), b"abc");
    let held = world.engine.transfer(id).unwrap().retained().received;
    assert!((32 * 1024..64 * 1024).contains(&held), "{held}");
}
