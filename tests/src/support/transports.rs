//! Both transports behind one interface, for tests that run over each.

use std::fmt;
use std::io::{Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use super::{session_trusting, trust};
use crate::net::PATIENCE;
use crate::tls::Authority;
use petition_core::http1::ResponseHead;
use petition_mio::{
    Address, Body, DriverConfig, Error, Flow, Handler, LoopThread, Method, Request, ResponseInfo, UploadChunk,
    petition_core,
};
use petition_std::Session;

/// A client over one of the transports.
pub enum Client {
    /// petition-std.
    Std(Session),
    /// petition-mio.
    Mio(LoopThread),
}

/// A response with its whole body.
#[derive(Debug)]
pub struct Answer {
    /// The head.
    pub head: ResponseHead,
    /// The body, content codings removed.
    pub body: Vec<u8>,
    /// Whether the connection had been used before.
    pub reused: bool,
    /// The number of preceding redirects.
    pub hops: usize,
    /// Where the connection led.
    pub peer: Option<Address>,
}

/// A body that counts the bytes that were read from it.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    bytes: Vec<u8>,
    given: Arc<AtomicUsize>,
}

impl Client {
    /// Returns one client of each transport, with its own connections, that trusts this authority.
    ///
    /// # Panics
    /// When no thread can be started.
    pub fn both(authority: &Authority) -> [Client; 2] {
        let mut session = petition_core::Session::new();
        session.configure(|options| {
            options.tls(trust(authority));
        });
        let options = DriverConfig { session: session.into(), ..DriverConfig::default() };
        let client = LoopThread::spawn(options).expect("an event loop");
        [Client::Std(session_trusting(authority)), Client::Mio(client)]
    }

    /// Changes the options of its session.
    pub fn configure<R>(&self, change: impl FnOnce(&mut petition_core::Options) -> R) -> R {
        self.session(|session| session.configure(change))
    }

    /// Reads or changes its session.
    pub fn session<R>(&self, f: impl FnOnce(&mut petition_core::Session) -> R) -> R {
        let state = match self {
            Client::Std(session) => session.state(),
            Client::Mio(client) => client.state(),
        };
        state.with(f)
    }

    /// Sends a GET request.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn get(&self, url: impl AsRef<str>) -> Answer {
        let url = url.as_ref();
        self.send(Request::new(Method::GET, url)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends the request and collects the response.
    ///
    /// # Errors
    /// Those of the library. The other ways to send fail likewise.
    pub fn send(&self, request: Request) -> Result<Answer, Error> {
        self.exchange(request, Upload::default(), || {})
    }

    /// Sends `upload` with a declared or an unknown length.
    ///
    /// # Errors
    /// Those of [`Client::send`].
    pub fn upload(&self, mut request: Request, upload: &Upload, told: bool) -> Result<Answer, Error> {
        let length = told.then_some(upload.bytes.len() as u64);
        request.set_data(Body::Stream { length, rewindable: false });
        self.exchange(request, upload.clone(), || {})
    }

    /// Sends the request. After the first piece of the response body, calls `then` before reading
    /// more.
    ///
    /// # Errors
    /// Those of [`Client::send`].
    ///
    /// # Panics
    /// When nothing comes for longer than [`PATIENCE`].
    pub fn exchange(&self, request: Request, upload: Upload, then: impl FnOnce()) -> Result<Answer, Error> {
        match self {
            Client::Std(session) => {
                let mut sendable = session.request_from(request);
                if let Body::Stream { length, .. } = *sendable.body() {
                    sendable = sendable.stream(Counted(Cursor::new(upload.bytes), upload.given), length);
                }
                let mut response = sendable.send()?;
                let mut body = vec![0; 1];
                let first = response.read(&mut body).map_err(into_own)?;
                body.truncate(first);
                then();
                response.read_to_end(&mut body).map_err(into_own)?;
                let (reused, hops) = (response.reused(), response.history().len());
                let peer = response.peer().cloned();
                Ok(Answer { head: response.head().clone(), body, reused, hops, peer })
            }
            Client::Mio(client) => {
                let (tell, told) = mpsc::channel();
                let handle = client.request_from(request).stream(Taker { tell, answer: None, upload, at: 0 });
                let mut then = Some(then);
                loop {
                    match told.recv_timeout(PATIENCE).expect("an answer") {
                        Some(result) => return result,
                        None => {
                            then.take().expect("one first piece")();
                            handle.resume();
                        }
                    }
                }
            }
        }
    }
}

fn into_own(error: std::io::Error) -> Error {
    *error.into_inner().expect("an error of the library").downcast().expect("an error of the library")
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Client::Std(_) => "over petition-std",
            Client::Mio(_) => "over petition-mio",
        })
    }
}

impl Answer {
    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    /// Returns the first value of a field, or an empty text.
    pub fn field(&self, name: &str) -> String {
        String::from_utf8_lossy(self.head.get(name).unwrap_or_default()).into_owned()
    }

    /// Returns the body as UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Upload {
    /// Returns a body of these bytes.
    pub fn new(bytes: Vec<u8>) -> Upload {
        Upload { bytes, given: Arc::default() }
    }

    /// Returns how many bytes were read.
    pub fn given(&self) -> usize {
        self.given.load(Ordering::SeqCst)
    }
}

struct Counted(Cursor<Vec<u8>>, Arc<AtomicUsize>);

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.read(out)?;
        self.1.fetch_add(n, Ordering::SeqCst);
        Ok(n)
    }
}

/// Collects a response, and pauses at the first piece.
struct Taker {
    tell: mpsc::Sender<Option<Result<Answer, Error>>>,
    answer: Option<Answer>,
    upload: Upload,
    at: usize,
}

impl Handler for Taker {
    fn head(&mut self, head: ResponseInfo) {
        let (reused, hops, peer) = (head.reused(), head.history().len(), head.peer().cloned());
        self.answer = Some(Answer { head: head.into_head(), body: Vec::new(), reused, hops, peer });
    }

    fn data(&mut self, piece: &[u8]) -> Flow {
        let answer = self.answer.as_mut().expect("the head comes first");
        let first = answer.body.is_empty();
        answer.body.extend_from_slice(piece);
        if !first {
            return Flow::Continue;
        }
        self.tell.send(None).expect("somebody listens");
        Flow::Pause
    }

    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        let rest = &self.upload.bytes[self.at..];
        let n = rest.len().min(space.len());
        if n == 0 {
            return Ok(UploadChunk::End);
        }
        space[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        self.upload.given.fetch_add(n, Ordering::SeqCst);
        Ok(UploadChunk::Bytes(n))
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        let answer = self.answer;
        let result = result.map(|()| answer.expect("a head comes before the end"));
        self.tell.send(Some(result)).expect("somebody listens");
    }
}
