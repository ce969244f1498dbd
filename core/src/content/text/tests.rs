use super::*;

fn decoded(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str, usize) {
    let text = decode(bytes.to_vec(), content_type.map(str::as_bytes), true).unwrap();
    (text.text, text.encoding, text.replaced)
}

fn is(text: &str, encoding: &'static str, replaced: usize) -> (String, &'static str, usize) {
    (text.to_owned(), encoding, replaced)
}

#[test]
fn t63_byte_order_mark_overrides_the_label() {
    let latin = Some("text/html; charset=latin1");
    assert_eq!(decoded(b"\xFF\xFEh\0i\0", latin), is("hi", "UTF-16LE", 0));
    assert_eq!(decoded(b"\xFE\xFF\0h\0i", latin), is("hi", "UTF-16BE", 0));
    assert_eq!(decoded(b"\xEF\xBB\xBFh\xC3\xA9", latin), is("hé", "UTF-8", 0));
    assert_eq!(decoded(b"\xEF\xBB\xBF", Some("a/b;charset=no-such")), is("", "UTF-8", 0));
    // Only one mark is removed: the second is a character.
    assert_eq!(decoded(b"\xEF\xBB\xBF\xEF\xBB\xBFx", None), is("\u{FEFF}x", "UTF-8", 0));
}

#[test]
fn t63_default_is_utf_8_without_guessing() {
    for content_type in [None, Some("text/html"), Some("application/json; x=y"), Some("")] {
        assert_eq!(decoded("héllo".as_bytes(), content_type), is("héllo", "UTF-8", 0));
        assert_eq!(decoded(b"h\xE9llo", content_type), is("h\u{FFFD}llo", "UTF-8", 1));
        assert_eq!(decoded(b"", content_type), is("", "UTF-8", 0));
        let meta = b"<meta charset=latin1>\xE9";
        assert_eq!(decoded(meta, content_type).1, "UTF-8");
    }
}

#[test]
fn t63_replacements_are_counted_as_in_the_standard() {
    for (bytes, text, replaced) in [
        (&b"a\xFFb"[..], "a\u{FFFD}b", 1),
        (b"\xE2\x82", "\u{FFFD}", 1),
        (b"\xE2\x82\xE2\x82\xAC", "\u{FFFD}€", 1),
        (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}", 3),
        (b"\xC0\x80", "\u{FFFD}\u{FFFD}", 2),
        (b"\xF0\x9F\x98", "\u{FFFD}", 1),
        ("\u{FFFD}".as_bytes(), "\u{FFFD}", 0),
    ] {
        assert_eq!(decoded(bytes, None), is(text, "UTF-8", replaced), "{bytes:?}");
    }
    for (bytes, text, replaced) in [
        (&b"h\0i\0"[..], "hi", 0),
        (b"\x3D\xD8\x00\xDE", "😀", 0),
        (b"\x3D\xD8h\0", "\u{FFFD}h", 1),
        (b"\x00\xDEh\0", "\u{FFFD}h", 1),
        (b"\x3D\xD8\x3D\xD8", "\u{FFFD}\u{FFFD}", 2),
        (b"h\0i", "h\u{FFFD}", 1),
        (b"h\0\x3D\xD8\x00", "h\u{FFFD}", 1),
        (b"h\0\x3D\xD8", "h\u{FFFD}", 1),
        (b"", "", 0),
    ] {
        assert_eq!(decoded(bytes, Some("a/b;charset=utf-16")), is(text, "UTF-16LE", replaced), "{bytes:?}");
        #[cfg(feature = "charset")]
        {
            let (theirs, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes);
            assert_eq!(theirs, text, "{bytes:?}");
        }
    }
}

#[test]
fn t63_unknown_label_is_recorded_or_a_strict_error() {
    for label in ["utf-7", "x-utf-7", "no-such", "", "hz-gb-2312", "iso-2022-kr", "replacement"] {
        let field = format!("text/plain; charset={label}");
        let text = decode(b"+ADw-".to_vec(), Some(field.as_bytes()), false).unwrap();
        assert_eq!((&*text.text, text.encoding, text.unknown_label.as_deref()), ("+ADw-", "UTF-8", Some(label)));
        let error = decode(b"+ADw-".to_vec(), Some(field.as_bytes()), true).unwrap_err();
        assert_eq!(error.label(), label);
        assert_eq!(error.to_string(), format!("unknown charset {label:?}"));
        assert_eq!(error.into_bytes(), b"+ADw-");
    }
    let field = [&b"a/b;charset="[..], &[b'x'; 1000]].concat();
    assert_eq!(decode(b"x".to_vec(), Some(&field), true).unwrap_err().label().len(), 64);
    assert_eq!(decode(Vec::new(), Some(&field), true).unwrap().text, "");
}

#[test]
fn debug_shows_unknown_label_and_size() {
    let error = decode(b"canary".to_vec(), Some(b"text/plain; charset=no-such"), true).unwrap_err();
    assert_eq!(format!("{error:?}"), r#"TextError { label: "no-such", bytes: 6 }"#);
}

#[test]
fn valid_utf_8_is_not_copied() {
    let bytes = b"hello".to_vec();
    let at = bytes.as_ptr();
    assert_eq!(decode(bytes, Some(b"a/b; charset=\"UTF8\""), true).unwrap().text.as_ptr(), at);
}

#[test]
fn windows_1252_is_always_available() {
    for label in ["iso-8859-1", "ISO8859-1", "us-ascii", "latin1", "windows-1252"] {
        let field = format!("text/plain;charset={label}");
        assert_eq!(decoded(b"\x80 a\xE9\x81", Some(&field)), is("€ aé\u{81}", "windows-1252", 0), "{label}");
    }
}

#[cfg(feature = "charset")]
#[test]
fn labels_match_the_standard() {
    for (label, bytes, text, encoding) in [
        ("iso-8859-1", &b"\x80\xE9"[..], "€é", "windows-1252"),
        ("ISO8859-1", b"\xE9", "é", "windows-1252"),
        ("us-ascii", b"a\xE9", "aé", "windows-1252"),
        ("windows-1251", b"\xCF", "П", "windows-1251"),
        ("koi8-r", b"\xF0", "П", "KOI8-R"),
        ("Shift_JIS", b"\x93\xFA", "日", "Shift_JIS"),
        ("gb2312", b"\xC8\xD5", "日", "GBK"),
        ("utf-16be", b"\x65\xE5", "日", "UTF-16BE"),
    ] {
        let field = format!("text/plain;charset={label}");
        assert_eq!(decoded(bytes, Some(&field)), is(text, encoding, 0), "{label}");
    }
    // Malformed bytes are counted too, also beyond the first size estimate.
    let many = [&b"\x93\xFA"[..], b"\xFF"].concat().repeat(1000);
    let text = decoded(&many, Some("a/b;charset=shift_jis"));
    assert_eq!((text.0.chars().count(), text.2), (2000, 1000));
}
