//! From the beginning of a hop to an open connection: the session, the pool, the name, the addresses, the layers.

use std::net::SocketAddr;
#[cfg(feature = "tls")]
use std::sync::Arc;

use super::io::Output;
use super::pending::SocketOrder;
use super::upload::Upload;
use super::{Attempt, Expectation, Machine, Parked, Stage};
use crate::error::{ErrorKind, IoFailure, Misuse};
use crate::http1::LeniencySet;
use crate::link::{Link, LinkError};
use crate::route::address_policy::AddressPolicy;
use crate::route::dial::{AttemptId, Dial, DialStep};
use crate::route::{Route, needs_tls};
use crate::session::Session;
use crate::time::Now;
use crate::unavailable::Unavailable;

impl Machine {
    pub(super) fn sync(&mut self, now: Now, session: &mut Session) -> Result<(), Misuse> {
        self.set_now(now);
        if matches!(self.stage, Stage::Begin | Stage::Judge(_)) && self.expire() {
            return Ok(());
        }
        match &self.stage {
            Stage::Begin => self.begin_hop(session),
            Stage::Judge(_) => {
                // Whatever is wrong with it, it is about this exchange.
                let stage = std::mem::replace(&mut self.stage, Stage::Exchange { send_failed: None });
                let Stage::Judge(head) = stage else { return Err(Misuse::NotAsked) };
                self.store_cookies(&head, session);
                self.judge(head);
            }
            _ => return Err(Misuse::NotAsked),
        }
        Ok(())
    }

    pub(super) fn not_synced(&mut self, why: Unavailable) -> Result<(), Misuse> {
        if !matches!(self.stage, Stage::Begin | Stage::Judge(_)) {
            return Err(Misuse::NotAsked);
        }
        self.fail(ErrorKind::Unavailable(why));
        Ok(())
    }

    fn begin_hop(&mut self, session: &mut Session) {
        self.attempt = Attempt::default();
        self.progress = self.now.instant;
        self.peer = None;
        // Its route is about to be another one.
        self.released = None;
        self.head_after = None;
        self.tolerated = LeniencySet::EMPTY;
        if let Some(rare) = &mut self.chain.rare {
            rare.trailers = None;
        }
        if self.chain.expect == Expectation::Refused {
            // This is the hop that was refused, once more.
            session.remember_refused_expect(&self.request.url);
            self.chain.expect = Expectation::Known;
        }
        self.attempt.expect = self.request.settings.expect_continue.is_some()
            && self.chain.expect == Expectation::Asks
            && !session.refuses_expect(&self.request.url);
        self.choose_cookies(session);
        #[cfg(feature = "tls")]
        let tls = match (needs_tls(&self.request), &self.request.settings.tls) {
            (false, _) => None,
            (true, Some(config)) => Some(config.clone()),
            (true, None) => match session.default_tls() {
                Ok(config) => Some(config),
                Err(words) => return self.fail(ErrorKind::NoTls(words)),
            },
        };
        #[cfg(feature = "tls")]
        if let (Some(config), Some(bound)) = (&tls, self.request.settings.bound.clone())
            && let Some(proxy) = bound.proxy_without_secrets(&self.request.settings, config, session)
        {
            match proxy {
                Ok(proxy) => Arc::make_mut(&mut self.request.settings).settings.proxy = Some(proxy),
                Err(words) => return self.fail(ErrorKind::NoTls(words)),
            }
        }
        #[cfg(not(feature = "tls"))]
        if needs_tls(&self.request) {
            return self.fail(ErrorKind::NoTls("the feature `tls` is off".into()));
        }
        let route = Route::new(
            &self.request,
            #[cfg(feature = "tls")]
            tls,
            session.seed,
            &mut session.route,
        );
        self.lines = session.written(&route, &self.request);
        self.route = Some(route);
        if self.request.settings.keep_alive {
            self.stage = Stage::Acquire { ordered: false, since: None };
        } else {
            self.find_addresses();
        }
    }

