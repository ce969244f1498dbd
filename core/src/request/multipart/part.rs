//! One part of a form: its content, file name, media type and other fields.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use crate::headers::{HeaderError, Headers};

/// A part of a [`Multipart`](super::Multipart) form. `S` supplies the bytes of files and readers.
pub struct Part<S> {
    content: Content<S>,
    file_name: Option<String>,
    content_type: Option<String>,
    headers: Headers,
    /// The first invalid field, reported when the form is encoded.
    fault: Option<HeaderError>,
}

pub(super) enum Content<S> {
    Bytes(Bytes),
    Source { source: S, length: Option<u64> },
}

/// The bytes of files and readers, supplied by a transport.
pub trait PartSource: Sized {
    /// Opens a file for reading, and returns it with its length.
    ///
    /// # Errors
    /// The file cannot be opened, or its length cannot be determined.
    fn open(path: &Path) -> io::Result<(Self, u64)>;

    /// Wraps a reader.
    fn from_reader(reader: Box<dyn Read + Send>) -> Self;
}

impl<S> Part<S> {
    fn new(content: Content<S>) -> Part<S> {
        Part { content, file_name: None, content_type: None, headers: Headers::new(), fault: None }
    }

    /// Creates a part with text.
    pub fn text(text: impl Into<String>) -> Part<S> {
        Part::bytes(text.into())
    }

    /// Creates a part with these bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Part<S> {
        Part::new(Content::Bytes(bytes.into()))
    }

    /// Creates a part from a source of this length; `None` if the length is unknown.
    pub fn source(source: S, length: Option<u64>) -> Part<S> {
        Part::new(Content::Source { source, length })
    }

    /// Sets the file name, which makes the part a file. The name is sent as it is, apart from the
    /// encoding that [`Multipart`](super::Multipart) describes. No file is read.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the Content-Type, such as `image/png`.
    pub fn content_type(self, media_type: impl AsRef<str>) -> Self {
        self.header("Content-Type", media_type.as_ref())
    }

    /// Sets another field of the part, but not Content-Disposition, which the form writes.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        let set = if name.eq_ignore_ascii_case("content-disposition") {
            Err(HeaderError::Owned { name: name.into(), instead: "the form sets it from name and file name" })
        } else {
            self.headers.set(name, value)
        };
        self.fault = self.fault.or(set.err());
        self
    }

    /// Whether content in memory contains these bytes.
    pub(super) fn contains(&self, bytes: &[u8]) -> bool {
        match &self.content {
            Content::Bytes(content) => memmem(content, bytes),
            Content::Source { .. } => false,
        }
    }

    /// Returns the fields of the part with the empty line after them, and its content.
    pub(super) fn into_head_and_content(self, name: &str) -> Result<(String, Content<S>), HeaderError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut head = String::from("Content-Disposition: form-data; name=\"");
        escape(name, &mut head);
        if let Some(file_name) = &self.file_name {
            head.push_str("\"; filename=\"");
            escape(file_name, &mut head);
        }
        head.push_str("\"\r\n");
        if let Some(content_type) = self.content_type.filter(|_| !self.headers.contains("content-type")) {
            head = head + "Content-Type: " + &content_type + "\r\n";
        }
        for (name, value) in self.headers.iter() {
            head = head + name + ": " + &String::from_utf8_lossy(value.as_bytes()) + "\r\n";
        }
        head.push_str("\r\n");
        Ok((head, self.content))
    }
}

impl<S: PartSource> Part<S> {
    /// Creates a part from the file at `path`: see [`Multipart::file`](super::Multipart::file).
    ///
    /// # Errors
    /// The file cannot be opened, or its length cannot be determined.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Part<S>> {
        let path = path.as_ref();
        let (source, length) = S::open(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let content_type = guess(&name);
        let mut part = Part::source(source, Some(length)).file_name(name);
        part.content_type = Some(content_type);
        Ok(part)
    }

    /// Creates a part from a reader: see [`Multipart::reader`](super::Multipart::reader).
    pub fn reader(reader: impl Read + Send + 'static, length: impl Into<Option<u64>>) -> Part<S> {
        Part::source(S::from_reader(Box::new(reader)), length.into())
    }
}

/// Returns the media type for a file name.
fn guess(name: &str) -> String {
    #[cfg(feature = "mime-guess")]
    return mime_guess::from_path(name).first_or_octet_stream().to_string();
    #[cfg(not(feature = "mime-guess"))]
    {
        let _ = name;
        "application/octet-stream".to_owned()
    }
}

/// Appends a name in the encoding of browsers.
fn escape(name: &str, out: &mut String) {
    for c in name.chars() {
        match c {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c => out.push(c),
        }
    }
}

fn memmem(content: &[u8], bytes: &[u8]) -> bool {
    content.windows(bytes.len().max(1)).any(|window| window == bytes)
}

impl<S> fmt::Debug for Part<S> {
    /// Shows no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("file_name", &self.file_name)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
