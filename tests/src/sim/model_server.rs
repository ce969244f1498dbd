//! The model servers: how they read requests and answer them.

use super::origins::{self, ORIGINS, PROXY, SOCKS};
use super::plan::{LONGEST_THOUGHT, Mix, Page};
use super::socks::is_socks;
use super::wire::Fault;
use super::wire_monitor::{CONNECT, Framed, Step, Written};
use super::world::{PageRun, Scheduled, World};
use crate::memory::ms;
use crate::network::End;

impl World {
    /// Checks everything that the client writes before it leaves.
    pub(super) fn written(&mut self, socket: u32, bytes: &[u8]) {
        let now = self.clock.now;
        if self.wire(socket).tls.is_none() {
            self.tapped(socket, bytes);
        }
        let at_once = self.plan.conditions.noise == 0 && self.plan.conditions.cut.is_none();
        let wire = self.wire(socket);
        if wire.tls.is_some() {
            let at_once = at_once && !matches!(wire.fault, Fault::StopReading(_));
            let unfit = wire.unfit(now, at_once);
            wire.writes.push((wire.sent.len(), unfit));
        }
        let arrival = self.wire(socket).write(now, bytes);
        self.at(arrival, Scheduled::ToServer(socket));
    }

    /// Checks on arrival what TLS hides before.
    pub(super) fn deciphered(&mut self, socket: u32) {
        let now = self.clock.now;
        let (plain, times) = self.wire(socket).decipher(now);
        self.arrivals(socket, times);
        self.tapped(socket, &plain);
    }

    fn tapped(&mut self, socket: u32, bytes: &[u8]) {
        let mut monitor = std::mem::take(&mut self.wire(socket).monitor);
        monitor.write(bytes, &mut |step| match step {
            Step::Begins(requests, last, at) => {
                self.begins(socket, requests, last, at);
                None
            }
            Step::Head(head) => Some(self.judge_head(socket, head)),
            Step::Socks(message, bytes) => Some(self.judge_socks(socket, message, bytes)),
            Step::Body(page, from, bytes) => {
                self.judge_body(socket, page, from, bytes);
                None
            }
        });
        self.wire(socket).monitor = monitor;
    }

    /// Invariants 2 and 11: a request is sent only on a connection on which everything before it is
    /// finished in both directions.
    fn begins(&mut self, socket: u32, requests: usize, last: Option<&Written>, plain: usize) {
        let (now, limits) = (self.clock.now, self.plan.limits);
        let noisy = self.plan.conditions.noise > 0 || self.plan.conditions.cut.is_some();
        // Under TLS the request is known only when it has arrived.
        let noisy = noisy || self.plan.mix == Mix::Tls;
        let slack = match (noisy, self.plan.conditions.sleepy) {
            (false, _) => ms(0),
            (true, false) => ms(400),
            // It may have been acquired in time and written late.
            (true, true) => ms(60_000),
        };
        let wire = self.wire(socket);
        assert!(wire.open && wire.connected.is_some(), "a request on a connection that is not open");
        let at_once = !noisy && !matches!(wire.fault, Fault::StopReading(_));
        let unfit = if wire.tls.is_some() { wire.unfit_then(plain) } else { wire.unfit(now, at_once) };
        wire.received = Vec::new();
        let Some(last) = last else { return };
        // A tunnel that was just opened needs no probe.
        if let Some(words) = unfit.filter(|_| last.page != CONNECT) {
            panic!("T47: {words}");
        }
        assert!(last.end.is_some(), "a request behind one that was not written to its end");
        assert!(!last.close, "a request on a connection of which the last request said that it is closed");
        assert_eq!(wire.next, requests, "a request before the one before was answered");
        // It may be reused before the request that released it reports its end.
        let released = wire.released.unwrap_or(now);
        if wire.stale > wire.read {
            // No probe can find what arrives later; the following checks do.
            wire.released = None;
            self.fired = true;
            return;
        }
        assert!(wire.reusable, "a request on a connection that the last response forbade to use again");
        assert!(wire.read >= wire.generated, "a request before the response to the one before was read to its end");
        let idle = now.saturating_sub(released + slack);
        let lasts = wire.lasts.map_or(limits.idle_time, |s| limits.idle_time.min(std::time::Duration::from_secs(s)));
        assert!(idle <= lasts, "a request on a connection that was idle for {idle:?}, and lasts {lasts:?}");
        let age = now.saturating_sub(wire.connected.unwrap_or_default() + slack);
        assert!(age <= limits.age, "a request on a connection that is {age:?} old");
        wire.released = None;
    }

