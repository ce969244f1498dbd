//! The answers that every loop over a hand-driven transfer gives alike.

use petition_core::{Input, Now, Output, Session, Transfer};

/// Answers an output of a transfer: synchronizes, opens a new connection, connects, and writes
/// everything. Returns any other output.
///
/// # Panics
/// When the transfer calls an answer a misuse.
pub fn answer(now: Now, transfer: &mut Transfer, session: &mut Session, output: Output) -> Option<Output> {
    match output {
        Output::Sync => transfer.sync(now, session),
        Output::Acquire(_) => transfer.handle(now, Input::OpenNew),
        Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt)),
        Output::Transmit => transfer.handle(now, Input::Wrote(transfer.outgoing().len())),
        other => return Some(other),
    }
    .expect("an answer to what was asked");
    None
}

/// Polls, and gives these answers, until there is another output.
pub fn next_output(now: Now, transfer: &mut Transfer, session: &mut Session) -> Output {
    loop {
        let output = transfer.poll();
        if let Some(other) = answer(now, transfer, session, output) {
            return other;
        }
    }
}
