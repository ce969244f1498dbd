//! How a transfer fails, and when it does not have to: the safe retry on a dead kept connection.

use super::exchange;
use super::io::Event;
use super::upload::Upload;
use super::{Attempt, Machine, Stage};
use crate::error::{Error, ErrorKind, Misuse, Phase, Processed, Report};
use crate::http1::ResponseHead;
use crate::link::{Link, LinkError};
use crate::request::body::Body;
use crate::route::proxy::Proxy;
use crate::url::{QueryShown, redacted};

impl Machine {
    pub(super) fn phase(&self) -> Phase {
        match &self.stage {
            Stage::Begin | Stage::Rewind { .. } => Phase::Prepare,
            Stage::Acquire { .. } | Stage::Check => Phase::Acquire,
            Stage::Resolve { .. } => Phase::Resolve,
            Stage::Dial { .. } => Phase::Connect,
            Stage::Establish { .. } => {
                let proxy = self.request.settings.proxy.as_ref();
                self.link.as_ref().map_or(Phase::Tls, |link| exchange::establishing(link, proxy))
            }
            Stage::Exchange { send_failed: Some(_) } => Phase::Send,
            Stage::Exchange { .. } if !self.request_is_sent() => Phase::Send,
            Stage::Exchange { .. } => Phase::Head,
            Stage::Judge(_) => Phase::Redirect,
            Stage::Deliver(_) | Stage::Drain { .. } | Stage::Ended => Phase::Body,
        }
    }

    pub(super) fn fail(&mut self, kind: ErrorKind) {
        self.end_with(kind, None);
    }

    pub(super) fn fail_with_head(&mut self, kind: ErrorKind, head: ResponseHead) {
        self.end_with(kind, Some(Box::new(head)));
    }

    pub(super) fn report(&self, kind: ErrorKind, response: Option<Box<ResponseHead>>) -> Report {
        let (bytes_sent, mut bytes_received) = self.bytes_moved();
        let phase = match kind {
            // Judged at once, whatever stage it was that brought it.
            ErrorKind::Redirect(_) => Phase::Redirect,
            ErrorKind::AddressDenied(_) => Phase::Connect,
            // A fault in the request's or the proxy's fields, found when they are written.
            ErrorKind::Head(_) => Phase::Prepare,
            _ => self.phase(),
        };
        if matches!(kind, ErrorKind::Decode(_) | ErrorKind::Limit(_)) {
            // What lies behind the byte that was refused does not count: it may have come with it, or not.
            let behind = self.link.as_ref().map_or(0, |link| link.body().len());
            bytes_received = bytes_received.saturating_sub(behind as u64);
        }
        Report {
            kind,
            phase,
            hop: self.chain.hops,
            method: self.request.method.clone(),
            url: redacted(&self.request.url, QueryShown::NamesOnly).to_string(),
            proxy: self.request.settings.proxy.as_ref().map(Proxy::authority),
            peer: self.peer,
            bytes_sent,
            bytes_received,
            processed: if bytes_sent > 0 || self.attempt.written { Processed::Maybe } else { Processed::No },
            retried: self.attempt.retried,
            response,
        }
    }

    fn end_with(&mut self, kind: ErrorKind, response: Option<Box<ResponseHead>>) {
        let report = self.report(kind, response);
        // For errors that the embedder asks for later.
        self.attempt.moved = (report.bytes_sent, report.bytes_received);
        self.attempt.written |= report.bytes_sent > 0;
        if let Stage::Dial { dial, .. } = &mut self.stage {
            self.words.abandon(&mut dial.give_up());
        }
        if self.link.is_some() {
            self.close_link();
        }
        self.stage = Stage::Ended;
        self.words.end(Err(Error::new(report)));
    }

    fn bytes_moved(&self) -> (u64, u64) {
        match &self.link {
            Some(link) => (self.request_bytes_sent(), link.http().bytes_received()),
            None => self.attempt.moved,
        }
    }