    fn judge_head(&mut self, socket: u32, head: &[u8]) -> Framed {
        let head = std::str::from_utf8(head).expect("a head of ASCII");
        let wrong = |words: &str| -> ! { panic!("{words}:\n{head}") };
        let mut lines: Vec<&str> = head.strip_suffix("\r\n\r\n").unwrap_or(head).split("\r\n").collect();
        if head.starts_with("CONNECT ") {
            return self.judge_connect(socket, &lines);
        }
        let target = lines[0].split(' ').nth(1).unwrap_or_else(|| wrong("no request line"));
        let name = target.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default();
        let page = name.strip_prefix('p').and_then(|n| n.parse::<usize>().ok());
        let Some(page) = page.filter(|page| *page < self.plan.pages.len()) else { wrong("nobody asks for this") };
        let Page { expected, origin, request: planned, target, .. } = self.plan.pages[page].clone();
        let known =
            self.plan.requests.iter().find(|known| known.number == planned).expect("a page belongs to a request");
        let (at, behind) = match &known.spec.via {
            None => (origin, None),
            Some(via) if is_socks(via) => (SOCKS, Some(origin)),
            Some(via) => (PROXY, via.tunnel.then_some(origin)),
        };
        let own = self.plan.pages[known.pages[0]].origin == origin;
        let local = known.spec.address_of(&ORIGINS[origin].url(), own).cloned();
        let named = known.spec.tcp_address_of(&ORIGINS[origin]);
        // SOCKS4 has no password.
        let given = known.spec.via.as_ref().and_then(|via| via.credentials.clone());
        let wire = self.wire(socket);
        let tcp = wire.address.socket_addr().is_some();
        if tcp && behind.is_none() && at == origin && origins::route(&wire.address) != named {
            wrong(&format!("expected it at {named:?}, not at {}", wire.address));
        }
        if local.as_ref().map_or(!tcp, |local| *local != wire.address) {
            wrong(&format!("expected it at {local:?}, not at {:?}", wire.address));
        }
        if wire.origin != at || wire.tunnel.map(|(origin, _)| origin) != behind {
            wrong("this is for another server");
        }
        // T9: the credentials of a tunnel are those of all its requests.
        if at == SOCKS && wire.given != given {
            wrong("this connection has the credentials of another request");
        }
        let authorization = lines.iter().position(|line| line.starts_with("Authorization: "));
        let authorized = authorization.is_some();
        if let (Some(at), Some((user, password))) = (authorization, &expected.login) {
            let value = lines.remove(at)["Authorization: ".len()..].to_owned();
            if let Err(words) = self.judge_answer(page, &expected.method, &value, (user, password)) {
                wrong(&format!("T74: {words}"));
            }
        } else if expected.login.is_some() && self.challenges_read(page) > 0 {
            wrong("the request does not answer the challenge");
        }
        let cookie = lines.iter().position(|line| line.starts_with("Cookie: "));
        let own_field = expected.before.iter().any(|line| line.starts_with("Cookie: "));
        let pairs = match cookie {
            Some(at) if !own_field => lines.remove(at)["Cookie: ".len()..].to_owned(),
            _ => String::new(),
        };
        let mut after = expected.after.clone();
        let mut expects = expected.expect;
        if expected.expect && !lines.contains(&"Expect: 100-continue") {
            // This server has refused it before, or one of the same chain has.
            let mut pages = self.plan.pages.iter().enumerate();
            let known =
                pages.any(|(at, page)| (page.origin == origin || page.request == planned) && self.refusal_was_read(at));
            if !known {
                wrong("Expect is missing");
            }
            after.retain(|line| line != "Expect: 100-continue");
            expects = false;
        } else if expected.expect && self.refusal_was_read(page) {
            wrong("it was refused and asks again");
        }
        let intended: Vec<&str> = expected.before.iter().chain(&after).map(String::as_str).collect();
        if lines != intended {
            wrong(&format!("expected the lines {intended:#?}, found {lines:#?} in"));
        }
        if cookie.is_some() && !own_field && cookie != Some(expected.before.len()) {
            wrong("Cookie is not where it belongs");
        }
        self.judge_cookies(page, &pairs, head);

        let (now, refused, answered) = (self.clock.now, self.refusal_was_read(page), self.challenges_read(page));
        let run = &mut self.pages[page];
        run.heads += 1;
        run.wires.push(socket);
        let most = match (expected.repeatable, refused) {
            (false, false) => 1,
            (true, true) => 3,
            _ => 2,
        };
        // Each challenge is followed by the request again.
        let most = most + answered * if expected.repeatable { 2 } else { 1 };
        assert!(run.heads <= most, "T54: this was sent {} times:\n{head}", run.heads);
        let wire = self.wire(socket);
        wire.continued = !expects;
        (wire.held, wire.invited) = (expects.then_some(now), None);
        let old = lines[0].ends_with("HTTP/1.0");
        let planned =
            self.plan.requests.iter().find(|known| known.number == planned).expect("a page belongs to a request");
        let length = match (expected.chunked, expected.body) {
            (true, _) => None,
            (false, true) => Some(planned.body.len()),
            (false, false) => Some(0),
        };
        let close = expected.close;
        let method = expected.method;
        assert_eq!(self.plan.pages[page].target, target);
        let written = Written { page, method, head_end: 0, end: None, expects, old, close, authorized, body: 0 };
        self.wire(socket).thinks = None;
        Framed { written, length }
    }

