//! The bytes of forms, and injection through names and fields.

use super::*;
use crate::seed::{Seed, TestSeed};
use crate::session::Session;

fn boundary() -> Boundary {
    Boundary::new(1)
}

/// Encodes with sources that are byte strings, read `step` bytes at a time.
fn encoded(form: Multipart<&'static [u8]>, step: usize) -> (String, Option<u64>) {
    let mut encoder = form.encode(&boundary()).unwrap();
    let length = encoder.length();
    let mut out = Vec::new();
    let mut sources: Vec<&[u8]> = encoder.sources().map(|source| *source).collect();
    sources.reverse();
    loop {
        let n = match encoder.next_piece() {
            NextPiece::Bytes(bytes) => {
                let n = step.min(bytes.len());
                out.extend_from_slice(&bytes[..n]);
                n
            }
            NextPiece::Source { source, left } => {
                let n = step.min(source.len()).min(left.map_or(usize::MAX, |left| left as usize));
                out.extend_from_slice(&source[..n]);
                *source = &source[n..];
                if n == 0 {
                    encoder.source_ended().unwrap();
                }
                n
            }
            NextPiece::End => break,
        };
        encoder.advance(n);
    }
    assert!(matches!(encoder.next_piece(), NextPiece::End));
    (String::from_utf8(out).unwrap().replace(boundary().as_str(), "B"), length)
}

#[test]
fn form_is_framed_as_rfc_7578_says() {
    for step in [1, 2, 7, 1000] {
        let file = Part::source(&b"<p>"[..], Some(3)).file_name("a.html").content_type("text/html");
        let form = Multipart::new()
            .text("title", "x")
            .part("doc", file.header("X-Part", "1"))
            .part("data", Part::source(&b"abc"[..], None))
            .text("", "");
        let (body, length) = encoded(form, step);
        assert_eq!(length, None, "a source has no length");
        assert_eq!(
            body,
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n\
             --B\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.html\"\r\nContent-Type: text/html\r\n\
             X-Part: 1\r\n\r\n<p>\r\n\
             --B\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nabc\r\n\
             --B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--B--\r\n"
        );
    }
    assert_eq!(encoded(Multipart::new(), 9).0, "--B--\r\n");
}

#[test]
fn length_is_known_if_those_of_all_parts_are() {
    let form = || Multipart::new().text("a", "x").part("b", Part::source(&b"abc"[..], Some(3))).bytes("c", "yz");
    let mut encoder = form().encode(&boundary()).unwrap();
    let length = encoder.length().unwrap();
    let (body, _) = encoded(form(), 3);
    assert_eq!(length as usize, body.len() + 4 * (boundary().as_str().len() - 1));
    encoder.advance(5);
    encoder.restart();
    assert!(matches!(encoder.next_piece(), NextPiece::Bytes(bytes) if bytes.starts_with(b"--petition-")));
    let endless = Multipart::new().part("a", Part::source((), Some(u64::MAX))).encode(&boundary()).unwrap();
    assert_eq!(endless.length(), None, "more than any length");
}

#[test]
fn source_shorter_than_declared_is_an_error() {
    let mut encoder = Multipart::new().part("a", Part::source((), Some(5))).encode(&boundary()).unwrap();
    let NextPiece::Bytes(bytes) = encoder.next_piece() else { panic!("no head") };
    let n = bytes.len();
    encoder.advance(n);
    assert!(matches!(encoder.next_piece(), NextPiece::Source { left: Some(5), .. }));
    encoder.advance(3);
    assert_eq!(encoder.source_ended(), Err(ShortSource { expected: 5, found: 3 }));
    encoder.advance(2);
    assert!(matches!(encoder.next_piece(), NextPiece::Bytes(b) if b.starts_with(b"\r\n--")), "no more is read");
}

#[test]
fn t22_names_cannot_inject_fields_or_parts() {
    let hostile = "a\"b\r\nX-Inj: 1\r\n\r\npwn";
    let form = Multipart::new().part(hostile, Part::text("v").file_name("ü\\\"\r\n\u{0}.txt"));
    let (body, _) = encoded(form, 1000);
    assert_eq!(
        body,
        "--B\r\nContent-Disposition: form-data; name=\"a%22b%0D%0AX-Inj: 1%0D%0A%0D%0Apwn\"; \
         filename=\"ü\\%22%0D%0A\u{0}.txt\"\r\n\r\nv\r\n--B--\r\n"
    );
}

#[test]
fn t22_part_fields_are_validated() {
    for (name, value) in [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("Content-Type", "a/b\n"), ("content-disposition", "x")]
    {
        let part: Part<NoSource> = Part::text("v").header(name, value).header("X-Fine", "1");
        assert!(Multipart::new().part("a", part).encode(&boundary()).is_err(), "{name}: {value:?}");
    }
    let typed: Part<NoSource> = Part::text("v").content_type("a/b\r\n");
    assert!(Multipart::new().part("a", typed).encode(&boundary()).is_err());
}

#[test]
fn t23_boundaries_are_unpredictable_and_never_repeat() {
    let draw = |session: &mut Session| session.draw_boundary().as_str().to_owned();
    let mut one = Session::seeded(Seed::from_bits([1, 2]));
    let mut other = Session::seeded(Seed::from_bits([1, 3]));
    let drawn: std::collections::BTreeSet<String> =
        (0..1000).flat_map(|_| [draw(&mut one), draw(&mut other)]).collect();
    assert_eq!(drawn.len(), 2000);
    // Each of the 128 bits is set in about half of the boundaries.
    let bits = |text: &String| u128::from_str_radix(text.strip_prefix("petition-").unwrap(), 16).unwrap();
    for bit in 0..128 {
        let set = drawn.iter().filter(|text| bits(text) >> bit & 1 == 1).count();
        assert!((800..1200).contains(&set), "bit {bit} is set in {set} of 2000");
    }
    let repeat = |_| draw(&mut Session::seeded(TestSeed(7)));
    assert_eq!(repeat(0), repeat(1), "a test seed gives the same boundary");
    let boundary = one.draw_boundary();
    assert!(boundary.as_str().len() <= 70 && !format!("{boundary:?}").contains(boundary.as_str()));
}

#[test]
fn t23_boundary_in_a_part_is_noticed() {
    let inside = format!("x--{}y", boundary().as_str());
    let form = |text: &str| Multipart::<NoSource>::new().text("a", text);
    assert!(form(&inside).contains(&boundary()));
    assert!(!form("petition-").contains(&boundary()) && !form("").contains(&boundary()));
}

#[test]
fn debug_output_shows_no_content() {
    let form: Multipart<NoSource> = Multipart::new().text("name", "secret");
    let part: Part<NoSource> = Part::text("secret").header("X-Token", "secret");
    let shown = format!("{form:?} {part:?}") + &format!("{:?}", form.encode(&boundary()).unwrap());
    assert!(shown.contains("name") && !shown.contains("secret"), "{shown}");
}
