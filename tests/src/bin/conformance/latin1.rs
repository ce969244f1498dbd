//! Byte strings in JSON: the code point U+00XX stands for the byte XX.

use serde_json::Value;

/// Returns the bytes of a byte string; `None` if it contains a code point above U+00FF, or is not a
/// string.
pub(crate) fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_str()?.chars().map(|c| u8::try_from(c).ok()).collect()
}

/// Returns the text whose UTF-8 bytes a byte string contains.
pub(crate) fn text(value: &Value) -> Option<String> {
    String::from_utf8(bytes(value)?).ok()
}

/// Returns bytes as a byte string.
pub(crate) fn string(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Returns fields as a list of pairs.
pub(crate) fn fields<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Value {
    fields.map(|(name, value)| Value::from(vec![name.to_owned(), string(value)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_round_trips() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&string(&all).into()), Some(all));
        assert_eq!(bytes(&"\u{100}".into()), None);
        assert_eq!(text(&"Ã©".into()).as_deref(), Some("é"));
        assert_eq!(text(&"é".into()), None, "not UTF-8");
    }
}
