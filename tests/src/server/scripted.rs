//! The scripted server: assigns scripts to connections, and records what each connection received.

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

/// The records of all connections, by index.
pub(crate) type Records = watch::Watch<Vec<Record>>;

/// How the script of one connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The script ended, and the client has closed or the script itself closed.
    Done,
    /// The client closed while the script wanted to read, send or finish.
    Closed,
    /// As `Closed`, but the TLS client sent no `close_notify`.
    Truncated,
    /// The client reset the connection.
    Reset,
    /// The server was dropped while the script was running.
    Stopped,
    /// The TLS handshake failed, with the reason.
    NoHandshake(String),
    /// An action of the script failed otherwise, or the operating system did.
    Failed(String),
}

/// The record of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Every byte received (under TLS: decrypted), whether a step read it or not.
    pub received: Vec<u8>,
    /// The heads that steps have read.
    pub requests: Vec<Head>,
    /// The bodies that steps have read.
    pub bodies: Vec<Vec<u8>>,
    /// `None` while the script is running.
    pub ending: Option<Ending>,
}

/// A scripted server on a free port of 127.0.0.1.
///
/// Dropping it ends every connection and joins every thread. Then it panics with the failures of
/// its scripts, unless the test is failing already.
#[derive(Debug)]
pub struct Scripted {
    service: Service,
    records: Arc<Records>,
}

impl Scripted {
    /// Serves the n-th connection with the n-th script. A connection without a script fails the
    /// test.
    ///
    /// # Errors
    /// When no port can be bound. The other constructors fail likewise.
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        Self::run(None, in_turn(scripts))
    }

    /// Does the same as [`Scripted::start`] under TLS.
    ///
    /// # Errors
    /// Those of [`Scripted::start`].
    pub fn start_tls(endpoint: &Endpoint, scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        Self::run(Some(endpoint.clone()), in_turn(scripts))
    }

    /// Serves every connection with the same script.
    ///
    /// # Errors
    /// Those of [`Scripted::start`].
    pub fn each(script: Script) -> io::Result<Self> {
        Self::run(None, move |conversation| script.follow(conversation))
    }

    /// Serves every connection with `serve`, under TLS if there is an endpoint.
    ///
    /// # Errors
    /// Those of [`Scripted::start`].
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

    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Returns `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Returns `https://localhost:PORT` followed by `path`, for a server under TLS.
    pub fn https_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address().port())
    }

    /// Returns how many connections were accepted, and how many of them are open.
    pub fn counts(&self) -> Counts {
        self.service.counts()
    }

    /// Returns the record of the connection `index` so far; empty if it was not accepted yet.
    pub fn record(&self, index: usize) -> Record {
        self.records.read(|records| records.get(index).cloned().unwrap_or_default())
    }

    /// Returns all request heads, in the order of connections.
    pub fn requests(&self) -> Vec<Head> {
        self.records.read(|records| records.iter().flat_map(|record| record.requests.clone()).collect())
    }

    /// Waits until `n` request heads have arrived on all connections together.
    ///
    /// # Panics
    /// After [`PATIENCE`](crate::net::PATIENCE). The other waits panic likewise.
    #[track_caller]
    pub fn wait_for_requests(&self, n: usize) {
        self.records.wait_for(&format!("{n} requests"), |records| {
            (records.iter().map(|record| record.requests.len()).sum::<usize>() >= n).then_some(())
        });
    }

    /// Waits until the connection `index` satisfies `enough`, and returns its record.
    #[track_caller]
    pub fn wait_for_record(&self, index: usize, what: &str, enough: impl Fn(&Record) -> bool) -> Record {
        let found = |records: &mut Vec<Record>| records.get(index).filter(|record| enough(record)).cloned();
        self.records.wait_for(&format!("{what} on connection {index}"), found)
    }

    /// Waits until the script of the connection `index` has ended, and returns its record.
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
