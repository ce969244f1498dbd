//! A forwarding and tunnelling proxy for tests: RFC 9110 §7.6 and §9.3.6, as far as clients can
//! tell.
//!
//! It keeps its clients' connections alive, opens a new connection for each forwarded request, and
//! records every head. It can require Basic credentials, refuse requests, speak TLS, and map any
//! name to a loopback address. The same port speaks SOCKS. It supports neither caching nor HTTP/1.0 clients.

mod forward;
mod socks;
mod tunnel;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::httpbin::is_basic;
use crate::net::PATIENCE;
use crate::net::gate::Gate;
use crate::net::incoming::Incoming;
use crate::net::message::Head;
use crate::net::service::{Counts, Peer, Service};
use crate::net::socket::Socket;
use crate::net::watch::Watch;
use crate::net::wire::Wire;
use crate::tls::Endpoint;

/// A response that the proxy gives instead of forwarding.
#[derive(Clone, Debug)]
pub struct Refusal {
    head: String,
    body: Vec<u8>,
    close: bool,
}

impl Refusal {
    /// Returns a response with this status (403, 407, 302, 500 …) and body. The connection stays
    /// open.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let head = format!("HTTP/1.1 {status} Refused\r\nContent-Length: {}\r\n", body.len());
        Self { head, body, close: false }
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    /// Adds `Connection: close`, and closes afterwards.
    pub fn close(mut self) -> Self {
        self.close = true;
        self.field("Connection", "close")
    }

    fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// An opened tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// The authority in the CONNECT request.
    pub target: String,
    /// The bytes that the client sent through it.
    pub sent: Vec<u8>,
    /// The number of bytes that came back through it.
    pub received: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    heads: Vec<Head>,
    tunnels: Vec<Tunnel>,
    violations: Vec<String>,
    refusals: VecDeque<Refusal>,
}

/// The options of a [`Proxy`].
#[derive(Debug, Default)]
pub struct Builder {
    endpoint: Option<Endpoint>,
    credentials: Option<(String, String)>,
    refusals: Vec<Refusal>,
    routes: Vec<(String, SocketAddr)>,
    hold: Option<Gate>,
    established: Option<Vec<u8>>,
    injected: Vec<u8>,
    socks_refusal: Option<u8>,
}

impl Builder {
    /// Speaks TLS to its clients: an HTTPS proxy.
    pub fn tls(mut self, endpoint: &Endpoint) -> Self {
        self.endpoint = Some(endpoint.clone());
        self
    }

    /// Responds with 407 to requests without these Basic credentials.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Refuses the next request that no earlier refusal applies to, before checking credentials.
    pub fn refuse(mut self, refusal: Refusal) -> Self {
        self.refusals.push(refusal);
        self
    }

    /// Maps `authority` (`NAME:PORT`) to `address`. The system looks up other names.
    pub fn route(mut self, authority: &str, address: SocketAddr) -> Self {
        self.routes.push((authority.to_ascii_lowercase(), address));
        self
    }

    /// Makes each CONNECT wait at the gate before its response.
    pub fn hold(mut self, gate: &Gate) -> Self {
        self.hold = Some(gate.clone());
        self
    }

    /// Sets the whole head of the response to CONNECT: another 2xx, odd fields, bytes before it.
    pub fn established(mut self, head: impl Into<Vec<u8>>) -> Self {
        self.established = Some(head.into());
        self
    }

    /// Sends these bytes right after the head of the 2xx to CONNECT, in the same write.
    pub fn inject(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.injected = bytes.into();
        self
    }

    /// Refuses every SOCKS request with this code.
    pub fn refuse_socks(mut self, code: u8) -> Self {
        self.socks_refusal = Some(code);
        self
    }

    /// Starts the proxy on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(mut self) -> io::Result<Proxy> {
        let refusals = std::mem::take(&mut self.refusals).into();
        let log = Arc::new(Watch::new(Log { refusals, ..Log::default() }));
        let secure = self.endpoint.is_some();
        let theirs = Arc::clone(&log);
        let service = Service::start("proxy", move |peer| self.serve(&peer, &theirs))?;
        Ok(Proxy { service, log, secure })
    }
}

/// A running proxy. Dropping it ends every connection and joins every thread.
#[derive(Debug)]
pub struct Proxy {
    service: Service,
    log: Arc<Watch<Log>>,
    secure: bool,
}

impl Proxy {
    /// Starts a proxy without TLS that requires no credentials.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns the builder that [`Proxy::start`] uses.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://localhost:PORT` under TLS.
    pub fn url(&self) -> String {
        if self.secure {
            format!("https://localhost:{}", self.address().port())
        } else {
            format!("http://{}", self.address())
        }
    }

