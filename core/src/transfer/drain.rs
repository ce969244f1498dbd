//! Drains unwanted bodies, and decides whether the connection is reused.

use super::io::Want;
use super::machine::Machine;
use super::pending::SocketOrder;
use super::stage::{AfterBody, Stage};
use super::upload::Upload;
use crate::http1::BodyFraming;
use crate::link::LinkEvent;

impl Machine {
    /// Drops the rest of an unwanted body. It is read if it is short enough to make reuse
    /// worthwhile, and never decoded.
    pub(super) fn drop_body(&mut self, then: AfterBody) {
        let limit = self.request.settings.limits.drain_bytes;
        let Some(link) = &self.link else { return self.after_body(then) };
        let rest = match link.http().body_framing() {
            Some(BodyFraming::Length(n)) => {
                Some(n.saturating_sub(link.http().body_received()).saturating_add(link.body().len() as u64))
            }
            Some(BodyFraming::None) => Some(0),
            _ => None,
        };
        if !matches!(self.upload, Upload::Finished) || rest.is_some_and(|rest| rest > limit) {
            self.close_link();
            return self.after_body(then);
        }
        // Of unknown length: drain only the bytes that are already here.
        self.enter(Stage::Drain { since: self.now.instant, left: limit, may_read: rest.is_some(), then });
    }

    #[inline(never)]
    pub(super) fn step_drain(&mut self) -> Option<Want> {
        let event = self.poll_link()?;
        let Stage::Drain { left, may_read, then, .. } = &mut self.stage else { return None };
        let then = *then;
        match event {
            LinkEvent::Body => {
                let link = self.link.as_mut()?;
                let n = link.body().len();
                if let Some(rest) = left.checked_sub(n as u64) {
                    *left = rest;
                    link.consume(n);
                    return None;
                }
                self.close_link();
            }
            LinkEvent::NeedInput if *may_read => return Some(self.offer()),
            LinkEvent::End if self.can_write() => return Some(Want::Transmit),
            LinkEvent::End => self.finish_link(),
            _ => self.close_link(),
        }
        self.after_body(then);
        None
    }

    /// Continues after a body has been handled.
    pub(super) fn after_body(&mut self, then: AfterBody) {
        match then {
            AfterBody::Again(next) => self.begin_next(next),
            AfterBody::Done => {
                self.enter(Stage::Ended);
                self.pending.end(Ok(()));
            }
        }
    }

    /// Releases or closes the connection after the complete response.
    pub(super) fn finish_link(&mut self) {
        let keep = self.request.settings.keep_alive && matches!(self.upload, Upload::Finished);
        let now = self.now;
        let Some(link) = &mut self.link else { return };
        self.tolerated.extend(link.http().leniencies_used());
        self.attempt.moved = (link.http().bytes_sent(), link.http().bytes_received());
        if let Some(trailers) = link.take_trailers() {
            self.chain.cold_mut().trailers = Some(trailers);
        }
        if keep && link.reuse(now).is_ok() {
            self.lent = link.take_read_buffer();
            self.released = self.link.take();
            self.pending.socket(SocketOrder::Release);
        } else {
            self.close_link();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::redirect::Policy;
    use crate::transfer::driven_tests::Driven;
    use crate::{Event, Input, Method, Output, Request};

    const REDIRECT: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";

    /// The Referer fields of two requests, the first of which is redirected.
    fn referers(policy: Policy) -> Vec<String> {
        let request = Request::new(Method::GET, "http://127.0.0.1/first").header("Referer", "mine");
        let request = request.redirects(|r| {
            r.all(policy);
        });
        let mut driven = Driven::new(&request, REDIRECT);
        let mut sent = Vec::new();
        for _ in 0..2 {
            driven.until(|output| matches!(output, Output::Transmit));
            let head = String::from_utf8(driven.transfer.outgoing().to_vec()).unwrap();
            let referer = head.lines().filter_map(|line| line.strip_prefix("Referer: "));
            sent.push(referer.collect::<Vec<_>>().join(","));
            driven.handle(Input::Wrote(head.len()));
        }
        sent
    }

    #[test]
    fn policy_referer_replaces_the_callers_at_a_redirect() {
        assert_eq!(referers(Policy { referer: true, ..Policy::default() }), ["mine", "http://127.0.0.1/first"]);
        assert_eq!(referers(Policy::default()), ["mine", "mine"]);
    }

    /// Whether the connection is closed instead of drained if a redirect's body has this length.
    fn closes_at(length: u64) -> bool {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: {length}\r\n\r\n");
        let mut driven = Driven::get(head);
        driven.until(|output| matches!(output, Output::Event(Event::Again(_)) | Output::Close));
        matches!(driven.until(|output| matches!(output, Output::Read | Output::Close | Output::Sync)), Output::Sync)
    }

    #[test]
    fn t16_unwanted_body_is_drained_up_to_the_limit() {
        let limit = crate::Limits::DEFAULT.drain_bytes;
        assert_eq!([limit, limit + 1].map(closes_at), [false, true]);
    }

    #[test]
    fn t47_bytes_behind_a_response_close_its_connection() {
        for (framing, is_reused) in [
            ("Content-Length: 2\r\n\r\nok", true),
            ("Content-Length: 0\r\n\r\n", true),
            ("Content-Length: 2\r\n\r\nok!", false),
            ("Content-Length: 0\r\n\r\n!", false),
        ] {
            let mut driven = Driven::get(format!("HTTP/1.1 200 OK\r\n{framing}"));
            let over = driven.until(|output| matches!(output, Output::Release | Output::Close));
            assert_eq!(matches!(over, Output::Release), is_reused, "{framing:?}");
        }
    }

    #[test]
    fn trailers_are_available_when_the_response_is_done() {
        for connection in ["", "Connection: close\r\n"] {
            let fields = format!("{connection}Transfer-Encoding: chunked\r\n");
            let mut driven = Driven::get(format!("HTTP/1.1 200 OK\r\n{fields}\r\n0\r\nX-Sum: 42\r\n\r\n"));
            driven.until(|output| matches!(output, Output::Event(Event::Done)));
            assert_eq!(driven.transfer.trailers().and_then(|fields| fields.get("x-sum")), Some(&b"42"[..]));
        }
    }
}