    /// The jar's cookies for this URL, or for the host that the caller says it is, then the request's own, which win over the jar's of the same name.
    fn choose_cookies(&mut self, session: &mut Session) {
        self.cookie.clear();
        let request = &self.request;
        if request.settings.cookie_jar && !request.headers.contains("cookie") {
            let context = request.settings.same_site;
            session.jar_mut().append_header(&request.cookie_url(), self.now.unix, context, &mut self.cookie);
            if !request.cookies.is_empty() {
                leave_out(&mut self.cookie, |name| request.cookies.contains(name));
            }
        }
        for (name, value) in request.cookies.iter() {
            if !self.cookie.is_empty() {
                self.cookie.extend_from_slice(b"; ");
            }
            self.cookie.extend_from_slice(name.as_bytes());
            self.cookie.push(b'=');
            self.cookie.extend_from_slice(value.as_bytes());
        }
    }

    pub(super) fn acquired(&mut self, link: Box<Link>, peer: Option<SocketAddr>) -> Result<(), Misuse> {
        let Stage::Acquire { ordered: true, .. } = self.stage else { return Err(Misuse::NotAsked) };
        if !self.route.as_ref().is_some_and(|route| route.is_fit(&link)) {
            return Err(Misuse::OtherRoute);
        }
        self.attempt.reused = true;
        self.peer = peer;
        self.link = Some(link);
        self.parked = Parked::default();
        if self.may_use(peer) {
            // T47: whatever lies in its socket by now answers no request. Only a look can tell.
            self.stage = Stage::Check;
        } else {
            self.pass_over();
        }
        Ok(())
    }

    /// T29: a connection that was opened under another policy is not used under this one.
    fn may_use(&self, peer: Option<SocketAddr>) -> bool {
        match &self.request.settings.address_policy {
            AddressPolicy::Any => true,
            policy => peer.is_some_and(|peer| policy.allows(peer)),
        }
    }

    /// This kept connection is of no use. Nothing of the request has left: another one may do.
    fn pass_over(&mut self) {
        self.close_link();
        self.attempt.reused = false;
        self.peer = None;
        self.stage = Stage::Acquire { ordered: false, since: None };
    }

    pub(super) fn not_acquired(&mut self) -> Result<(), Misuse> {
        let Stage::Acquire { ordered: true, .. } = self.stage else { return Err(Misuse::NotAsked) };
        self.find_addresses();
        Ok(())
    }

    pub(super) fn checked(&mut self, alive: bool) -> Result<(), Misuse> {
        let Stage::Check = self.stage else { return Err(Misuse::NotAsked) };
        if alive {
            self.begin_exchange();
        } else {
            self.pass_over();
        }
        Ok(())
    }

    /// Connects anew, whatever the pool may hold.
    pub(super) fn find_addresses(&mut self) {
        let since = self.now.instant;
        self.peer = None;
        match self.route.as_ref().and_then(Route::known_addresses) {
            Some(addresses) => self.dial(&addresses, since),
            None => self.stage = Stage::Resolve { ordered: false, since },
        }
    }

    pub(super) fn resolved(&mut self, addresses: &[SocketAddr]) -> Result<(), Misuse> {
        let Stage::Resolve { ordered: true, since } = self.stage else { return Err(Misuse::NotAsked) };
        self.dial(addresses, since);
        Ok(())
    }

    pub(super) fn resolve_failed(&mut self, failure: IoFailure) -> Result<(), Misuse> {
        let Stage::Resolve { ordered: true, .. } = self.stage else { return Err(Misuse::NotAsked) };
        self.fail(ErrorKind::Resolve(failure));
        Ok(())
    }

    /// T29: the gate stands between the look-up and the connection, and literals pass it too.
    fn dial(&mut self, addresses: &[SocketAddr], since: crate::Instant) {
        let settings = &self.request.settings;
        let result = match settings.address_policy.filter(addresses.to_vec()) {
            Ok(allowed) => Dial::new(&allowed, &settings.limits).map_err(ErrorKind::Connect),
            Err(denied) => Err(ErrorKind::AddressDenied(denied)),
        };
        match result {
            Ok(dial) => self.stage = Stage::Dial { dial: Box::new(dial), since },
            Err(kind) => self.fail(kind),
        }
    }

    #[inline(never)]
    pub(super) fn step_dial(&mut self) -> Option<Output> {
        let now = self.now.instant;
        let Stage::Dial { dial, .. } = &mut self.stage else { return None };
        match dial.poll(now) {
            DialStep::Connect(attempt, address) => Some(Output::Connect(attempt, address)),
            DialStep::Wait(_) => Some(Output::Wait),
            DialStep::Won(attempt) => {
                self.peer = dial.address(attempt);
                self.words.abandon(&mut dial.take_losers());
                self.open_link();
                None
            }
            DialStep::Failed => {
                let error = dial.error();
                self.fail(ErrorKind::Connect(error));
                None
            }
        }
    }