    /// Returns `SCHEME://127.0.0.1:PORT`, such as with `socks5h`: the same port speaks SOCKS.
    pub fn socks_url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address())
    }

    /// Returns every head received, refused or not, in order.
    pub fn heads(&self) -> Vec<Head> {
        self.log.read(|log| log.heads.clone())
    }

    /// Returns the opened tunnels, with the bytes so far.
    pub fn tunnels(&self) -> Vec<Tunnel> {
        self.log.read(|log| log.tunnels.clone())
    }

    /// Returns the violations that clients committed.
    pub fn violations(&self) -> Vec<String> {
        self.log.read(|log| log.violations.clone())
    }

    /// Returns how many connections were accepted, and how many of them are open.
    pub fn counts(&self) -> Counts {
        self.service.counts()
    }

    /// Waits until `n` heads have arrived.
    ///
    /// # Panics
    /// After [`PATIENCE`].
    #[track_caller]
    pub fn wait_for_heads(&self, n: usize) {
        self.log.wait_for(&format!("{n} heads at the proxy"), |log| (log.heads.len() >= n).then_some(()));
    }

    /// Waits until the counters satisfy `enough`.
    ///
    /// # Panics
    /// After [`PATIENCE`].
    #[track_caller]
    pub fn wait_for_counts(&self, what: &str, enough: impl Fn(&Counts) -> bool) {
        self.service.wait_for(what, enough);
    }
}

/// Whether the client's connection continues after a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Keep,
    Close,
}

impl Builder {
    fn serve(&self, peer: &Peer, log: &Watch<Log>) {
        let wire = match &self.endpoint {
            None => Wire::Plain(peer.socket.clone()),
            Some(endpoint) => match endpoint.accept(peer) {
                Ok(wire) => wire,
                Err(_) => return,
            },
        };
        // A client may keep its connection idle for any time.
        let _ = wire.socket().set_read_patience(None);
        let mut client = Incoming::new(wire, |_| ());
        if client.fill().is_ok() && matches!(client.buffered(), [4 | 5, ..]) {
            if let Err(error) = socks::serve(self, peer, log, &mut client)
                && error.kind() == io::ErrorKind::InvalidData
            {
                log.update(|log| log.violations.push(error.to_string()));
            }
            let _ = client.into_wire().close();
            return;
        }
        loop {
            match self.turn(peer, log, &mut client) {
                Ok(Some(After::Keep)) => {}
                Ok(Some(After::Close)) => {
                    if client.wire().half_close().is_ok() {
                        // Lets no RST overtake the response.
                        let _ = client.drain();
                    }
                    break;
                }
                Ok(None) => break,
                Err(error) => {
                    if error.kind() == io::ErrorKind::InvalidData {
                        log.update(|log| log.violations.push(error.to_string()));
                    }
                    break;
                }
            }
        }
        let _ = client.into_wire().close();
    }

    /// Serves one request. Returns `None` when the client has closed, or a tunnel has ended.
    fn turn(&self, peer: &Peer, log: &Watch<Log>, client: &mut Incoming) -> io::Result<Option<After>> {
        let Some(head) = client.head()? else { return Ok(None) };
        let refusal = log.update(|log| {
            log.heads.push(head.clone());
            log.refusals.pop_front()
        });
        if let Some(refusal) = refusal.or_else(|| self.ask_credentials(&head)) {
            return self.refuse_one(&head, client, &refusal).map(Some);
        }
        if head.method == "CONNECT" {
            if let Some(gate) = &self.hold {
                gate.pass(peer.stop())?;
            }
            let origin = match self.open(peer, &head.target) {
                Ok(origin) => origin,
                Err(error) => return self.refuse_one(&head, client, &Refusal::new(502, error.to_string())).map(Some),
            };
            let established = self.established.as_deref().unwrap_or(b"HTTP/1.1 200 Connection established\r\n\r\n");
            tunnel::run(&head.target, &[established, &self.injected].concat(), client, origin, log)?;
            return Ok(None);
        }
        let url = match url::Url::parse(&head.target) {
            Ok(url) if url.scheme() == "http" => url,
            _ => {
                log.update(|log| log.violations.push(format!("not in absolute form: {}", head.target)));
                return self.refuse_one(&head, client, &Refusal::new(400, "absolute-form, please\n")).map(Some);
            }
        };
        let authority = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        match self.open(peer, &authority) {
            Ok(origin) => forward::run(&head, &url, client, origin).map(Some),
            Err(error) => self.refuse_one(&head, client, &Refusal::new(502, error.to_string())).map(Some),
        }
    }

    fn ask_credentials(&self, head: &Head) -> Option<Refusal> {
        let (user, password) = self.credentials.as_ref()?;
        let right = is_basic(head.value("proxy-authorization").as_deref(), user, password);
        let ask = || Refusal::new(407, "who are you?\n").field("Proxy-Authenticate", "Basic realm=\"proxy\"");
        (!right).then(ask)
    }

    fn refuse_one(&self, head: &Head, client: &mut Incoming, refusal: &Refusal) -> io::Result<After> {
        if !head.expects_continue() {
            client.body(head.framing().map_err(io::Error::other)?, &mut |_| Ok(()))?;
        }
        client.wire().write_all(&refusal.bytes())?;
        let close = refusal.close || !head.keep_alive() || head.expects_continue();
        Ok(if close { After::Close } else { After::Keep })
    }

    fn open(&self, peer: &Peer, authority: &str) -> io::Result<Socket> {
        let known = self.routes.iter().find(|(name, _)| name.eq_ignore_ascii_case(authority));
        let address = match known {
            Some((_, address)) => *address,
            None => authority.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?,
        };
        let socket = Socket::connect(address, PATIENCE)?;
        socket.set_read_patience(None)?;
        peer.adopt(&socket);
        Ok(socket)
    }
}
