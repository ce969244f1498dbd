//! Requests, sent from the calling thread.

use std::fmt;
use std::io::{self, Read, Seek};

use petition_core::url::{QueryShown, redacted};
use petition_core::{Body, Error, ErrorKind, IntoUrl, Method};
use petition_shared::{Multipart, MultipartReader, SharedSession};

use crate::drive::{Call, Stop};
use crate::events::EventStream;
use crate::response::Response;
use crate::session::Session;
use crate::upload::Upload;

/// A request: build it, change it, and send it any number of times.
///
/// Every option has a chaining method; the setter of the same name on [`Options`](crate::Options)
/// documents it in full.
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

    /// Creates a request without a session: each `send` uses a new one.
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

    /// Sets a body that is read while it is sent; `length` is its exact size, if known.
    ///
    /// The head and each piece from the reader are written before the next read. The reader may
    /// thus wait for the server to receive them. Each piece costs a system call, and without
    /// `length` a chunk: other readers should return large pieces. While the reader blocks, no
    /// deadline fires and no response is noticed.
    ///
    /// The body can be sent only once. A redirect that needs it again is delivered instead of
    /// followed, and sending the request again is an error.
    pub fn stream(mut self, reader: impl Read + Send + 'static, length: Option<u64>) -> Request {
        self.request.set_data(Body::Stream { length, rewindable: false });
        self.upload = Some(Upload::once(reader));
        self
    }

    /// Sets a body as [`Request::stream`] does, from a reader that can rewind to its current
    /// position. Its length is determined by seeking. The request can be sent any number of times.
    ///
    /// # Errors
    /// If the reader cannot seek to its position or its end.
    pub fn seekable(mut self, mut reader: impl Read + Seek + Send + 'static) -> io::Result<Request> {
        let first = reader.stream_position()?;
        let end = reader.seek(io::SeekFrom::End(0))?;
        reader.seek(io::SeekFrom::Start(first))?;
        self.request.set_data(Body::Stream { length: Some(end.saturating_sub(first)), rewindable: true });
        self.upload = Some(Upload::again(reader)?);
        Ok(self)
    }

    /// Sets a multipart form as the body. Its parts are read while they are sent, without
    /// buffering. Content-Length is sent unless the length of a part is unknown. Unless the form
    /// has a reader, the request can be sent again, for example after a redirect.
    ///
    /// The Content-Type of the form replaces any other.
    ///
    /// ```no_run
    /// # let session = petition_std::Session::new();
    /// use petition_std::Multipart;
    ///
    /// let form = Multipart::new().text("title", "x").file("doc", "report.pdf")?;
    /// let response = session.post("https://httpbin.org/post").multipart(form).send()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn multipart(mut self, form: Multipart) -> Request {
        let encoded = match &self.session {
            Some(session) => MultipartReader::new(form, &session.state()),
            None => MultipartReader::new(form, &SharedSession::default()),
        };
        match encoded {
            Ok((reader, boundary)) => {
                let body = Body::Stream { length: reader.length(), rewindable: reader.is_rewindable() };
                self.request.set_multipart(Ok((&boundary, body)));
                self.upload = Some(Upload::multipart(reader));
            }
            Err(fault) => self.request.set_multipart(Err(fault)),
        }
        self
    }

    /// Sends the request and waits for the head of the final response. Redirects are followed, and
    /// cookies stored in the session. A status such as 404 is not an error; see
    /// [`Response::error_for_status`].
    ///
    /// # Errors
    /// An [`Error`] with the phase, the hop and the cause; [`ErrorKind`](crate::ErrorKind) lists
    /// the causes.
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
                // None of these can precede a head.
                Stop::Body | Stop::Waits | Stop::Done => {}
            }
        };
        // The stream is not read after the response head.
        if call.upload.is_some() {
            self.upload = call.upload.take();
        }
        outcome.map(|head| Response::new(call, head))
    }

    /// Returns an iterator that sends the request and yields the server-sent events of its response
    /// (WHATWG HTML §9.2). It reconnects after the end of a connection, a connection failure or a
    /// deadline, as the [`Reconnect`](crate::Reconnect) policy allows. `Last-Event-ID` then names
    /// the last event. Waiting blocks the thread.
    ///
    /// To resume after an event received earlier, set `Last-Event-ID` with [`Request::header`].
    ///
    /// A 204 ends the iterator without an error. Any other status than 200 and any other media type
    /// end it with an error. A request whose method is not idempotent is sent once.
    ///
    /// The request's options apply to each connection. Its `idle_timeout` (30 s) limits the time
    /// without a byte, so servers should send comments more often. A `total_timeout` ends the
    /// iterator.
    ///
    /// ```no_run
    /// # let session = petition_std::Session::new();
    /// # let patience = std::time::Duration::from_secs(90);
    /// for event in session.get("https://example.com/events").idle_timeout(patience).events() {
    ///     let event = event?;
    ///     println!("{}: {}", event.event, event.data);
    /// }
    /// # Ok::<(), petition_std::Error>(())
    /// ```
    pub fn events(self) -> EventStream {
        EventStream::new(self)
    }

    pub(crate) fn core(&self) -> &petition_core::Request {
        &self.request
    }

    pub(crate) fn core_mut(&mut self) -> &mut petition_core::Request {
        &mut self.request
    }

    /// Takes the reader, rewound to its first byte.
    fn take_upload(&mut self) -> Result<Upload, ErrorKind> {
        let Some(mut upload) = self.upload.take() else {
            return Err(ErrorKind::RequestBody("the stream has no source; set one with `stream` or `seekable`".into()));
        };
        if upload.is_untouched() || upload.rewind() {
            return Ok(upload);
        }
        self.upload = Some(upload);
        Err(ErrorKind::BodyNotReplayable)
    }
}

impl<B: Into<Body>> From<http::Request<B>> for Request {
    /// Converts an `http::Request` into a request without a session; see [`Session::send`].
    fn from(request: http::Request<B>) -> Self {
        Request { session: None, request: request.into(), upload: None }
    }
}

impl fmt::Debug for Request {
    /// Shows neither the body nor query values.
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