    pub(super) fn connected(&mut self, attempt: AttemptId) -> Result<(), Misuse> {
        self.attempt_under_way(attempt)?.connected(attempt);
        Ok(())
    }

    pub(super) fn connect_failed(&mut self, attempt: AttemptId, failure: IoFailure) -> Result<(), Misuse> {
        self.attempt_under_way(attempt)?.failed(attempt, failure.kind, failure.text);
        Ok(())
    }

    /// The dial machine, which waits for an answer to this attempt.
    fn attempt_under_way(&mut self, attempt: AttemptId) -> Result<&mut Dial, Misuse> {
        match &mut self.stage {
            Stage::Dial { dial, .. } if dial.is_connecting(attempt) => Ok(dial),
            _ => Err(Misuse::NotAsked),
        }
    }

    /// The socket is open: the layers shake hands, if there are any.
    fn open_link(&mut self) {
        let Some(route) = &self.route else { return self.fail(ErrorKind::Link(LinkError::Over)) };
        let layers = match route.layers(&self.request) {
            Ok(layers) => layers,
            // The dial gives up its winner too.
            Err(words) => return self.fail(ErrorKind::NoTls(words)),
        };
        let link = Box::new(Link::new(layers, self.request.settings.framing.clone()));
        self.link = Some(link);
        self.attempt.reused = false;
        self.parked = Parked::default();
        self.upload = Upload::Finished;
        self.stage = Stage::Establish { since: self.now.instant, send_failed: None };
    }

    /// The connection is open and idle: the request goes out.
    pub(super) fn begin_exchange(&mut self) {
        let (Some(link), Some(route)) = (&mut self.link, &self.route) else {
            return self.fail(ErrorKind::Link(LinkError::Over));
        };
        let counters = link.counters();
        self.attempt.seen = counters.application;
        self.attempt.sent_before = counters.sent;
        self.attempt.sent_at = None;
        self.progress = self.now.instant;
        let request = &self.request;
        let forward = route.forward(&request.url);
        let target = request.target(forward.is_some());
        let head = crate::http1::RequestHead {
            version: request.settings.version,
            body: request.body_length(),
            expect_continue: self.attempt.expect && !matches!(request.body.length(), Some(0)),
            close: !request.settings.keep_alive,
            te_gzip: request.takes_transfer_codings(),
            ..crate::http1::RequestHead::new(request.method.as_str(), &target)
        };
        self.attempt.expect = head.expect_continue;
        link.configure(&request.settings.framing);
        let special = request.special(forward, self.chain.referer(), &self.cookie);
        let sent = match (&self.lines, special) {
            (Some(lines), None) => link.send_head_with(&head, None, Some(lines), None),
            (Some(lines), Some(special)) => link.send_head_with(&head, None, Some(lines), special),
            (None, special) => {
                let fields = std::iter::once(request.host()).chain(request.general());
                link.send_head(&head, fields.chain(special.into_iter().flatten()))
            }
        };
        if let Err(e) = sent {
            return self.fail(ErrorKind::Head(e));
        }
        self.news = !link.nothing_received();
        self.begin_upload();
        let send_failed = match &mut self.stage {
            Stage::Establish { send_failed, .. } => send_failed.take(),
            _ => None,
        };
        if send_failed.is_some() {
            self.give_up_upload();
        }
        self.stage = Stage::Exchange { send_failed };
    }

    pub(super) fn close_link(&mut self) {
        if let Some(mut link) = self.link.take() {
            self.lent = link.take_back();
        }
        self.words.socket(SocketOrder::Close);
    }
}

/// Takes the pairs of those names out of a Cookie field.
fn leave_out(cookie: &mut Vec<u8>, named: impl Fn(&str) -> bool) {
    let own = |pair: &&[u8]| {
        let name = pair.split(|&b| b == b'=').next().unwrap_or_default();
        !std::str::from_utf8(name).is_ok_and(&named)
    };
    let kept: Vec<&[u8]> = cookie.split(|&b| b == b';').map(<[u8]>::trim_ascii_start).filter(own).collect();
    *cookie = kept.join(&b"; "[..]);
}
