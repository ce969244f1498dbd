//! Many requests over one session through peers that fail at random: the invariants hold in every
//! run, no request gets another one's answer, and no request is repeated that must not be (T54,
//! invariants 2, 4, 10, 11).

use petition_core::{Body, Method, Request};
use petition_tests::memory::{Caller, Outcome, Peer, Reader, Source, Style, World, invariants, ms};
use petition_tests::rng::Rng;
use std::time::Duration;

/// Returns a response with the request's path, so that it cannot pass for another one's.
fn echo(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let body = if head.starts_with("HEAD") { "" } else { path };
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", path.len())
}

fn echo_chunked(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let head_only = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    if head.starts_with("HEAD") {
        head_only.into()
    } else {
        format!("{head_only}{:x}\r\n{path}\r\n0\r\n\r\n", path.len())
    }
}

fn echo_and_go_on(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let to = if path.ends_with("/again") { "done" } else { "again" };
    let base = path.split('/').nth(1).unwrap_or_default();
    format!("HTTP/1.1 307 X\r\nLocation: /{base}/{to}\r\nSet-Cookie: n={base}\r\nContent-Length: 3\r\n\r\nabc")
}

/// A connection: some valid responses, then perhaps something else.
fn peer(rng: &mut Rng) -> Peer {
    let mut peer = Peer::new();
    for _ in 0..rng.below(5) {
        peer = match rng.below(9) {
            0 => peer.request().answer(echo_and_go_on),
            1 => peer.request().send("HTTP/1.1 103 Early Hints\r\n\r\n").answer(echo_chunked),
            2 => peer.request().sleep(ms(rng.next_u64() % 40_000)).answer(echo),
            3 => peer.head().sleep(ms(rng.next_u64() % 300)).send("HTTP/1.1 100 Continue\r\n\r\n").body().answer(echo),
            4 => peer.head().answer(echo).body(),
            _ => peer.request().answer(echo),
        };
        if rng.one_in(6) {
            peer = peer.sleep(ms(rng.next_u64() % 20_000));
        }
    }
    let received = 100 + rng.below(600);
    match rng.below(12) {
        0 => peer.close(),
        1 => peer.reset(),
        2 => peer.received(received).close(),
        3 => peer.received(received).reset(),
        4 => peer.request().send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nshort").close(),
        5 => peer.request().send("HTTP/1.1 200 OK\r\nContent-").reset(),
        6 => peer.head().stop_reading(),
        7 => peer.request().trickle("HTTP/1.1 200 OK\r\n", ms(7_000)),
        8 => peer.request().send("\0\0\0"),
        9 => peer.head().deaf().sleep(ms(rng.next_u64() % 2_000)).answer(echo),
        10 => peer.half_close(),
        _ => (0..9).fold(peer, |peer, _| peer.request().answer(echo)),
    }
}

fn place(world: &mut World, rng: &mut Rng) {
    let addresses: Vec<_> = (1..=3).map(|i| format!("192.0.2.{i}:80").parse().unwrap()).collect();
    world.name("a.test", ms(rng.next_u64() % 50), &addresses);
    for address in &addresses {
        match rng.below(8) {
            0 => world.refuses_after(*address, ms(rng.next_u64() % 500)),
            1 => world.black_hole(*address),
            _ => world.connects_after(*address, ms(rng.next_u64() % 400)),
        }
        for _ in 0..20 {
            world.serve(&address.to_string(), peer(rng));
        }
    }
}

fn request(rng: &mut Rng, number: usize) -> (Request, Caller, bool) {
    let method = [Method::GET, Method::POST, Method::PUT, Method::HEAD][rng.below(4)].clone();
    let idempotent = method.is_idempotent();
    let bytes = vec![b'x'; [0, 5, 3_000, 30_000, 200_000][rng.below(5)]];
    let body = match rng.below(4) {
        0 | 1 => Body::Empty,
        2 => Body::from(bytes.clone()),
        _ => Body::Stream { length: rng.one_in(2).then_some(bytes.len() as u64), rewindable: rng.one_in(2) },
    };
    let mut source = Source::new(bytes);
    if let Body::Stream { rewindable: true, .. } = body {
        source = source.rewindable();
    }
    let reader = match rng.below(6) {
        0 => Reader::Discards(rng.below(6)),
        _ => Reader::Reads,
    };
    let cancel_at_turn = rng.one_in(8).then(|| rng.below(60));
    let request = Request::new(method, format!("http://a.test/{number}/x")).data(body);
    let expect = rng.one_in(5);
    let total = rng.one_in(3).then(|| ms(1 + rng.next_u64() % 60_000));
    let request = request.configure(|o| {
        o.expect_continue((expect).then_some(Duration::from_secs(1)));
        o.total_timeout(total);
    });
    (request, Caller { source, reader, cancel_at_turn, ..Caller::default() }, idempotent)
}

#[test]
fn invariants_hold_under_random_failures() {
    let seeds = std::env::var("PETITION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let mut world = World::new(Style::of(if seed % 2 == 0 { 3 + seed % 9 } else { 4 + seed }));
        place(&mut world, &mut rng);
        let mut once = Vec::new();
        for number in 0..6 {
            let (request, caller, idempotent) = request(&mut rng, number);
            let reader = caller.reader;
            let run = world.send_with(request, caller);
            if let (Outcome::Done, Reader::Reads, 200) = (&run.outcome, reader, run.status) {
                let body = String::from_utf8_lossy(&run.body);
                assert!(
                    body.is_empty() || body.starts_with(&format!("/{number}/")),
                    "seed {seed}: {body} for {number}"
                );
            }
            if !idempotent {
                once.push(number);
            }
            world.pass(ms(rng.next_u64() % 5_000));
        }
        for number in once {
            let line = format!("POST /{number}/x HTTP/1.1\r\n");
            let times: usize = world.connections().iter().map(|c| c.text().matches(&line).count()).sum();
            assert!(times <= 1, "seed {seed}: {line:?} was sent {times} times");
        }
        invariants::every_socket_is_closed_or_pooled(&world);
    }
}
