//! L3: one request to its final response, as a state machine without a socket.
//!
//! A [`Transfer`] returns what it needs ([`Output`]) and takes what happened ([`Input`]). Between
//! the two it makes all HTTP decisions: which addresses to try and when, the proxy's and TLS
//! handshakes, redirects, the safe retry on a dead idle connection, every deadline, and whether the
//! connection is reused. The result does not depend on the order of the embedder's answers, how it
//! splits bytes, or how often it polls.
//!
//! # The stages of a hop
//!
//! ```text
//! Plan ─▶ Acquire ─▶ Probe ─────────────────────┐
//!  ▲         └─▶ Resolve ─▶ Dial ─▶ Establish ─▶ Exchange ─▶ Decide ─▶ Deliver ─▶ Ended
//!  │                                                            └▶ Drain ─┐
//!  └────────────── Rewind ◀── Pause ◀──── another hop ◀───────────────────┘
//! ```
//!
//! Plan and Decide ask for the session ([`Output::Sync`]). So does Cache, before and after Resolve,
//! if look-ups are cached. [`Output::Acquire`] asks for every connection, reused or new.
//! [`Event::Again`] reports another hop and its reason.
//!
//! # Driving it
//!
//! ```
//! use petition_core::{Event, Input, Method, Now, Output, Request, Session, Transfer};
//!
//! let mut session = Session::new();
//! let request = Request::new(Method::GET, "http://127.0.0.1/");
//! let (now, mut body) = (Now::default(), Vec::new());
//! let mut transfer = Transfer::new(session.prepare(&request)?, now);
//! let status = loop {
//!     match transfer.poll() {
//!         Output::Sync => transfer.sync(now, &mut session)?,
//!         Output::Acquire(_) => transfer.handle(now, Input::OpenNew)?,
//!         Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt))?,
//!         Output::Transmit => {
//!             let n = transfer.outgoing().len();
//!             transfer.handle(now, Input::Wrote(n))?;
//!         }
//!         Output::Read => transfer.handle(now, Input::Received(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))?,
//!         Output::Event(Event::Head(head)) => assert_eq!(head.status(), 200),
//!         Output::Body => {
//!             body.extend_from_slice(transfer.body());
//!             transfer.handle(now, Input::Consumed(transfer.body().len()))?;
//!         }
//!         Output::Release => drop(transfer.take_link()), // or keep it in a pool
//!         Output::Event(Event::Done) => break,
//!         other => panic!("{other:?}"),
//!     }
//! };
//! assert_eq!(body, b"hi");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chain;
mod connect;
mod content;
mod deadlines;
mod deliver;
mod drain;
#[cfg(test)]
mod driven_tests;
mod event_source;
mod exchange;
mod hop;
mod io;
mod machine;
mod names;
mod pending;
mod read_plan;
#[cfg(test)]
mod read_plan_tests;
mod report;
mod response_info;
mod routing;
mod stage;
#[cfg(test)]
mod upgrade_tests;
mod upload;

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::buffer::Retained;
use crate::error::{Error, ErrorKind, Misuse};
use crate::http1::{LeniencySet, ResponseHead};
use crate::link::Link;
use crate::policy::Acquire;
use crate::request::prepared::Prepared;
use crate::route::Route;
use crate::route::address::Address;
use crate::route::dial::AttemptId;
use crate::session::Session;
use crate::time::{Instant, Now};

use chain::Chain;
pub use event_source::{EventSource, Next, Reconnect};
use exchange::{ReadSide, WriteSide};
pub(crate) use io::Want;
pub use io::{Event, Hop, Input, Output, Side};
use machine::{Blocked, Machine};
use pending::PendingOutputs;
pub use read_plan::{ReadPlan, ReadWait};
pub use response_info::ResponseInfo;
use stage::{Attempt, LookedUp, Stage};
use upload::Upload;

/// One request to its final response. The [module documentation](self) shows how to drive it.
///
/// Dropping it at any moment is safe: it holds no socket. The embedder must then close its sockets,
/// not reuse them.
#[must_use = "nothing happens until it is polled"]
pub struct Transfer(Box<Machine>);

