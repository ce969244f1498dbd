//! The drive loop: one transfer, its socket, and the thread that waits for them.
//!
//! Every decision is the core's. A call owns its transfer and its socket; the session's locks are
//! taken only for the moments in which the transfer asks to be synchronised or the pool is asked,
//! and never during I/O.

use std::io::{self, ErrorKind as Io};
use std::sync::Arc;
use std::time::Duration;

use petition_core::http1::ResponseHead;
use petition_core::{Body, Error, Event, Input, Instant, IoFailure, Output, Prepared, Side, Transfer};
use petition_shared::process::Process;

use crate::clock::Clock;
use crate::connecting::PendingConnects;
use crate::shared::Shared;
use crate::socket::Socket;
use crate::sys::{self, Sides};
use crate::upload::Upload;

mod connection;
mod direct_read;
mod waiting;

use direct_read::DirectRead;
pub(crate) use direct_read::LARGE;

/// Request bodies up to this size are written by a socket that blocks, if it can; for larger ones
/// both directions are watched, so that an early response is seen (T52).
const WATCHED: u64 = 16 * 1024;

/// A write of no more than this that was taken whole has not waited: there is more room in the
/// buffer of a socket that sends little.
const AT_ONCE: usize = 4 * 1024;

/// Until the final head is there no more than this is read at once.
const WITH_HEAD: usize = 17 * 1024;

/// No more than this is read at once between two large chunks: the second is to be read straight to
/// where it is wanted.
const BETWEEN: usize = 64;

/// One request being carried out on this thread.
pub(crate) struct Call {
    pub(crate) transfer: Transfer,
    clock: Clock,
    shared: Arc<Shared>,
    /// The socket is shared with the children of this process.
    process: Process,
    socket: Option<Box<Socket>>,
    opened: Instant,
    /// The pool counts a connection of this call.
    has_place: bool,
    dialing: PendingConnects,
    /// Where a body that is a stream comes from.
    pub(crate) upload: Option<Upload>,
    watched: bool,
    /// Storage for reading that is not lent at the moment; taken when it is first needed.
    spare: Option<Vec<u8>>,
    /// The transfer has storage.
    lent: bool,
    waiting: Waiting,
    /// A wait has said that something can be read, and no read since that there is nothing.
    readable: bool,
    straight: DirectRead,
    /// The caller has been given something: until it waits again, time is its own.
    away: bool,
    coming: NextRead,
}

/// What is likely to come next, as far as that decides how much is read at once, and where to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum NextRead {
    /// The final head. What comes with it is copied.
    #[default]
    Head,
    /// Nothing is known.
    Anything,
    /// More of something large, a chunk or a body as a whole: it goes straight to the caller.
    Large,
    /// What is behind something large, of which nothing was seen: framing, and then perhaps more of
    /// the kind.
    Between,
}

/// Which sides of the socket would block.
#[derive(Default)]
struct Waiting {
    read: bool,
    write: bool,
    /// The body's source is not asked before the write side is ready.
    body: bool,
}

