//! Failures of a transfer: the error and its report.

use super::exchange;
use super::io::Hop;
use super::machine::Machine;
use super::stage::{LookedUp, Stage};
use crate::error::{Error, ErrorKind, Phase, Processed, Report};
use crate::http1::ResponseHead;
use crate::link::{Link, LinkError};
use crate::policy::retry::is_dead_connection;
use crate::route::dial::DialError;
use crate::route::proxy::Proxy;
use crate::url::{QueryShown, redacted};

impl Machine {
    pub(super) fn phase(&self) -> Phase {
        match &self.stage {
            Stage::Plan | Stage::Pause { .. } | Stage::Rewind { .. } => Phase::Prepare,
            Stage::Acquire { .. } | Stage::Probe => Phase::Acquire,
            Stage::Cache { .. } | Stage::Resolve { .. } => Phase::Resolve,
            Stage::Dial { .. } => Phase::Connect,
            Stage::Establish { .. } => {
                let proxy = self.request.proxy();
                self.link.as_ref().map_or(Phase::Tls, |link| exchange::establishing(link, proxy))
            }
            Stage::Exchange { send_failed: Some(_) } => Phase::Send,
            Stage::Exchange { .. } if !self.request_is_sent() => Phase::Send,
            Stage::Exchange { .. } => Phase::Head,
            Stage::Decide(_) => Phase::Redirect,
            Stage::Deliver(_) | Stage::Drain { .. } | Stage::Ended => Phase::Body,
        }
    }

    pub(super) fn report(&self, kind: ErrorKind, response: Option<Box<ResponseHead>>) -> Report {
        let (bytes_sent, mut bytes_received) = self.bytes_moved();
        let phase = match kind {
            // The redirect is decided at once, whatever the stage.
            ErrorKind::Redirect(_) => Phase::Redirect,
            ErrorKind::AddressDenied(_) => Phase::Connect,
            // Static addresses may be an empty list.
            ErrorKind::Connect(DialError::NoAddresses) => Phase::Resolve,
            // Like a redirect, it is decided at once.
            ErrorKind::Auth(_) => Phase::Head,
            ErrorKind::Status(_) => Phase::Status,
            // An invalid field of the request or the proxy, found while encoding.
            ErrorKind::Head(_) => Phase::Prepare,
            _ => self.phase(),
        };
        // The proxy has no part in the look-up of the origin.
        let looks_up_target = self.looked_up() == Some(LookedUp::Target);
        if matches!(kind, ErrorKind::Decode(_) | ErrorKind::Limit(_)) {
            // Bytes after the rejected one do not count, since they may or may not have arrived
            // with it.
            let behind = self.link.as_ref().map_or(0, |link| link.body().len());
            bytes_received = bytes_received.saturating_sub(behind as u64);
        }
        Report {
            kind,
            phase,
            hop: self.chain.trail.hops,
            method: Some(self.request.method.clone()),
            url: Some(redacted(&self.request.url, QueryShown::NamesOnly).to_string()),
            upgraded: self.chain.history().last().is_some_and(Hop::leads_to_upgraded_url),
            proxy: self.request.proxy().filter(|_| !looks_up_target).map(Proxy::authority),
            peer: self.peer.clone(),
            bytes_sent,
            bytes_received,
            processed: if bytes_sent > 0 || self.attempt.written { Processed::Maybe } else { Processed::No },
            attempts: 1 + u32::from(self.chain.trail.repeats),
            response,
        }
    }

    /// Ends the transfer with an error.
    pub(super) fn end_with(&mut self, kind: ErrorKind, response: Option<Box<ResponseHead>>) {
        let report = self.report(kind, response);
        // For errors that the embedder requests later.
        self.attempt.moved = (report.bytes_sent, report.bytes_received);
        self.attempt.written |= report.bytes_sent > 0;
        self.abort_connection();
        self.enter(Stage::Ended);
        self.pending.end(Err(Error::new(report)));
    }

    fn bytes_moved(&self) -> (u64, u64) {
        match &self.link {
            Some(link) => (self.request_bytes_sent(), link.http().bytes_received()),
            None => self.attempt.moved,
        }
    }

    fn request_bytes_sent(&self) -> u64 {
        match self.stage {
            Stage::Exchange { .. } | Stage::Decide(_) | Stage::Deliver(_) | Stage::Drain { .. } => {
                self.link.as_ref().filter(|link| self.has_written(link)).map_or(0, |link| link.http().bytes_sent())
            }
            _ => 0,
        }
    }

    /// Whether any byte was written since the attempt began. Bytes that HTTP passed to a layer may
    /// still wait in it.
    pub(super) fn has_written(&self, link: &Link) -> bool {
        link.counters().sent > self.attempt.sent_before
    }

    pub(super) fn link_failed(&mut self, error: LinkError) {
        if let Stage::Drain { then, .. } = self.stage {
            self.close_link();
            return self.after_body(then);
        }
        if matches!(self.stage, Stage::Exchange { .. }) && is_dead_connection(&error) && self.lost() {
            return;
        }
        let kind = match &self.stage {
            // The failed write already shows that the connection ended. Other errors, such as a TLS
            // alert, say why.
            Stage::Exchange { send_failed: Some(failed) } | Stage::Establish { send_failed: Some(failed), .. }
                if error.is_truncation() =>
            {
                ErrorKind::Io(failed.failure.clone())
            }
            _ => error.into(),
        };
        self.fail(kind);
    }
}
