//! Deadlines: which one is next, and what happens when it passes.
//!
//! Every deadline is derived from the start of an activity. None is rounded up, and a due deadline
//! fires before the input that arrives with it.

use std::time::Duration;

use super::Transfer;
use super::io::Input;
use super::machine::Machine;
use super::stage::{Next, Stage};
use super::upload::Upload;
use crate::error::{ErrorKind, Timeout};
use crate::options::SEND_FAILED_GRACE;
use crate::time::{Instant, Now};

/// What happens when a deadline passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The transfer ends.
    Fail(Timeout, Duration),
    /// A pause is over.
    Resume,
    /// Another address is tried.
    NextAddress,
    /// The body is sent without 100 (Continue).
    Continue,
    /// No response came after a failed write.
    SendFailed,
    /// Draining a body stops.
    DrainTime,
}

impl Transfer {
    /// Whether a deadline may be due at this time. Cheaper than [`Transfer::deadline`], and almost
    /// always false.
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        now >= self.0.no_deadline_before
    }
}

impl Machine {
    /// Returns the next deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let mut first: Option<Instant> = None;
        self.deadlines(|at, _| first = Some(first.map_or(at, |first| first.min(at))));
        first
    }

    /// Returns the next deadline after which this stage does not go on.
    pub(super) fn final_deadline(&self) -> Option<Instant> {
        self.earliest_final().map(|(at, _)| at)
    }

    /// Returns the earliest deadline, except the time at which another address is tried.
    fn earliest_final(&self) -> Option<(Instant, Due)> {
        let mut first: Option<(Instant, Due)> = None;
        self.deadlines(|at, due| {
            if due != Due::NextAddress && first.is_none_or(|(earliest, _)| at < earliest) {
                first = Some((at, due));
            }
        });
        first
    }

    /// Calls `add` with each deadline. Inlined, so that a caller computes only what it needs.
    #[inline(always)]
    fn deadlines(&self, mut add: impl FnMut(Instant, Due)) {
        let settings = &self.request.settings;
        let mut limit = |since: Instant, limit: Option<Duration>, which: Timeout| {
            if let Some(limit) = limit {
                add(since + limit, Due::Fail(which, limit));
            }
        };
        if !matches!(self.stage, Stage::Ended) {
            limit(self.started, settings.total_timeout, Timeout::Total);
        }
        match &self.stage {
            Stage::Acquire { since: Some(since), .. } => limit(*since, settings.pool_timeout, Timeout::Pool),
            Stage::Cache { since, .. } | Stage::Resolve { since, .. } => {
                limit(*since, settings.connect_timeout, Timeout::Connect)
            }
            Stage::Dial { since, dial } => {
                limit(*since, settings.connect_timeout, Timeout::Connect);
                if let Some(at) = dial.wakes_at() {
                    add(at, Due::NextAddress);
                }
            }
            Stage::Establish { since, send_failed } => {
                limit(*since, settings.handshake_timeout, Timeout::Handshake);
                if let Some(failed) = send_failed {
                    add(failed.at + SEND_FAILED_GRACE, Due::SendFailed);
                }
            }
            Stage::Exchange { send_failed } => {
                if !self.waits_for_stream() {
                    limit(self.progress, settings.idle_timeout, Timeout::Idle);
                }
                if let Some(sent_at) = self.attempt.sent_at
                    && !self.link.as_ref().is_some_and(|link| link.http().response_started())
                {
                    limit(sent_at, settings.first_byte_timeout, Timeout::FirstByte);
                }
                if let (Upload::Held(since), Some(wait)) = (&self.upload, settings.expect_continue) {
                    add(*since + wait, Due::Continue);
                }
                if let Some(failed) = send_failed {
                    add(failed.at + SEND_FAILED_GRACE, Due::SendFailed);
                }
            }
            Stage::Deliver(delivery) if !delivery.waits_for_caller() => {
                limit(self.progress, settings.idle_timeout, Timeout::Idle);
            }
            Stage::Pause { until, .. } => add(*until, Due::Resume),
            Stage::Drain { since, .. } => add(*since + settings.limits.drain_time, Due::DrainTime),
            _ => {}
        }
    }

    /// Sets the time. If the clock goes back, cached deadlines are discarded.
    pub(super) fn set_now(&mut self, now: Now) {
        if now.instant < self.now.instant {
            self.no_deadline_before = Instant::ZERO;
        }
        self.now = now;
    }

    /// Acts on due deadlines before this input. Returns true if one ended the stage that the input
    /// is meant for.
    #[cold]
    pub(super) fn is_too_late(&mut self, input: &Input<'_>) -> bool {
        match (&mut self.stage, input) {
            (Stage::Deliver(_), Input::Consumed(_) | Input::Discard) => {
                // The time until now was the caller's.
                self.progress = self.now.instant;
                self.expire_some()
            }
            (Stage::Acquire { since, .. }, Input::Acquired { .. } | Input::OpenNew) => {
                // The answer ends the wait: a timeout of zero only forbids waiting.
                let waited = since.take();
                let over = self.expire_some();
                if let Stage::Acquire { since, .. } = &mut self.stage {
                    // The wait continues if the answer is rejected.
                    *since = waited;
                    self.no_deadline_before = self.now.instant;
                }
                over
            }
            _ => self.expire_some(),
        }
    }

    /// Acts on due deadlines, in order of time. Returns true if one ended the current stage.
    #[inline]
    pub(super) fn expire(&mut self) -> bool {
        self.may_be_due() && self.expire_some()
    }

    /// Whether a deadline may be due. Almost always false.
    #[inline]
    pub(super) fn may_be_due(&self) -> bool {
        self.now.instant >= self.no_deadline_before
    }

    #[cold]
    fn expire_some(&mut self) -> bool {
        self.take_in_run();
        let over = self.expire_due();
        // Deadlines only move later, and an activity that begins later lasts at least the shortest
        // timeout.
        let next = self.final_deadline();
        let soonest = self.now.instant + self.request.settings.shortest;
        self.no_deadline_before = next.map_or(soonest, |next| next.min(soonest));
        over
    }

    fn expire_due(&mut self) -> bool {
        let mut over = false;
        // Polling tries the next address; it must not hide a later deadline.
        while let Some((at, due)) = self.earliest_final() {
            if self.now.instant < at {
                break;
            }
            match due {
                Due::Fail(which, limit) => self.fail(ErrorKind::Timeout { which, limit }),
                Due::NextAddress => break,
                Due::Resume => {
                    if let Stage::Pause { next, .. } = self.stage {
                        self.begin_next(Next { not_before: None, ..next });
                    }
                }
                Due::Continue => {
                    self.release_body();
                    continue;
                }
                Due::SendFailed => {
                    if let Stage::Exchange { send_failed: Some(failed) }
                    | Stage::Establish { send_failed: Some(failed), .. } = &self.stage
                    {
                        let failure = failed.failure.clone();
                        self.fail(ErrorKind::Io(failure));
                    }
                }
                Due::DrainTime => {
                    if let Stage::Drain { then, .. } = self.stage {
                        self.close_link();
                        self.after_body(then);
                    }
                }
            }
            over = true;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::transfer::driven_tests::Driven;
    use crate::{Body, Input, Instant, IoFailure, Method, Now, Output, Request, Session, Side, Transfer, UnixTime};

    fn at(seconds: u64) -> Now {
        Now::new(Instant::from_origin(Duration::from_secs(seconds)), UnixTime(0))
    }

    #[test]
    fn idle_time_excludes_the_callers_absence() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        let mut driven = Driven::within(Session::new(), at(0), &Request::new(Method::GET, "http://127.0.0.1/"), answer);
        driven.until(|output| matches!(output, Output::Body));
        let mut transfer = driven.transfer;
        assert_eq!(transfer.body(), b"abc");
        transfer.handle(at(0), Input::Consumed(3)).unwrap();
        assert!(matches!(transfer.poll(), Output::Read));
        // The caller returns after an hour: the thirty seconds count from then.
        transfer.handle(at(3600), Input::Consumed(0)).unwrap();
        assert!(matches!(transfer.poll(), Output::Read));
        transfer.handle(at(3629), Input::Tick).unwrap();
        assert!(!transfer.is_ended());
        transfer.handle(at(3630), Input::Tick).unwrap();
        assert!(transfer.is_ended());
    }

    #[test]
    fn deadline_holds_after_the_clock_goes_back() {
        let mut session = Session::new();
        let request = Request::new(Method::GET, "http://127.0.0.1/");
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), at(100));
        assert!(matches!(transfer.poll(), Output::Sync));
        transfer.sync(at(50), &mut session).unwrap();
        assert!(matches!(transfer.poll(), Output::Acquire(_)));
        // Ten seconds since the connection was requested.
        transfer.handle(at(59), Input::Tick).unwrap();
        assert!(!transfer.is_ended());
        transfer.handle(at(60), Input::Tick).unwrap();
        assert!(transfer.is_ended());
    }

    #[test]
    fn deadline_after_a_failed_write_lies_ahead() {
        let body = Body::Stream { length: Some(10), rewindable: false };
        let request = Request::new(Method::POST, "http://127.0.0.1/").data(body);
        let mut driven = Driven::within(Session::new(), at(0), &request, "");
        let mut pushed = false;
        loop {
            match driven.until(|output| matches!(output, Output::NeedBody | Output::Read | Output::Wait)) {
                Output::NeedBody if !pushed => pushed = driven.transfer.push_body(at(0), b"abc").unwrap() == 3,
                Output::NeedBody => driven.handle(Input::Blocked(Side::Body)),
                Output::Read => driven.handle(Input::Blocked(Side::Read)),
                _ => break,
            }
        }
        let mut transfer = driven.transfer;
        // Longer than the idle timeout, but the stream caused the wait.
        let failure = IoFailure::new(std::io::ErrorKind::BrokenPipe);
        transfer.handle(at(40), Input::Failed(Side::Write, failure)).unwrap();
        let due = transfer.deadline().unwrap();
        assert!(due > at(40).instant, "due at {due:?}");
        transfer.handle(Now::new(due, UnixTime(0)), Input::Tick).unwrap();
        assert!(transfer.is_ended());
    }
}
