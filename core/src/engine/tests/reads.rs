//! How much is read at once, who holds it, and what a read that was filled leaves open.

use super::*;

fn engine() -> (Engine, Session, Now) {
    (Engine::new(PoolLimits::DEFAULT), Session::new(), Now::default())
}

fn start(engine: &mut Engine, session: &Session, now: Now) -> TransferId {
    let request = session.prepare(&Request::new(Method::GET, "http://127.0.0.1/")).unwrap();
    engine.start(now, request, None)
}

/// A response of `n` bytes in all.
fn answer(n: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {:0>9}\r\n\r\n", n - 46);
    assert_eq!(head.len(), 46);
    [head.into_bytes(), vec![b'x'; n - 46]].concat()
}

/// Fills the space with as much of `bytes` as there is room for.
fn fill(engine: &mut Engine, now: Now, socket: SocketId, bytes: &mut &[u8]) -> usize {
    let space = engine.space(socket);
    let n = bytes.len().min(space.len());
    space[..n].copy_from_slice(&bytes[..n]);
    *bytes = &bytes[n..];
    engine.socket_input(now, socket, Input::Filled(n)).unwrap();
    n
}

/// Runs until `seen` takes an output that is not answered here: connects, writes, takes the body.
fn until<R>(engine: &mut Engine, session: &mut Session, mut seen: impl FnMut(&mut Engine, Output) -> Option<R>) -> R {
    let now = Now::default();
    for _ in 0..10_000 {
        match engine.poll(session) {
            Output::Connect(socket) => engine.connected(now, socket).unwrap(),
            Output::Transmit(socket) => {
                let n = engine.outgoing(socket).len();
                engine.socket_input(now, socket, Input::Wrote(n)).unwrap();
            }
            Output::Event(..) => {}
            other => {
                if let Some(result) = seen(engine, other) {
                    return result;
                }
            }
        }
    }
    panic!("it does not come to an end");
}

fn take(engine: &mut Engine, id: TransferId) {
    let n = engine.body(id).len();
    engine.transfer_input(Now::default(), id, Input::Consumed(n)).unwrap();
}

