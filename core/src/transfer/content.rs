//! What a body that was received as a whole says, as text or as JSON: one answer for all transports.
//!
//! Decides when a body is no text: a content coding is still on it (T60), or its charset is not known and that is not tolerated (T63). A body of no
//! bytes is never that, whatever its fields say.

use super::Transfer;
use crate::content::text::{self, Text};
use crate::error::{Error, ErrorKind};
use crate::http1::ResponseHead;

impl Transfer {
    /// The text of `body`, which is all of this response's: by its byte order mark, else the charset of Content-Type, else UTF-8; never
    /// guessed. A charset that is not known leaves UTF-8, and is noted in the result.
    ///
    /// # Errors
    /// A content coding is still on it ([`ErrorKind::Undecoded`]); without the leniency `unknown_charset`, a charset that is not known ([`ErrorKind::Text`]).
    pub fn text(&self, head: &ResponseHead, body: Vec<u8>) -> Result<Text, Error> {
        self.refuse_undecoded(&body)?;
        let strict = !self.request().settings().leniencies.unknown_charset;
        text::decode(body, head.get("content-type"), strict).map_err(|error| self.error(ErrorKind::Text(error)))
    }

    /// `body`, which is all of this response's, as JSON: UTF-8, with a byte order mark or without, at most 128 levels deep.
    ///
    /// # Errors
    /// A content coding is still on it ([`ErrorKind::Undecoded`]); it is no JSON, or not of this type ([`ErrorKind::Json`]).
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        self.refuse_undecoded(body)?;
        let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        serde_json::from_slice(text).map_err(|error| self.error(ErrorKind::Json(error.into())))
    }

    fn refuse_undecoded(&self, body: &[u8]) -> Result<(), Error> {
        match self.undecoded() {
            names if !names.is_empty() && !body.is_empty() => Err(self.error(ErrorKind::Undecoded(names.to_vec()))),
            _ => Ok(()),
        }
    }
}
