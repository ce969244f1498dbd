//! The drive loop: one transfer, its socket, and the thread that waits for them.
//!
//! Core makes all decisions. A call owns its transfer and its socket. It takes the session's locks
//! only briefly, to synchronize the transfer or to use the pool, and never during I/O.

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

/// Request bodies up to this size are written by a blocking socket, if possible. For larger ones,
/// both directions are polled, so that an early response is noticed.
const WATCHED: u64 = 16 * 1024;

/// A complete write of up to this size has not blocked: the buffer of a socket that sends little
/// has more space.
const AT_ONCE: usize = 4 * 1024;

/// A request being performed on this thread.
pub(crate) struct Call {
    pub(crate) transfer: Transfer,
    clock: Clock,
    shared: Arc<Shared>,
    /// The process that created the call. Its children share the socket.
    process: Process,
    socket: Option<Box<Socket>>,
    opened: Instant,
    /// Whether the pool counts a connection for this call.
    has_slot: bool,
    dialing: PendingConnects,
    /// The source of a streamed request body.
    pub(crate) upload: Option<Upload>,
    watched: bool,
    /// Read storage that the transfer does not hold; allocated on first use.
    spare: Option<Vec<u8>>,
    /// Whether the transfer holds the storage.
    lent: bool,
    waiting: Waiting,
    /// Whether a wait reported the socket as readable, and no read has blocked since.
    readable: bool,
    /// Whether the caller received something and has not returned: the time is its own.
    away: bool,
}

/// The sides of the socket that would block.
#[derive(Default)]
struct Waiting {
    read: bool,
    write: bool,
    /// Whether the body's source waits for the write side.
    body: bool,
}