/// Why the loop came back.
pub(crate) enum Stop {
    /// The final response head.
    Head(ResponseHead),
    /// Body bytes are at hand.
    Body,
    /// The next thing would be to wait for the peer; only from [`Call::settle`].
    Waits,
    /// The response is complete.
    Done,
    Failed(Error),
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, request: Prepared) -> Box<Call> {
        let large = match request.body() {
            Body::Stream { .. } => true,
            body => body.length().is_none_or(|length| length > WATCHED),
        };
        let watched = large || !sys::TIMED_CALLS;
        let process = shared.process();
        let clock = Clock::start();
        Box::write(
            Box::new_uninit(),
            Call {
                transfer: Transfer::new(request, clock.now()),
                clock,
                spare: None,
                lent: false,
                shared,
                process,
                socket: None,
                opened: Instant::ZERO,
                has_place: false,
                dialing: PendingConnects::default(),
                upload: None,
                watched,
                waiting: Waiting::default(),
                readable: false,
                straight: DirectRead::default(),
                away: false,
                coming: NextRead::default(),
            },
        )
    }

    /// The first thing that a transfer asks for, answered while the session is at hand.
    pub(crate) fn begin(&mut self, session: &mut petition_core::Session) {
        let synced = self.transfer.sync(self.clock.now(), session);
        debug_assert_eq!(synced, Ok(()));
    }

    /// Goes on until there is something for the caller.
    pub(crate) fn run(&mut self) -> Stop {
        loop {
            let output = self.transfer.poll();
            if !matches!(output, Output::Body | Output::Release | Output::Event(_)) {
                self.clock.refresh();
                // An order is given once: only what comes again may give way to the time.
                if is_offer(&output) && self.wait_again() {
                    continue;
                }
            }
            if let Some(stop) = self.perform(output) {
                return stop;
            }
        }
    }

    /// The caller waits for the peer from now on. Whether it did something else before, so that a
    /// deadline may have passed.
    fn wait_again(&mut self) -> bool {
        let away = std::mem::take(&mut self.away);
        if away {
            self.tell(Input::Consumed(0));
        }
        away
    }

    /// Goes on only as long as that needs no waiting: a response without a body gives its
    /// connection back at once.
    pub(crate) fn settle(&mut self) -> Stop {
        loop {
            match self.transfer.poll() {
                Output::Read | Output::Transmit | Output::Wait | Output::NeedBody => return Stop::Waits,
                output => {
                    if let Some(stop) = self.perform(output) {
                        return stop;
                    }
                }
            }
        }
    }

    fn perform(&mut self, output: Output) -> Option<Stop> {
        match output {
            Output::Sync => self.sync(),
            Output::Acquire(want) => self.acquire(want),
            Output::Probe => {
                let alive = self.socket.as_ref().is_some_and(|socket| socket.is_quiet());
                self.tell(if alive { Input::Alive } else { Input::Dead });
            }
            Output::Resolve => self.resolve(),
            Output::Connect(attempt, address) => {
                if let Err(error) = self.dialing.start(attempt, address) {
                    self.tell(Input::ConnectFailed(attempt, IoFailure::from(&error)));
                }
            }
            Output::CancelConnect(attempt) => self.dialing.abandon(attempt),
            Output::Release => self.release(),
            Output::Close => self.close(),
            Output::Transmit => {
                self.transmit();
                // What a poll would say next.
                if self.transfer.awaits_response() {
                    self.read();
                }
            }
            Output::Read => self.read(),
            Output::NeedBody => self.supply(),
            Output::Rewind => {
                let rewound = self.upload.as_mut().is_some_and(Upload::rewind);
                self.tell(if rewound { Input::Rewound } else { Input::NotRewound });
            }
            Output::Body => return Some(Stop::Body),
            Output::Wait => self.wait(),
            Output::Event(event) => return self.event(event),
        }
        None
    }

    fn sync(&mut self) {
        let synced = self.shared.state().access(
            (&mut self.transfer, &self.clock),
            |(transfer, clock)| clock.left(transfer.deadline()),
            |(transfer, clock), state| transfer.sync(clock.now(), state),
        );
        match synced {
            Ok(synced) => debug_assert_eq!(synced, Ok(())),
            Err(why) => {
                // A deadline that has passed by now comes first.
                self.clock.read();
                self.tell(Input::Unavailable(why));
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<Stop> {
        match event {
            Event::Head(head) => {
                (self.coming, self.away) = (NextRead::Anything, true);
                Some(Stop::Head(head))
            }
            Event::Done => Some(Stop::Done),
            Event::Failed(error) => Some(Stop::Failed(error)),
            Event::Informational(_) | Event::Again(_) => None,
        }
    }

    /// The clock is read again when the time is next of importance: at once where there is a
    /// deadline for the whole.
    pub(crate) fn time_passed(&mut self) {
        match self.transfer.request().settings().total_timeout {
            Some(_) => self.clock.read(),
            None => self.clock.mark_stale(),
        }
    }

    /// The caller has used bytes of the body. When that was is told when it matters.
    pub(crate) fn consumed(&mut self, n: usize) {
        self.away = true;
        self.tell(Input::Consumed(n));
    }

    /// What is told here was asked for: that it would not be is a fault of this crate.
    pub(crate) fn tell(&mut self, input: Input<'_>) {
        let told = self.transfer.handle(self.clock.now(), input);
        debug_assert_eq!(told, Ok(()));
    }

    /// The sides that were waited for may be tried again, as far as they are ready.
    fn ready(&mut self, ready: Sides) {
        if self.waiting.read && ready.read {
            self.waiting.read = false;
            self.readable = true;
            self.tell(Input::Ready(Side::Read));
        }
        if self.waiting.write && ready.write {
            self.waiting.write = false;
            self.tell(Input::Ready(Side::Write));
            if std::mem::take(&mut self.waiting.body) {
                self.tell(Input::Ready(Side::Body));
            }
        }
    }

    /// The time left before the next deadline.
    fn left(&self) -> Option<Duration> {
        self.clock.left(self.transfer.deadline())
    }

    fn transmit(&mut self) {
        let left = self.left();
        let Some(socket) = &mut self.socket else { return };
        if socket.is_blocking() == self.watched
            && let Err(error) = socket.set_blocking(!self.watched)
        {
            return self.tell(Input::Failed(Side::Write, IoFailure::from(&error)));
        }
        let (first, next) = (self.transfer.outgoing(), self.transfer.outgoing_next());
        let wanted = first.len() + next.len();
        let written = socket.write(first, next, left);
        if !matches!(written, Ok(n) if n == wanted && n <= AT_ONCE) {
            self.clock.read();
        }
        match written {
            Ok(0) => self.tell(Input::Failed(Side::Write, IoFailure::new(Io::WriteZero))),
            Ok(n) => {
                self.tell(Input::Wrote(n));
                if n < wanted && self.watched {
                    // It would block now: that need not be tried.
                    self.waiting.write = true;
                    self.tell(Input::Blocked(Side::Write));
                }
            }
            Err(error) => self.not_done(Side::Write, &error),
        }
    }

    fn lend_spare(&mut self) {
        if !self.lent {
            let storage = self.spare.take().unwrap_or_else(|| self.shared.take_spare());
            self.spare = self.transfer.give_read_buffer(storage).err();
            self.lent = self.spare.is_none();
        }
    }

    fn read(&mut self) {
        if self.waiting.write && !self.readable {
            // Both sides are waited for at once: an early response shows then.
            self.waiting.read = true;
            return self.tell(Input::Blocked(Side::Read));
        }
        self.lend_spare();
        let left = self.left();
        let Some(socket) = &mut self.socket else { return };
        let space = self.transfer.space();
        // What is read here is copied: a large body is to be read straight to where it is wanted.
        let most = match self.coming {
            NextRead::Head => WITH_HEAD.min(space.len()),
            NextRead::Between => BETWEEN.min(space.len()),
            NextRead::Anything | NextRead::Large => space.len(),
        };
        if self.coming == NextRead::Between {
            self.coming = NextRead::Anything;
        }
        let space = space.get_mut(..most).unwrap_or_default();
        let read = socket.limit_read(left).and_then(|()| socket.read(space));
        self.clock.read();
        match read {
            Ok(0) => self.tell(Input::Eof),
            Ok(n) => self.tell(Input::Filled(n)),
            Err(error) => self.not_done(Side::Read, &error),
        }
    }

    fn not_done(&mut self, side: Side, error: &io::Error) {
        let blocking = self.socket.as_ref().is_some_and(|socket| socket.is_blocking());
        match error.kind() {
            // A timeout on the socket: the core knows whether it is a deadline.
            Io::WouldBlock | Io::TimedOut if blocking => self.tell(Input::Tick),
            Io::WouldBlock => {
                match side {
                    Side::Write => self.waiting.write = true,
                    _ => {
                        self.waiting.read = true;
                        self.readable = false;
                    }
                }
                self.tell(Input::Blocked(side));
            }
            Io::Interrupted => self.tell(Input::Tick),
            _ => {
                if side == Side::Write {
                    // Nothing can be written any more, but perhaps read: it is not to be tried
                    // again and again.
                    self.tell(Input::Blocked(side));
                }
                self.tell(Input::Failed(side, IoFailure::from(error)));
            }
        }
    }

    /// A piece of the body, from a reader that may take any time.
    fn supply(&mut self) {
        let before = self.clock.now().instant;
        let Some(upload) = &mut self.upload else { return self.tell(Input::BodyEnd) };
        if self.waiting.write && !upload.gathers() {
            // What waits for the socket is not to wait for the reader as well.
            self.waiting.body = true;
            return self.tell(Input::Blocked(Side::Body));
        }
        let failed = upload.fill().err();
        self.clock.read();
        if let Some(error) = failed {
            return self.tell(Input::BodyFailed(error.to_string()));
        }
        // The piece stays where it is until it is used.
        if upload.looks(before, self.clock.now().instant) && self.look() {
            return;
        }
        let Some(upload) = &mut self.upload else { return };
        match upload.fill() {
            Ok([]) | Err(_) => self.tell(Input::BodyEnd),
            Ok(bytes) => match self.transfer.push_body(self.clock.now(), bytes) {
                Ok(n) => upload.used(n),
                Err(misuse) => debug_assert!(false, "{misuse}"),
            },
        }
    }

    /// Finds out whether the socket can be read, or written if that is waited for. Whether it can.
    fn look(&mut self) -> bool {
        let Some(socket) = &self.socket else { return false };
        let sides = Sides { read: true, write: self.waiting.write };
        match sys::wait([(socket.stream(), sides)], Some(Duration::ZERO)) {
            Ok(Some((_, ready))) => {
                self.waiting.read |= ready.read;
                self.ready(ready);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }
}

impl Call {
    /// Whether it was begun in this process. In a child, its connection belongs to the parent.
    pub(crate) fn is_here(&self) -> bool {
        self.process.is_current()
    }
}

/// Whether this is asked again until it is answered.
fn is_offer(output: &Output) -> bool {
    use Output::{NeedBody, Probe, Read, Sync, Transmit, Wait};
    matches!(output, Read | Transmit | NeedBody | Probe | Sync | Wait)
}

impl Drop for Call {
    /// T87: a short rest of the body is read so that the connection can be kept; else it is closed.
    fn drop(&mut self) {
        if !self.is_here() {
            // Closed by this process alone, which has no place for it.
            self.has_place = false;
            return;
        }
        if !self.transfer.is_ended() && !std::thread::panicking() {
            self.use_up(Duration::ZERO);
            if self.transfer.handle(self.clock.now(), Input::Discard).is_ok() {
                while let Stop::Body = self.run() {
                    self.consumed(self.transfer.body().len());
                }
            }
        }
        self.close();
        self.give_place_back();
        if let Some(storage) = self.spare.take() {
            self.shared.give_spare(storage);
        }
    }
}
