//! A response that was received as a whole.

use std::fmt;

use bytes::Bytes;
use petition_core::http1::ResponseHead;
use petition_core::text::{self, Text};
use petition_core::transfer::Transfer;
use petition_core::{Error, ErrorKind};

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

    /// The whole body, content codings removed.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text: by its byte order mark, else the charset of Content-Type, else UTF-8; never guessed.
    ///
    /// # Errors
    /// An unknown charset; a content coding that is not known.
    pub fn text(&self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// As [`Response::text`], with the charset that was used and the number of characters that had to be replaced.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&self) -> Result<Text, Error> {
        self.refuse_undecoded()?;
        text::decode(self.body.to_vec(), self.head.get("content-type"))
            .map_err(|error| self.transfer.error(ErrorKind::Text(error)))
    }

    /// The body as JSON: UTF-8, at most 128 levels deep.
    ///
    /// # Errors
    /// The body is no JSON, or not of this type; a content coding that is not known.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.refuse_undecoded()?;
        serde_json::from_slice(&self.body).map_err(|error| self.transfer.error(ErrorKind::Json(error.into())))
    }

    fn refuse_undecoded(&self) -> Result<(), Error> {
        match self.transfer.undecoded() {
            [] => Ok(()),
            names => Err(self.transfer.error(ErrorKind::Undecoded(names.to_vec()))),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("head", &self.head).field("body", &self.body.len()).finish_non_exhaustive()
    }
}