#[test]
fn t47_full_read_requires_a_probe() {
    for says_blocked in [false, true] {
        let (mut engine, mut session, now) = engine();
        start(&mut engine, &session, now);
        let mark = engine.begin_poll();
        engine.mark_polled(now, mark);
        let whole = answer(FIRST_READ);
        let mut ended = 0;
        let checked = until(&mut engine, &mut session, |engine, output| match output {
            // The second request waits for the next poll.
            Output::Read(_) | Output::Wait if ended == 1 => Some(false),
            Output::Probe(_) => Some(true),
            Output::Read(socket) => {
                assert_eq!(fill(engine, now, socket, &mut &whole[..]), whole.len());
                if says_blocked {
                    engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
                }
                None
            }
            Output::Body(id) => {
                take(engine, id);
                None
            }
            Output::Ended { error, .. } => {
                assert!(error.is_none());
                ended += 1;
                start(engine, &Session::new(), now);
                None
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(checked, !says_blocked);
    }
}

#[test]
fn reads_are_large_until_the_transfer_pauses() {
    let (mut engine, mut session, now) = engine();
    let id = start(&mut engine, &session, now);
    let whole = answer(10 * READ_BUFFER);
    let (mut left, mut reads) = (&whole[..], Vec::new());
    until(&mut engine, &mut session, |engine, output| {
        match output {
            Output::Read(socket) => {
                reads.push(fill(engine, now, socket, &mut left));
                if reads.len() == 3 {
                    // Between two pieces.
                    engine.pause(id);
                    engine.resume(id);
                }
            }
            Output::Body(id) => take(engine, id),
            other => panic!("{other:?}"),
        }
        (reads.len() == 5).then_some(())
    });
    assert_eq!(reads, [FIRST_READ, READ_BUFFER, READ_BUFFER, FIRST_READ, READ_BUFFER]);
}

#[test]
fn paused_transfers_hold_one_first_read() {
    const N: usize = 50;
    let (mut engine, mut session, now) = engine();
    for _ in 0..N {
        start(&mut engine, &session, now);
    }
    let whole = answer(10 * READ_BUFFER);
    let mut paused = 0;
    until(&mut engine, &mut session, |engine, output| {
        match output {
            Output::Read(socket) => drop(fill(engine, now, socket, &mut &whole[..])),
            Output::Body(id) => {
                engine.pause(id);
                paused += 1;
            }
            other => panic!("{other:?}"),
        }
        (paused == N).then_some(())
    });
    let held = engine.retained().received;
    assert!(held <= N * FIRST_READ + READ_BUFFER, "{held} bytes");
}

#[test]
fn cancelled_request_is_not_read_from() {
    let mut world = World::new(PoolLimits::default());
    let (id, now) = (world.get("http://10.0.0.1/"), world.now);
    let socket = loop {
        match world.engine.poll(&mut world.session) {
            Output::Connect(socket) => {
                world.engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
                world.engine.connected(now, socket).unwrap();
            }
            Output::Transmit(socket) => {
                let n = world.engine.outgoing(socket).len();
                world.engine.socket_input(now, socket, Input::Wrote(n)).unwrap();
                break socket;
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(world.engine.poll(&mut world.session), Output::Wait));
    world.engine.socket_input(now, socket, Input::Ready(Side::Read)).unwrap();
    world.engine.cancel(now, id);
    let output = world.engine.poll(&mut world.session);
    assert!(matches!(output, Output::Close(closed) if closed == socket), "{output:?}");
}

/// A transfer that shows 1,000 bytes of a body of which it knows nothing, its socket, and the
/// bytes.
fn showing(world: &mut World) -> (TransferId, SocketId, Vec<u8>) {
    let id = world.get("http://10.0.0.1/");
    let bytes: Vec<u8> = (0..1000).map(|i| (i % 251) as u8).collect();
    let (now, mut reads) = (world.now, 0);
    let socket = until_at(world, |engine, output| match output {
        Output::Read(socket) => {
            reads += 1;
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n";
            let read = if reads == 1 { &head[..] } else { &bytes };
            engine.space(socket)[..read.len()].copy_from_slice(read);
            engine.socket_input(now, socket, Input::Filled(read.len())).unwrap();
            (reads == 2).then_some(socket)
        }
        other => panic!("{other:?}"),
    });
    assert!(matches!(world.engine.poll(&mut world.session), Output::Body(shown) if shown == id));
    assert!(world.engine.body(id) == bytes && world.engine.transfer(id).unwrap().body().is_empty());
    (id, socket, bytes)
}

/// As [`until`], at the time of this world.
fn until_at<R>(world: &mut World, mut seen: impl FnMut(&mut Engine, Output) -> Option<R>) -> R {
    for _ in 0..100 {
        match world.engine.poll(&mut world.session) {
            Output::Connect(socket) => world.engine.connected(world.now, socket).unwrap(),
            Output::Transmit(socket) => {
                let n = world.engine.outgoing(socket).len();
                world.engine.socket_input(world.now, socket, Input::Wrote(n)).unwrap();
            }
            Output::Event(..) => {}
            other => {
                if let Some(result) = seen(&mut world.engine, other) {
                    return result;
                }
            }
        }
    }
    panic!("it does not come to an end");
}

#[test]
fn body_bytes_cost_no_poll_of_the_transfer() {
    let mut world = World::new(PoolLimits::default());
    let (id, socket, bytes) = showing(&mut world);
    let (now, polls) = (world.now, world.engine.polls);
    for _ in 0..2 {
        world.engine.transfer_input(now, id, Input::Consumed(400)).unwrap();
        assert!(world.engine.body(id) == &bytes[400..]);
        let misuse = world.engine.transfer_input(now, id, Input::Consumed(601));
        assert_eq!(misuse, Err(Misuse::TooManyBytes));
        world.engine.transfer_input(now, id, Input::Consumed(600)).unwrap();
        if world.engine.transfer(id).unwrap().is_received() {
            break;
        }
        assert!(matches!(world.engine.poll(&mut world.session), Output::Read(_)));
        world.engine.space(socket)[..1000].copy_from_slice(&bytes);
        world.engine.socket_input(now, socket, Input::Filled(1000)).unwrap();
        assert!(matches!(world.engine.poll(&mut world.session), Output::Body(_)));
    }
    assert_eq!(world.engine.polls, polls);
}

#[test]
fn shown_bytes_outlast_a_pause_and_other_reads() {
    let minute = Duration::from_secs(60);
    let mut world = World::new(PoolLimits::default());
    let (id, _, bytes) = showing(&mut world);
    world.engine.transfer_input(world.now, id, Input::Consumed(1)).unwrap();
    world.engine.pause(id);
    world.pass(minute);
    // Another one is read from, into the same buffer.
    let other = world.get("http://10.0.0.2/");
    let now = world.now;
    until_at(&mut world, |engine, output| match output {
        Output::Read(socket) => {
            engine.space(socket).fill(b'?');
            engine.socket_input(now, socket, Input::Filled(0)).unwrap();
            engine.cancel(now, other);
            Some(())
        }
        other => panic!("{other:?}"),
    });
    world.engine.resume(id);
    world.pass(Duration::ZERO);
    assert!(world.engine.body(id) == &bytes[1..], "{:?}", world.engine.transfer(id));
    world.engine.transfer_input(world.now, id, Input::Consumed(999)).unwrap();
    assert!(!world.engine.transfer(id).unwrap().is_ended());
}

#[test]
fn shown_bytes_survive_a_read_of_another_connection() {
    let mut world = World::new(PoolLimits::default());
    let (id, _, bytes) = showing(&mut world);
    world.get("http://10.0.0.2/");
    // The embedder reads from another connection before it answers the body.
    until_at(&mut world, |engine, output| match output {
        Output::Body(shown) => {
            assert_eq!(shown, id);
            None
        }
        Output::Read(socket) => {
            engine.space(socket).fill(b'?');
            Some(())
        }
        other => panic!("{other:?}"),
    });
    assert!(world.engine.body(id) == bytes, "{:?}", world.engine.transfer(id));
    world.engine.transfer_input(world.now, id, Input::Consumed(1000)).unwrap();
    assert!(!world.engine.transfer(id).unwrap().is_ended());
}

#[test]
fn time_with_shown_bytes_is_the_callers() {
    let second = Duration::from_secs(1);
    for ticks in [false, true] {
        let mut world = World::new(PoolLimits::default());
        world.session.configure(|options| {
            options.idle_timeout(second);
        });
        let (id, ..) = showing(&mut world);
        world.now.instant = world.now.instant + 3600 * second;
        if ticks {
            world.engine.tick(world.now);
        }
        world.engine.transfer_input(world.now, id, Input::Consumed(1000)).unwrap();
        world.pass(second / 2);
        assert!(!world.engine.transfer(id).unwrap().is_ended());
        let now = world.now;
        until_at(&mut world, |engine, output| match output {
            Output::Read(socket) => {
                engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
                None
            }
            output => matches!(output, Output::Wait).then_some(()),
        });
        world.pass(second / 2);
        assert!(world.engine.transfer(id).unwrap().is_ended(), "idle since the caller came back");
    }
}

#[test]
fn limit_counts_shown_bytes() {
    let mut world = World::new(PoolLimits::default());
    let (id, _, bytes) = showing(&mut world);
    world.engine.limit_body(id, "body_bytes", Some(1_000));
    assert!(world.engine.body(id) == bytes);
    world.engine.transfer_input(world.now, id, Input::Consumed(1_000)).unwrap();
    assert!(!world.engine.transfer(id).unwrap().is_ended());
}

#[test]
fn t47_bytes_behind_a_body_are_no_body() {
    let mut world = World::new(PoolLimits::default());
    let (id, socket, _) = showing(&mut world);
    let now = world.now;
    world.engine.transfer_input(now, id, Input::Consumed(1000)).unwrap();
    // The last 2,000 bytes, and five more.
    world.engine.space(socket)[..2005].fill(b'x');
    world.engine.socket_input(now, socket, Input::Filled(2005)).unwrap();
    assert!(matches!(world.engine.poll(&mut world.session), Output::Body(_)));
    assert_eq!(world.engine.body(id).len(), 2000);
    world.engine.transfer_input(now, id, Input::Consumed(2000)).unwrap();
    assert!(matches!(world.engine.poll(&mut world.session), Output::Close(_)), "left-over bytes");
}
