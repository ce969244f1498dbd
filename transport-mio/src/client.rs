//! The client: a handle of the loop that submits requests, from any thread and from callbacks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use petition_core::cookie::Jar;
use petition_core::engine::Group;
use petition_core::headers::HeaderError;
use petition_core::route::pool::PoolStatistics;
use petition_core::{
    BuildError, Error, ErrorKind, IntoUrl, Method, Now, Options, Request, Transfer, Unavailable, UnixTime, UrlCache,
    discard_panic,
};
use petition_shared::SharedSession;

use crate::clock;
use crate::command::{Command, RequestState, Start};
use crate::handle::Handle;
use crate::job::{Handler, Job};
use crate::pending::{Filler, PendingResponse};
use crate::queue::Inbox;
use crate::response::Response;

/// Submits requests to an event loop. Cheap to clone; may be used from any thread, and from callbacks on the loop itself.
///
/// Options and cookies are those of a [`SharedSession`], which another transport may share.
///
/// When the loop is gone, a request that is sent ends at once with an error of kind [`Cancelled`](ErrorKind::Cancelled), and its callback runs on the thread
/// that sent it. A callback that sends anew whatever happened goes on so for ever. In a child process, which has no such loop, the error is of kind
/// [`Unavailable`](ErrorKind::Unavailable): see [fork](crate#fork).
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

    /// A request of any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = match self.0.urls.try_lock() {
            Ok(mut urls) => urls.request(method, url),
            // Not worth waiting for.
            Err(_) => Request::new(method, url),
        };
        RequestBuilder { client: self.clone(), request, group: None }
    }

    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// A DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// A request that was built elsewhere: a [`Request`], or a request of the package `http` with a body of bytes, text or nothing.
    pub fn request_from(&self, request: impl Into<Request>) -> RequestBuilder {
        RequestBuilder { client: self.clone(), request: request.into(), group: None }
    }

    /// Sends a request that was built elsewhere, as [`RequestBuilder::send`] does.
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

    /// Sets fields that every request carries from now on, unless it says otherwise itself.
    ///
    /// # Errors
    /// A name that is no token, or a value with control characters; the fields before it are set.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn set_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<(), HeaderError> {
        // The iterator is the caller's, and may use the session.
        let fields: Vec<_> = fields.into_iter().collect();
        self.0.state.with(|session| session.set_headers(fields))
    }

    /// Sets the URL that relative URLs of requests are resolved against (RFC 3986 §5). The session's secrets go to its origin alone
    /// from now on, unless a [`SecretScope`](crate::SecretScope) is set.
    ///
    /// # Errors
    /// [`BuildError::Url`] when it is no absolute http or https URL.
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn set_base_url(&self, url: impl AsRef<str>) -> Result<(), BuildError> {
        let url = url.as_ref();
        self.0.state.with(|session| session.set_base_url(url))
    }

    /// Changes the options of the session. Requests that are sent from now on see the change.
    ///
    /// `change` has the session to itself. A request sent from within it ends at once with
    /// [`Unavailable`](ErrorKind::Unavailable). Requests that need the session meanwhile, and with them the loop, wait
    /// for `change` to return, for at most [`SESSION_PATIENCE`](crate::SESSION_PATIENCE) (10 s).
    ///
    /// # Panics
    /// When it is called from within `change`, or from within [`Client::cookies`].
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

    /// Reads or changes the cookies. `f` has the session to itself, as in [`Client::configure`].
    ///
    /// # Panics
    /// As [`Client::configure`].
    pub fn cookies<R>(&self, f: impl FnOnce(&mut Jar) -> R) -> R {
        self.0.state.with(|session| session.cookies(f))
    }

    /// Returns what the pool of the loop has done so far, and what it holds. The loop reports it before each callback that ends a
    /// request, and at the end of each turn. All counts are zero in a child process.
    pub fn statistics(&self) -> PoolStatistics {
        self.0.inbox.statistics()
    }

    /// The options and cookies, to be shared with another transport.
    pub fn state(&self) -> SharedSession {
        self.0.state.clone()
    }

    /// Cancels every request that was sent under this [group](RequestBuilder::group).
    pub fn cancel_group(&self, group: u64) {
        self.command(Command::CancelGroup(group));
    }

    /// Makes [`EventLoop::run`](crate::EventLoop::run) return, at its next turn.
    pub fn stop(&self) {
        self.command(Command::Stop);
    }

    /// Hands a command to the loop; nothing when the loop is gone.
    pub(crate) fn command(&self, command: Command) {
        self.0.inbox.push(command);
    }

    /// Whether the loop is in this process, and not in the one that it was forked from.
    pub(crate) fn is_here(&self) -> bool {
        self.0.inbox.is_here()
    }

    /// Begins a request. When the loop is gone, the job ends at once, on this thread.
    fn start(&self, transfer: Result<Transfer, Error>, group: Option<u64>, job: Job) -> Handle {
        let ticket = RequestState::new();
        let start = Start { transfer, group: group.map(Group), ticket: ticket.clone(), job };
        if let Some(Command::Start(mut start)) = self.0.inbox.push(Command::Start(start)) {
            if !self.is_here() {
                let forked = |transfer: Transfer| transfer.error(ErrorKind::Unavailable(Unavailable::ParentProcess));
                start.transfer = start.transfer.and_then(|transfer| Err(forked(transfer)));
            }
            refuse_in_turn(start);
        }
        Handle { ticket, inbox: self.0.inbox.clone() }
    }
}

