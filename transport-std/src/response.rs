//! The response: its head at once, its body as it is read.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use petition_core::Error;
use petition_core::content::text::Text;
use petition_core::http1::{Fields, LeniencySet, ResponseHead};
use petition_core::transfer::{ResponseInfo, Transfer};

use crate::body::ResponseBody;
use crate::drive::Call;
use crate::events::Events;
use crate::lines::Lines;

/// The final response to a request.
///
/// [`Response::bytes`], [`Response::text`] and `json` read the rest of the body and store it, up to
/// [`Limits::body_bytes`](petition_core::Limits::body_bytes) (64 MiB). They can be called
/// repeatedly:
///
/// ```no_run
/// # let session = petition_std::Session::new();
/// let response = session.get("https://httpbin.org/get").send()?;
/// println!("{} {}", response.status(), response.text()?);
/// # Ok::<(), petition_std::Error>(())
/// ```
///
/// It also implements [`Read`], for a body of any length: bytes are decoded and read from the
/// connection on demand. Bytes read before the first of those calls are not part of their results;
/// later reads return stored bytes.
///
/// At the end of the body, the connection returns to the session or closes, and its slot is free,
/// even if the response is kept. Dropping a response earlier closes its connection, unless the rest
/// is known to be short ([`Limits::drain_bytes`](petition_core::Limits::drain_bytes), 64 KiB). It
/// is then read, for at most [`Limits::drain_time`](petition_core::Limits::drain_time) (250 ms).
///
/// It converts into `http::Response<Response>`: the body is then this response, still a reader.
///
/// A child process cannot read the body of a response that its parent requested: see
/// [fork](crate#fork).
pub struct Response {
    info: ResponseInfo,
    body: Mutex<ResponseBody>,
    /// Filled on the first request for them.
    trailers: OnceLock<Fields>,
}

impl Response {
    pub(crate) fn new(call: Box<Call>, head: ResponseHead) -> Response {
        let (info, body) = ResponseBody::new(call, head);
        Response { info, body: Mutex::new(body), trailers: OnceLock::new() }
    }

    petition_core::response_accessors! { .info }

    fn body(&self) -> MutexGuard<'_, ResponseBody> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn with_transfer<R>(&self, f: impl FnOnce(&Transfer) -> R) -> R {
        f(&self.body().call.transfer)
    }

    pub(crate) fn body_mut(&mut self) -> &mut ResponseBody {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the trailer fields, once the body has been read to its end. `None` if the response
    /// has no trailer section. Fields that must not be trailers are omitted (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        if self.trailers.get().is_none() {
            let trailers = self.body().call.transfer.trailers().cloned()?;
            return Some(self.trailers.get_or_init(|| trailers));
        }
        self.trailers.get()
    }

    /// Returns the leniencies used for this response so far: grammar violations, or a TLS
    /// connection that closed without an alert. In the latter case, a body without a length may be
    /// truncated (RFC 9112 §9.8).
    pub fn tolerated(&self) -> LeniencySet {
        self.body().call.transfer.tolerated()
    }

    /// Reads the rest of the body and returns it. Later calls return the same bytes; clones share
    /// the memory.
    ///
    /// If [`std::io::Read`] is imported, `response.bytes()` resolves to that trait's byte iterator,
    /// which the compiler reports. Use `(&response).bytes()` or [`Response::into_bytes`] then.
    ///
    /// # Errors
    /// After a failure, every later call and read returns the same error.
    ///
    /// The body is truncated, its coding is corrupt, a limit is exceeded (`body_bytes`,
    /// `decode_ratio`), a deadline fires, or the connection fails.
    pub fn bytes(&self) -> Result<Bytes, Error> {
        self.body().collect()
    }

    /// Consumes the response and returns its whole body.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub fn into_bytes(mut self) -> Result<Bytes, Error> {
        self.body_mut().collect()
    }

    /// Returns the whole body as text. The charset is that of the byte order mark, or else of
    /// Content-Type, or else UTF-8; it is never guessed. An unknown charset falls back to UTF-8.
    ///
    /// # Errors
    /// As [`Response::bytes`]; also if a content coding is still applied, or if the charset is
    /// unknown and the leniency `unknown_charset` is off.
    pub fn text(&self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// Returns the text as [`Response::text`] does, with the charset used, an unknown label, and
    /// the number of replaced characters.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&self) -> Result<Text, Error> {
        let mut body = self.body();
        let bytes = body.collect()?;
        body.call.transfer.text(self.info.head(), bytes.into())
    }

    /// Parses the whole body as JSON: UTF-8 with an optional byte order mark, at most 128 levels
    /// deep. Of repeated names in a map, the last one wins.
    ///
    /// # Errors
    /// As [`Response::bytes`]; also if the body is not JSON or does not match the type, or if a
    /// content coding is still applied.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let mut body = self.body();
        let bytes = body.collect()?;
        body.call.transfer.json(&bytes)
    }

    /// Iterates over the lines of the body as text, without their ends (LF or CRLF). Each is read
    /// from the connection on demand. The charset is chosen as in [`Response::text`]; an unknown
    /// one is decoded as UTF-8.
    ///
    /// An error is the last item: a failure to read, a content coding that is still applied, or a
    /// line that exceeds [`Limits::line_bytes`](petition_core::Limits::line_bytes) (1 MiB).
    ///
    /// ```no_run
    /// # let session = petition_std::Session::new();
    /// for line in session.get("https://httpbin.org/stream/3").send()?.lines() {
    ///     println!("{}", line?);
    /// }
    /// # Ok::<(), petition_std::Error>(())
    /// ```
    pub fn lines(self) -> Lines {
        Lines::new(self)
    }

    /// Iterates over the server-sent events of the body (`text/event-stream`). Each is read from
    /// the connection on demand. To reconnect after the end, use [`Request::events`].
    ///
    /// An error is the last item: any other media type, an event that exceeds
    /// [`Limits::event_bytes`](petition_core::Limits::event_bytes) (8 MiB), or a failure to read.
    /// An incomplete event at the end of the body is dropped.
    ///
    /// [`Request::events`]: crate::Request::events
    pub fn events(self) -> Events {
        Events::new(self)
    }

    /// Returns the response itself if its status is below 400.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head. The body
    /// is dropped; call [`Response::error_for_status_ref`] to keep the response.
    pub fn error_for_status(self) -> Result<Response, Error> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// Checks the status as [`Response::error_for_status`] does. The response remains, so that its
    /// body can be read after an error.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it.
    pub fn error_for_status_ref(&self) -> Result<&Response, Error> {
        self.body().call.transfer.error_for_status(self.info.head())?;
        Ok(self)
    }
}

impl Read for Response {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.body_mut().read(out)
    }
}

impl From<Response> for http::Response<Response> {
    /// Converts status, version and fields; the body is the response itself, still a reader. A
    /// value with a tolerated control character is omitted. The extensions hold the
    /// [`ResponseInfo`].
    fn from(response: Response) -> Self {
        response.info.clone().into_http(response)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("head", self.info.head())
            .field("hops", &self.history().len())
            .finish_non_exhaustive()
    }
}
