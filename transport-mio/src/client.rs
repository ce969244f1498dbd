//! The client: submits requests to the loop, from any thread and from callbacks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use petition_core::cookie::{Jar, Loaded};
use petition_core::engine::Group;
use petition_core::headers::HeaderError;
use petition_core::policy::hsts::HstsStore;
use petition_core::route::pool::PoolStatistics;
use petition_core::transfer::Reconnect;
use petition_core::{
    Body, BuildError, Error, ErrorKind, Instant, IntoUrl, Method, Now, Options, Request, Transfer, Unavailable,
    UnixTime, UrlCache, discard_panic,
};
use petition_shared::{Multipart, MultipartReader, SharedSession};

use crate::clock;
use crate::command::{Command, RequestState, Start};
use crate::events::{EventHandler, Follow};
use crate::handle::Handle;
use crate::job::{Handler, Job};
use crate::lines::{ByLines, LineHandler};
use crate::pending::{Filler, PendingResponse};
use crate::queue::Inbox;
use crate::response::Response;

/// Submits requests to an event loop. Cloning is cheap. It can be used from any thread, and from
/// callbacks on the loop.
///
/// Its options and cookies are in a [`SharedSession`], which another transport may share.
///
/// After the loop has ended, a request fails at once with an error of kind
/// [`Cancelled`](ErrorKind::Cancelled). Its callback runs on the sending thread. A callback that
/// always sends another request then never stops. In a child process, which has no such loop, the
/// error is of kind [`Unavailable`](ErrorKind::Unavailable): see [fork](crate#fork).
#[derive(Clone)]
pub struct Client(Arc<Parts>);

struct Parts {
    inbox: Arc<Inbox>,
    state: SharedSession,
    /// The URLs of the last requests.
    urls: Mutex<UrlCache>,
}

impl Client {
    pub(crate) fn new(inbox: Arc<Inbox>, state: SharedSession) -> Client {
        Client(Arc::new(Parts { inbox, state, urls: Mutex::default() }))
    }

