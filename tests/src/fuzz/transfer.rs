//! A whole transfer against any bytes: exactly one terminal event, which is last; no misuse
//! whatever a peer sends; no spinning; and the same outcome under every split and poll.

use std::time::Duration;

use petition_core::{
    Auth, Event, Input, Instant, IoFailure, Limits, Method, Now, Output, Request, Session, Side, Transfer, UnixTime,
};

use super::choice;
use crate::memory::invariants::{SLICE, memory_is_bounded};
use crate::rng::Rng;

/// The result of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    sent: Vec<Vec<u8>>,
    statuses: Vec<u16>,
    body: Vec<u8>,
    outcome: String,
}

/// Runs a request. Its connections deliver, one after the other, the parts of the input between
/// marks.
pub fn transfer(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    // One connection after the other; each ends after its bytes.
    let parts: Vec<&[u8]> = data.split(|&b| b == 0xff).collect();
    let whole = run(chosen, &parts, None);
    let cut = run(chosen, &parts, Some(Rng::new(seed)));
    assert_eq!(whole, cut);
}

fn run(chosen: usize, parts: &[&[u8]], mut rng: Option<Rng>) -> Seen {
    let mut session = Session::new();
    let method = [Method::GET, Method::HEAD, Method::POST, Method::PUT][chosen % 4].clone();
    let mut request = Request::new(method, "http://10.0.0.1/start").cookie("own", "1");
    if chosen & 4 != 0 {
        request.set_data(vec![b'x'; 20_000]);
    }
    // Credentials that answer what the peer asks for.
    match chosen / 8 % 4 {
        1 => drop(request.options_mut().auth(Auth::on_challenge("user", "password").unwrap())),
        2 => drop(request.options_mut().auth(Auth::digest("user", "password").unwrap())),
        _ => {}
    }
    let before = session.options().clone();
    let mut now = Now::new(Instant::from_origin(Duration::from_secs(1)), UnixTime(1_700_000_000));
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let mut seen = Seen { sent: Vec::new(), statuses: Vec::new(), body: Vec::new(), outcome: String::new() };
    let (mut open, mut left, mut part) = (false, &[][..], 0);
    let mut budget = 40_000 + 64 * parts.iter().map(|part| part.len()).sum::<usize>();
    while seen.outcome.is_empty() {
        budget = budget.checked_sub(1).expect("no spinning");
        let output = transfer.poll();
        memory_is_bounded(transfer.retained(), 1, 0, false, SLICE, &Limits::DEFAULT);
        let mut answer = |input: Input<'_>| transfer.handle(now, input).expect("it was asked");
        match output {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => answer(Input::OpenNew),
            Output::Connect(attempt) if part < parts.len() => {
                (open, left) = (true, parts[part]);
                part += 1;
                seen.sent.push(Vec::new());
                answer(Input::Connected(attempt));
            }
            Output::Connect(attempt) => {
                answer(Input::ConnectFailed(attempt, IoFailure::new(std::io::ErrorKind::ConnectionRefused)));
            }
            Output::Transmit => {
                assert!(open);
                let bytes = transfer.outgoing();
                let n = rng.as_mut().map_or(bytes.len(), |rng| 1 + rng.below(bytes.len()));
                seen.sent.last_mut().unwrap().extend_from_slice(&bytes[..n]);
                transfer.handle(now, Input::Wrote(n)).unwrap();
            }
            Output::Read if left.is_empty() => answer(Input::Eof),
            Output::Read => {
                let n = rng.as_mut().map_or(left.len(), |rng| 1 + rng.below(left.len().min(9)));
                let (piece, rest) = left.split_at(n);
                left = rest;
                answer(Input::Received(piece));
                if rng.as_mut().is_some_and(|rng| rng.below(4) == 0) {
                    transfer.handle(now, Input::Tick).unwrap();
                }
            }
            Output::Body => {
                let bytes = transfer.body();
                let n = rng.as_mut().map_or(bytes.len(), |rng| 1 + rng.below(bytes.len()));
                seen.body.extend_from_slice(&bytes[..n]);
                transfer.handle(now, Input::Consumed(n)).unwrap();
            }
            Output::Release => {
                assert!(transfer.take_link().is_some() && std::mem::take(&mut open));
            }
            Output::Close => assert!(std::mem::take(&mut open), "what is closed was open"),
            // A redirect may name any host.
            Output::Resolve => {
                let failure = IoFailure::new(std::io::ErrorKind::NotFound);
                transfer.handle(now, Input::ResolveFailed(failure)).unwrap();
            }
            Output::Wait => {
                // Only a deadline is left.
                now.instant = transfer.deadline().expect("a transfer that waits has a deadline");
                transfer.handle(now, Input::Tick).unwrap();
            }
            Output::Event(Event::Head(head) | Event::Informational(head)) => seen.statuses.push(head.status().as_u16()),
            Output::Event(Event::Again(_)) => {}
            Output::Event(Event::Done) => seen.outcome = "done".into(),
            Output::Event(Event::Failed(error)) => seen.outcome = error.kind().to_string(),
            other => panic!("{other:?} was not to be expected"),
        }
    }
    assert!(!open, "every socket is closed or kept");
    assert!(transfer.is_ended() && matches!(transfer.poll(), Output::Wait));
    assert_eq!(transfer.handle(now, Input::Blocked(Side::Read)), Ok(()));
    assert_eq!(session.options(), &before, "sending changes no option");
    seen
}
