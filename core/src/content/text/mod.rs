//! Decodes the text of a body: selects the charset and replaces malformed bytes.
//!
//! A byte order mark takes precedence over the `charset` parameter of the Content-Type, and that
//! over UTF-8 (WHATWG Encoding Standard §6 "decode", RFC 9110 §8.3.2). The bytes are never used for
//! guessing, and UTF-7 is not supported. Labels are those of the WHATWG Encoding Standard §4.2.
//! Malformed bytes become U+FFFD as that standard specifies, and are counted.
//!
//! UTF-8, UTF-16 and windows-1252 (for which that standard also accepts the labels of ISO-8859-1
//! and US-ASCII) are always available; the others require the feature `charset`.

use crate::content::media_type;
use std::fmt;

mod utf16;
mod windows_1252;

/// The text of a body. Its `Debug` output shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the decoded charset, as in the WHATWG Encoding Standard (`UTF-8`,
    /// `windows-1252`).
    pub encoding: &'static str,
    /// The number of replacement characters for malformed bytes. Zero if the text is unaltered.
    pub replaced: usize,
    /// The label of an unknown charset, at most 64 bytes; the bytes were then decoded as UTF-8.
    pub unknown_label: Option<String>,
}

/// An unknown or not compiled-in charset in strict mode: its label and the body, which is never
/// shown.
#[derive(Clone, PartialEq, Eq)]
pub struct TextError {
    label: String,
    bytes: Vec<u8>,
}

/// The maximum length of an unknown label in an error, in bytes.
const LABEL_SHOWN: usize = 64;

impl TextError {
    /// Returns the label, at most 64 bytes, with malformed UTF-8 replaced.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the unchanged body.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.text.len())
            .field("encoding", &self.encoding)
            .field("replaced", &self.replaced)
            .finish()
    }
}

impl fmt::Debug for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextError").field("label", &self.label).field("bytes", &self.bytes.len()).finish()
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown charset {:?}", self.label)
    }
}

impl std::error::Error for TextError {}

/// Decodes windows-1252, the charset of header field values that are not UTF-8.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    windows_1252::decode(bytes).text
}

/// A charset.
#[derive(Clone, Copy)]
pub(crate) enum Charset {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
    #[cfg(feature = "charset")]
    Other(&'static encoding_rs::Encoding),
}

/// Decodes `bytes` to text, according to the value of the Content-Type field.
///
/// Valid UTF-8 is not copied. For an unknown label the text is decoded as UTF-8, and the result
/// records the label.
///
/// # Errors
/// With `strict`, if there is no byte order mark and the label in the `charset` parameter is
/// unknown. The error returns the bytes. An empty body never causes an error.
pub fn decode(bytes: Vec<u8>, content_type: Option<&[u8]>, strict: bool) -> Result<Text, TextError> {
    if let Some((charset, mark)) = byte_order_mark(&bytes) {
        return Ok(with(charset, bytes, mark));
    }
    let label = content_type.and_then(|field| media_type::parameter(field, "charset"));
    let Some(label) = label else { return Ok(with(Charset::Utf8, bytes, 0)) };
    match by_label(&label) {
        Some(charset) => Ok(with(charset, bytes, 0)),
        None => {
            let shown = label.get(..LABEL_SHOWN).unwrap_or(&label);
            let label = String::from_utf8_lossy(shown).into_owned();
            if strict && !bytes.is_empty() {
                return Err(TextError { label, bytes });
            }
            Ok(Text { unknown_label: Some(label), ..with(Charset::Utf8, bytes, 0) })
        }
    }
}

/// Returns the charset that the Content-Type field declares; UTF-8 if it declares no known one.
pub(crate) fn declared(content_type: Option<&[u8]>) -> Charset {
    let label = content_type.and_then(|field| media_type::parameter(field, "charset"));
    label.and_then(|label| by_label(&label)).unwrap_or(Charset::Utf8)
}

impl Charset {
    /// Decodes all bytes, without a byte order mark.
    pub(crate) fn decode(self, bytes: Vec<u8>) -> String {
        with(self, bytes, 0).text
    }
}

/// Whether this is a known charset label.
pub(crate) fn is_label(label: &[u8]) -> bool {
    by_label(label).is_some()
}

/// Returns the charset of a byte order mark, and the length of the mark.
pub(crate) fn byte_order_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Some((Charset::Utf8, 3)),
        [0xFE, 0xFF, ..] => Some((Charset::Utf16Be, 2)),
        [0xFF, 0xFE, ..] => Some((Charset::Utf16Le, 2)),
        _ => None,
    }
}

/// Returns the charset of a label (WHATWG Encoding Standard §4.2). "replacement" is excluded, since
/// it decodes nothing.
fn by_label(label: &[u8]) -> Option<Charset> {
    let label = label.trim_ascii();
    let among = |labels: &[&str]| labels.iter().any(|known| label.eq_ignore_ascii_case(known.as_bytes()));
    if among(&["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"]) {
        return Some(Charset::Utf8);
    }
    let little_endian = ["utf-16le", "utf-16", "csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff"];
    if among(&little_endian) {
        return Some(Charset::Utf16Le);
    }
    if among(&["utf-16be", "unicodefffe"]) {
        return Some(Charset::Utf16Be);
    }
    if windows_1252::is_label(label) {
        return Some(Charset::Windows1252);
    }
    #[cfg(feature = "charset")]
    return encoding_rs::Encoding::for_label_no_replacement(label).map(Charset::Other);
    #[cfg(not(feature = "charset"))]
    None
}

/// Decodes all bytes after the first `skip`.
fn with(charset: Charset, mut bytes: Vec<u8>, skip: usize) -> Text {
    match charset {
        Charset::Utf8 => {
            bytes.drain(..skip.min(bytes.len()));
            utf8(bytes)
        }
        Charset::Utf16Le => utf16::decode(bytes.get(skip..).unwrap_or_default(), "UTF-16LE", u16::from_le_bytes),
        Charset::Utf16Be => utf16::decode(bytes.get(skip..).unwrap_or_default(), "UTF-16BE", u16::from_be_bytes),
        Charset::Windows1252 => windows_1252::decode(bytes.get(skip..).unwrap_or_default()),
        #[cfg(feature = "charset")]
        Charset::Other(encoding) => other(encoding, &bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Text {
    let encoding = "UTF-8";
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Text { text, encoding, replaced: 0, unknown_label: None },
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            replaced += 1;
        }
    }
    Text { text, encoding, replaced, unknown_label: None }
}

#[cfg(feature = "charset")]
fn other(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Text {
    use encoding_rs::DecoderResult;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => {
                return Text { text, encoding: encoding.name(), replaced, unknown_label: None };
            }
            // Double the size, with room for at least the longest character.
            DecoderResult::OutputFull => text.reserve(text.len().max(64)),
            DecoderResult::Malformed(..) => {
                text.push(char::REPLACEMENT_CHARACTER);
                replaced += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
