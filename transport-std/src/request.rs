//! A request that is sent from the thread that builds it.

use std::fmt;
use std::io::{self, Read, Seek};

use petition_core::url::{QueryShown, redacted};
use petition_core::{Body, Error, ErrorKind, IntoUrl, Method};

use crate::drive::{Call, Stop};
use crate::response::Response;
use crate::session::Session;
use crate::upload::Upload;

/// A request: built, changed, and sent as often as one likes.
///
/// Every option has a chaining method of its name, which is described in full at the setter of that name on
/// [`Options`](crate::Options).
///
/// ```no_run
/// use petition_std::{Method, Request};
///
/// let mut request = Request::new(Method::POST, "https://httpbin.org/post").data("data");
/// request.set_data("use this body instead");
/// let response = request.send()?;
/// # Ok::<(), petition_std::Error>(())
/// ```
#[must_use = "nothing is sent until `send`"]
pub struct Request {
    session: Option<Session>,
    request: petition_core::Request,
    upload: Option<Upload>,
}

impl Request {
    petition_core::request_methods! { .request }

    /// A request outside of any session: each time it is sent, a new session is made for it.
    pub fn new(method: Method, url: impl IntoUrl) -> Request {
        Request { session: None, request: petition_core::Request::new(method, url), upload: None }
    }

    pub(crate) fn in_session(session: Session, request: petition_core::Request) -> Request {
        Request { session: Some(session), request, upload: None }
    }

    /// Sends this request in a session.
    pub fn session(mut self, session: &Session) -> Request {
        self.session = Some(session.clone());
        self
    }

    /// Sets a body that is read while it is sent; `length` is its exact size, if that is known. The head and each piece that the reader returns
    /// are written before the reader is asked for more, so it may wait for the server to have seen them. Each piece costs a system call, and
    /// without a `length` a chunk: a reader that does not wait for the server had better return large ones. While the reader blocks,
    /// no deadline fires and no response is seen. It can be sent once only:
    /// a redirect that would need it again is delivered instead of followed, and to send the request again is an error.
    pub fn stream(mut self, reader: impl Read + Send + 'static, length: Option<u64>) -> Request {
        self.request.set_data(Body::Stream { length, rewindable: false });
        self.upload = Some(Upload::once(reader));
        self
    }

    /// As [`Request::stream`], from a reader that can be set back to where it stands now; its length is found out.
    /// The request can be sent as often as one likes.
    ///
    /// # Errors
    /// When the reader cannot tell its position or its end.
    pub fn seekable(mut self, mut reader: impl Read + Seek + Send + 'static) -> io::Result<Request> {
        let first = reader.stream_position()?;
        let end = reader.seek(io::SeekFrom::End(0))?;
        reader.seek(io::SeekFrom::Start(first))?;
        self.request.set_data(Body::Stream { length: Some(end.saturating_sub(first)), rewindable: true });
        self.upload = Some(Upload::again(reader)?);
        Ok(self)
    }

    /// Sends the request and waits for the head of the final response: redirects are followed, cookies kept in the session.
    /// A status such as 404 is no error; see [`Response::error_for_status`].
    ///
    /// # Errors
    /// [`Error`]: what the transfer was doing, at which hop, what was expected and what was seen; see
    /// [`ErrorKind`](crate::ErrorKind) for the causes.
    pub fn send(&mut self) -> Result<Response, Error> {
        let own;
        let session = match &self.session {
            Some(session) => session,
            None => {
                own = Session::new();
                &own
            }
        };
        let shared = session.shared();
        let begun = shared.state().access(
            &self.request,
            |request| request.own_total_timeout(),
            |request, state| {
                let mut call = Call::new(shared.clone(), state.prepare(request)?);
                call.begin(state);
                Ok(call)
            },
        );
        let mut call = begun.unwrap_or_else(|why| Err(self.request.error(ErrorKind::Unavailable(why))))?;
        if let Body::Stream { .. } = self.request.body() {
            call.upload = Some(self.take_upload().map_err(|kind| call.transfer.error(kind))?);
        }
        let outcome = loop {
            match call.run() {
                Stop::Head(head) => break Ok(head),
                Stop::Failed(error) => break Err(error),
                // Neither can come before a head.
                Stop::Body | Stop::Waits | Stop::Done => {}
            }
        };
        // A stream is not read beyond the head of the response.
        if call.upload.is_some() {
            self.upload = call.upload.take();
        }
        outcome.map(|head| Response::new(call, head))
    }

    /// The reader, at its first byte.
    fn take_upload(&mut self) -> Result<Upload, ErrorKind> {
        let Some(mut upload) = self.upload.take() else {
            return Err(ErrorKind::RequestBody("a stream of unknown source: `stream` and `seekable` set one".into()));
        };
        if upload.is_untouched() || upload.rewind() {
            return Ok(upload);
        }
        self.upload = Some(upload);
        Err(ErrorKind::BodyNotReplayable)
    }
}

impl<B: Into<Body>> From<http::Request<B>> for Request {
    /// Takes over a request of the package `http`, outside of any session: see [`Session::send`].
    fn from(request: http::Request<B>) -> Self {
        Request { session: None, request: request.into(), upload: None }
    }
}

impl fmt::Debug for Request {
    /// Neither the body nor the values of the query are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.request.method())
            .field("url", &self.request.url().map(|url| redacted(url, QueryShown::NamesOnly).to_string()))
            .field("options", self.request.options())
            .field("body_length", &self.request.body().length())
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
