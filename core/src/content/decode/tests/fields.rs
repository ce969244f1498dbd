//! The Content-Encoding fields (T59, T60).

use super::*;

fn parse(values: &[&str]) -> Result<Codings, DecodeError> {
    Codings::parse(values.iter().map(|value| value.as_bytes()), &Limits::DEFAULT)
}

#[test]
fn t60_identity_and_empty_elements_are_ignored() {
    for values in [&[][..], &[""], &["identity"], &["Identity, ,identity"], &["", ","], &["identity"; 50]] {
        let codings = parse(values).unwrap();
        assert!(codings.is_identity(), "{values:?}");
        assert!(codings.list().is_empty() && codings.undecoded().is_empty());
        assert!(Decoder::new(&codings, &Limits::DEFAULT, true).is_none());
    }
}

#[cfg(feature = "gzip")]
#[test]
fn t60_codings_keep_their_order_over_all_fields() {
    for (values, expected) in [
        (&["gzip"][..], &[Coding::Gzip][..]),
        (&["X-GZip"], &[Coding::Gzip]),
        (&["deflate,gzip"], &[Coding::Deflate, Coding::Gzip]),
        (&["deflate", "\tGZIP , identity"], &[Coding::Deflate, Coding::Gzip]),
    ] {
        let codings = parse(values).unwrap();
        assert_eq!(codings.list(), expected, "{values:?}");
        assert!(!codings.is_identity() && codings.undecoded().is_empty());
        assert!(Decoder::new(&codings, &Limits::DEFAULT, true).is_some());
    }
}

#[cfg(feature = "gzip")]
#[test]
fn t60_one_unknown_coding_leaves_all_undecoded() {
    for (values, expected) in [
        (&["foo"][..], &["foo"][..]),
        (&["x-gzip", "Foo"], &["gzip", "Foo"]),
        (&["foo, gzip"], &["foo", "gzip"]),
        (&["gzip;q=1"], &["gzip;q=1"]),
        (&["g\u{e9}"], &["g\u{e9}"]),
    ] {
        let codings = parse(values).unwrap();
        let names: Vec<&str> = codings.undecoded().iter().map(|name| &**name).collect();
        assert_eq!(names, expected, "{values:?}");
        assert!(codings.list().is_empty() && !codings.is_identity());
        assert!(Decoder::new(&codings, &Limits::DEFAULT, true).is_none());
    }
}

#[test]
fn t60_misnamed_codings_are_skipped_and_listed() {
    for name in ["none", "None", "binary", "7bit", "8bit", "utf-8", "latin1"] {
        let codings = parse(&[name]).unwrap();
        assert_eq!(codings.misnamed(), [Box::from(name)]);
        assert!(codings.is_identity());
        assert_eq!(codings.left_on(), [Box::from(name)]);
    }
    assert!(parse(&["none"; 4]).is_err(), "they count against the limit");
}

#[test]
fn t59_codings_are_counted_over_all_fields() {
    let many = "gzip, ".repeat(50);
    for values in [&[&many[..]][..], &["gzip"; 50], &["foo"; 4], &["foo, gzip", "gzip", "identity", "br"]] {
        let error = parse(values).unwrap_err();
        assert_eq!(error.to_string(), "limit content_codings is 3, found 4", "{values:?}");
    }
    assert!(parse(&["gzip", "gzip", "gzip", "identity"]).is_ok());
    let none = Limits { content_codings: 0, ..Limits::DEFAULT };
    assert!(Codings::parse([&b"gzip"[..]], &none).is_err());
}

#[test]
fn accept_encoding_lists_the_decodable_codings() {
    let identity = parse(&["identity"]).unwrap();
    assert!(identity.is_identity());
    let limits = Limits { content_codings: 9, ..Limits::DEFAULT };
    let codings = Codings::parse([accept_encoding().as_bytes()], &limits).unwrap();
    assert!(codings.undecoded().is_empty());
    let compiled = 2 * usize::from(cfg!(feature = "gzip"))
        + usize::from(cfg!(feature = "brotli"))
        + usize::from(cfg!(feature = "zstd"));
    assert_eq!(codings.list().len(), compiled);
}

#[cfg(feature = "gzip")]
#[test]
fn transfer_codings_are_outermost_and_counted() {
    let both = |content: &[&str], transfer: &[&str]| {
        Codings::parse_with_transfer(
            content.iter().map(|value| value.as_bytes()),
            transfer.iter().map(|value| value.as_bytes()),
            &Limits::DEFAULT,
        )
    };
    for (content, transfer, list, undecoded) in [
        (&[][..], &["chunked"][..], &[][..], &[][..]),
        (&["deflate"], &["gzip, chunked"], &[Coding::Deflate, Coding::Gzip], &[]),
        (&[], &["x-gzip", "Chunked"], &[Coding::Gzip], &[]),
        (&["foo"], &["gzip"], &[Coding::Gzip], &["foo"]),
        (&["gzip"], &["foo, chunked"], &[], &["gzip", "foo"]),
        (&[], &["chunked, gzip"], &[], &["chunked", "gzip"]),
    ] {
        let codings = both(content, transfer).unwrap();
        let names: Vec<&str> = codings.undecoded().iter().map(|name| &**name).collect();
        assert_eq!((codings.list(), &names[..]), (list, undecoded), "{content:?} {transfer:?}");
    }
    let error = both(&["gzip, gzip"], &["gzip", "gzip, chunked"]).unwrap_err();
    assert_eq!(error.to_string(), "limit content_codings is 3, found 4");
}
