//! The scripted server: which script serves which connection, and what every connection received.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::conversation::Conversation;
use super::script::Script;
use crate::net::message::Head;
use crate::net::service::{Counts, Peer, Service};
use crate::net::watch;
use crate::net::wire::Wire;
use crate::tls::Endpoint;

/// The records of all connections, by their index.
pub(crate) type Records = watch::Watch<Vec<Record>>;

/// How the script of one connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It came to its end, and the client has closed, or the script itself closed.
    Done,
    /// The client closed while the script wanted to read, send or finish.
    Closed,
    /// As `Closed`, but a TLS client that sent no `close_notify`.
    Truncated,
    /// The client reset the connection.
    Reset,
    /// The server was dropped while the script was under way.
    Stopped,
    /// The TLS handshake failed, with the reason.
    NoHandshake(String),
    /// An action of the script, or the operating system, failed otherwise.
    Failed(String),
}

/// What happened on one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Every byte received (under TLS: decrypted), read by a step or not.
    pub received: Vec<u8>,
    /// The heads that the steps have read.
    pub requests: Vec<Head>,
    /// The bodies that the steps have read.
    pub bodies: Vec<Vec<u8>>,
    /// `None` while the script is under way.
    pub ending: Option<Ending>,
}

/// A scripted server on a free port of 127.0.0.1.
///
/// Dropping it ends every connection and joins every thread; then it panics with the failures of its scripts, if
/// there are any and the test is not failing already.
#[derive(Debug)]
pub struct Scripted {
    service: Service,
    records: Arc<Records>,
}

impl Scripted {
    /// The n-th connection is served by the n-th script. One connection more than scripts fails the test.
    ///
    /// # Errors
    /// When no port can be bound; so do the other ways to start.
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        Self::run(None, in_turn(scripts))
    }

    /// As [`Scripted::start`], under TLS.
    ///
    /// # Errors
    /// As [`Scripted::start`].
    pub fn start_tls(endpoint: &Endpoint, scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        Self::run(Some(endpoint.clone()), in_turn(scripts))
    }

    /// Every connection is served by the same script.
    ///
    /// # Errors
    /// As [`Scripted::start`].
    pub fn each(script: Script) -> io::Result<Self> {
        Self::run(None, move |conversation| script.follow(conversation))
    }

    /// Every connection is served by `serve`, under TLS if there is an endpoint.
    ///
    /// # Errors
    /// As [`Scripted::start`].
    pub fn run(
        endpoint: Option<Endpoint>,
        serve: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let records = Arc::new(Records::default());
        let theirs = Arc::clone(&records);
        let service = Service::start("scripted server", move |peer| {
            let index = peer.index;
            theirs.update(|records| {
                let known = records.len().max(index + 1);
                records.resize_with(known, Record::default);
            });
            let ending = converse(peer, endpoint.as_ref(), &theirs, &serve);
            theirs.update(|records| {
                if let Some(record) = records.get_mut(index) {
                    record.ending = Some(ending);
                }
            });
        })?;
        Ok(Self { service, records })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// `https://localhost:PORT` followed by `path`, for a server that was started with TLS.
    pub fn https_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address().port())
    }

    /// How many connections were accepted and how many of them are open.
    pub fn counts(&self) -> Counts {
        self.service.counts()
    }

    /// What has happened so far on the connection `index`; an empty record if it was not yet accepted.
    pub fn record(&self, index: usize) -> Record {
        self.records.read(|records| records.get(index).cloned().unwrap_or_default())
    }

    /// All request heads in the order of connections.
    pub fn requests(&self) -> Vec<Head> {
        self.records.read(|records| records.iter().flat_map(|record| record.requests.clone()).collect())
    }

    /// Waits until `n` request heads have arrived on all connections together.
    ///
    /// # Panics
    /// After [`PATIENCE`](crate::net::PATIENCE); so do the other waits.
    #[track_caller]
    pub fn wait_for_requests(&self, n: usize) {
        self.records.wait_for(&format!("{n} requests"), |records| {
            (records.iter().map(|record| record.requests.len()).sum::<usize>() >= n).then_some(())
        });
    }

    /// Waits until the connection `index` satisfies `enough`, and gives its record.
    #[track_caller]
    pub fn wait_for_record(&self, index: usize, what: &str, enough: impl Fn(&Record) -> bool) -> Record {
        let found = |records: &mut Vec<Record>| records.get(index).filter(|record| enough(record)).cloned();
        self.records.wait_for(&format!("{what} on connection {index}"), found)
    }

    /// Waits until the script of the connection `index` has ended, and gives its record.
    #[track_caller]
    pub fn wait_for_end(&self, index: usize) -> Record {
        self.wait_for_record(index, "the end of the script", |record| record.ending.is_some())
    }

    /// Waits until the counters satisfy `enough`.
    #[track_caller]
    pub fn wait_for_counts(&self, what: &str, enough: impl Fn(&Counts) -> bool) {
        self.service.wait_for(what, enough);
    }
}

fn in_turn(
    scripts: impl IntoIterator<Item = Script>,
) -> impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static {
    let scripts: Vec<Script> = scripts.into_iter().collect();
    move |conversation| match scripts.get(conversation.index()) {
        Some(script) => script.follow(conversation),
        None => panic!("a connection more than the {} that have a script", scripts.len()),
    }
}

fn converse(
    peer: Peer,
    endpoint: Option<&Endpoint>,
    records: &Arc<Records>,
    serve: &(impl Fn(&mut Conversation) -> io::Result<()> + ?Sized),
) -> Ending {
    let wire = match endpoint {
        None => Wire::Plain(peer.socket.clone()),
        Some(endpoint) => match endpoint.accept(&peer) {
            Ok(wire) => wire,
            Err(error) => return Ending::NoHandshake(error.to_string()),
        },
    };
    let tls = wire.is_tls();
    let mut conversation = Conversation::new(peer, wire, Arc::clone(records));
    let outcome = serve(&mut conversation).and_then(|()| conversation.finish());
    match outcome {
        Ok(()) => Ending::Done,
        Err(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof if tls && error.to_string().contains("close_notify") => Ending::Truncated,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => Ending::Closed,
            io::ErrorKind::ConnectionReset => Ending::Reset,
            io::ErrorKind::ConnectionAborted => Ending::Stopped,
            _ => Ending::Failed(error.to_string()),
        },
    }
}
