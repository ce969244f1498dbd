//! Chunked coding and its trailers: RULES T37, T40–T43.

use super::responses::{input, no_silent_success};
use super::*;

#[test]
fn t40_t41_t42_chunk_syntax_is_strict_or_recorded() {
    fn chunked(body: &str) -> Vec<u8> {
        input(&format!("Transfer-Encoding: chunked\r\n\r\n{body}"))
    }
    let ok = r#"200/Chunked "hello" end, reusable"#;
    let size = |byte: &str| format!("200/Chunked ! invalid byte \"{byte}\" in a chunk size");
    let ext = |byte: &str| format!("200/Chunked ! invalid byte \"{byte}\" in a chunk extension");
    let lf = "200/Chunked ! expected CRLF in the body, found LF alone".to_owned();
    // The framing before the data, the compatible result, and the strict result if it differs.
    for (rule, line, compat, strict) in [
        ("T40", "5\r\n", ok.into(), None),
        ("T40", "0000000000000005\r\n", ok.into(), None),
        ("T40", "00000000000000005\r\n", size("5"), None),
        ("T40", "+5\r\n", size("+"), None),
        ("T40", "-5\r\n", size("-"), None),
        ("T40", " 5\r\n", size(" "), None),
        ("T40", "0x5\r\n", size("x"), None),
        ("T40", "5g\r\n", size("g"), None),
        ("T40", "\r\n", size("\\r"), None),
        ("T40", ";a\r\n", size(";"), None),
        ("T40", "8000000000000000\r\n", size("0"), None),
        ("T40", "ffffffffffffffff\r\n", size("f"), None),
        ("T40", "5 \r\n", ok.into(), Some(size(" "))),
        ("T40", "5  \r\n", ok.into(), Some(size(" "))),
        ("T40", "5\t\r\n", size("\\t"), None),
        ("T40", "5\t \r\n", size("\\t"), None),
        ("T40", "5 \t\r\n", size("\\t"), None),
        ("T40", "5;a\t\r\n", size("\\t"), None),
        ("T40", "5;a=b \t\r\n", size("\\t"), None),
        ("T40", "5\t;\ta\t=\tb\t;c\r\n", ok.into(), None),
        ("T40", "5 5\r\n", size("5"), None),
        ("T40", "5 ;a\r\n", ok.into(), None),
        ("T37", "5\n", lf.clone(), None),
        ("T37", "5 \n", lf.clone(), None),
        ("T37", "5;a\n", lf.clone(), None),
        ("T37", "5\r", "200/Chunked ! expected LF after CR in the body".into(), None),
        ("T42", "5;a\r\n", ok.into(), None),
        ("T42", "5;a=b;c=\"d;\\\"\t\u{ff}\";e\r\n", ok.into(), None),
        ("T42", "5 ; a = b ; c = \"d\" ;e\r\n", ok.into(), None),
        ("T42", "5;a=b \r\n", ok.into(), Some(size(" "))),
        ("T42", "5;a \r\n", ok.into(), Some(size(" "))),
        ("T40", "5;\r\n", ok.into(), Some(ext("\\r"))),
        ("T40", "5; \r\n", ok.into(), Some(ext("\\r"))),
        ("T40", "5;a;\r\n", ok.into(), Some(ext("\\r"))),
        ("T37", "5;\n", lf.clone(), None),
        ("T42", "5;a=\r\n", ext("\\r"), None),
        ("T42", "5;a=\"b\r\n", ext("\\r"), None),
        ("T42", "5;a=\"b\"c\r\n", ext("c"), None),
        ("T42", "5;a b\r\n", ext("b"), None),
        ("T42", "5;a=b c\r\n", ext("c"), None),
        ("T42", "5;a\0\r\n", ext("\\x00"), None),
        ("T42", "5;a=\"\n\"\r\n", ext("\\n"), None),
        ("T42", "5;a=\"\\\r\"\r\n", ext("\\r"), None),
        ("T42", "5;=\r\n", ext("="), None),
        ("T42", "5;;\r\n", ext(";"), None),
    ] {
        let bytes = chunked(&format!("{line}hello\r\n0\r\n\r\n"));
        let run = every_way(&Setup::COMPAT, &bytes, Some(Eof::Clean));
        assert_eq!(run.line(), compat, "{rule} {line:?}");
        let run = every_way(&Setup::STRICT, &bytes, Some(Eof::Clean));
        assert_eq!(run.line(), strict.unwrap_or(compat), "{rule} strict {line:?}");
        no_silent_success(&Setup::STRICT, &bytes, &run);
    }
    let largest = chunked("7fffffffffffffff\r\nhello");
    let run = every_way(&Setup::COMPAT, &largest, None);
    assert!(!run.line().contains('!'), "T40: the largest size is a size: {}", run.line());
    for (body, want) in [
        ("5\r\nhello0\r\n\r\n", r#"200/Chunked "hello" ! expected CRLF after a chunk, found byte "0""#),
        ("5\r\nhello\n0\r\n\r\n", r#"200/Chunked "hello" ! expected CRLF after a chunk, found byte "\n""#),
        ("5\r\nhello\r0\r\n\r\n", r#"200/Chunked "hello" ! expected CRLF after a chunk, found byte "0""#),
        ("5\r\nhello!\r\n0\r\n\r\n", r#"200/Chunked "hello" ! expected CRLF after a chunk, found byte "!""#),
        ("5\r\nhello\r\n\r\n", r#"200/Chunked "hello" ! invalid byte "\r" in a chunk size"#),
        ("2\r\nhe\r\n3\r\nllo\r\n000\r\n\r\n", ok),
        ("0\r\n\n", "200/Chunked ! expected CRLF in the trailers, found LF alone"),
        ("0\r\n\rx", "200/Chunked ! expected LF after CR in the trailers"),
        ("0;a=b\r\n\r\n", "200/Chunked end, reusable"),
    ] {
        for setup in [Setup::COMPAT, Setup::STRICT] {
            assert_eq!(every_way(&setup, &chunked(body), Some(Eof::Clean)).line(), want, "T41 {body:?}");
        }
    }
}

#[test]
fn t40_empty_extension_is_recorded() {
    let bytes = input("Transfer-Encoding: chunked\r\n\r\n2;\r\nab\r\n0;\r\n\r\n");
    let run = every_way(&Setup::COMPAT, &bytes, None);
    assert_eq!(run.line(), r#"200/Chunked "ab" end, reusable"#);
    assert_eq!(run.used.iter().collect::<Vec<_>>(), [Leniency::EmptyChunkExtension]);
}

#[test]
fn t43_trailers_are_separate_from_fields() {
    let bytes = input(
        "Transfer-Encoding: chunked\r\nETag: head\r\n\r\n1\r\na\r\n0\r\nETag: tail\r\nSet-Cookie: a=b\r\nX-Sum:  1\t\r\n\
         Content-Length: 9\r\ntransfer-encoding: gzip\r\nLocation: /\r\nX-Sum: 2\r\n\r\n",
    );
    for setup in [Setup::COMPAT, Setup::STRICT] {
        let run = every_way(&setup, &bytes, None);
        assert_eq!(run.line(), r#"200/Chunked "a" end, reusable"#);
        assert_eq!(run.head().get_all("etag").collect::<Vec<_>>(), [b"head"]);
        let trailers = run.trailers.as_ref().unwrap();
        let got: Vec<_> = trailers.iter().collect();
        assert_eq!(got, [("ETag", &b"tail"[..]), ("X-Sum", b"1"), ("X-Sum", b"2")]);
        no_silent_success(&setup, &bytes, &run);
    }
    for (trailers, want) in [
        ("A: b\n\r\n", "! expected CRLF in the trailers, found LF alone"),
        ("A: b\r\n c\r\n\r\n", "! \"A\" in the trailers is folded over several lines"),
        (" A: b\r\n\r\n", r#"! expected a field name and a colon in the trailers, found " ""#),
        ("A : b\r\n\r\n", r#"! expected a field name and a colon in the trailers, found "A ""#),
        ("A: \0\r\n\r\n", "! the value of \"A\" in the trailers contains byte 0x00"),
        ("A: b\rc\r\n\r\n", "! expected LF after CR in the trailers"),
        ("A: b\r\n", "! the connection ended within the trailers, after 6 bytes"),
    ] {
        let bytes = input(&format!("Transfer-Encoding: chunked\r\n\r\n0\r\n{trailers}"));
        for setup in [Setup::COMPAT, Setup::STRICT] {
            let line = every_way(&setup, &bytes, Some(Eof::Clean)).line();
            assert_eq!(line, format!("200/Chunked {want}"), "T43 {trailers:?}");
        }
    }
}

#[test]
fn t38_obs_text_in_trailers_is_recorded() {
    let bytes = |trailer: &[u8]| {
        let mut bytes = input("Transfer-Encoding: chunked\r\n\r\n0\r\nA: ");
        bytes.extend_from_slice(trailer);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    };
    let used = |setup: &Setup, trailer: &[u8]| every_way(setup, &bytes(trailer), None).used;
    assert!(used(&Setup::COMPAT, b"\x94").contains(Leniency::ObsText));
    assert!(!used(&Setup::COMPAT, b"b").contains(Leniency::ObsText));
    let strict = every_way(&Setup::STRICT, &bytes(b"\x94"), None);
    assert!(strict.line().contains("!"), "{}", strict.line());
}