    /// Creates a request with any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = match self.0.urls.try_lock() {
            Ok(mut urls) => urls.request(method, url),
            // The cache is not worth waiting for.
            Err(_) => Request::new(method, url),
        };
        RequestBuilder { client: self.clone(), request, group: None, source: None }
    }

    /// Creates a GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Creates a HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Creates a POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Creates a PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Creates a PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Creates a DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Creates a builder from an existing request: a [`Request`], or an `http::Request` with a body
    /// of bytes, text or nothing.
    pub fn request_from(&self, request: impl Into<Request>) -> RequestBuilder {
        RequestBuilder { client: self.clone(), request: request.into(), group: None, source: None }
    }

    /// Sends an existing request as [`RequestBuilder::send`] does.
    ///
    /// ```no_run
    /// # let client = petition_mio::LoopThread::spawn(Default::default())?;
    /// let request = http::Request::post("https://httpbin.org/post").header("x-test", "1").body("data")?;
    /// client.send(request, |result| {
    ///     let response: Option<http::Response<_>> = result.ok().map(Into::into);
    ///     println!("{:?}", response.map(|response| response.status()));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send(
        &self,
        request: impl Into<Request>,
        callback: impl FnOnce(Result<Response, Error>) + Send + 'static,
    ) -> Handle {
        self.request_from(request).send(callback)
    }

    /// Sets fields for every later request that does not override them.
    ///
    /// # Errors
    /// [`HeaderError`] if a name is not a token, or a value contains control characters. The fields
    /// before it are set.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn set_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<(), HeaderError> {
        // The caller's iterator may use the session.
        let fields: Vec<_> = fields.into_iter().collect();
        self.0.state.with(|session| session.set_headers(fields))
    }

    /// Sets the URL that relative URLs resolve against (RFC 3986 §5). From now on, the session's
    /// secrets go to its origin only, unless a [`SecretScope`](crate::SecretScope) is set.
    ///
    /// # Errors
    /// [`BuildError::Url`] if it is not an absolute http or https URL.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn set_base_url(&self, url: impl AsRef<str>) -> Result<(), BuildError> {
        let url = url.as_ref();
        self.0.state.with(|session| session.set_base_url(url))
    }

    /// Changes the options of the session, for requests sent from now on.
    ///
    /// `change` has exclusive access to the session. A request sent from within it fails at once
    /// with [`Unavailable`](ErrorKind::Unavailable). Other requests that need the session, and with
    /// them the loop, wait for `change` to return, for at most
    /// [`SESSION_PATIENCE`](crate::SESSION_PATIENCE) (10 s).
    ///
    /// # Panics
    /// If called from within `change`, or from within [`Client::cookies`].
    pub fn configure<R>(&self, change: impl FnOnce(&mut Options) -> R) -> R {
        self.0.state.with(|session| session.configure(change))
    }

    /// Returns a copy of the options of the session.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn options(&self) -> Options {
        self.0.state.with(|session| session.options().clone())
    }

    /// Calls `f` with the cookie jar, to read or change it. `f` has exclusive access to the
    /// session, as in [`Client::configure`].
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn cookies<R>(&self, f: impl FnOnce(&mut Jar) -> R) -> R {
        self.0.state.with(|session| session.cookies(f))
    }

    /// Calls `f` with the hosts that asked for https (HSTS), to save, load or change them. `f` has
    /// exclusive access to the session, as in [`Client::configure`].
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn hsts<R>(&self, f: impl FnOnce(&mut HstsStore) -> R) -> R {
        self.0.state.with(|session| session.hsts(f))
    }

    /// Clears the look-up cache, which the option
    /// [`lookup_cache`](petition_core::Options::lookup_cache) enables.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn forget_lookups(&self) {
        self.0.state.with(petition_core::Session::forget_lookups);
    }

    /// Saves the cookies to a file, including session cookies. The file is replaced atomically. On
    /// Unix only its owner can read it (mode 0600).
    ///
    /// # Errors
    /// The file cannot be written. An existing file is then unchanged.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn save_cookies(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.0.state.save_cookies(path)
    }

    /// Adds the cookies of a file to those of the session. The file comes from
    /// [`Client::save_cookies`], or is a Netscape cookie file (`cookies.txt`) of another program.
    /// Expired cookies are skipped.
    ///
    /// # Errors
    /// The file cannot be read. [`InvalidData`](io::ErrorKind::InvalidData) if it is damaged or not
    /// a cookie file. The session's cookies are then unchanged.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn load_cookies(&self, path: impl AsRef<Path>) -> io::Result<Loaded> {
        self.0.state.load_cookies(path)
    }

    /// Returns the statistics of the loop's pool. The loop updates them before each callback that
    /// ends a request, and at the end of each turn. All counts are zero in a child process.
    pub fn statistics(&self) -> PoolStatistics {
        self.0.inbox.statistics()
    }

    /// Returns the options and cookies, for sharing with another transport.
    pub fn state(&self) -> SharedSession {
        self.0.state.clone()
    }

    /// Cancels every request of this [group](RequestBuilder::group).
    pub fn cancel_group(&self, group: u64) {
        self.command(Command::CancelGroup(group));
    }

    /// Makes [`EventLoop::run`](crate::EventLoop::run) return at its next turn.
    pub fn stop(&self) {
        self.command(Command::Stop);
    }

    /// Queues a command for the loop; does nothing if the loop has ended.
    pub(crate) fn command(&self, command: Command) {
        self.0.inbox.push(command);
    }

    /// Whether the loop is in this process, not in its parent.
    pub(crate) fn is_here(&self) -> bool {
        self.0.inbox.is_here()
    }

    /// Starts a request. If the loop has ended, the job fails at once, on this thread.
    fn start(&self, start: Start) {
        if let Some(Command::Start(mut start)) = self.0.inbox.push(Command::Start(start)) {
            if !self.is_here() {
                let forked = |transfer: Transfer| transfer.error(ErrorKind::Unavailable(Unavailable::ParentProcess));
                start.transfer = start.transfer.and_then(|transfer| Err(forked(transfer)));
            }
            refuse_in_turn(start);
        }
    }

    fn handle(&self, ticket: Arc<RequestState>) -> Handle {
        Handle { ticket, inbox: self.0.inbox.clone() }
    }
}

thread_local! {
    /// Requests that wait to be rejected on this thread, while one is being rejected.
    static REFUSED: RefCell<Option<VecDeque<Start>>> = const { RefCell::new(None) };
}

/// Rejects requests one by one, so that a callback that sends another request on failure does not
/// recurse.
fn refuse_in_turn(start: Start) {
    let first = REFUSED.with_borrow_mut(|refused| match refused {
        Some(queue) => {
            queue.push_back(start);
            false
        }
        None => {
            *refused = Some(VecDeque::from([start]));
            true
        }
    });
    if !first {
        return;
    }
    let mut panic = None;
    while let Some(start) = REFUSED.with_borrow_mut(|refused| refused.as_mut()?.pop_front()) {
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| start.refuse())) {
            match panic {
                None => panic = Some(another),
                Some(_) => discard_panic(another),
            }
        }
    }
    REFUSED.set(None);
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// A request of a [`Client`], not sent yet.
///
/// Every option has a chaining method; the setter of the same name on [`Options`] documents it in
/// full.
#[derive(Debug)]
#[must_use = "nothing is sent until `send`, `stream`, `lines`, `events` or `join`"]
pub struct RequestBuilder {
    client: Client,
    request: Request,
    group: Option<u64>,
    /// The source of the request body, unless the handler provides it.
    source: Option<Box<MultipartReader>>,
}

impl RequestBuilder {
    petition_core::request_methods! { .request }

