//! UTF-16 in either byte order (WHATWG Encoding Standard §14.2 "shared UTF-16 decoder").

use super::Text;

/// Decodes all of `bytes`. A lone surrogate becomes one replacement character, as does an odd byte
/// at the end.
pub(super) fn decode(bytes: &[u8], encoding: &'static str, unit: fn([u8; 2]) -> u16) -> Text {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    let mut lone_at_end = false;
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        lone_at_end = decoded.as_ref().is_err_and(|lone| (0xD800..0xDC00).contains(&lone.unpaired_surrogate()));
        replaced += usize::from(decoded.is_err());
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    // A leading surrogate and half a unit at the end count as one error.
    if !odd.is_empty() && !lone_at_end {
        text.push(char::REPLACEMENT_CHARACTER);
        replaced += 1;
    }
    Text { text, encoding, replaced, unknown_label: None }
}
