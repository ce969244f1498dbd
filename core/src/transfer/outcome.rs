//! What follows from a response head: cookies, another attempt without Expect, a redirect, or delivery.

use std::sync::Arc;

use super::deliver::Delivery;
use super::io::{Event, Hop};
use super::pending::SocketOrder;
use super::upload::Upload;
use super::{AfterBody, Expectation, Machine, Stage};
use crate::error::ErrorKind;
use crate::http1::{BodyFraming, Leniency, ResponseHead};
use crate::origin::Scheme;
use crate::policy::redirect::{self, Crossing, Decision, HopBody, NextBody, NextHop, RedirectError, Repeats};
use crate::request::body::Body;
use crate::request::target::RequestTarget;
use crate::session::Session;

impl Machine {
    pub(super) fn head_received(&mut self, head: ResponseHead) {
        self.head_after = Some(self.now.instant - self.started);
        self.stop_upload();
        if self.request.settings.cookie_jar && head.set_cookies().next().is_some() {
            self.stage = Stage::Judge(head);
        } else {
            self.judge(head);
        }
    }

    pub(super) fn store_cookies(&mut self, head: &ResponseHead, session: &mut Session) {
        let context = self.request.settings.same_site;
        let url = &self.request.cookie_url();
        let revision = session.jar().revision();
        session.jar_mut().receive_all(url, head.set_cookies(), self.now.unix, context, |_, _| ());
        if session.jar().revision() != revision {
            self.chain.new_cookies = true;
            if let Some(rare) = &mut self.chain.rare {
                rare.seen.cookie_set();
            }
        }
    }

    pub(super) fn judge(&mut self, head: ResponseHead) {
        let asked = std::mem::take(&mut self.attempt.expect);
        if asked && head.status() == http::StatusCode::EXPECTATION_FAILED && self.request.body.is_replayable() {
            return self.repeat_without_expect(head);
        }
        let request = &self.request;
        let body = match &request.body {
            Body::Empty => HopBody::None,
            body if body.is_replayable() => HopBody::Replayable,
            _ => HopBody::Once,
        };
        let hops_so_far = self.chain.hops;
        let hop = redirect::Hop { method: &request.method, url: &request.url, body, hops_so_far };
        let status = head.status().as_u16();
        let settings = &request.settings;
        match redirect::decide(&settings.redirects, &settings.limits, &hop, status, head.locations()) {
            Ok(Decision::Final(_)) => self.deliver(head),
            Ok(Decision::Follow(next)) if settings.https_only && Scheme::of(&next.url) != Scheme::Https => {
                self.fail_with_head(ErrorKind::Redirect(RedirectError::HttpsOnly), head);
            }
            Ok(Decision::Follow(next)) => {
                let repeats = settings.redirects.repeats;
                let new_cookies = self.chain.new_cookies;
                let seen = &mut self.chain.rare_mut().seen;
                if hops_so_far == 0 {
                    // Noted only now: most requests are not redirected. The first of a chain cannot be a repetition.
                    let _ = seen.visit(&request.method, &request.url, body != HopBody::None);
                    if new_cookies {
                        seen.cookie_set();
                    }
                }
                let with_body = body != HopBody::None && next.body == NextBody::Keep;
                match (seen.visit(&next.method, &next.url, with_body), repeats) {
                    (Ok(()), _) | (Err(_), Repeats::Followed) => self.follow(head, *next),
                    (Err(error), Repeats::Refused) => self.fail_with_head(ErrorKind::Redirect(error), head),
                }
            }
            // The caller gets the 3xx itself: nothing was lost but the resending.
            Err(RedirectError::BodyNotReplayable) => self.deliver(head),
            Err(RedirectError::TooMany { limit, .. }) => {
                let seen = self.chain.rare.as_ref().map(|rare| &rare.seen);
                let times = seen.map_or(1, |seen| seen.times(&request.method, &request.url, body != HopBody::None));
                self.fail_with_head(ErrorKind::Redirect(RedirectError::TooMany { limit, times }), head);
            }
            Err(error) => self.fail_with_head(ErrorKind::Redirect(error), head),
        }
    }

    /// T53: the request is sent once more, and does not ask before its body.
    fn repeat_without_expect(&mut self, head: ResponseHead) {
        self.chain.expect = Expectation::Refused;
        let (method, url) = (self.request.method.clone(), (*self.request.url).clone());
        let hop = Hop { method, url, head, crossing: Crossing::SameOrigin, notes: Vec::new() };
        self.chain.rare_mut().history.push(hop);
        self.words.event(Event::ExpectRefused);
        self.drop_body(AfterBody::NextHop { rewind: self.stream_was_pushed() });
    }

