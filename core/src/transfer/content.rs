//! Interprets a response body as text, JSON, lines or events, in the same way for all transports.
//!
//! A body is not text if a content coding is still applied. A whole body is not text either if its
//! charset is unknown and that is not tolerated. An empty body is always text.

use super::Transfer;
use super::event_source;
use crate::content::events::Parser;
use crate::content::lines::Lines;
use crate::content::text::{self, Text};
use crate::error::{Error, ErrorKind};
use crate::http1::ResponseHead;

impl Transfer {
    /// Returns the text of `body`, the complete body of this response. The charset is that of the
    /// byte order mark, or else of Content-Type, or else UTF-8; it is never guessed. An unknown
    /// charset falls back to UTF-8, and the result records it.
    ///
    /// # Errors
    /// - [`ErrorKind::Undecoded`] if a content coding is still applied.
    /// - [`ErrorKind::Text`] if the charset is unknown and the leniency `unknown_charset` is off.
    pub fn text(&self, head: &ResponseHead, body: Vec<u8>) -> Result<Text, Error> {
        self.refuse_undecoded(&body)?;
        let strict = !self.request().settings().leniencies.unknown_charset;
        text::decode(body, head.get("content-type"), strict).map_err(|error| self.error(ErrorKind::Text(error)))
    }

    /// Parses `body`, the complete body of this response, as JSON: UTF-8 with an optional byte
    /// order mark, at most 128 levels deep.
    ///
    /// # Errors
    /// - [`ErrorKind::Undecoded`] if a content coding is still applied.
    /// - [`ErrorKind::Json`] if the body is not JSON, or does not match the type.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        self.refuse_undecoded(body)?;
        let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        serde_json::from_slice(text).map_err(|error| self.error(ErrorKind::Json(error.into())))
    }

    /// Returns a splitter that divides the body of this response into lines of text.
    ///
    /// # Errors
    /// [`ErrorKind::Undecoded`] if a content coding is still applied.
    pub fn lines(&self, head: &ResponseHead) -> Result<Lines, Error> {
        self.refuse_undecoded(b"?")?;
        Ok(Lines::new(head.get("content-type"), &self.request().settings().limits))
    }

    /// Returns a parser for the body of this response as server-sent events.
    ///
    /// # Errors
    /// [`ErrorKind::NotEventStream`] for any other media type; [`ErrorKind::Undecoded`] if a
    /// content coding is still applied.
    pub fn events(&self, head: &ResponseHead) -> Result<Parser, Error> {
        event_source::check_media_type(head.get("content-type")).map_err(|kind| self.error(kind))?;
        self.refuse_undecoded(b"?")?;
        Ok(Parser::new(&self.request().settings().limits))
    }

    fn refuse_undecoded(&self, body: &[u8]) -> Result<(), Error> {
        match self.undecoded() {
            names if !names.is_empty() && !body.is_empty() => Err(self.error(ErrorKind::Undecoded(names.to_vec()))),
            _ => Ok(()),
        }
    }
}
