//! The response: its head at once, its body as it is read.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use petition_core::Error;
use petition_core::content::text::Text;
use petition_core::http1::{Fields, LeniencySet, ResponseHead};
use petition_core::transfer::ResponseInfo;

use crate::body::ResponseBody;
use crate::drive::Call;

/// The final response to a request.
///
/// [`Response::bytes`], [`Response::text`] and `json` read the rest of the body and keep it, up to
/// [`Limits::body_bytes`](petition_core::Limits::body_bytes) (64 MiB), so that each can be called again:
///
/// ```no_run
/// # let session = petition_std::Session::new();
/// let response = session.get("https://httpbin.org/get").send()?;
/// println!("{} {}", response.status(), response.text()?);
/// # Ok::<(), petition_std::Error>(())
/// ```
///
/// It is a [`Read`] as well, for a body of any length: the bytes are taken from the connection as they are read, content codings removed. What
/// a reader took before the first of those calls is not part of what they return; what it reads afterwards comes from the bytes that were kept.
///
/// When the body has been read to its end, the connection goes back to the session, or is closed, and its slot is free, though the response is
/// kept. A response that is dropped before that closes its connection,
/// unless the rest is known to be short ([`Limits::drain_bytes`](petition_core::Limits::drain_bytes), 64 KiB): it is then read, for at most
/// [`Limits::drain_time`](petition_core::Limits::drain_time) (250 ms).
///
/// `http::Response<Response>` can be made of it: the body is then this response, still a reader.
///
/// In a child process of the one that sent the request, no more of the body can be read: see [fork](crate#fork).
pub struct Response {
    info: ResponseInfo,
    body: Mutex<ResponseBody>,
    /// Once they have been asked for.
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

    fn body_mut(&mut self) -> &mut ResponseBody {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the trailer fields, once the body has been read to its end. `None` when the response has no trailer section.
    /// Fields that may not be trailers are left out (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        if self.trailers.get().is_none() {
            let trailers = self.body().call.transfer.trailers().cloned()?;
            return Some(self.trailers.get_or_init(|| trailers));
        }
        self.trailers.get()
    }

    /// Returns what was tolerated in this response so far: departures from the grammar; a TLS connection that ended without saying so, so that
    /// a body without a length may have been cut (RFC 9112 §9.8).
    pub fn tolerated(&self) -> LeniencySet {
        self.body().call.transfer.tolerated()
    }

    /// Reads the rest of the body, and returns it now and at every later call. Clones share the memory.
    ///
    /// Where [`std::io::Read`] is imported, `response.bytes()` names that trait's iterator over bytes, and the compiler says
    /// so: write `(&response).bytes()` or [`Response::into_bytes`] there.
    ///
    /// # Errors
    /// Once a body has failed, every later call and read returns the same error.
    ///
    /// The body ends early, its coding is corrupt, a limit is met (`body_bytes`, `decode_ratio`), a deadline fires, or the
    /// connection fails.
    pub fn bytes(&self) -> Result<Bytes, Error> {
        self.body().collect()
    }

    /// Returns the whole body, where nothing else is wanted of the response.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub fn into_bytes(mut self) -> Result<Bytes, Error> {
        self.body_mut().collect()
    }

    /// Returns the whole body as text: by its byte order mark, else the charset of Content-Type, else UTF-8; never guessed. A charset that is
    /// not known leaves UTF-8.
    ///
    /// # Errors
    /// As [`Response::bytes`]; a content coding that is still on the body; without the leniency `unknown_charset`, an unknown charset.
    pub fn text(&self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// As [`Response::text`], with the charset that was used, a label that is not known, and the number of characters that had to be replaced.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&self) -> Result<Text, Error> {
        let mut body = self.body();
        let bytes = body.collect()?;
        body.call.transfer.text(self.info.head(), bytes.into())
    }

    /// Returns the whole body as JSON: UTF-8, a byte order mark dropped, at most 128 levels deep; of repeated names in a map the last one
    /// counts.
    ///
    /// # Errors
    /// As [`Response::bytes`]; the body is no JSON, or not of this type; a content coding that is still on the body.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let mut body = self.body();
        let bytes = body.collect()?;
        body.call.transfer.json(&bytes)
    }

    /// Returns the response itself if its status is below 400.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it. The body is given up; to
    /// keep the response, call [`Response::error_for_status_ref`].
    pub fn error_for_status(self) -> Result<Response, Error> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// As [`Response::error_for_status`]; the response stays, so that its body can be read after an error.
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
    /// Status, version and fields; the body is the response itself, which is still a reader. A value with a tolerated control
    /// character is left out. The extensions hold the [`ResponseInfo`].
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
