//! Data after the encoded data (T61): zeros are accepted, anything else is rejected, or ignored and
//! reported.

use super::*;

fn coding(field: &str) -> Coding {
    codings(field).list()[0]
}

#[test]
fn zero_padding_is_always_accepted() {
    for (field, body) in small_bodies() {
        for zeros in [1, 3, 4, 5, 512] {
            let padded = [&body[..], &vec![0; zeros]].concat();
            let outcome = every_way(field, &padded, true);
            assert_eq!(outcome.end, Ok(None), "{field} {zeros}");
            assert!(outcome.output == text(600), "{field} {zeros}");
        }
    }
}

#[test]
fn trailing_data_is_a_strict_error_or_reported() {
    for (field, body) in small_bodies() {
        for tail in [&b"x"[..], b"garbage", b"\0\0\0x", b"\0\x1F\x8B\x08", b"\x1E\x8B", b"\x1Fx"] {
            let body = [&body[..], tail].concat();
            let strict = every_way(field, &body, true);
            assert_eq!(strict.end, Err(DecodeError::TrailingData { coding: coding(field) }), "{field} {tail:?}");
            assert!(strict.output == text(600), "{field} {tail:?}");
            let compat = every_way(field, &body, false);
            assert_eq!(compat.end, Ok(Some(coding(field))), "{field} {tail:?}");
            assert!(compat.output == text(600), "{field} {tail:?}");
        }
    }
}

#[cfg(feature = "gzip")]
#[test]
fn malformed_further_member_is_corrupt() {
    let body = [&gzip(b"one")[..], b"\x1F\x8B\x09"].concat();
    let cause = "the method is not deflate";
    assert_eq!(every_way("gzip", &body, false).end, Err(DecodeError::Corrupt { coding: Coding::Gzip, cause }));
}

#[cfg(feature = "zstd")]
#[test]
fn partial_frame_header_is_a_truncation() {
    let body = include_bytes!("small.zst");
    let cut = [&body[..], b"\x28\xB5"].concat();
    assert_eq!(every_way("zstd", &cut, false).end, Err(DecodeError::Truncated { coding: Coding::Zstd }));
    let other = [&body[..], b"\x28\xB5\x2Fx"].concat();
    assert_eq!(every_way("zstd", &other, false).end, Ok(Some(Coding::Zstd)));
    assert_eq!(every_way("zstd", &other, true).end, Err(DecodeError::TrailingData { coding: Coding::Zstd }));
}

#[test]
fn empty_body_is_truncated_if_data_is_expected() {
    for (field, _) in small_bodies() {
        let codings = codings(field);
        let mut decoder = Decoder::new(&codings, &Limits::DEFAULT, false).unwrap();
        assert_eq!(decoder.finish(&mut [0; 8]).unwrap().next, Next::Done, "{field}");
        decoder.expect_data();
        let cut = Err(DecodeError::Truncated { coding: coding(field) });
        assert_eq!(decoder.finish(&mut [0; 8]), cut, "{field}");
        assert_eq!(decoder.finish(&mut [0; 8]), cut, "{field}");
    }
}