    /// Sets a number for cancelling requests together.
    pub fn group(mut self, group: u64) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets a multipart form as the body. Its parts are read while they are sent, without
    /// buffering. Content-Length is sent unless the length of a part is unknown. Unless the form
    /// has a reader, the request can be sent again, for example after a redirect.
    ///
    /// The Content-Type of the form replaces any other.
    ///
    /// The loop's thread reads the files and readers, so a reader that blocks delays all requests.
    ///
    /// ```no_run
    /// # let client = petition_mio::LoopThread::spawn(Default::default())?;
    /// use petition_mio::Multipart;
    ///
    /// let form = Multipart::new().text("title", "x").file("doc", "report.pdf")?;
    /// let response = client.post("https://httpbin.org/post").multipart(form).join().wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn multipart(mut self, form: Multipart) -> Self {
        match MultipartReader::new(form, &self.client.0.state) {
            Ok((reader, boundary)) => {
                let body = Body::Stream { length: reader.length(), rewindable: reader.is_rewindable() };
                self.request.set_multipart(Ok((&boundary, body)));
                self.source = Some(Box::new(reader));
            }
            Err(fault) => self.request.set_multipart(Err(fault)),
        }
        self
    }

    /// Sends the request and returns at once; its total deadline counts from now. The callback runs
    /// exactly once, on the loop's thread, with the whole response or an error. Cancelling the
    /// request or ending the loop is an error. So is a body of more than
    /// [`Limits::body_bytes`](petition_core::Limits::body_bytes) (64 MiB).
    pub fn send(mut self, callback: impl FnOnce(Result<Response, Error>) + Send + 'static) -> Handle {
        self.submit(Job::collect(Box::new(callback)))
    }

    /// Sends the request and returns at once; `handler` receives the response as it arrives.
    pub fn stream(mut self, handler: impl Handler + Send + 'static) -> Handle {
        self.submit(Job::Stream(Box::new(handler)))
    }

    /// Sends the request and returns at once. Wait for the result on this thread, or await it in a
    /// task. Dropping the [`PendingResponse`] cancels the request.
    pub fn join(mut self) -> PendingResponse {
        let filler = Filler::new();
        let result = filler.slot();
        let handle = self.submit(Job::collect(Box::new(move |outcome| filler.fill(outcome))));
        PendingResponse::new(handle, result, self.request)
    }

    /// Sends the request and returns at once; `handler` receives the lines of the response's body
    /// as they arrive. The charset is chosen as in [`Response::text`]; an unknown one is decoded as
    /// UTF-8.
    ///
    /// A line that exceeds [`Limits::line_bytes`](petition_core::Limits::line_bytes) (1 MiB) is an
    /// error, and so is a content coding that is still applied.
    pub fn lines(mut self, handler: impl LineHandler + Send + 'static) -> Handle {
        self.submit(Job::Parse(Box::new(ByLines::new(handler))))
    }

    /// Sends the request and returns at once; `handler` receives the server-sent events of the
    /// response (WHATWG HTML §9.2). The source reconnects after the end of a connection, a
    /// connection failure or a deadline, as the policy allows. `Last-Event-ID` then names the last
    /// event. The handle applies to all connections.
    ///
    /// To resume after an event received earlier, set `Last-Event-ID` with
    /// [`RequestBuilder::header`].
    ///
    /// A 204 ends the source without an error. Any other status than 200, any other media type, and
    /// an event that exceeds [`Limits::event_bytes`](petition_core::Limits::event_bytes) (8 MiB)
    /// end it with an error. A request whose method is not idempotent is sent once.
    ///
    /// The request's options apply to each connection. Its `idle_timeout` (30 s) limits the time
    /// without a byte, so servers should send comments more often. A `total_timeout` ends the
    /// source.
    pub fn events(self, reconnect: Reconnect, handler: impl EventHandler + Send + 'static) -> Handle {
        let ticket = RequestState::new();
        let handle = self.client.handle(ticket.clone());
        let client = self.client.clone();
        client.start(Box::new(Follow::new(self, reconnect, handler, ticket)).connection(clock::instant()));
        handle
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// Prepares the transfer of a request that starts at this time.
    pub(crate) fn prepare(&self, at: Instant) -> (Result<Transfer, Error>, Option<Group>) {
        let request = &self.request;
        let prepared = self.client.0.state.access((), |()| None, |(), session| session.prepare(request));
        let prepared = prepared.unwrap_or_else(|why| Err(request.error(ErrorKind::Unavailable(why))));
        // The loop reads the wall clock when it starts the request.
        let transfer = prepared.map(|prepared| Transfer::new(prepared, Now::new(at, UnixTime::default())));
        (transfer, self.group.map(Group))
    }

    /// Takes the source of the request body.
    pub(crate) fn take_source(&mut self) -> Option<Box<MultipartReader>> {
        self.source.take()
    }

    fn submit(&mut self, job: Job) -> Handle {
        let ticket = RequestState::new();
        let (transfer, group) = self.prepare(clock::instant());
        let source = self.source.take();
        self.client.start(Start { transfer, group, ticket: ticket.clone(), job, source });
        self.client.handle(ticket)
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response, Error>;
    type IntoFuture = PendingResponse;

    /// Sends the request, as [`RequestBuilder::join`] does.
    fn into_future(self) -> PendingResponse {
        self.join()
    }
}
