//! Multipart bodies: fields and files of a form, as `multipart/form-data` (RFC 7578).
//!
//! This module defines the parts and their framing. The embedder provides the bytes of files and
//! readers: see [`Encoder`] and [`PartSource`].

mod boundary;
mod encoder;
mod part;

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

pub use boundary::Boundary;
pub use encoder::{Encoder, NextPiece, ShortSource};
pub use part::{Part, PartSource};

use crate::headers::HeaderError;

/// A multipart form: its parts in order. `S` supplies the bytes of files and readers.
///
/// Transports encode it with a new [`Boundary`] from the session's seed. They send its length as
/// Content-Length, unless the length of a part is unknown.
///
/// Names and file names are sent as browsers send them: UTF-8, with `"`, CR and LF encoded as
/// `%22`, `%0D` and `%0A` (WHATWG HTML §4.10.21.8).
pub struct Multipart<S> {
    parts: Vec<(String, Part<S>)>,
    /// The name that encloses the names of the next parts.
    scope: String,
}

impl<S> Multipart<S> {
    /// Creates a form without parts.
    pub fn new() -> Multipart<S> {
        Multipart { parts: Vec::new(), scope: String::new() }
    }

    /// Appends a text field. The text is sent unchanged, without a Content-Type.
    pub fn text(self, name: impl AsRef<str>, text: impl Into<String>) -> Self {
        self.part(name, Part::text(text))
    }

    /// Appends a field with bytes. The part has no Content-Type and no file name.
    pub fn bytes(self, name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        self.part(name, Part::bytes(bytes))
    }

    /// Appends a part.
    pub fn part(mut self, name: impl AsRef<str>, part: Part<S>) -> Self {
        let name = name.as_ref();
        let name = if self.scope.is_empty() { name.to_owned() } else { format!("{}[{name}]", self.scope) };
        self.parts.push((name, part));
        self
    }

    /// Appends fields whose names are nested in `name`, in the notation of PHP and Rails: `city` in
    /// `address` becomes `address[city]`.
    ///
    /// ```
    /// use petition_core::request::multipart::{Multipart, NoSource};
    ///
    /// let form = Multipart::<NoSource>::new()
    ///     .nested("user", |user| user.text("name", "Ada").nested("address", |address| address.text("city", "London")));
    /// assert_eq!(form.names().collect::<Vec<_>>(), ["user[name]", "user[address][city]"]);
    /// ```
    pub fn nested(mut self, name: impl AsRef<str>, fields: impl FnOnce(Self) -> Self) -> Self {
        let name = name.as_ref();
        let inner = if self.scope.is_empty() { name.to_owned() } else { format!("{}[{name}]", self.scope) };
        let outer = std::mem::replace(&mut self.scope, inner);
        let mut form = fields(self);
        form.scope = outer;
        form
    }

    /// Iterates over the names of the parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(name, _)| name.as_str())
    }

    /// Encodes the form, except the bytes of its sources.
    ///
    /// # Errors
    /// The first invalid field of a part: [`HeaderError`].
    pub fn encode(self, boundary: &Boundary) -> Result<Encoder<S>, HeaderError> {
        Encoder::new(self.parts, boundary)
    }

    /// Whether the boundary occurs in a part that is in memory, which would end it early.
    pub fn contains(&self, boundary: &Boundary) -> bool {
        self.parts.iter().any(|(_, part)| part.contains(boundary.as_str().as_bytes()))
    }
}

impl<S: PartSource> Multipart<S> {
    /// Appends the file at `path`, under its own name. The file is opened now, and read while the
    /// request is sent. With the feature `mime-guess`, the Content-Type is guessed from the
    /// extension; otherwise it is `application/octet-stream`.
    ///
    /// # Errors
    /// The file cannot be opened, or its length cannot be determined.
    pub fn file(self, name: impl AsRef<str>, path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(self.part(name, Part::file(path)?))
    }

    /// Appends a part from a reader. `length` is its exact length; with `None`, the whole body is
    /// chunked. The request can then be sent only once.
    pub fn reader(
        self,
        name: impl AsRef<str>,
        reader: impl Read + Send + 'static,
        length: impl Into<Option<u64>>,
    ) -> Self {
        self.part(name, Part::reader(reader, length))
    }
}

impl<S> Default for Multipart<S> {
    fn default() -> Self {
        Multipart::new()
    }
}

impl<S> fmt::Debug for Multipart<S> {
    /// Shows no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("names", &self.names().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// The source of a form whose parts are all in memory.
#[derive(Clone, Copy, Debug)]
pub enum NoSource {}

#[cfg(test)]
mod tests;