/// Why the loop returned.
pub(crate) enum Stop {
    /// The final response head.
    Head(ResponseHead),
    /// Body bytes are available.
    Body,
    /// The next step would wait for the peer; only from [`Call::settle`].
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
                has_slot: false,
                dialing: PendingConnects::default(),
                upload: None,
                watched,
                waiting: Waiting::default(),
                readable: false,
                away: false,
            },
        )
    }

    /// Answers the transfer's first request for the session, while it is available.
    pub(crate) fn begin(&mut self, session: &mut petition_core::Session) {
        let synced = self.transfer.sync(self.clock.now(), session);
        debug_assert_eq!(synced, Ok(()));
    }

    /// Runs until there is a result for the caller.
    pub(crate) fn run(&mut self) -> Stop {
        loop {
            match self.transfer.poll() {
                Output::Body => return Stop::Body,
                Output::Event(event) => {
                    if let Some(stop) = self.event(event) {
                        return stop;
                    }
                }
                Output::Release => self.release(),
                ref output => {
                    // Orders are given once: only offers may be preceded by a deadline.
                    if !(is_offer(output) && self.wait_again()) {
                        self.perform(output);
                    }
                }
            }
        }
    }

    /// Records that the caller waits for the peer again. Returns whether it was away: the clock was
    /// then read, and a deadline may have passed.
    fn wait_again(&mut self) -> bool {
        let away = std::mem::take(&mut self.away);
        if away {
            self.clock.read();
            self.tell(Input::Consumed(0));
        }
        away
    }

    /// Runs only as long as nothing blocks: a response without a body releases its connection at
    /// once.
    pub(crate) fn settle(&mut self) -> Stop {
        loop {
            match self.transfer.poll() {
                Output::Read | Output::Transmit | Output::Wait | Output::NeedBody => return Stop::Waits,
                Output::Body => return Stop::Body,
                Output::Event(event) => {
                    if let Some(stop) = self.event(event) {
                        return stop;
                    }
                }
                Output::Release => self.release(),
                ref output => self.perform(output),
            }
        }
    }

    fn perform(&mut self, output: &Output) {
        match *output {
            Output::Sync => self.sync(),
            Output::Acquire(want) => self.acquire(want),
            Output::Probe => {
                let alive = self.socket.as_mut().is_some_and(|socket| socket.is_quiet());
                self.tell(if alive { Input::Alive } else { Input::Dead });
            }
            Output::Resolve => self.resolve(),
            Output::Connect(attempt) => self.connect(attempt),
            Output::CancelConnect(attempt) => self.dialing.abandon(attempt),
            Output::Close => self.close(),
            Output::Transmit => {
                self.transmit();
                // The next poll would ask for a read.
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
            Output::Wait => self.wait(),
            // The loops handle these themselves.
            Output::Release | Output::Body | Output::Event(_) => {}
        }
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
                // A passed deadline precedes this failure.
                self.clock.read();
                self.tell(Input::Unavailable(why));
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<Stop> {
        match event {
            Event::Head(head) => {
                self.away = true;
                Some(Stop::Head(head))
            }
            Event::Done => Some(Stop::Done),
            Event::Failed(error) => Some(Stop::Failed(error)),
            Event::Informational(_) | Event::Again(_) => None,
        }
    }

    /// Accounts for the caller's time. It matters at once with a total deadline, and otherwise only
    /// when the caller waits again.
    pub(crate) fn time_passed(&mut self) {
        if self.transfer.request().settings().total_timeout.is_some() {
            self.clock.read();
        }
    }

    /// Reports consumed body bytes. Their time is reported later, when it matters.
    pub(crate) fn consumed(&mut self, n: usize) {
        self.away = true;
        self.tell(Input::Consumed(n));
    }

    /// Passes an input to the transfer. Rejecting one would be a bug of this crate.
    pub(crate) fn tell(&mut self, input: Input<'_>) {
        let told = self.transfer.handle(self.clock.now(), input);
        debug_assert_eq!(told, Ok(()));
    }

    /// Reports the ready sides among those that were awaited.
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

    /// Returns the time left before the next deadline.
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
                    // The next write would block.
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
            // Wait for both sides at once, to notice an early response.
            self.waiting.read = true;
            return self.tell(Input::Blocked(Side::Read));
        }
        self.lend_spare();
        let left = self.left();
        let most = self.transfer.read_plan(0).buffered;
        let Some(socket) = &mut self.socket else { return };
        let space = self.transfer.space();
        let most = most.min(space.len());
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
            // A timeout on the socket: core knows whether it is a deadline.
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
                    // Writing has failed, but reading may work: do not retry the write.
                    self.tell(Input::Blocked(side));
                }
                self.tell(Input::Failed(side, IoFailure::from(error)));
            }
        }
    }

    /// Supplies a piece of the body, from a reader that may take any time.
    fn supply(&mut self) {
        let before = self.clock.now().instant;
        let Some(upload) = &mut self.upload else { return self.tell(Input::BodyEnd) };
        if self.waiting.write && !upload.gathers() {
            // Pending output must not wait for the reader as well.
            self.waiting.body = true;
            return self.tell(Input::Blocked(Side::Body));
        }
        let failed = upload.fill().err();
        self.clock.read();
        if let Some(error) = failed {
            return self.tell(Input::BodyFailed(error.to_string()));
        }
        // The piece stays in the buffer until it is consumed.
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

    /// Checks whether the socket is readable, or writable if that is awaited. Returns whether it
    /// is.
    fn look(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return false };
        let sides = Sides { read: true, write: self.waiting.write };
        match socket.wait(sides, Some(Duration::ZERO)) {
            Ok(ready) if ready != Sides::default() => {
                self.waiting.read |= ready.read;
                self.ready(ready);
                true
            }
            Ok(_) | Err(_) => false,
        }
    }
}

impl Call {
    /// Whether the call began in this process. In a child, its connection belongs to the parent.
    pub(crate) fn is_here(&self) -> bool {
        self.process.is_current()
    }
}

/// Whether this output is repeated until answered.
fn is_offer(output: &Output) -> bool {
    use Output::{NeedBody, Probe, Read, Sync, Transmit, Wait};
    matches!(output, Read | Transmit | NeedBody | Probe | Sync | Wait)
}

impl Drop for Call {
    /// Reads a short rest of the body so that the connection can be reused, or else closes it.
    fn drop(&mut self) {
        if !self.is_here() {
            // Closed in this process only, which has no slot for it.
            self.has_slot = false;
            return;
        }
        if !self.transfer.is_ended() && !std::thread::panicking() {
            self.clock.read();
            if self.transfer.handle(self.clock.now(), Input::Discard).is_ok() {
                while let Stop::Body = self.run() {
                    self.consumed(self.transfer.body().len());
                }
            }
        }
        self.close();
        self.free_slot();
        if let Some(storage) = self.spare.take() {
            self.shared.give_spare(storage);
        }
    }
}
