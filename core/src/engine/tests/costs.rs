//! The cost of requests in system calls and storage: counts that do not depend on the machine.

use super::*;

/// Calls offered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Calls {
    writes: usize,
    reads: usize,
    checks: usize,
}

/// Runs like an embedder with edge-triggered readiness that stops reading after a short read.
fn run(world: &mut World, calls: &mut Calls) {
    let now = world.now;
    loop {
        match world.engine.poll(&mut world.session) {
            Output::Connect(socket) => {
                world.engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
                world.engine.connected(now, socket).unwrap();
            }
            Output::Transmit(socket) => {
                calls.writes += 1;
                let n = world.engine.outgoing(socket).len();
                world.engine.socket_input(now, socket, Input::Wrote(n)).unwrap();
                world.open.insert(socket, Vec::new());
            }
            Output::Read(socket) => {
                calls.reads += 1;
                world.engine.space(socket)[..ANSWER.len()].copy_from_slice(ANSWER);
                world.engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
                world.engine.socket_input(now, socket, Input::Filled(ANSWER.len())).unwrap();
            }
            Output::Probe(socket) => {
                calls.checks += 1;
                world.engine.socket_input(now, socket, Input::Alive).unwrap();
            }
            Output::Body(id) => {
                let n = world.engine.body(id).len();
                world.engine.transfer_input(now, id, Input::Consumed(n)).unwrap();
            }
            Output::Ended { id, error, .. } => world.ended.push((id, error.map(|error| error.kind().to_string()))),
            Output::Event(..) => {}
            Output::Close(socket) => drop(world.open.remove(&socket)),
            Output::Wait if world.engine.awaits_poll() => world.poll(),
            Output::Wait => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(world.engine.is_at_rest());
}

#[test]
fn reused_connection_costs_one_write_and_one_read() {
    let mut world = World::new(PoolLimits { idle_total: 64, idle_per_key: 64, ..PoolLimits::DEFAULT });
    let mut calls = Calls::default();
    world.poll();
    for round in 1..=5 {
        for _ in 0..64 {
            world.get("http://10.0.0.1/");
        }
        let polls = world.engine.polls;
        run(&mut world, &mut calls);
        for socket in std::mem::take(&mut world.open).into_keys() {
            world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
        }
        run(&mut world, &mut calls);
        assert_eq!(calls, Calls { writes: 64 * round, reads: 64 * round, checks: 0 });
        if round > 1 {
            assert!(world.engine.polls - polls <= 64 * 7, "{}", world.engine.polls - polls);
        }
    }
    assert_eq!((world.ended.len(), world.errors().len(), world.engine.sockets()), (320, 0, 64));
}

#[test]
fn consecutive_requests_share_one_timer_entry() {
    let mut world = World::new(PoolLimits::default());
    for _ in 0..1_000 {
        world.get("http://10.0.0.1/");
        world.answers = false;
        world.run();
        world.answers = true;
        for socket in world.open.keys().copied().collect::<Vec<_>>() {
            world.engine.socket_input(world.now, socket, Input::Ready(Side::Read)).unwrap();
        }
        world.pass(Duration::from_millis(1));
        world.run();
    }
    assert_eq!((world.ended.len(), world.errors().len()), (1_000, 0));
    assert!(world.engine.timers.len() <= 2, "{}", world.engine.timers.len());
}

#[test]
fn request_waiting_for_its_response_holds_no_storage() {
    let mut world = World::new(PoolLimits::default());
    world.answers = false;
    for n in 0..100 {
        world.get(&format!("http://10.0.0.{n}/"));
    }
    world.run();
    assert_eq!(world.engine.len(), 100);
    let keys: Vec<_> = world.engine.transfers.keys().collect();
    for key in keys {
        assert_eq!(world.engine.transfers.get(key).unwrap().transfer.retained().total(), 0);
    }
}

#[test]
fn cancelling_a_group_affects_no_other() {
    let mut world = World::new(PoolLimits::default());
    world.answers = false;
    for n in 0..30 {
        world.get_in("http://10.0.0.1/", (n % 3 > 0).then_some(Group(n % 3)));
    }
    world.run();
    world.engine.cancel_group(world.now, Group(1));
    world.run();
    assert_eq!((world.ended.len(), world.errors().len(), world.engine.len()), (10, 10, 20));
    world.engine.cancel_group(world.now, Group(1));
    world.engine.cancel_group(world.now, Group(u64::MAX));
    world.run();
    assert_eq!(world.engine.len(), 20);
    world.engine.cancel_all(world.now);
    world.run();
    assert!(world.engine.groups.is_empty() && world.engine.is_empty());
}

#[test]
#[cfg(target_pointer_width = "64")]
fn waiting_transfer_is_small() {
    let [machine, link] = Transfer::SIZES;
    let (slot, socket) = (size_of::<Slot>(), size_of::<Socket>());
    assert!(machine + link + slot + socket <= 920, "machine {machine}, link {link}, slot {slot}, socket {socket}");
}
