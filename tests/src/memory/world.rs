//! The world: names, hosts, sockets, the clock, and the session and pool that outlive one transfer.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::address::Address;
use petition_core::route::pool::Pool;
use petition_core::{IoFailure, Method, Now, Request, Session};

use super::caller::Caller;
use super::driver::{Answer, drive};
use super::invariants;
use super::peer::Peer;
use super::script_runner::ScriptRunner;
use super::socket::{ConnectionState, Dialling, Socket};
use super::style::Style;
use super::transcript::Transcript;
use crate::network::{Clock, EventQueue, Wire};

/// The scripted world. See the [module](super).
pub struct World {
    /// The session of every transfer.
    pub session: Session,
    /// How the driver behaves.
    pub style: Style,
    /// The records of the transfers so far.
    pub transcripts: Vec<Rc<Transcript>>,
    pub(super) pool: Pool<Route, (usize, Box<Link>)>,
    pub(super) clock: Clock,
    /// When a look-up, an attempt, a peer or the caller may be ready.
    wakes: EventQueue<()>,
    pub(super) sockets: Vec<Socket>,
    pub(super) lookups: Vec<String>,
    names: BTreeMap<String, Lookup>,
    hosts: BTreeMap<Address, Host>,
}

#[derive(Clone)]
pub(super) struct Lookup {
    /// `None`: never.
    pub(super) after: Option<Duration>,
    pub(super) answer: Result<Vec<SocketAddr>, IoFailure>,
}

struct Host {
    dialling: Dialling,
    peers: VecDeque<Peer>,
}

/// What happened on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The peer's address.
    pub address: Address,
    /// The bytes that the peer received, decrypted where it speaks TLS.
    pub received: Vec<u8>,
    /// Who has it.
    pub state: ConnectionState,
    /// When the attempt to connect began.
    pub opened: Duration,
    /// When it was closed.
    pub closed: Option<Duration>,
    /// Whether the peer finished its script.
    pub script_done: bool,
    /// The error of the peer's TLS.
    pub tls_failure: Option<String>,
}