    fn follow(&mut self, head: ResponseHead, next: NextHop) {
        let rewind = next.body == NextBody::Keep && self.stream_was_pushed();
        let policy = self.request.settings.redirects;
        let survives = |name: &str, sensitive| redirect::survives(name, sensitive, &next, &policy);
        self.chain.rare_mut().referer = redirect::referer(&policy, &self.request.url, &next);
        let request = &mut self.request;
        if request.headers.iter().any(|(name, value)| !survives(name, value.is_sensitive())) {
            request.lines = None;
            let headers = Arc::make_mut(&mut request.headers);
            headers.retain(|name, value| survives(name, value.is_sensitive()));
        }
        if policy.referer && request.headers.contains("referer") {
            // What the caller said there was about the first request; the policy speaks for the next.
            request.lines = None;
            Arc::make_mut(&mut request.headers).unset("referer");
        }
        if !survives("authorization", true) {
            request.auth = None;
        }
        if !survives("cookie", true) {
            request.cookies = Default::default();
        }
        if let Some(bound) = request.settings.bound.clone() {
            bound.leave(request, &next.url);
        }
        if request.settings.target != RequestTarget::Url {
            // It was about this URL.
            Arc::make_mut(&mut request.settings).settings.target = RequestTarget::Url;
        }
        if next.body == NextBody::Drop {
            request.body = Body::Empty;
            request.content_type = None;
        }
        let method = std::mem::replace(&mut request.method, next.method);
        let url = Arc::unwrap_or_clone(std::mem::replace(&mut request.url, Arc::new(next.url)));
        let (crossing, notes) = (next.crossing, next.notes);
        self.chain.hops = self.chain.hops.saturating_add(1);
        self.chain.rare_mut().history.push(Hop { method, url, head, crossing, notes });
        self.words.event(Event::Redirected);
        self.drop_body(AfterBody::NextHop { rewind });
    }

    fn deliver(&mut self, head: ResponseHead) {
        let mut delivery = if head.has_content_encodings() || self.request.takes_transfer_codings() {
            let framing = self.link.as_ref().and_then(|link| link.http().body_framing());
            match Delivery::decoding(&head, &self.request, framing) {
                Ok((delivery, undecoded, misnamed)) => {
                    if !undecoded.is_empty() {
                        self.chain.rare_mut().undecoded = undecoded;
                    }
                    if misnamed {
                        self.tolerated.insert(Leniency::NotACoding);
                    }
                    delivery
                }
                Err(error) => return self.fail_with_head(ErrorKind::Decode(error), head),
            }
        } else {
            Delivery::plain(&self.request.settings)
        };
        if let Some((name, limit)) = self.chain.rare.as_mut().and_then(|rare| rare.body_limit.take()) {
            delivery.size.change(name, limit);
        }
        self.stage = Stage::Deliver(delivery);
        self.words.event(Event::Head(head));
    }

    fn stream_was_pushed(&self) -> bool {
        let untouched =
            matches!(self.upload, Upload::Held(_) | Upload::Sending { sent: 0 } | Upload::Stopped { touched: false });
        matches!(self.request.body, Body::Stream { .. }) && !untouched
    }