impl Transfer {
    /// Creates a transfer; its total deadline counts from `now`.
    pub fn new(request: Prepared, now: Now) -> Transfer {
        // Built in place, not copied there.
        Transfer(Box::write(
            Box::new_uninit(),
            Machine {
                now,
                started: now.instant,
                stage: Stage::Plan,
                chain: Chain::default(),
                cookie: Vec::new(),
                lines: None,
                route: None,
                link: None,
                released: None,
                peer: None,
                attempt: Attempt::default(),
                upload: Upload::Finished,
                blocked: Blocked::default(),
                link_dirty: true,
                no_deadline_before: now.instant + request.settings.shortest,
                request,
                progress: now.instant,
                tolerated: LeniencySet::EMPTY,
                time_to_head: None,
                pending: PendingOutputs::default(),
                lent: None,
            },
        ))
    }

    /// Returns the next output. Without an input in between, offers are repeated, but not orders
    /// and events.
    pub fn poll(&mut self) -> Output {
        match self.poll_want() {
            Want::Sync => Output::Sync,
            Want::Acquire(which) => Output::Acquire(which),
            Want::Probe => Output::Probe,
            Want::Resolve => Output::Resolve,
            Want::Connect(attempt) => Output::Connect(attempt),
            Want::CancelConnect(attempt) => Output::CancelConnect(attempt),
            Want::Release => Output::Release,
            Want::Close => Output::Close,
            Want::Transmit => Output::Transmit,
            Want::Read => Output::Read,
            Want::NeedBody => Output::NeedBody,
            Want::Rewind => Output::Rewind,
            Want::Body => Output::Body,
            Want::Event => Output::Event(self.take_event()),
            Want::Wait => Output::Wait,
        }
    }

    /// Returns the next output as [`Transfer::poll`] does, except that an event waits to be taken.
    #[inline]
    pub(crate) fn poll_want(&mut self) -> Want {
        loop {
            if let Some(want) = self.0.step() {
                return want;
            }
        }
    }

    /// Takes the event of [`Want::Event`].
    #[inline]
    pub(crate) fn take_event(&mut self) -> Event {
        self.0.pending.take_event()
    }

    /// Handles an input. Deadlines up to `now` fire first: if one ends the transfer, the input is
    /// ignored.
    ///
    /// # Errors
    /// [`Misuse`] if the input answers no output. Only the time has changed then.
    pub fn handle(&mut self, now: Now, input: Input<'_>) -> Result<(), Misuse> {
        self.0.handle(now, input)
    }

    /// Answers [`Output::Sync`]: stores the cookies of the response and reads those for the next
    /// request, or uses the session's look-up cache. Never blocks, so it can be called with the
    /// session's lock held.
    ///
    /// # Errors
    /// [`Misuse::UnexpectedInput`] unless [`Output::Sync`] was returned last.
    pub fn sync(&mut self, now: Now, session: &mut Session) -> Result<(), Misuse> {
        self.0.sync(now, session)
    }

    /// Returns when [`Input::Tick`] is due at the latest. Read it again after every input.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    /// Returns the deadline for connecting: [`Transfer::deadline`] without the time at which another
    /// address is tried. A connector that blocks must return by then.
    pub fn connect_deadline(&self) -> Option<Instant> {
        self.0.final_deadline()
    }

    /// Returns the bytes to write, for [`Output::Transmit`].
    pub fn outgoing(&self) -> &[u8] {
        self.0.outgoing()
    }

    /// Returns the space to read into, for [`Output::Read`] with [`Input::Filled`]. Never empty
    /// while a read is offered.
    pub fn space(&mut self) -> &mut [u8] {
        match &mut self.0.link {
            Some(link) => link.space(),
            None => &mut [],
        }
    }

    /// Gives the transfer storage for reading, so that a driver can share one buffer among many
    /// transfers. [`Transfer::take_read_buffer`] returns it.
    ///
    /// # Errors
    /// The storage, if it cannot be used: there is no connection, or it holds unread bytes in its
    /// own storage.
    pub fn give_read_buffer(&mut self, storage: Vec<u8>) -> Result<(), Vec<u8>> {
        match &mut self.0.link {
            Some(link) => link.give_read_buffer(storage),
            None => Err(storage),
        }
    }

