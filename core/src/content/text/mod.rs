//! The text of a body: which charset, and what becomes of bytes that are not in it.
//!
//! A byte order mark decides, then the `charset` parameter of the Content-Type, then UTF-8 (WHATWG Encoding
//! Standard §6 "decode", RFC 9110 §8.3.2). Nothing is ever guessed from the bytes, and UTF-7 is no charset. Labels are
//! those of the WHATWG Encoding Standard §4.2. Bytes that are not in the charset become U+FFFD, as that standard
//! says where, and are counted.
//!
//! UTF-8, UTF-16 and windows-1252 (which ISO-8859-1 and US-ASCII are other names of, there) are always there; the others come with the feature `charset`.

use crate::content::media_type;
use std::fmt;

mod utf16;
mod windows_1252;

/// The text of a body. Its Debug output shows how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the charset that was decoded, as the WHATWG Encoding Standard writes it (`UTF-8`, `windows-1252`).
    pub encoding: &'static str,
    /// How many replacement characters stand for malformed bytes. Zero when the text is what was sent.
    pub replaced: usize,
    /// The label of a charset that is not known, at most 64 bytes of it; the bytes were then decoded as UTF-8.
    pub unknown_label: Option<String>,
}

/// In strict mode: the label of a charset that is not known, or not compiled in, together with the body that it was for, of which
/// nothing is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct TextError {
    label: String,
    bytes: Vec<u8>,
}

/// The longest part of an unknown label that an error shows.
const LABEL_SHOWN: usize = 64;

impl TextError {
    /// The label, at most 64 bytes of it, with what is not UTF-8 in it replaced.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The body, unchanged.
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

/// A charset.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
    #[cfg(feature = "charset")]
    Other(&'static encoding_rs::Encoding),
}

/// The text that `bytes` are, according to the value of the Content-Type field.
///
/// Valid UTF-8 is not copied. A label that is not known leaves UTF-8, and is noted in the result.
///
/// # Errors
/// With `strict`: there is no byte order mark, and the `charset` parameter is not a label that is known. The bytes come
/// back in the error. No bytes are no text in any charset, and never an error.
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

/// Whether this is the label of a charset that is known.
pub(crate) fn is_label(label: &[u8]) -> bool {
    by_label(label).is_some()
}

/// The charset that a byte order mark tells, and the length of the mark.
fn byte_order_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Some((Charset::Utf8, 3)),
        [0xFE, 0xFF, ..] => Some((Charset::Utf16Be, 2)),
        [0xFF, 0xFE, ..] => Some((Charset::Utf16Le, 2)),
        _ => None,
    }
}

/// The charset of a label (WHATWG Encoding Standard §4.2). "replacement" is none: it decodes nothing.
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
            // Twofold growth, and room for the longest character in any case.
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