    /// The rest of a body is not wanted. It is read where that is short work and the connection is worth it, and never
    /// decoded (T16, T87).
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
        // Of unknown length: only what is here already.
        self.stage = Stage::Drain { since: self.now.instant, left: limit, may_read: rest.is_some(), then };
    }

    pub(super) fn after_body(&mut self, then: AfterBody) {
        match then {
            AfterBody::NextHop { rewind: true } => self.stage = Stage::Rewind { ordered: false, fresh: false },
            AfterBody::NextHop { rewind: false } => self.stage = Stage::Begin,
            AfterBody::Done => {
                self.stage = Stage::Ended;
                self.words.end(Ok(()));
            }
        }
    }

    /// The response has been read to its end: the connection is kept, unless something forbids it.
    pub(super) fn finish_link(&mut self) {
        let keep = self.request.settings.keep_alive && matches!(self.upload, Upload::Finished);
        let now = self.now;
        let Some(link) = &mut self.link else { return };
        self.tolerated.extend(link.http().leniencies_used());
        self.attempt.moved = (link.http().bytes_sent(), link.http().bytes_received());
        if let Some(trailers) = link.take_trailers() {
            self.chain.rare_mut().trailers = Some(trailers);
        }
        if keep && link.reuse(now).is_ok() {
            self.lent = link.take_back();
            self.released = self.link.take();
            self.words.socket(SocketOrder::Release);
        } else {
            self.close_link();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::redirect::Policy;
    use crate::{Input, Method, Now, Output, Request, Session, Transfer};

    const REDIRECT: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";

    /// The Referer fields of two requests, of which the first is redirected.
    fn referers(policy: Policy) -> Vec<String> {
        let mut session = Session::new();
        let request = Request::new(Method::GET, "http://127.0.0.1/first").header("Referer", "mine");
        let request = request.redirects(|r| {
            r.all(policy);
        });
        let now = Now::default();
        let (mut transfer, mut sent) = (Transfer::new(session.prepare(&request).unwrap(), now), Vec::new());
        while sent.len() < 2 {
            match transfer.poll() {
                Output::Sync => transfer.sync(now, &mut session).unwrap(),
                Output::Acquire => transfer.handle(now, Input::NotAcquired).unwrap(),
                Output::Connect(attempt, _) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
                Output::Transmit => {
                    let head = String::from_utf8(transfer.outgoing().to_vec()).unwrap();
                    let referer = head.lines().filter_map(|line| line.strip_prefix("Referer: "));
                    sent.push(referer.collect::<Vec<_>>().join(","));
                    transfer.handle(now, Input::Wrote(head.len())).unwrap();
                }
                Output::Read => transfer.handle(now, Input::Received(REDIRECT)).unwrap(),
                Output::Release => drop(transfer.take_link()),
                Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        sent
    }

    #[test]
    fn a_referer_of_the_callers_gives_way_at_a_redirect_if_one_is_sent_by_policy() {
        assert_eq!(referers(Policy { referer: true, ..Policy::default() }), ["mine", "http://127.0.0.1/first"]);
        assert_eq!(referers(Policy::default()), ["mine", "mine"]);
    }

    /// Whether the connection is closed over the body of a redirect that is so long, instead of being read from.
    fn closes_over(length: u64) -> bool {
        let mut session = Session::new();
        let (request, now) = (Request::new(Method::GET, "http://127.0.0.1/"), Now::default());
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: {length}\r\n\r\n");
        let mut redirected = false;
        loop {
            match transfer.poll() {
                Output::Sync => transfer.sync(now, &mut session).unwrap(),
                Output::Acquire => transfer.handle(now, Input::NotAcquired).unwrap(),
                Output::Connect(attempt, _) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
                Output::Transmit => transfer.handle(now, Input::Wrote(transfer.outgoing().len())).unwrap(),
                Output::Read if redirected => return false,
                Output::Read => {
                    redirected = true;
                    transfer.handle(now, Input::Received(head.as_bytes())).unwrap();
                }
                Output::Close => return true,
                Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn t16_a_body_that_nobody_wants_is_read_up_to_the_limit_and_not_beyond() {
        let limit = crate::Limits::DEFAULT.drain_bytes;
        assert_eq!([limit, limit + 1].map(closes_over), [false, true]);
    }

    #[test]
    fn t47_bytes_behind_a_response_close_its_connection() {
        for (framing, kept) in [("Content-Length: 2\r\n\r\nok", true), ("Content-Length: 0\r\n\r\n", true)]
            .into_iter()
            .chain([("Content-Length: 2\r\n\r\nok!", false), ("Content-Length: 0\r\n\r\n!", false)])
        {
            let answer = format!("HTTP/1.1 200 OK\r\n{framing}");
            let mut session = Session::new();
            let (request, now) = (Request::new(Method::GET, "http://127.0.0.1/"), Now::default());
            let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
            let released = loop {
                match transfer.poll() {
                    Output::Sync => transfer.sync(now, &mut session).unwrap(),
                    Output::Acquire => transfer.handle(now, Input::NotAcquired).unwrap(),
                    Output::Connect(attempt, _) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
                    Output::Transmit => transfer.handle(now, Input::Wrote(transfer.outgoing().len())).unwrap(),
                    Output::Read => transfer.handle(now, Input::Received(answer.as_bytes())).unwrap(),
                    Output::Body => transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap(),
                    Output::Release => break true,
                    Output::Close => break false,
                    Output::Event(_) => {}
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(released, kept, "{framing:?}");
        }
    }

    #[test]
    fn trailers_are_there_when_the_response_is_done() {
        for connection in ["", "Connection: close\r\n"] {
            let answer =
                format!("HTTP/1.1 200 OK\r\n{connection}Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 42\r\n\r\n");
            let mut session = Session::new();
            let (request, now) = (Request::new(Method::GET, "http://127.0.0.1/"), Now::default());
            let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
            loop {
                match transfer.poll() {
                    Output::Sync => transfer.sync(now, &mut session).unwrap(),
                    Output::Acquire => transfer.handle(now, Input::NotAcquired).unwrap(),
                    Output::Connect(attempt, _) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
                    Output::Transmit => transfer.handle(now, Input::Wrote(transfer.outgoing().len())).unwrap(),
                    Output::Read => transfer.handle(now, Input::Received(answer.as_bytes())).unwrap(),
                    Output::Release => drop(transfer.take_link()),
                    Output::Event(crate::Event::Done) => break,
                    Output::Close | Output::Event(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(transfer.trailers().and_then(|fields| fields.get("x-sum")), Some(&b"42"[..]));
        }
    }
}