    /// Takes back storage that holds no unread bytes, if there is any.
    pub fn take_read_buffer(&mut self) -> Option<Vec<u8>> {
        self.0.lent.take().or_else(|| self.0.link.as_mut()?.take_read_buffer())
    }

    /// Swaps the storage for pending output, as
    /// [`Connection::swap_write_buffer`](crate::http1::Connection::swap_write_buffer).
    pub fn swap_write_buffer(&mut self, storage: &mut Vec<u8>) {
        if let Some(link) = &mut self.0.link {
            link.swap_write_buffer(storage);
        }
    }

    /// The sizes of a transfer and of its connection, in bytes.
    #[cfg(test)]
    pub(crate) const SIZES: [usize; 2] = [size_of::<Machine>(), size_of::<Link>()];

    /// Returns the storage held for bytes: by the connection, for decoded data, and shared storage
    /// that was not [taken back](Transfer::take_read_buffer).
    pub fn retained(&self) -> Retained {
        let machine = &*self.0;
        let decoded = match &machine.stage {
            Stage::Deliver(delivery) => delivery.capacity(),
            _ => 0,
        };
        let lent = machine.lent.as_ref().map_or(0, Vec::capacity);
        let links = machine.link.iter().chain(&machine.released).map(|link| link.retained()).sum::<Retained>();
        let outgoing = machine.cookie.capacity() + machine.chain.gathered().len();
        links + Retained { received: decoded + lent, outgoing }
    }