thread_local! {
    /// Those that wait to be refused on this thread, while one of them is.
    static REFUSED: RefCell<Option<VecDeque<Start>>> = const { RefCell::new(None) };
}

/// Refuses one after the other: a callback that sends anew when it fails does not run within itself.
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

/// A request to be sent by a [`Client`].
///
/// Every option has a chaining method of its name, which is described in full at the setter of that name on [`Options`].
#[derive(Debug)]
#[must_use = "nothing is sent until `send`, `stream` or `join`"]
pub struct RequestBuilder {
    client: Client,
    request: Request,
    group: Option<u64>,
}

impl RequestBuilder {
    petition_core::request_methods! { .request }

    /// A number under which requests are cancelled together.
    pub fn group(mut self, group: u64) -> Self {
        self.group = Some(group);
        self
    }

    /// Sends the request and returns at once; its total deadline counts from now. The callback runs on the loop's thread, exactly once: with the whole response, or with the error
    /// that ended the request, be it that it was cancelled or that the loop ended first. A body of more than
    /// [`Limits::body_bytes`](petition_core::Limits::body_bytes) (64 MiB) is such an error.
    pub fn send(self, callback: impl FnOnce(Result<Response, Error>) + Send + 'static) -> Handle {
        self.submit(Job::collect(Box::new(callback)))
    }

    /// Sends the request and returns at once; the response goes to `handler` as it comes.
    pub fn stream(self, handler: impl Handler + Send + 'static) -> Handle {
        self.submit(Job::Stream(Box::new(handler)))
    }

    /// Sends the request and returns at once; the result can be waited for on this thread, or awaited in a task. Dropping the
    /// [`PendingResponse`] cancels the request.
    pub fn join(self) -> PendingResponse {
        let filler = Filler::new();
        let result = filler.slot();
        let handle = self.submit(Job::collect(Box::new(move |outcome| filler.fill(outcome))));
        PendingResponse::new(handle, result, self.request)
    }

    fn submit(&self, job: Job) -> Handle {
        let request = &self.request;
        let prepared = self.client.0.state.access((), |()| None, |(), session| session.prepare(request));
        let prepared = prepared.unwrap_or_else(|why| Err(request.error(ErrorKind::Unavailable(why))));
        // The wall clock is the loop's to read, when it begins.
        let now = Now::new(clock::instant(), UnixTime::default());
        let transfer = prepared.map(|prepared| Transfer::new(prepared, now));
        self.client.start(transfer, self.group, job)
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