    fn request_bytes_sent(&self) -> u64 {
        match self.stage {
            Stage::Exchange { .. } | Stage::Judge(_) | Stage::Deliver(_) | Stage::Drain { .. } => {
                self.link.as_ref().filter(|link| self.has_written(link)).map_or(0, |link| link.http().bytes_sent())
            }
            _ => 0,
        }
    }

    /// Whether anything left since the attempt began: what HTTP has given to a layer may still wait in it.
    fn has_written(&self, link: &Link) -> bool {
        link.counters().sent > self.attempt.sent_before
    }

    pub(super) fn link_failed(&mut self, error: LinkError) {
        match &self.stage {
            Stage::Drain { then, .. } => {
                let then = *then;
                self.close_link();
                self.after_body(then);
            }
            Stage::Exchange { .. } if is_dead_connection(&error) && self.can_resend() => self.resend(),
            // That the connection has ended is known; anything else says why, as a TLS alert does.
            Stage::Exchange { send_failed: Some(failed) } | Stage::Establish { send_failed: Some(failed), .. }
                if error.is_truncation() =>
            {
                let failure = failed.failure.clone();
                self.fail(ErrorKind::Io(failure));
            }
            _ => self.fail(ErrorKind::Link(error)),
        }
    }

    /// RFC 9112 §9.3.1, T54: a kept connection that dies before a response has begun is likely to have been closed by the peer
    /// before the request came. So is one on which bytes come that answer no request. Once for each hop, and only where it cannot be processed twice or that would do no harm.
    pub(super) fn can_resend(&self) -> bool {
        let Some(link) = &self.link else { return false };
        let settings = &self.request.settings;
        self.attempt.reused
            && !self.attempt.retried
            && settings.retry_dead_connection
            && !link.http().response_started()
            && (!self.has_written(link) || self.is_harmless_twice())
            && (self.request.body.is_replayable()
                || matches!(self.upload, Upload::Held(_) | Upload::Sending { sent: 0 }))
    }

    /// Whether the request may be processed twice (RFC 9110 §9.2.2).
    pub(super) fn is_harmless_twice(&self) -> bool {
        is_idempotent(&self.request.method) || self.request.settings.idempotent
    }

    pub(super) fn resend(&mut self) {
        let pushed = !matches!(self.upload, Upload::Held(_) | Upload::Sending { sent: 0 });
        let written = self.link.as_ref().is_some_and(|link| self.has_written(link));
        self.attempt = Attempt { retried: true, expect: self.attempt.expect, written, ..Attempt::default() };
        self.close_link();
        self.words.event(Event::Retried);
        if pushed && matches!(self.request.body, Body::Stream { .. }) {
            self.stage = Stage::Rewind { ordered: false, fresh: true };
        } else {
            self.find_addresses();
        }
    }

    pub(super) fn rewound(&mut self, done: bool) -> Result<(), Misuse> {
        let Stage::Rewind { ordered: true, fresh } = self.stage else { return Err(Misuse::NotAsked) };
        match (done, fresh) {
            (false, _) => self.fail(ErrorKind::BodyNotReplayable),
            (true, true) => self.find_addresses(),
            (true, false) => self.stage = Stage::Begin,
        }
        Ok(())
    }
}

/// Methods that the registry of IANA calls idempotent (RFC 9110 §16.1.1), besides those that `http` knows as such.
const IDEMPOTENT: [&str; 28] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Methods are case-sensitive (RFC 9110 §9.1).
fn is_idempotent(method: &http::Method) -> bool {
    method.is_idempotent() || IDEMPOTENT.contains(&method.as_str())
}

/// Whether a kept connection shows its end, or something that answers no request of ours (T47).
fn is_dead_connection(error: &LinkError) -> bool {
    matches!(error, LinkError::Protocol(error) if error.answers_nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t54_methods_of_the_registry_may_be_repeated() {
        let idempotent = |method: &str| is_idempotent(&http::Method::from_bytes(method.as_bytes()).unwrap());
        for method in ["GET", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "MKCOL"] {
            assert!(idempotent(method), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "LOCK", "propfind", "X-OWN"] {
            assert!(!idempotent(method), "{method}");
        }
    }
}
