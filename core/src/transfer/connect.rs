//! Obtains a connection for a planned hop: pool, addresses, layers.

use super::io::Want;
use super::machine::{Blocked, Machine};
use super::pending::SocketOrder;
use super::stage::{LookedUp, Order, Stage};
use super::upload::Upload;
use crate::error::{ErrorKind, IoFailure, Misuse};
use crate::link::Link;
use crate::policy::Acquire;
use crate::route::address::Address;
use crate::route::address_policy::AddressPolicy;
use crate::route::dial::{AttemptId, Dial, DialStep};
use crate::time::Instant;

impl Machine {
    pub(super) fn acquired(&mut self, link: Box<Link>, peer: Option<Address>) -> Result<(), Misuse> {
        let Stage::Acquire { order: Order::Given, .. } = self.stage else { return Err(Misuse::UnexpectedInput) };
        if !self.route.as_ref().is_some_and(|route| route.fits(&link) && route.leads_to(peer.as_ref())) {
            return Err(Misuse::OtherRoute);
        }
        if self.attempt.connection == Acquire::New && link.counters().application > 0 {
            return Err(Misuse::NotNew);
        }
        self.attempt.reused = true;
        self.peer = peer;
        self.link = Some(link);
        self.blocked = Blocked::default();
        if self.may_use_peer() {
            // Bytes in its socket answer no request (RFC 9112 §9.2). Only a probe can detect them.
            self.enter(Stage::Probe);
        } else {
            self.pass_over();
        }
        Ok(())
    }

    /// Whether the address policy allows this connection, which may have been opened under another
    /// policy: its peer, and the origin's address if it was sent to a SOCKS proxy.
    fn may_use_peer(&self) -> bool {
        let policy = match &self.request.settings.address_policy {
            AddressPolicy::Any => return true,
            policy => policy,
        };
        let has_target = self.route.as_ref().is_some_and(|route| route.local_target().is_some());
        let origin = self.link.as_ref().and_then(|link| link.origin()).map(Address::Tcp);
        self.peer.as_ref().is_some_and(|peer| policy.allows(peer))
            && (!has_target || origin.is_some_and(|origin| policy.allows(&origin)))
    }

    pub(super) fn not_acquired(&mut self) -> Result<(), Misuse> {
        let Stage::Acquire { order: Order::Given, .. } = self.stage else { return Err(Misuse::UnexpectedInput) };
        self.find_addresses();
        Ok(())
    }

    pub(super) fn checked(&mut self, alive: bool) -> Result<(), Misuse> {
        let Stage::Probe = self.stage else { return Err(Misuse::UnexpectedInput) };
        if alive {
            self.begin_exchange();
        } else {
            self.pass_over();
        }
        Ok(())
    }

    /// Starts connecting, if the address policy allows. It applies to literal addresses too.
    pub(super) fn dial(&mut self, addresses: Vec<Address>, since: Instant) {
        let settings = &self.request.settings;
        let result = match settings.address_policy.filter(addresses) {
            Ok(allowed) => Dial::new(&allowed, &settings.limits).map_err(ErrorKind::Connect),
            Err(denied) => Err(ErrorKind::AddressDenied(denied)),
        };
        match result {
            Ok(dial) => self.enter(Stage::Dial { dial: Box::new(dial), since }),
            Err(kind) => self.fail(kind),
        }
    }

    #[inline(never)]
    pub(super) fn step_dial(&mut self) -> Option<Want> {
        let now = self.now.instant;
        let Stage::Dial { dial, since } = &mut self.stage else { return None };
        match dial.poll(now) {
            DialStep::Connect(attempt) => Some(Want::Connect(attempt)),
            DialStep::Wait(_) => Some(Want::Wait),
            DialStep::Won(attempt) => {
                self.peer = dial.address(attempt).cloned();
                self.pending.abandon(&mut dial.take_losers());
                self.open_link();
                None
            }
            DialStep::Failed => {
                let (error, since) = (dial.error(), *since);
                let cached = self.chain.cold.as_mut().is_some_and(|cold| std::mem::take(&mut cold.cached));
                if cached {
                    // The cached answer is stale. The new one replaces it.
                    self.enter(Stage::Resolve { order: Order::Due, since, name: LookedUp::Peer });
                } else {
                    self.fail(ErrorKind::Connect(error));
                }
                None
            }
        }
    }

    pub(super) fn connected(&mut self, attempt: AttemptId) -> Result<(), Misuse> {
        self.pending_attempt(attempt)?.connected(attempt);
        Ok(())
    }

    pub(super) fn connect_failed(&mut self, attempt: AttemptId, failure: IoFailure) -> Result<(), Misuse> {
        self.pending_attempt(attempt)?.failed(attempt, failure.kind, failure.text);
        Ok(())
    }

    /// Returns the address of this attempt, while sockets are being connected.
    pub(super) fn address(&self, attempt: AttemptId) -> Option<&Address> {
        match &self.stage {
            Stage::Dial { dial, .. } => dial.address(attempt),
            _ => None,
        }
    }

    /// Returns the dial machine if this attempt is pending.
    fn pending_attempt(&mut self, attempt: AttemptId) -> Result<&mut Dial, Misuse> {
        match &mut self.stage {
            Stage::Dial { dial, .. } if dial.is_connecting(attempt) => Ok(dial),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    /// Starts the handshakes of the layers, if any, on the open socket.
    fn open_link(&mut self) {
        let Some(route) = &self.route else { return self.fail(ErrorKind::Internal("a socket without a route")) };
        let target = route.local_target().and(self.chain.cold.as_ref()).and_then(|cold| cold.target);
        let layers = match route.layers(
            &self.request.url,
            &self.request.headers,
            &self.request.settings.framing,
            target,
            self.chain.answers().and_then(|answers| answers.proxy.as_ref()),
        ) {
            Ok(layers) => layers,
            // The dial abandons its winner too.
            Err(kind) => return self.fail(kind),
        };
        let mut link = Box::new(Link::new(layers, self.request.settings.framing.clone()));
        link.set_origin(target);
        self.link = Some(link);
        self.attempt.reused = false;
        self.blocked = Blocked::default();
        self.upload = Upload::Finished;
        self.enter(Stage::Establish { since: self.now.instant, send_failed: None });
    }

    /// Starts the request on the open, idle connection.
    pub(super) fn begin_exchange(&mut self) {
        let (Some(link), Some(route)) = (&mut self.link, &self.route) else {
            return self.fail(ErrorKind::Internal("an exchange without a connection"));
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
        let special = request.special(forward, self.chain.trail.referer(), &self.cookie, self.chain.answers());
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
        self.link_dirty = !link.nothing_received();
        self.begin_upload();
        let send_failed = match &mut self.stage {
            Stage::Establish { send_failed, .. } => send_failed.take(),
            _ => None,
        };
        if send_failed.is_some() {
            self.abort_upload();
        }
        self.enter(Stage::Exchange { send_failed });
    }

    /// Closes the socket of this hop, or those connecting for it.
    pub(super) fn abort_connection(&mut self) {
        if let Stage::Dial { dial, .. } = &mut self.stage {
            self.pending.abandon(&mut dial.abort());
        }
        if self.link.is_some() {
            self.close_link();
        }
    }

    pub(super) fn close_link(&mut self) {
        if let Some(mut link) = self.link.take() {
            self.lent = link.take_read_buffer();
        }
        self.pending.socket(SocketOrder::Close);
    }
}
