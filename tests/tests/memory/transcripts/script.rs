//! Makes transcripts of handwritten scenes: what the server of each connection does, what the
//! caller does, and when.

use std::collections::VecDeque;
use std::time::Duration;

use petition_core::route::pool::PoolLimits;
use petition_core::{Instant, Now, Session, Side, UnixTime};
use petition_tests::sim::{DriverInput, DriverOutput, Recorder, RequestSpec};

/// A step of a server.
pub(crate) enum Act {
    /// Sends this once this many heads have arrived on the connection.
    After(usize, &'static str),
    /// Sends this at once.
    Say(&'static str),
    /// Sends this at that second.
    At(u64, &'static str),
    /// Ends its direction.
    End,
    /// Resets once this many heads have arrived.
    ResetAfter(usize),
}

pub(crate) struct Scene {
    recorder: Recorder,
    millis: u64,
    /// What the server of each connection does, in the order in which they are opened; `None`
    /// refuses.
    servers: VecDeque<Option<Vec<Act>>>,
    open: Vec<(VecDeque<Act>, Vec<u8>)>,
    /// The body stream of the requests, in pieces.
    pub(crate) body: VecDeque<&'static str>,
    /// Whether the stream pauses after its pieces.
    pub(crate) hesitates: bool,
    /// Cancels at this time.
    pub(crate) cancel: Option<u64>,
    started: u32,
    ended: u32,
}

impl Scene {
    pub(crate) fn new(title: &str, servers: impl IntoIterator<Item = Option<Vec<Act>>>) -> Scene {
        let mut recorder = Recorder::new(PoolLimits::default(), Session::new(), true);
        recorder.remark(title);
        Scene {
            recorder,
            millis: 0,
            servers: servers.into_iter().collect(),
            open: Vec::new(),
            body: VecDeque::new(),
            hesitates: false,
            cancel: None,
            started: 0,
            ended: 0,
        }
    }

    fn handle(&mut self, input: &DriverInput<'_>) -> usize {
        let now = Now::new(
            Instant::from_origin(Duration::from_millis(self.millis)),
            UnixTime(1_780_000_000 + self.millis / 1000),
        );
        self.recorder.handle(now, input).unwrap_or_else(|words| panic!("{input:?}: {words}"))
    }

    /// Runs a request to its end.
    pub(crate) fn send(&mut self, spec: RequestSpec) {
        self.started += 1;
        self.handle(&DriverInput::Start(self.started, Box::new(spec)));
        while self.ended < self.started {
            self.turn();
        }
        while !matches!(self.recorder.poll().0, DriverOutput::Wait) {}
    }

    /// Returns the transcript.
    pub(crate) fn end(mut self) -> String {
        self.handle(&DriverInput::CloseIdle);
        while !matches!(self.recorder.poll().0, DriverOutput::Wait) {}
        self.recorder.text().unwrap().to_owned()
    }

    fn turn(&mut self) {
        match self.recorder.poll().0 {
            DriverOutput::Resolve(t, _, port) => {
                let address = std::net::SocketAddr::from(([192, 0, 2, 1], port));
                self.handle(&DriverInput::Resolved(t, vec![address]));
            }
            DriverOutput::Connect(s, _) => match self.servers.pop_front().expect("a server for each connection") {
                Some(acts) => {
                    self.open.push((acts.into(), Vec::new()));
                    self.handle(&DriverInput::Connected(s));
                }
                None => {
                    self.open.push(Default::default());
                    self.handle(&DriverInput::ConnectFailed(s, std::io::ErrorKind::ConnectionRefused));
                }
            },
            DriverOutput::Transmit(s, _) => {
                let bytes = self.recorder.outgoing(s).to_vec();
                self.open[s as usize - 1].1.extend_from_slice(&bytes);
                self.handle(&DriverInput::Wrote(s, bytes.into()));
            }
            DriverOutput::Read(s) => self.read(s),
            DriverOutput::Probe(s) => {
                let dead = matches!(self.open[s as usize - 1].0.front(), Some(Act::End));
                self.handle(&DriverInput::Checked(s, !dead));
            }
            DriverOutput::NeedBody(t) => match self.body.pop_front() {
                Some(piece) => {
                    let taken = self.handle(&DriverInput::Pushed(t, piece.as_bytes().into()));
                    if taken < piece.len() {
                        self.body.push_front(&piece[taken..]);
                    }
                }
                None if self.hesitates => drop(self.handle(&DriverInput::BodyBlocked(t))),
                None => drop(self.handle(&DriverInput::BodyEnd(t))),
            },
            DriverOutput::Body(t, _) => {
                let bytes = self.recorder.body(t).to_vec();
                self.handle(&DriverInput::Consumed(t, bytes.into()));
            }
            DriverOutput::Rewind(t) => drop(self.handle(&DriverInput::Rewound(t, true))),
            DriverOutput::Ended(..) => self.ended += 1,
            DriverOutput::Wait => self.wait(),
            DriverOutput::Close(_) | DriverOutput::Event(..) => {}
        }
    }

    fn read(&mut self, s: u32) {
        let (acts, received) = &mut self.open[s as usize - 1];
        let heads = received.windows(4).filter(|four| four == b"\r\n\r\n").count();
        let millis = self.millis;
        let due = match acts.front() {
            Some(Act::After(n, _) | Act::ResetAfter(n)) => heads >= *n,
            Some(Act::At(second, _)) => millis >= *second * 1000,
            _ => true,
        };
        match if due { acts.pop_front() } else { None } {
            Some(Act::After(_, text) | Act::Say(text) | Act::At(_, text)) => {
                self.handle(&DriverInput::Received(s, text.as_bytes().into()));
            }
            Some(Act::End) => drop(self.handle(&DriverInput::Eof(s))),
            Some(Act::ResetAfter(_)) => {
                self.handle(&DriverInput::Failed(s, Side::Read, std::io::ErrorKind::ConnectionReset));
            }
            None => drop(self.handle(&DriverInput::Blocked(s, Side::Read))),
        }
    }

    /// Moves the clock to the next event.
    fn wait(&mut self) {
        let acts = self.open.iter().enumerate().filter_map(|(at, (acts, _))| match acts.front() {
            Some(Act::At(second, _)) if *second * 1000 > self.millis => Some((second * 1000, at as u32 + 1)),
            _ => None,
        });
        let act = acts.min();
        let deadline = self.recorder.deadline().map(|at| at.since_origin().as_millis() as u64);
        let cancel = self.cancel.filter(|at| *at >= self.millis);
        let next =
            [act.map(|(at, _)| at), deadline, cancel].into_iter().flatten().min().expect("something to wait for");
        self.millis = next;
        if deadline == Some(next) {
            self.handle(&DriverInput::Tick);
        } else if cancel == Some(next) {
            self.cancel = None;
            self.handle(&DriverInput::Cancel(self.started));
        } else if let Some((_, s)) = act {
            self.handle(&DriverInput::Ready(s, Side::Read));
        }
    }
}