impl Connection {
    /// Returns the bytes that the peer received, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Returns the request lines that the peer received.
    pub fn request_lines(&self) -> Vec<String> {
        let text = self.text();
        text.lines().filter(|line| line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")).map(Into::into).collect()
    }
}

impl World {
    /// Returns an empty world.
    pub fn new(style: Style) -> World {
        World {
            session: Session::new(),
            style,
            transcripts: Vec::new(),
            pool: Pool::default(),
            clock: Clock::starting_at(Duration::from_secs(1000)),
            wakes: EventQueue::default(),
            sockets: Vec::new(),
            lookups: Vec::new(),
            names: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// Puts a peer at `place`, `host:port`, for one connection; another call serves the next
    /// connection. A new name gets an address of its own.
    pub fn serve(&mut self, place: &str, peer: Peer) {
        let address = self.address_of(place);
        self.serve_at(address, peer);
    }

    /// Puts a peer at an address, for one connection.
    pub fn serve_at(&mut self, address: impl Into<Address>, peer: Peer) {
        self.host(address).peers.push_back(peer);
    }

    /// Returns the address of `place`, `host:port`, and gives it one if it has none.
    pub fn address_of(&mut self, place: &str) -> SocketAddr {
        if let Ok(literal) = place.parse() {
            return literal;
        }
        let (name, port) = place.rsplit_once(':').expect("host:port");
        let port: u16 = port.parse().expect("a port");
        if let Some(Lookup { answer: Ok(addresses), .. }) = self.names.get(name)
            && let Some(first) = addresses.first()
        {
            return SocketAddr::new(first.ip(), port);
        }
        let address = format!("192.0.2.{}:{port}", self.names.len() + 1).parse().expect("an address");
        self.name(name, Duration::ZERO, &[address]);
        address
    }

    /// Makes the look-up of `name` return these addresses after this time. The ports are those of
    /// the request.
    pub fn name(&mut self, name: &str, after: Duration, addresses: &[SocketAddr]) {
        self.names.insert(name.into(), Lookup { after: Some(after), answer: Ok(addresses.to_vec()) });
    }

    /// Makes the look-up of `name` fail.
    pub fn name_fails(&mut self, name: &str, kind: io::ErrorKind) {
        self.names.insert(name.into(), Lookup { after: Some(Duration::ZERO), answer: Err(IoFailure::new(kind)) });
    }

    /// Leaves the look-up of `name` without an answer.
    pub fn name_hangs(&mut self, name: &str) {
        self.names.insert(name.into(), Lookup { after: None, answer: Ok(Vec::new()) });
    }

    /// Makes connecting to `address` succeed after this time.
    pub fn connects_after(&mut self, address: impl Into<Address>, after: Duration) {
        self.host(address).dialling = Dialling::Succeeds(after);
    }

    /// Makes connecting to `address` fail after this time: refused.
    pub fn refuses_after(&mut self, address: impl Into<Address>, after: Duration) {
        self.host(address).dialling = Dialling::Fails(after, io::ErrorKind::ConnectionRefused);
    }

    /// Makes connecting to `address` neither succeed nor fail.
    pub fn black_hole(&mut self, address: impl Into<Address>) {
        self.host(address).dialling = Dialling::Never;
    }

    fn host(&mut self, address: impl Into<Address>) -> &mut Host {
        let new = || Host { dialling: Dialling::Succeeds(Duration::ZERO), peers: VecDeque::new() };
        self.hosts.entry(address.into()).or_insert_with(new)
    }

    /// Sends a GET request.
    pub fn get(&mut self, url: &str) -> Rc<Transcript> {
        self.send(Request::new(Method::GET, url))
    }

    /// Sends a request, reads everything, and checks the invariants.
    pub fn send(&mut self, request: Request) -> Rc<Transcript> {
        self.send_with(request, Caller::default())
    }

    /// Sends a request as `caller` says.
    pub fn send_with(&mut self, request: Request, caller: Caller) -> Rc<Transcript> {
        let options = self.session.options().clone();
        let prepared = self.session.prepare(&request).unwrap_or_else(|e| panic!("cannot be sent: {e}"));
        let debug = format!("{request:?}\n{prepared:?}\n");
        let mut transcript = drive(self, prepared, caller);
        transcript.debug.insert_str(0, &debug);
        assert!(*self.session.options() == options, "T11: sending changed the session's options");
        let transcript = Rc::new(transcript);
        self.transcripts.push(transcript.clone());
        invariants::hold(self);
        transcript
    }

    /// Lets this time pass, in which only peers act.
    pub fn pass(&mut self, time: Duration) {
        let end = self.clock.now + time;
        loop {
            self.run_peers();
            match self.next_wake().filter(|&at| at <= end) {
                Some(at) => self.advance(at),
                None => break,
            }
        }
        self.advance(end);
        self.run_peers();
    }

    /// Puts the wall clock off by this many seconds.
    pub fn set_wall_offset(&mut self, seconds: i64) {
        self.clock.wall_offset = seconds;
    }

    /// Returns the time since the world began.
    pub fn time(&self) -> Duration {
        self.clock.now
    }

    /// Returns every connection so far, in the order of the attempts.
    pub fn connections(&self) -> Vec<Connection> {
        let seen = |socket: &Socket| Connection {
            address: socket.address.clone(),
            received: socket.runner.received.clone(),
            state: socket.state,
            opened: socket.opened,
            closed: socket.closed,
            script_done: socket.runner.is_done(),
            tls_failure: socket.runner.tls_failure.clone(),
        };
        self.sockets.iter().map(seen).collect()
    }

    /// Returns the bytes that the peer of a connection received, as text.
    pub fn received(&self, connection: usize) -> String {
        self.connections()[connection].text()
    }

    /// Returns the names that were looked up.
    pub fn lookups(&self) -> &[String] {
        &self.lookups
    }

    pub(super) fn clocks(&self) -> Now {
        self.clock.clocks()
    }

    /// Wakes the driver at this time.
    pub(super) fn wake_at(&mut self, at: Duration) {
        self.wakes.add(at, ());
    }

    /// Returns when the driver is to wake up next.
    pub(super) fn next_wake(&self) -> Option<Duration> {
        self.wakes.next()
    }

    /// Moves the clock forward.
    pub(super) fn advance(&mut self, to: Duration) {
        self.clock.now = self.clock.now.max(to);
        while self.wakes.due(self.clock.now).is_some() {}
    }

    pub(super) fn lookup(&mut self, name: &str, port: u16) -> Answer {
        self.lookups.push(name.into());
        let found = self.names.get(name).unwrap_or_else(|| panic!("no address was given for {name}"));
        let at = found.after.map(|after| self.clock.now + after);
        let with_port = |addresses: Vec<SocketAddr>| addresses.iter().map(|a| SocketAddr::new(a.ip(), port)).collect();
        let answer = found.answer.clone().map(with_port);
        if let Some(at) = at {
            self.wake_at(at);
        }
        (at, answer)
    }

    /// Begins to connect.
    pub(super) fn open(&mut self, address: Address) -> usize {
        let now = self.clock.now;
        let number = self.sockets.len();
        let host = self.hosts.get_mut(&address).unwrap_or_else(|| panic!("no host was given for {address}"));
        let dialling = match host.dialling {
            Dialling::Succeeds(after) => Dialling::Succeeds(now + after),
            Dialling::Fails(after, kind) => Dialling::Fails(now + after, kind),
            other => other,
        };
        let peer = match dialling {
            Dialling::Succeeds(_) => {
                host.peers.pop_front().unwrap_or_else(|| panic!("connection {number}: no peer (any more) at {address}"))
            }
            _ => Peer::new(),
        };
        self.sockets.push(Socket {
            address,
            dialling,
            state: ConnectionState::InUse,
            opened: now,
            closed: None,
            wire: Wire::default(),
            runner: ScriptRunner::new(peer),
        });
        if let Some(at) = dialling.due() {
            self.wake_at(at);
        }
        number
    }

    pub(super) fn close(&mut self, socket: usize) {
        let socket = &mut self.sockets[socket];
        assert_ne!(socket.state, ConnectionState::Closed, "a socket is closed once");
        socket.state = ConnectionState::Closed;
        socket.closed = Some(self.clock.now);
    }

    /// Lets every peer do what it can do now.
    pub(super) fn run_peers(&mut self) {
        for socket in &mut self.sockets {
            if matches!(socket.dialling, Dialling::Over) && socket.closed.is_none() {
                let before = socket.runner.wakes;
                socket.runner.run(self.clock.now, &mut socket.wire);
                if let Some(at) = socket.runner.wakes.filter(|_| socket.runner.wakes != before) {
                    self.wakes.add(at, ());
                }
            }
        }
    }

    fn essence(&self) -> String {
        let mut text = String::new();
        for transcript in &self.transcripts {
            text += &transcript.essence();
            text += "\n";
        }
        for c in self.connections() {
            // An unanswered handshake is random.
            let plain = c.received.windows(3).position(|w| w == b"\x16\x03\x01").unwrap_or(c.received.len());
            let received = String::from_utf8_lossy(&c.received[..plain]);
            text += &format!("{} {:?} since {:?} heard {received:?}\n", c.address, c.state, c.opened);
        }
        text
    }
}

/// Prints the seed when a scenario panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the style of seed {}", self.0);
        }
    }
}

/// Runs a scenario under several styles, and asserts that their outcomes are equal: the same events
/// at the same times, the same bodies and errors, the same bytes on the same connections. Returns
/// the world of the plain style.
///
/// The styles are those of the seeds 0 to 8, or as many as the environment variable
/// `PETITION_SEEDS` says.
pub fn same_everywhere(scenario: impl Fn(&mut World)) -> World {
    let seeds = std::env::var("PETITION_SEEDS").ok().and_then(|n| n.parse().ok());
    same_in(0..seeds.unwrap_or(9), scenario)
}

/// Does the same as [`same_everywhere`] for these seeds.
pub fn same_in(seeds: std::ops::Range<u64>, scenario: impl Fn(&mut World)) -> World {
    let mut first: Option<World> = None;
    for seed in seeds {
        let _seed = Seed(seed);
        let mut world = World::new(Style::of(seed));
        scenario(&mut world);
        match &first {
            None => first = Some(world),
            Some(first) => {
                let (expected, seen) = (first.essence(), world.essence());
                assert!(expected == seen, "differs from the first style\n-- first:\n{expected}\n-- this:\n{seen}");
            }
        }
    }
    first.expect("at least one seed")
}
