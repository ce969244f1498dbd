//! Plans, runs, and that neither changes what a caller gets.

use std::collections::VecDeque;
use std::time::Duration;

use super::driven_tests::Driven;
use super::{Event, Input, Output, ReadPlan, ReadWait};
use crate::{ErrorKind, Method, Request};

const ROOM: usize = 1 << 20;
const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";

fn get() -> Request {
    Request::new(Method::GET, "http://127.0.0.1/")
}

/// A transfer that offers to read the body behind `head`, and what came with it.
fn delivering(request: &Request, head: &str) -> Driven {
    let mut driven = Driven::new(request, head);
    driven.until(|output| matches!(output, Output::Event(Event::Head(_))));
    driven.until(|output| matches!(output, Output::Read));
    driven
}

fn sizes(plan: ReadPlan) -> (usize, usize) {
    (plan.direct, plan.buffered)
}

#[test]
fn read_before_the_head_is_small_and_buffered() {
    let mut driven = Driven::get("");
    driven.until(|output| matches!(output, Output::Read));
    for room in [0, 8_192, usize::MAX] {
        assert_eq!(sizes(driven.transfer.read_plan(room)), (0, 17 * 1024));
    }
}

#[test]
fn large_pieces_go_directly_into_large_memory() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let buffered = (0, usize::MAX);
    for (head, room, planned) in [
        (LENGTH, 0, buffered),
        (LENGTH, 8_191, buffered),
        (LENGTH, 8_192, (8_192, 0)),
        (LENGTH, 99_999, (99_999, 0)),
        (LENGTH, 100_000, (100_000, 9)),
        (LENGTH, ROOM, (100_000, 9)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 8191\r\n\r\n", ROOM, buffered),
        ("HTTP/1.1 200 OK\r\nContent-Length: 8192\r\n\r\n", ROOM, (8_192, 9)),
        ("HTTP/1.1 200 OK\r\n\r\n", ROOM, (ROOM, 0)),
        (CHUNKED, ROOM, buffered),
        (&format!("{CHUNKED}2000\r\n"), ROOM, (8_192, 9)),
        (&format!("{CHUNKED}1FFF\r\n"), ROOM, buffered),
    ] {
        assert_eq!(sizes(delivering(&get(), head).transfer.read_plan(room)), planned, "{room} {head}");
    }
}

#[test]
fn reads_between_large_chunks_are_small() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n";
    let mut driven = delivering(&get(), head);
    driven.handle(Input::ReadDirect(8_192));
    assert_eq!(sizes(driven.transfer.read_plan(ROOM)), (0, 64));
    driven.handle(Input::Received(b"\r\n"));
    assert!(matches!(driven.transfer.poll(), Output::Read));
    assert_eq!(sizes(driven.transfer.read_plan(ROOM)), (0, usize::MAX));

    let mut driven = delivering(&get(), head);
    driven.transfer.space()[..9].copy_from_slice(b"\r\n02000\r\n");
    driven.handle(Input::ReadDirect(8_192 + 9));
    assert_eq!(sizes(driven.transfer.read_plan(ROOM)), (8_192, 9), "its framing came with the last one");
}

#[test]
fn small_rest_of_a_large_piece_is_direct() {
    let mut driven = delivering(&get(), LENGTH);
    driven.handle(Input::ReadDirect(99_000));
    assert_eq!(sizes(driven.transfer.read_plan(8_192)), (1_000, 9));
}

#[test]
fn caller_is_given_more_behind_few_bytes_only() {
    let driven = delivering(&get(), LENGTH);
    let planned = |have, room| driven.transfer.top_up_plan(have, room).map(sizes);
    assert_eq!(planned(63, 8_192), Some((8_192, 0)));
    assert_eq!([planned(64, 8_192), planned(63, 8_191)], [None; 2]);
}

#[test]
fn next_input_accounts_for_noted_reads() {
    let mut driven = delivering(&get(), LENGTH);
    assert!(driven.transfer.note_direct(10_000) && driven.transfer.note_direct(10_000));
    let plan = driven.transfer.read_plan(ROOM);
    assert_eq!((sizes(plan), plan.wait), ((80_000, 9), ReadWait::AsBefore));
    assert!(!driven.transfer.note_direct(80_000), "not the last ones");
    driven.handle(Input::ReadDirect(80_000));
    driven.until(|output| matches!(output, Output::Release));
}

#[test]
fn timeout_counts_noted_reads() {
    let mut driven = delivering(&get(), LENGTH);
    let before = driven.transfer.error(ErrorKind::Cancelled).report().bytes_received;
    assert!(driven.transfer.note_direct(10_000));
    driven.now = crate::Now::new(driven.now.instant + Duration::from_secs(40), driven.now.unix);
    // Bytes arrived since the last input, so the idle time counts from now.
    driven.handle(Input::Tick);
    assert!(!driven.transfer.is_ended());
    driven.now = crate::Now::new(driven.now.instant + Duration::from_secs(30), driven.now.unix);
    driven.handle(Input::Tick);
    assert_eq!(driven.transfer.failure().unwrap().report().bytes_received, before + 10_000);
}

