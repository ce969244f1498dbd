//! The world: names, hosts, sockets, the clock, and what outlives one transfer.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::pool::Pool;
use petition_core::{Instant, IoFailure, Method, Now, Request, Session, UnixTime};

use super::driver::{Answer, Caller, drive};
use super::invariants;
use super::peer::Peer;
use super::script_runner::ScriptRunner;
use super::socket::{ConnectionState, Dialling, Line, Socket};
use super::style::Style;
use super::transcript::Transcript;

/// The wall clock at the beginning: some day in 2026.
const WALL: u64 = 1_780_000_000;

/// Everything there is. See the [module](super).
pub struct World {
    /// The session of every transfer.
    pub session: Session,
    /// How the driver behaves.
    pub style: Style,
    /// What the wall clock is off by, in seconds.
    pub wall_offset: i64,
    /// The transfers so far.
    pub transcripts: Vec<Rc<Transcript>>,
    pub(super) pool: Pool<Route, (usize, Box<Link>)>,
    pub(super) now: Duration,
    pub(super) sockets: Vec<Socket>,
    pub(super) lookups: Vec<String>,
    names: BTreeMap<String, Lookup>,
    hosts: BTreeMap<SocketAddr, Host>,
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

/// What was seen on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The peer's address.
    pub address: SocketAddr,
    /// What the peer heard, decrypted where it speaks TLS.
    pub received: Vec<u8>,
    /// What became of it.
    pub state: ConnectionState,
    /// When it was begun.
    pub opened: Duration,
    /// When it was closed.
    pub closed: Option<Duration>,
    /// Whether the peer took every step of its script.
    pub script_done: bool,
    /// What the peer's TLS complained of.
    pub tls_failure: Option<String>,
}

impl Connection {
    /// What the peer heard, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// The request lines that the peer heard.
    pub fn request_lines(&self) -> Vec<String> {
        let text = self.text();
        text.lines().filter(|line| line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")).map(Into::into).collect()
    }
}

impl World {
    /// An empty world.
    pub fn new(style: Style) -> World {
        World {
            session: Session::new(),
            style,
            wall_offset: 0,
            transcripts: Vec::new(),
            pool: Pool::default(),
            now: Duration::from_secs(1000),
            sockets: Vec::new(),
            lookups: Vec::new(),
            names: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// Puts a peer at `place`, `host:port`, for one connection; a second one for the next connection. The name is
    /// given an address of its own.
    pub fn serve(&mut self, place: &str, peer: Peer) {
        let address = self.address_of(place);
        self.host(address).peers.push_back(peer);
    }

    /// The addresses of `place`, `host:port`, as far as they are known; a new one is given otherwise.
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

    /// The look-up of `name` gives these addresses, after so long. Ports are those of the request.
    pub fn name(&mut self, name: &str, after: Duration, addresses: &[SocketAddr]) {
        self.names.insert(name.into(), Lookup { after: Some(after), answer: Ok(addresses.to_vec()) });
    }

    /// The look-up of `name` fails.
    pub fn name_fails(&mut self, name: &str, kind: io::ErrorKind) {
        self.names.insert(name.into(), Lookup { after: Some(Duration::ZERO), answer: Err(IoFailure::new(kind)) });
    }

    /// The look-up of `name` is never answered.
    pub fn name_hangs(&mut self, name: &str) {
        self.names.insert(name.into(), Lookup { after: None, answer: Ok(Vec::new()) });
    }

    /// Connecting to `address` succeeds after so long.
    pub fn connects_after(&mut self, address: SocketAddr, after: Duration) {
        self.host(address).dialling = Dialling::Succeeds(after);
    }

    /// Connecting to `address` is refused after so long.
    pub fn refuses_after(&mut self, address: SocketAddr, after: Duration) {
        self.host(address).dialling = Dialling::Fails(after, io::ErrorKind::ConnectionRefused);
    }

    /// Connecting to `address` never comes to anything.
    pub fn black_hole(&mut self, address: SocketAddr) {
        self.host(address).dialling = Dialling::Never;
    }

    fn host(&mut self, address: SocketAddr) -> &mut Host {
        let new = || Host { dialling: Dialling::Succeeds(Duration::ZERO), peers: VecDeque::new() };
        self.hosts.entry(address).or_insert_with(new)
    }

    /// Sends GET.
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

    /// Nothing happens for so long, but for what the peers do.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.run_peers();
            match self.next_wake().filter(|&at| at <= end) {
                Some(at) => self.now = at,
                None => break,
            }
        }
        self.now = end;
        self.run_peers();
    }

