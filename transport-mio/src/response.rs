//! Responses received in full.

use std::fmt;

use bytes::Bytes;
use petition_core::Error;
use petition_core::content::text::Text;
use petition_core::http1::{Fields, LeniencySet, ResponseHead};
use petition_core::transfer::{ResponseInfo, Transfer};

/// The final response to a request, with its whole body.
///
/// It converts into `http::Response<Bytes>`, whose extensions hold the [`ResponseInfo`]: URL,
/// history and more.
///
/// ```no_run
/// # let client = petition_mio::LoopThread::spawn(Default::default())?;
/// let response = client.get("https://httpbin.org/get").join().wait()?;
/// let response: http::Response<_> = response.into();
/// println!("{} {:?} {} bytes", response.status(), response.version(), response.body().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Response {
    info: ResponseInfo,
    body: Bytes,
    transfer: Transfer,
}

impl Response {
    pub(crate) fn new(head: ResponseHead, body: Vec<u8>, mut transfer: Transfer) -> Response {
        Response { info: transfer.response_info(head), body: body.into(), transfer }
    }

    petition_core::response_accessors! { .info }

    /// Returns the leniencies used for this response: grammar violations, or a TLS connection that
    /// closed without an alert. In the latter case, a body without a length may be truncated (RFC
    /// 9112 §9.8).
    pub fn tolerated(&self) -> LeniencySet {
        self.transfer.tolerated()
    }

    /// Returns the response itself if its status is below 400.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it. To
    /// keep the response, call [`Response::error_for_status_ref`].
    pub fn error_for_status(self) -> Result<Response, Error> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// Checks the status as [`Response::error_for_status`] does. The response remains.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it.
    pub fn error_for_status_ref(&self) -> Result<&Response, Error> {
        self.transfer.error_for_status(self.info.head())?;
        Ok(self)
    }

    /// Returns the trailer fields; `None` if the response has no trailer section. Fields that must
    /// not be trailers are omitted (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.transfer.trailers()
    }

    /// Returns the whole decoded body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Consumes the response and returns its whole body.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// Returns the body as text. The charset is that of the byte order mark, or else of
    /// Content-Type, or else UTF-8; it is never guessed. An unknown charset falls back to UTF-8.
    ///
    /// # Errors
    /// If a content coding is still applied, or if the charset is unknown and the leniency
    /// `unknown_charset` is off.
    pub fn text(&self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// Returns the text as [`Response::text`] does, with the charset used, an unknown label, and
    /// the number of replaced characters.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&self) -> Result<Text, Error> {
        self.transfer.text(self.info.head(), self.body.to_vec())
    }

    /// Parses the body as JSON: UTF-8 with an optional byte order mark, at most 128 levels deep. Of
    /// repeated names in a map, the last one wins.
    ///
    /// # Errors
    /// If the body is not JSON or does not match the type, or if a content coding is still applied.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.transfer.json(&self.body)
    }
}

impl From<Response> for http::Response<Bytes> {
    /// Converts status, version, fields and body. A value with a tolerated control character is
    /// omitted.
    fn from(response: Response) -> Self {
        response.info.into_http(response.body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("head", self.info.head())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}
