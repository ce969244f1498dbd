//! windows-1252 (WHATWG Encoding Standard §9), also used for ISO-8859-1 and US-ASCII (§4.2).

use super::Text;

/// The characters of 0x80 to 0x9F; five map to themselves. All other bytes map to the code point of
/// the same number.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

const LABELS: [&str; 17] = [
    "ansi_x3.4-1968",
    "ascii",
    "cp1252",
    "cp819",
    "csisolatin1",
    "ibm819",
    "iso-8859-1",
    "iso-ir-100",
    "iso8859-1",
    "iso88591",
    "iso_8859-1",
    "iso_8859-1:1987",
    "l1",
    "latin1",
    "us-ascii",
    "windows-1252",
    "x-cp1252",
];

pub(super) fn is_label(label: &[u8]) -> bool {
    LABELS.iter().any(|known| label.eq_ignore_ascii_case(known.as_bytes()))
}

/// Decodes all of `bytes`; every byte is one character.
pub(super) fn decode(bytes: &[u8]) -> Text {
    let character = |&byte: &u8| HIGH.get(usize::from(byte).wrapping_sub(0x80)).copied().unwrap_or(char::from(byte));
    Text { text: bytes.iter().map(character).collect(), encoding: "windows-1252", replaced: 0, unknown_label: None }
}

#[cfg(all(test, feature = "charset"))]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_labels_match_encoding_rs() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (theirs, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
        assert_eq!(decode(&bytes).text, theirs);
        for label in LABELS {
            assert_eq!(encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().name(), "windows-1252", "{label}");
        }
    }
}
