//! The invariants of every run, whatever the peers do.

use petition_core::buffer::Retained;
use petition_core::{ErrorKind, Limits, Phase, Timeout};

use super::socket::ConnectionState;
use super::transcript::{Outcome, Transcript};
use super::world::World;

/// Checks all invariants for the last transfer of a world.
pub fn hold(world: &World) {
    let Some(last) = world.transcripts.last() else { return };
    one_terminal_event_and_it_is_last(last);
    nothing_after_the_end(last);
    work_is_bounded_by_the_inputs(last);
    errors_say_where(last);
    deadlines_fire_at_their_time(last);
    every_socket_is_closed_or_pooled(world);
}

/// A run ends with one `done` or `failed`, and has at most one final head before it.
pub fn one_terminal_event_and_it_is_last(run: &Transcript) {
    let words = run.words();
    let (last, before) = words.split_last().expect("a terminal event");
    assert!(["done", "failed"].contains(last), "{words:?}");
    assert!(!before.contains(&"done") && !before.contains(&"failed"), "{words:?}");
    let heads = words.iter().filter(|word| word.starts_with("head")).count();
    assert!(heads <= 1, "{words:?}");
    assert!(*last != "done" || heads == 1, "done without a head: {words:?}");
    let followed = ["redirected", "expect refused", "challenged", "retried", "upgraded"];
    let hops = words.iter().filter(|word| followed.contains(word)).count();
    assert_eq!(hops, run.history.len(), "{words:?}");
}

/// An ended transfer asks for nothing and has no deadline.
pub fn nothing_after_the_end(run: &Transcript) {
    assert_eq!(run.after_end, 0, "asked for something after the end: {:?}", run.words());
}

/// The number of polls is linear in the number of inputs.
pub fn work_is_bounded_by_the_inputs(run: &Transcript) {
    let bound = 8 * run.inputs + 100;
    assert!(run.polls <= bound, "{} polls for {} inputs", run.polls, run.inputs);
}

/// An error names method, URL, hop and phase, and no userinfo.
pub fn errors_say_where(run: &Transcript) {
    let Outcome::Failed(error) = &run.outcome else { return };
    let (text, report) = (error.to_string(), error.report());
    let start = format!("{} {}: ", report.method.as_ref().unwrap(), error.url().unwrap());
    let doing = text.strip_prefix(&start).unwrap_or_else(|| panic!("{text}"));
    match &report.proxy {
        None => assert!(doing.starts_with(&report.phase.to_string()), "{text}"),
        Some(proxy) => {
            // The proxy has no part in what comes before a connection and after a response.
            let apart = matches!(report.phase, Phase::Prepare | Phase::Acquire | Phase::Redirect);
            assert!((apart || doing.contains(proxy)) && !proxy.contains('@'), "{text}");
        }
    }
    assert_eq!(report.hop as usize, run.history.len(), "{text}");
    assert!(!text.contains('\n') && !error.url().unwrap().contains('@'), "{text}");
    let cancelled = matches!(report.kind, ErrorKind::Cancelled | ErrorKind::Timeout { .. });
    assert!(cancelled || report.phase != Phase::Acquire, "{text}");
}

/// The total deadline fires exactly when it is due, measured from the start of the transfer.
pub fn deadlines_fire_at_their_time(run: &Transcript) {
    let Outcome::Failed(error) = &run.outcome else { return };
    if let ErrorKind::Timeout { which: Timeout::Total, limit } = error.kind() {
        assert_eq!(run.ended - run.began, *limit, "{error}");
    }
}

/// Every socket that was opened is closed or in the pool.
pub fn every_socket_is_closed_or_pooled(world: &World) {
    for (number, connection) in world.connections().iter().enumerate() {
        assert_ne!(
            connection.state,
            ConnectionState::InUse,
            "connection {number} was left open: {:?}",
            world.transcripts.last()
        );
    }
}

/// How many bytes a driver of the tests hands in at once, or a network of theirs holds, at most.
pub const SLICE: usize = 64 * 1024;

/// How many bytes may wait to be sent at every level, in storage that doubles and moves when half
/// of it is gone.
const QUEUE: usize = 4 * 64 * 1024 + 16 * 1024;

/// The longest TLS handshake, in storage that doubles, and a part of a record.
const HANDSHAKE: usize = 2 * (128 + 18 + 17) * 1024;

/// How many bytes an idle connection keeps for the next request's head (and a little of TLS).
const IDLE: usize = 4 * 1024;

/// Invariant 5: the limits bound the bytes held for so many transfers and idle connections,
/// whatever the peers do. `layered` says whether they use layers (a proxy's tunnel, TLS); `shared`
/// is the size of the read buffer that serves all.
pub fn memory_is_bounded(held: Retained, transfers: usize, idle: usize, layered: bool, shared: usize, limits: &Limits) {
    // A head, trailers or a proxy's refusal, one at a time, in storage that doubles; or a step of
    // decoding.
    let head = limits.head_bytes.max(limits.trailer_bytes).max(limits.proxy_refusal_bytes).max(16 * 1024);
    let layers = if layered { HANDSHAKE } else { 0 };
    let each = head.saturating_mul(2).saturating_add(layers + SLICE);
    let received = transfers.saturating_mul(each).saturating_add(shared + idle * IDLE);
    assert!(
        held.received <= received,
        "too much is held: {held:?} for {transfers} transfers, allowed are {received} bytes received"
    );
    let levels = if layered { 3 } else { 1 };
    let outgoing = (transfers * levels + 1) * QUEUE + idle * IDLE;
    assert!(
        held.outgoing <= outgoing,
        "too much is held: {held:?} for {transfers} transfers, allowed are {outgoing} bytes to be sent"
    );
}

/// No printed output contains one of these secrets.
pub fn no_secret_is_shown(world: &World, secrets: &[&str]) {
    let mut shown = format!("{:?}\n{:?}\n", world.session, world.session.options());
    for run in &world.transcripts {
        shown += &run.debug;
        shown += &format!("{:?}\n", run.history);
        if let Outcome::Failed(error) = &run.outcome {
            shown += &format!("{error} {error:?} {error:#?}\n");
        }
    }
    for secret in secrets {
        if let Some(at) = shown.find(secret) {
            let start = at.saturating_sub(200);
            panic!("the secret {secret:?} is shown: …{}", shown.get(start..at + secret.len()).unwrap_or(&shown));
        }
    }
}
