//! A response that was received as a whole.

use std::fmt;

use bytes::Bytes;
use petition_core::Error;
use petition_core::content::text::Text;
use petition_core::http1::{Fields, LeniencySet, ResponseHead};
use petition_core::transfer::{ResponseInfo, Transfer};

/// The final response to a request, with its whole body.
///
/// `http::Response<Bytes>` can be made of it. Its extensions then hold the [`ResponseInfo`]: URL, history and so on.
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

    /// Returns what was tolerated in this response: departures from the grammar; a TLS connection that ended without saying so, so that a body
    /// without a length may have been cut (RFC 9112 §9.8).
    pub fn tolerated(&self) -> LeniencySet {
        self.transfer.tolerated()
    }

    /// Returns the response itself if its status is below 400.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it. To keep the
    /// response, call [`Response::error_for_status_ref`].
    pub fn error_for_status(self) -> Result<Response, Error> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// As [`Response::error_for_status`]; the response stays.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Status`](petition_core::ErrorKind::Status), with the head in it.
    pub fn error_for_status_ref(&self) -> Result<&Response, Error> {
        self.transfer.error_for_status(self.info.head())?;
        Ok(self)
    }

    /// Returns the trailer fields; `None` when the response has no trailer section. Fields that may not be trailers are left out
    /// (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.transfer.trailers()
    }

    /// Returns the whole body, content codings removed.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Returns the whole body, where nothing else is wanted of the response.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// Returns the body as text: by its byte order mark, else the charset of Content-Type, else UTF-8; never guessed. A charset that is not
    /// known leaves UTF-8.
    ///
    /// # Errors
    /// A content coding that is still on the body; without the leniency `unknown_charset`, an unknown charset.
    pub fn text(&self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// As [`Response::text`], with the charset that was used, a label that is not known, and the number of characters that had to be replaced.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&self) -> Result<Text, Error> {
        self.transfer.text(self.info.head(), self.body.to_vec())
    }

    /// Returns the body as JSON: UTF-8, a byte order mark dropped, at most 128 levels deep; of repeated names in a map the last one counts.
    ///
    /// # Errors
    /// The body is no JSON, or not of this type; a content coding that is still on the body.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.transfer.json(&self.body)
    }
}

impl From<Response> for http::Response<Bytes> {
    /// Status, version, fields and body. A value with a tolerated control character is left out.
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
