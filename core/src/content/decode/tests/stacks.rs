//! Nested codings.
#![cfg(feature = "gzip")]

use super::*;

#[test]
fn nested_codings_are_removed_in_reverse_order() {
    for (field, body) in small_bodies() {
        let gzipped = gzip(&body);
        let both = format!("{field}, gzip");
        let outcome = every_way(&both, &gzipped, true);
        assert_eq!(outcome.end, Ok(None), "{both}");
        assert!(outcome.output == text(600), "{both}");
        let three = format!("{field}, gzip, deflate");
        let outcome = every_way(&three, &zlib(&gzipped), true);
        assert_eq!(outcome.end, Ok(None), "{three}");
        assert!(outcome.output == text(600), "{three}");
    }
    for (field, body) in big_bodies() {
        let outcome = decode(&format!("{field}, gzip"), &gzip(&body), true);
        assert!(outcome.output == text(300_000), "{field}");
    }
}

#[test]
fn outer_fault_comes_after_earlier_inner_output() {
    let mut body = gzip(&zlib(&text(600)));
    let at = body.len() - 8;
    body[at] ^= 1;
    let outcome = every_way("deflate, gzip", &body, true);
    let cause = "the CRC-32 of the data does not match";
    assert_eq!(outcome.end, Err(DecodeError::Corrupt { coding: Coding::Gzip, cause }));
    assert!(outcome.output == text(600));
}

#[test]
fn truncated_nested_body_is_never_complete() {
    let body = gzip(&zlib(b"hello, hello"));
    for length in 1..body.len() {
        assert!(decode("deflate, gzip", &body[..length], false).end.is_err(), "{length}");
    }
    // Complete outside and truncated inside; and no data at all inside.
    let inner = zlib(b"hello, hello");
    for length in 0..inner.len() {
        let end = every_way("deflate, gzip", &gzip(&inner[..length]), false).end;
        assert_eq!(end, Err(DecodeError::Truncated { coding: Coding::Deflate }), "{length}");
    }
}

#[test]
fn trailing_data_names_the_coding_it_follows() {
    let inner = [&zlib(b"hello")[..], b"x"].concat();
    assert_eq!(every_way("deflate, gzip", &gzip(&inner), false).end, Ok(Some(Coding::Deflate)));
    assert_eq!(
        every_way("deflate, gzip", &gzip(&inner), true).end,
        Err(DecodeError::TrailingData { coding: Coding::Deflate })
    );
    let outer = [&gzip(&zlib(b"hello"))[..], b"x"].concat();
    assert_eq!(every_way("deflate, gzip", &outer, false).end, Ok(Some(Coding::Gzip)));
}
