//! A response that was received as a whole.

use std::fmt;

use bytes::Bytes;
use petition_core::Error;
use petition_core::content::text::Text;
use petition_core::http1::{Fields, ResponseHead};
use petition_core::transfer::Transfer;

use crate::facts::facts;

/// The final response to a request, with its whole body.
pub struct Response {
    head: ResponseHead,
    body: Bytes,
    transfer: Transfer,
}

impl Response {
    pub(crate) fn new(head: ResponseHead, body: Vec<u8>, transfer: Transfer) -> Response {
        Response { head, body: body.into(), transfer }
    }

    facts!();

    /// The trailer fields; `None` when the response has no trailer section. Fields that may not be trailers are left out
    /// (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.transfer.trailers()
    }

    /// The whole body, content codings removed.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text: by its byte order mark, else the charset of Content-Type, else UTF-8; never guessed. A charset that is not known
    /// leaves UTF-8.
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
        self.transfer.text(&self.head, self.body.to_vec())
    }

    /// The body as JSON: UTF-8, a byte order mark dropped, at most 128 levels deep.
    ///
    /// # Errors
    /// The body is no JSON, or not of this type; a content coding that is still on the body.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.transfer.json(&self.body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("head", &self.head).field("body", &self.body.len()).finish_non_exhaustive()
    }
}