#[test]
fn poll_accounts_for_noted_reads() {
    let mut driven = delivering(&get(), LENGTH);
    assert!(driven.transfer.note_direct(99_999));
    assert!(matches!(driven.transfer.poll(), Output::Read));
    driven.handle(Input::Received(b"x"));
    driven.until(|output| matches!(output, Output::Release));
}

#[test]
fn noted_reads_count_for_the_body_limit() {
    let mut driven = delivering(&get(), LENGTH);
    driven.transfer.limit_body("body_bytes", Some(20_001));
    assert!(driven.transfer.note_direct(10_000));
    driven.transfer.limit_body("body_bytes", Some(10_001));
    assert!(!driven.transfer.note_direct(1), "the limit ends the piece");
    driven.handle(Input::ReadDirect(1));
    assert_eq!(driven.transfer.read_plan(ROOM).direct, 0);
    driven.handle(Input::Received(b"x"));
    let end = driven.until(|output| matches!(output, Output::Event(Event::Failed(_) | Event::Done)));
    let Output::Event(Event::Failed(error)) = end else { panic!("{end:?}") };
    assert!(matches!(error.kind(), ErrorKind::Limit(limit) if limit.found == 10_002), "{error}");
}

#[test]
fn total_deadline_needs_the_time_of_every_read() {
    let mut driven = delivering(&get().total_timeout(Duration::from_secs(60)), LENGTH);
    assert_eq!(driven.transfer.read_plan(ROOM).wait, ReadWait::Deadline);
    assert!(!driven.transfer.note_direct(10_000));
    let second = Duration::from_secs(1);
    let mut driven = delivering(&get().idle_timeout(second), LENGTH);
    assert_eq!(driven.transfer.read_plan(ROOM).wait, ReadWait::Idle(Some(second)));
    assert!(driven.transfer.note_direct(10_000));
}

#[test]
fn idle_limit_counts_from_the_callers_return() {
    let second = Duration::from_secs(1);
    for noted in [true, false] {
        let mut driven = delivering(&get().idle_timeout(second), LENGTH);
        if !noted || !driven.transfer.note_direct(10_000) {
            driven.handle(Input::ReadDirect(10_000));
        }
        driven.now.instant = driven.now.instant + 3600 * second;
        driven.handle(Input::Consumed(0));
        driven.now.instant = driven.now.instant + second / 2;
        driven.handle(Input::Tick);
        assert!(!driven.transfer.is_ended(), "the hour was the caller's");
        driven.now.instant = driven.now.instant + second / 2;
        driven.handle(Input::Tick);
        assert!(driven.transfer.is_ended());
    }
}

/// The body, and whether the connection was kept, where bytes come in these pieces and are read as
/// planned.
fn read(pieces: [&[u8]; 2], room: usize, notes: bool) -> (Vec<u8>, bool) {
    let mut driven = Driven::get("");
    let mut pieces: VecDeque<&[u8]> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
    let (mut body, mut kept) = (Vec::new(), false);
    loop {
        let over = |output: &Output| {
            matches!(output, Output::Read | Output::Body | Output::Release | Output::Event(Event::Done))
        };
        match driven.until(over) {
            Output::Read => {
                let plan = driven.transfer.read_plan(room);
                let piece = pieces.front_mut().expect("no more is read than there is");
                let n = piece.len().min(plan.direct.saturating_add(plan.buffered));
                let (bytes, rest) = piece.split_at(n);
                let (direct, buffered) = bytes.split_at(n.min(plan.direct));
                driven.transfer.space()[..buffered.len()].copy_from_slice(buffered);
                body.extend_from_slice(direct);
                *piece = rest;
                if rest.is_empty() {
                    pieces.pop_front();
                }
                match plan.direct {
                    0 => driven.handle(Input::Filled(n)),
                    _ if notes && driven.transfer.note_direct(n) => {}
                    _ => driven.handle(Input::ReadDirect(n)),
                }
            }
            Output::Body => {
                body.extend_from_slice(driven.transfer.body());
                driven.handle(Input::Consumed(driven.transfer.body().len()));
            }
            Output::Release => kept = true,
            _ => return (body, kept),
        }
    }
}

#[test]
fn every_split_gives_the_same_body() {
    let chunk = [b'a'; 8_192];
    let large = [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n"[..], &chunk].concat();
    for (end, left_over) in [(&b"\r\n3\r\nbcd\r\n0\r\n\r\n"[..], false), (b"\r\n0\r\n\r\n!", true)] {
        let wire = [&large, end].concat();
        let expected = [&chunk[..], if left_over { b"" } else { b"bcd" }].concat();
        for at in 0..=wire.len() {
            let (first, second) = wire.split_at(at);
            let (body, kept) = read([first, second], 8_192 << (at % 2), at % 3 > 0);
            assert!(body == expected, "split at {at}: {} bytes", body.len());
            // What is still on its way is for the probe to find.
            assert!(!kept || !left_over || at >= wire.len() - 1, "split at {at}");
            assert!(kept || left_over, "split at {at}");
        }
    }
}