    /// Returns true if the client has the refusal of this page's `Expect`. It may repeat the
    /// request if a reset came first.
    pub(super) fn refusal_was_read(&self, page: usize) -> bool {
        let refused = self.pages[page].refused;
        refused.is_some_and(|(socket, end)| self.wires[socket as usize - 1].read >= end)
    }

    fn judge_cookies(&mut self, page: usize, pairs: &str, head: &str) {
        let Page { expected, origin, target, .. } = &self.plan.pages[page];
        let mut all: Vec<(String, String)> = Vec::new();
        for pair in pairs.split("; ").filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else { panic!("no pair: {pair} in\n{head}") };
            all.push((name.into(), value.into()));
        }
        // The request's own cookies come last, in order.
        let own = &expected.own_cookies;
        let split = all.len().checked_sub(own.len()).unwrap_or_else(|| panic!("its own cookies are missing:\n{head}"));
        assert_eq!(&all[split..], &own[..], "the request's own cookies:\n{head}");
        all.truncate(split);
        if !expected.jar {
            assert!(all.is_empty(), "cookies where none belong:\n{head}");
            return;
        }
        let (step, wall) = self.pages[page].begun;
        let when =
            super::cookies::Span { steps: (step, self.step), wall: (wall.min(self.wall()), wall.max(self.wall())) };
        if let Err(words) = self.cookies.judge(&all, &ORIGINS[*origin], target, own, when) {
            panic!("{words}; in\n{head}");
        }
    }

    fn judge_body(&mut self, socket: u32, page: usize, from: usize, bytes: &[u8]) {
        let number = self.plan.pages[page].request;
        let planned =
            self.plan.requests.iter().find(|planned| planned.number == number).expect("a page belongs to a request");
        let intended = planned.body.get(from..from + bytes.len());
        assert!(
            intended == Some(bytes),
            "body bytes from {from} on are not those of the request: {}",
            bytes.escape_ascii()
        );
        let now = self.clock.now;
        let sleepy = self.plan.conditions.sleepy;
        let slack = if self.plan.mix == Mix::Tls || self.plan.conditions.noise > 0 || self.plan.conditions.cut.is_some()
        {
            ms(800)
        } else {
            ms(0)
        };
        let wire = self.wire(socket);
        if let Some(since) = wire.held.filter(|_| !sleepy) {
            // RFC 9110 §10.1.1: the body waits for 100 (Continue), a second at most.
            let received = wire.invited.is_some_and(|offset| wire.read >= offset);
            // The second begins when the head is ready, which a waiting write delays.
            assert!(received || now + slack >= since + ms(1_000), "T53: a body before 100 (Continue)");
        }
    }

    /// Runs the server of a connection as far as possible now.
    pub(super) fn serve(&mut self, socket: u32) {
        let now = self.clock.now;
        loop {
            let wire = self.wire(socket);
            if !wire.open || wire.has_ended() {
                return;
            }
            let wire_origin = wire.origin;
            let Some(request) = wire.monitor.requests.get(wire.next).cloned() else { return };
            if wire.known() < request.head_end {
                return;
            }
            if let Fault::DiesAt(at, reset, sent) = wire.fault
                && wire.next >= at
            {
                wire.fired = true;
                let times = wire.say(now, &b"HTTP/1.1 200 OK\r\nX-Begun: yes\r\n"[..sent]);
                self.arrivals(socket, times);
                let wire = self.wire(socket);
                let arrival = wire.finish(now, if reset { End::Reset } else { End::Fin }, true);
                return self.at(arrival, Scheduled::ToClient(socket));
            }
            if request.page == CONNECT {
                match wire_origin {
                    SOCKS => self.answer_socks(socket, &request),
                    _ => self.answer_connect(socket),
                }
                continue;
            }
            let page = &self.plan.pages[request.page];
            let answer = page.answer.clone();
            if request.expects && !answer.early && !self.wire(socket).continued && request.end.is_none() {
                self.wire(socket).continued = true;
                match answer.at_expect {
                    0 => {
                        let wire = self.wire(socket);
                        let times = wire.say(now, b"HTTP/1.1 100 Continue\r\n\r\n");
                        wire.invited = Some(wire.generated);
                        self.arrivals(socket, times);
                    }
                    2 => {
                        let wire = self.wire(socket);
                        wire.next += 1;
                        // If the body arrived anyway, nothing is left.
                        (wire.reusable, wire.lasts) = (!request.close, None);
                        let times = wire.say(now, b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
                        let end = wire.generated;
                        self.pages[request.page].refused = Some((socket, end));
                        self.arrivals(socket, times);
                        return;
                    }
                    _ => {}
                }
            }
            let wire = self.wire(socket);
            let received = request.end.is_some_and(|end| wire.known() >= end);
            if !received && !answer.early {
                return;
            }
            let long = answer.thought > LONGEST_THOUGHT;
            wire.fired |= long;
            let ready = *wire.thinks.get_or_insert(now + answer.thought);
            self.fired |= long;
            if ready > now {
                return self.at(ready, Scheduled::ServerWakes(socket));
            }
            self.wire(socket).thinks = None;
            if received && self.ask(socket, request.page, request.authorized, request.close) {
                continue;
            }
            self.answer(socket, &request, received);
        }
    }

    fn answer(&mut self, socket: u32, request: &Written, received: bool) {
        let now = self.clock.now;
        let (step, wall) = (self.step, self.wall());
        let answer = &self.plan.pages[request.page].answer;
        let rendered = answer.render(&request.method, request.old);
        let planned = self.plan.pages[request.page].request;
        let keeps = self.plan.requests.iter().any(|known| known.number == planned && !known.spec.no_cookies);
        if answer.hostile.is_none() && keeps {
            self.cookies.sent(request.page, &answer.cookies, step, wall);
        }
        let ends_itself = rendered.until_close || answer.cut.is_some();
        let broken = answer.cut.is_some();
        let (hostile, extra, late) = (answer.hostile.is_some(), answer.extra, answer.late);
        let wire = self.wire(socket);
        wire.next += 1;
        wire.reusable = rendered.reusable && !request.close;
        wire.lasts = rendered.lasts;
        wire.continued = true;
        let mut times = wire.say(now, &rendered.bytes);
        if extra {
            wire.stale = wire.generated;
        }
        let half = wire.fault == Fault::HalfClose;
        let idle = if let Fault::IdleClose(after) = wire.fault { Some((after, wire.next)) } else { None };
        if half {
            wire.fired = true;
        }
        let reusable = wire.reusable;
        self.fired |= half;
        // A silent server may leave the connection open although it cannot be used again.
        let leaves_open = !ends_itself && (hostile || self.rng.one_in(2));
        let wire = &mut self.wires[socket as usize - 1];
        if half {
            times.extend(wire.close_after(now, false, false));
        } else if !reusable && !leaves_open || broken {
            // Reads the rest if the request is not complete.
            times.extend(wire.close_after(now, received, broken));
        }
        self.arrivals(socket, times);
        if let Some((after, next)) = idle {
            self.after(after, Scheduled::IdleClose(socket, next));
        }
        if let Some((after, stale)) = late.filter(|_| reusable) {
            let next = self.wire(socket).next;
            self.after(after, Scheduled::Stale(socket, next, stale));
        }
        let run: &mut PageRun = &mut self.pages[request.page];
        run.served = Some(rendered);
    }
}