    /// Returns the available bytes of the response body, decoded.
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }

    /// Whether the response has been received and the request sent in full. [`Transfer::body`] may
    /// still hold bytes.
    pub fn is_received(&self) -> bool {
        match (&self.0.stage, &self.0.link) {
            (Stage::Deliver(_), Some(link)) => link.http().response_received() && !self.0.can_write(),
            _ => self.is_ended(),
        }
    }

    /// Returns how many bytes [`Transfer::push_body`] would accept now.
    pub fn body_room(&self) -> usize {
        if self.0.wants_body() { self.0.body_room() } else { 0 }
    }

    /// Provides bytes of a [`Body::Stream`](crate::Body::Stream). Returns how many were accepted.
    ///
    /// # Errors
    /// [`Misuse::UnexpectedInput`] if no body bytes are needed now.
    pub fn push_body(&mut self, now: Now, bytes: &[u8]) -> Result<usize, Misuse> {
        self.0.push_body(now, bytes)
    }

    /// Limits the decoded size of the final response's body; a longer body fails the transfer.
    /// `None`: no limit. Default: [`Limits::stream_bytes`](crate::Limits::stream_bytes). May be
    /// called at any time. Bytes delivered before count, and a limit set before the body begins
    /// applies to it.
    pub fn limit_body(&mut self, name: &'static str, limit: Option<u64>) {
        let limit = limit.unwrap_or(u64::MAX);
        self.0.take_in_run();
        match &mut self.0.stage {
            Stage::Deliver(delivery) => delivery.size.change(name, limit),
            Stage::Drain { .. } | Stage::Ended => {}
            _ => self.0.chain.cold_mut().body_limit = Some((name, limit)),
        }
    }

    /// Answers [`Output::Release`]: returns the key and the link to pool together with the socket.
    /// At any other time, it returns `None` and changes nothing: after [`Output::Close`] there is
    /// nothing to pool.
    pub fn take_link(&mut self) -> Option<(Route, Box<Link>)> {
        let link = self.0.released.take()?;
        Some((self.0.route.take()?, link))
    }

    /// Returns the key for [`Output::Acquire`].
    pub fn route(&self) -> Option<&Route> {
        self.0.route.as_ref()
    }

    /// Returns which connection [`Output::Acquire`] asks for.
    pub(crate) fn acquires(&self) -> Acquire {
        self.0.attempt.connection
    }

    /// Returns the name and port for [`Output::Resolve`]: those of the host to connect to, or of
    /// the origin if a SOCKS proxy needs its address.
    pub fn peer_name(&self) -> Option<(&str, u16)> {
        let route = self.0.route.as_ref()?;
        match self.0.looked_up() {
            Some(LookedUp::Target) => route.local_target(),
            Some(LookedUp::Peer) | None => Some(route.peer_name()),
        }
    }

    /// Returns the address for [`Output::Connect`]; `None` once no socket is being connected.
    pub fn address(&self, attempt: AttemptId) -> Option<&Address> {
        self.0.address(attempt)
    }

    /// Returns the URL of the current hop, without userinfo.
    pub fn url(&self) -> &Url {
        &self.0.request.url
    }

    /// Returns the request of the current hop.
    pub fn request(&self) -> &Prepared {
        &self.0.request
    }

    /// Returns the hops before the current one, the oldest first.
    pub fn history(&self) -> &[Hop] {
        self.0.chain.history()
    }

    /// Takes the history out. Its counts remain: the redirect limit, and the hop that an error
    /// names.
    pub fn take_history(&mut self) -> Vec<Hop> {
        self.0.chain.cold.as_mut().map(|cold| std::mem::take(&mut cold.history)).unwrap_or_default()
    }

    /// Returns the peer address of the connection, once there is one.
    pub fn peer(&self) -> Option<&Address> {
        self.0.peer.as_ref()
    }

    /// Whether the connection was reused from an earlier request.
    pub fn reused(&self) -> bool {
        self.0.attempt.reused
    }

    /// Returns the time from the start to the final response head, once it has arrived.
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.time_to_head
    }

    /// Returns the content codings left on the body of the final response because one of them is
    /// unknown.
    pub fn undecoded(&self) -> &[Box<str>] {
        self.0.chain.undecoded()
    }

    /// Returns the error of a failed transfer: that of [`Event::Failed`], polled or not.
    pub fn failure(&self) -> Option<&Error> {
        self.0.pending.failure()
    }

    /// Returns an [`Error`] of this transfer for a failure that the embedder found, such as text in
    /// an unknown charset.
    pub fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.0.report(kind, None))
    }

    /// Returns an error of kind [`Status`](ErrorKind::Status) with the head in it, when the status
    /// of the final response is 400 or more.
    ///
    /// # Errors
    /// As said.
    pub fn error_for_status(&self, head: &ResponseHead) -> Result<(), Error> {
        let status = head.status();
        if status.is_client_error() || status.is_server_error() {
            return Err(Error::new(self.0.report(ErrorKind::Status(status), Some(Box::new(head.clone())))));
        }
        Ok(())
    }

    /// Returns the leniencies used for the final response so far: grammar violations, data after an
    /// encoded body, a TLS connection that ended without a close alert.
    pub fn tolerated(&self) -> LeniencySet {
        let mut tolerated = self.0.tolerated;
        if let Some(link) = &self.0.link {
            tolerated.extend(link.http().leniencies_used());
        }
        tolerated
    }

    /// Whether a side has reported that it would block, and not been [`Ready`](Input::Ready) since.
    /// A level-triggered poll registers interest in these sides.
    pub fn is_blocked(&self, side: Side) -> bool {
        match side {
            Side::Read => self.0.blocked.read == ReadSide::Blocked,
            Side::Write => self.0.blocked.write == WriteSide::Blocked,
            Side::Body => self.0.blocked.body,
        }
    }

    /// Whether the next output is a read.
    pub fn awaits_response(&self) -> bool {
        matches!(self.0.offer_at_once(), Some(Want::Read))
    }

    /// Whether the next output is a write.
    pub(crate) fn awaits_write(&self) -> bool {
        matches!(self.0.offer_at_once(), Some(Want::Transmit))
    }

    /// Whether any order was answered, or any one-time output was given.
    pub(crate) fn has_begun(&self) -> bool {
        let machine = &*self.0;
        match machine.stage {
            Stage::Plan => machine.route.is_some() || machine.chain.trail.hops > 0,
            Stage::Ended => !machine.pending.is_only_terminal(),
            _ => true,
        }
    }

    /// Whether the transfer has ended. Polling then returns only orders for its sockets and the
    /// last events.
    pub fn is_ended(&self) -> bool {
        matches!(self.0.stage, Stage::Ended)
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("method", &self.0.request.method)
            .field("hop", &self.0.chain.trail.hops)
            .field("phase", &self.0.phase())
            .finish_non_exhaustive()
    }
}