    /// The time since the world began.
    pub fn time(&self) -> Duration {
        self.now
    }

    /// Every connection so far, in the order in which they were begun.
    pub fn connections(&self) -> Vec<Connection> {
        let seen = |socket: &Socket| Connection {
            address: socket.address,
            received: socket.runner.received.clone(),
            state: socket.state,
            opened: socket.opened,
            closed: socket.closed,
            script_done: socket.runner.is_done(),
            tls_failure: socket.runner.tls_failure.clone(),
        };
        self.sockets.iter().map(seen).collect()
    }

    /// What the peer of a connection heard, as text.
    pub fn received(&self, connection: usize) -> String {
        self.connections()[connection].text()
    }

    /// The names that were looked up.
    pub fn lookups(&self) -> &[String] {
        &self.lookups
    }

    pub(super) fn clocks(&mut self) -> Now {
        let wall = (WALL + self.now.as_secs()).saturating_add_signed(self.wall_offset);
        Now::new(Instant::from_origin(self.now), UnixTime(wall))
    }

    pub(super) fn lookup(&mut self, name: &str, port: u16) -> Answer {
        self.lookups.push(name.into());
        let found = self.names.get(name).unwrap_or_else(|| panic!("nobody said what {name} is"));
        let at = found.after.map(|after| self.now + after);
        let with_port = |addresses: Vec<SocketAddr>| addresses.iter().map(|a| SocketAddr::new(a.ip(), port)).collect();
        (at, found.answer.clone().map(with_port))
    }

    /// Begins to connect.
    pub(super) fn open(&mut self, address: SocketAddr) -> usize {
        let now = self.now;
        let number = self.sockets.len();
        let host = self.hosts.get_mut(&address).unwrap_or_else(|| panic!("nobody said what {address} is"));
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
            line: Line::default(),
            runner: ScriptRunner::new(peer),
        });
        number
    }

    pub(super) fn close(&mut self, socket: usize) {
        let socket = &mut self.sockets[socket];
        assert_ne!(socket.state, ConnectionState::Closed, "a socket is closed once");
        socket.state = ConnectionState::Closed;
        socket.closed = Some(self.now);
        socket.line.hung_up = true;
    }

    pub(super) fn run_peers(&mut self) {
        for socket in &mut self.sockets {
            if matches!(socket.dialling, Dialling::Over) {
                socket.runner.run(self.now, &mut socket.line);
            }
        }
    }

    /// When the next peer acts by itself.
    pub(super) fn next_wake(&self) -> Option<Duration> {
        let alive = self.sockets.iter().filter(|socket| !socket.line.hung_up);
        alive.filter_map(|socket| socket.runner.wakes).filter(|&at| at > self.now).min()
    }

    fn essence(&self) -> String {
        let mut text = String::new();
        for transcript in &self.transcripts {
            text += &transcript.essence();
            text += "\n";
        }
        for c in self.connections() {
            // A handshake that the peer did not answer is random.
            let plain = c.received.windows(3).position(|w| w == b"\x16\x03\x01").unwrap_or(c.received.len());
            let received = String::from_utf8_lossy(&c.received[..plain]);
            text += &format!("{} {:?} since {:?} heard {received:?}\n", c.address, c.state, c.opened);
        }
        text
    }
}

/// Says which seed it was when a scenario panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the style of seed {}", self.0);
        }
    }
}

/// Runs a scenario under several styles, and asserts that all of them came to the same: the same events at the same times,
/// the same bodies and errors, the same bytes on the same connections. Returns the world of the plain style.
///
/// The styles are those of the seeds 0 to 8, or as many as the environment's `PETITION_SEEDS` says.
pub fn same_everywhere(scenario: impl Fn(&mut World)) -> World {
    let seeds = std::env::var("PETITION_SEEDS").ok().and_then(|n| n.parse().ok());
    same_in(0..seeds.unwrap_or(9), scenario)
}

/// As [`same_everywhere`], for these seeds.
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
