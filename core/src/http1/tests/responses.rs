//! Response framing as a table: RULES T31–T51, each case in both modes and in every split.

use super::*;

/// Rule, input, what comes of it in the compatible mode, and in the strict one if that differs. The
/// input is ended by a clean end of the connection.
pub(super) type Case<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// `OK` before it unless the case brings its own status line.
pub(super) fn input(case: &str) -> Vec<u8> {
    // In the tables ~ stands for NUL and ÿ for the byte 0xFF.
    let start = if case.starts_with('^') { "" } else { OK };
    [start, case.trim_start_matches('^')].concat().chars().map(|c| if c == '~' { 0 } else { c as u8 }).collect()
}

pub(super) fn check(setup: Setup, cases: &[Case<'_>]) {
    for (rule, text, compat, strict) in cases {
        let bytes = input(text);
        for (leniencies, want) in [(Leniencies::COMPAT, compat), (Leniencies::STRICT, &strict.unwrap_or(compat))] {
            let mut setup = setup;
            setup.config.leniencies = leniencies;
            let run = every_way(&setup, &bytes, Some(Eof::Clean));
            assert_eq!(run.line(), *want, "{rule}, {text:?}, strict: {}", leniencies == Leniencies::STRICT);
            no_silent_success(&setup, &bytes, &run);
        }
    }
}

/// A response that says where it ends is never complete before that.
pub(super) fn no_silent_success(setup: &Setup, bytes: &[u8], run: &Run) {
    let told = |saw: &Saw| !matches!(saw, Saw::Head(_, Some(BodyFraming::UntilClose)));
    if let Some(Saw::End) = run.saw.last()
        && run.saw.iter().all(told)
        && !run.used.contains(Leniency::MissingFinalCrlf)
    {
        let mut setup = *setup;
        setup.config.leniencies.missing_final_crlf = false;
        for cut in 0..run.received as usize {
            let short = play(&setup, [&bytes[..cut]], Some(Eof::Clean));
            assert!(matches!(short.saw.last(), Some(Saw::Error(_))), "cut at {cut}: {}", short.line());
        }
    }
}

#[test]
fn t31_length_beside_chunked_is_ignored_or_rejected() {
    check(
        Setup::COMPAT,
        &[
            (
                "T31",
                "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                r#"200/Chunked "ab" end, a fault was tolerated: content_length_beside_transfer_encoding"#,
                Some("! the response has both Content-Length and Transfer-Encoding"),
            ),
            (
                "T31",
                "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n",
                r#"! expected a number in Content-Length, found "x""#,
                None,
            ),
        ],
    );
    let both = input("Content-Length: 3\r\nTransfer-Encoding: chunked\r\ncontent-length: 3\r\nA: b\r\n\r\n0\r\n\r\n");
    let run = every_way(&Setup::COMPAT, &both, None);
    let names: Vec<_> = run.head().fields().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Transfer-Encoding", "A"], "Content-Length is dropped from view");
}

#[test]
fn t32_differing_lengths_are_rejected() {
    let five = r#"200/Length(5) "hello" end, reusable"#;
    check(
        Setup::COMPAT,
        &[
            ("T32", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", five, None),
            ("T32", "Content-Length: 5, 5\r\n\r\nhello", five, None),
            ("T32", "Content-Length: 5\t ,05\r\nContent-Length: 005\r\n\r\nhello", five, None),
            ("T32", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "! Content-Length is both 5 and 6", None),
            ("T32", "Content-Length: 5, 6\r\n\r\nhello!", "! Content-Length is both 5 and 6", None),
            ("T32", "Content-Length: 6\r\nContent-Length: 5\r\n\r\nhello!", "! Content-Length is both 6 and 5", None),
            ("T32", "Content-Length: 5,\r\n\r\nhello", r#"! expected a number in Content-Length, found "5,""#, None),
            ("T32", "Content-Length: ,5\r\n\r\nhello", r#"! expected a number in Content-Length, found ",5""#, None),
            (
                "T32",
                "Content-Length: 5\r\nContent-Length:\r\n\r\nhello",
                r#"! expected a number in Content-Length, found """#,
                None,
            ),
        ],
    );
}

#[test]
fn t33_malformed_length_is_rejected() {
    for wrong in [
        "+5",
        "-1",
        "0x5",
        "5 5",
        "",
        "5.0",
        "5;",
        "\"5\"",
        "5\tb",
        "18446744073709551621",
        "9223372036854775808",
        "00000000000000000005",
    ] {
        let run = every_way(&Setup::COMPAT, &input(&format!("Content-Length: {wrong}\r\n\r\nhello")), None);
        assert_eq!(
            *run.error(),
            ProtocolError::ContentLength { excerpt: Excerpt::new(wrong.as_bytes()) },
            "T33 {wrong}"
        );
    }
    check(
        Setup::COMPAT,
        &[
            (
                "T33",
                "Content-Length:\t 0000000000000000005 \r\n\r\nhello",
                r#"200/Length(5) "hello" end, reusable"#,
                None,
            ),
            (
                "T33, T51",
                "Content-Length: 9223372036854775807\r\n\r\nabc",
                r#"200/Length(9223372036854775807) "abc" ! expected 9223372036854775807 bytes of body, but the connection ended after 3"#,
                None,
            ),
        ],
    );
}

#[test]
fn t34_transfer_codings_frame_or_fail() {
    fn refused(value: &str) -> String {
        format!("! expected Transfer-Encoding: chunked, found \"{}\"", value.as_bytes().escape_ascii())
    }
    let chunked = r#"200/Chunked "ab" end, reusable"#;
    let unended = r#"200/UntilClose "2\r\nab\r\n0\r\n\r\n" end, the body extended to the end of the connection"#;
    // Value, compatible, whether the strict mode refuses.
    for (fields, compat, strict) in [
        ("Transfer-Encoding: chunked", chunked, None),
        ("transfer-encoding:\tCHUNKED\t", chunked, None),
        ("Transfer-Encoding: gzip, chunked", chunked, Some("gzip, chunked")),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", chunked, Some("identity")),
        ("Transfer-Encoding: gzip;q=\"a\", chunked", chunked, Some("gzip;q=\"a\", chunked")),
        ("Transfer-Encoding: chunked, identity", unended, Some("chunked, identity")),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip, br", unended, Some("gzip, br")),
        ("Transfer-Encoding: identity, gzip", unended, Some("identity, gzip")),
        ("Transfer-Encoding: , chunked ,\t,", chunked, None),
        ("Transfer-Encoding: chunked,", chunked, None),
        ("Transfer-Encoding:\r\nTransfer-Encoding: chunked", chunked, None),
        ("Transfer-Encoding: xchunked", unended, Some("xchunked")),
        ("Transfer-Encoding: chunked;q=1", unended, Some("chunked;q=1")),
        ("Transfer-Encoding: chunked chunked", unended, Some("chunked chunked")),
        ("Transfer-Encoding: \"chunked\"", unended, Some("\"chunked\"")),
        ("Transfer-Encoding: chunked, chunked", "", Some("chunked, chunked")),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "", Some("chunked")),
        ("Transfer-Encoding: chunked, gzip, chunked", "", Some("chunked, gzip, chunked")),
        ("Transfer-Encoding: chunked,,chunked", "", Some("chunked,,chunked")),
    ] {
        let bytes = input(&format!("{fields}\r\n\r\n2\r\nab\r\n0\r\n\r\n"));
        let want = if compat.is_empty() { refused(strict.unwrap()) } else { compat.into() };
        let run = every_way(&Setup::COMPAT, &bytes, Some(Eof::Clean));
        assert_eq!(run.line(), want, "T34 {fields}");
        assert_eq!(run.used.contains(Leniency::UnknownTransferCoding), !compat.is_empty() && strict.is_some());
        let want = strict.map_or(compat.into(), refused);
        assert_eq!(every_way(&Setup::STRICT, &bytes, Some(Eof::Clean)).line(), want, "T34 strict {fields}");
    }
    check(
        Setup::COMPAT,
        &[(
            "T34",
            "^HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            r#"200/Chunked "a" end, a fault was tolerated: transfer_encoding_on_http10"#,
            Some("! an HTTP/1.0 response has Transfer-Encoding"),
        )],
    );
}

#[test]
fn t34_identity_coding_leaves_the_length() {
    for (fields, seen) in [
        ("Transfer-Encoding: identity\r\nContent-Length: 2", "identity"),
        ("Content-Length: 2\r\ntransfer-encoding: , Identity ,", ", Identity ,"),
        ("Content-Length: 2\r\nTransfer-Encoding:\r\nTransfer-Encoding: identity", "identity"),
        ("Content-Length: 2\r\nTransfer-Encoding:", ""),
        ("Content-Length: 2\r\nTransfer-Encoding: ,", ","),
    ] {
        let bytes = input(&format!("{fields}\r\n\r\nab"));
        let run = every_way(&Setup::COMPAT, &bytes, None);
        let want = r#"200/Length(2) "ab" end, a fault was tolerated: identity_transfer_coding"#;
        assert_eq!(run.line(), want, "T34 {fields}");
        assert_eq!(run.head().get("content-length"), Some(&b"2"[..]), "T34 {fields}");
        no_silent_success(&Setup::COMPAT, &bytes, &run);
        let want = format!("! expected Transfer-Encoding: chunked, found \"{seen}\"");
        assert_eq!(every_way(&Setup::STRICT, &bytes, None).line(), want, "T34 strict {fields}");
    }
    // Without a length the end of the connection is the end of the body.
    let run = every_way(&Setup::COMPAT, &input("Transfer-Encoding: identity\r\n\r\nab"), Some(Eof::Clean));
    assert!(run.line().starts_with(r#"200/UntilClose "ab" end, "#), "{}", run.line());
    let run = every_way(&Setup::COMPAT, &input("Transfer-Encoding: identity\r\nContent-Length: x\r\n\r\n"), None);
    assert_eq!(run.line(), r#"! expected a number in Content-Length, found "x""#);
}

#[test]
fn t44_t45_truncated_response_is_an_error() {
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let cut = "! the connection ended within the body, after";
    let (one, two, five) = (
        format!("200/Chunked {cut} 0 bytes"),
        format!("200/Chunked \"he\" {cut} 2 bytes"),
        format!("200/Chunked \"hello\" {cut} 5 bytes"),
    );
    let crlf = "200/Chunked \"hello\" end, the response is not finished".to_owned();
    for (text, compat, strict) in [
        ("^".to_owned(), "! expected a response, but the connection ended before its first byte".to_owned(), None),
        ("^H".into(), "! the connection ended within the head, after 1 bytes".into(), None),
        ("^X".into(), "! expected HTTP/1.x, found \"X\"".into(), None),
        ("A: b\r\n".into(), "! the connection ended within the head, after 23 bytes".into(), None),
        ("^HTTP/1.1 100 \r\n\r\n".into(), "100 ! the connection ended within the head, after 0 bytes".into(), None),
        (
            "Content-Length: 5\r\n\r\nhell".into(),
            "200/Length(5) \"hell\" ! expected 5 bytes of body, but the connection ended after 4".into(),
            None,
        ),
        ("\r\nbody".into(), "200/UntilClose \"body\" end, the body extended to the end of the connection".into(), None),
        (chunked.into(), one.clone(), None),
        (format!("{chunked}5"), one.clone(), None),
        (format!("{chunked}5\r\nhe"), two, None),
        (format!("{chunked}5\r\nhello\r\n"), five.clone(), None),
        (format!("{chunked}5\r\nhello\r\n0\r"), five.clone(), None),
        (format!("{chunked}5\r\nhello\r\n0\r\n"), crlf.clone(), Some(five.clone())),
        (format!("{chunked}5\r\nhello\r\n0\r\n\r"), crlf, Some(five)),
    ] {
        let bytes = input(&text);
        let run = every_way(&Setup::COMPAT, &bytes, Some(Eof::Clean));
        assert_eq!(run.line(), compat, "T44 {text:?}");
        if let Some(Saw::Error(error)) = run.saw.last() {
            assert_eq!(error.is_truncation(), !matches!(error, ProtocolError::NotHttp1 { .. }));
        }
        let run = every_way(&Setup::STRICT, &bytes, Some(Eof::Clean));
        assert_eq!(run.line(), strict.unwrap_or(compat), "T44 strict {text:?}");
    }
    // T45: without close_notify only the body that nothing else delimits is in doubt.
    let unended = input("\r\nbody");
    let run = every_way(&Setup::COMPAT, &unended, Some(Eof::Truncated));
    assert!(run.saw.last() == Some(&Saw::End) && run.used.contains(Leniency::UncleanTlsClose));
    let run = every_way(&Setup::STRICT, &unended, Some(Eof::Truncated));
    assert_eq!(*run.error(), ProtocolError::Truncated { part: Part::Body, received: 4, expected: None });
    for whole in ["Content-Length: 1\r\n\r\na", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"] {
        let run = every_way(&Setup::STRICT, &input(whole), Some(Eof::Truncated));
        assert!(run.saw.last() == Some(&Saw::End) && run.used.is_empty(), "T45 {whole:?}");
    }
}

#[test]
fn t46_bodiless_responses_never_have_a_body() {
    // T47: what announces a body that may not be there, and what is no length, poisons.
    let none = |status: u16, announces: bool| {
        let reuse = if announces { "a response without a body announces one" } else { "reusable" };
        format!("{status}/None end, {reuse}")
    };
    for (fields, in_204, in_any) in [
        ("", false, false),
        ("Content-Length: 0\r\n", false, false),
        ("Content-Length: 5\r\n", true, false),
        ("Content-Length: 5, 5\r\n", true, false),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", true, true),
        ("Content-Length: x\r\n", true, true),
        ("Transfer-Encoding: chunked\r\n", true, false),
        ("Transfer-Encoding: x\r\n", true, false),
    ] {
        for (status, announces) in [(204, in_204), (304, in_any)] {
            let run = every_way(&Setup::STRICT, &input(&format!("^HTTP/1.1 {status} x\r\n{fields}\r\n")), None);
            assert_eq!(run.line(), none(status, announces), "T46 {fields:?}");
        }
        for status in [200, 404, 302] {
            let head = Setup { method: "HEAD", ..Setup::STRICT };
            let run = every_way(&head, &input(&format!("^HTTP/1.1 {status} x\r\n{fields}\r\n")), None);
            assert_eq!(run.line(), none(status, in_any), "T46 HEAD {fields:?}");
            let connect = Setup { method: "CONNECT", ..Setup::STRICT };
            let run = every_way(&connect, &input(&format!("^HTTP/1.1 2{:02} x\r\n{fields}\r\n", status % 100)), None);
            assert_eq!(run.line(), format!("2{:02}/Switched switched", status % 100), "T46 CONNECT {fields:?}");
        }
    }
    let connect = Setup { method: "CONNECT", ..Setup::COMPAT };
    let run = every_way(&connect, b"HTTP/1.1 407 x\r\nContent-Length: 2\r\n\r\nno", None);
    assert_eq!(run.line(), "407/Length(2) \"no\" end, reusable");
    check(
        Setup::COMPAT,
        &[
            (
                "T46",
                "^HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nab",
                "205/Length(2) \"ab\" end, reusable",
                Some("205/Length(2) ! a 205 response has content"),
            ),
            (
                "T46",
                "^HTTP/1.1 205 Reset\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                "205/Chunked \"a\" end, reusable",
                Some("205/Chunked ! a 205 response has content"),
            ),
            ("T46", "^HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n", "205/Length(0) end, reusable", None),
        ],
    );
}

#[test]
fn t99_connection_options_decide_reuse() {
    let (yes, closed, old) =
        ("reusable", "the response contained Connection: close", "the response is HTTP/1.0 without keep-alive");
    for (fields, on11, on10) in [
        ("", yes, old),
        ("Connection: close\r\n", closed, closed),
        ("Connection: CLOSE\r\n", closed, closed),
        ("connection: foo ,Close\t, bar\r\n", closed, closed),
        ("Connection: keep-alive\r\n", yes, yes),
        ("Connection: Keep-Alive, foo\r\n", yes, yes),
        ("Connection: keep-alive, close\r\n", closed, closed),
        ("Connection: close, keep-alive\r\n", closed, closed),
        ("Connection: keep-alive\r\nConnection: close\r\n", closed, closed),
        ("Connection: closed, not-close, close-\r\n", yes, old),
        ("Connection: \"close\"\r\n", yes, old),
        ("Connection:\r\n", yes, old),
        ("Proxy-Connection: close\r\n", closed, closed),
        ("Keep-Alive: timeout=5\r\n", yes, old),
    ] {
        for (version, reason) in [("1.1", on11), ("1.0", on10)] {
            for rest in ["200 OK\r\nContent-Length: 0\r\n", "204 No\r\n", "304 No\r\n"] {
                let run = every_way(&Setup::STRICT, &input(&format!("^HTTP/{version} {rest}{fields}\r\n")), None);
                assert!(run.line().ends_with(&format!("end, {reason}")), "T99 {version} {fields:?}: {}", run.line());
            }
        }
    }
    let run = every_way(
        &Setup::COMPAT,
        &input("Connection: close, X-Hop,, set-cookie\r\nX-Hop: 1\r\nKeep-Alive: x\r\nA: b\r\n\r\n"),
        None,
    );
    let shown: Vec<_> = run.head().fields().end_to_end().map(|(name, _)| name).collect();
    assert_eq!(shown, ["A"], "T99: hop-by-hop fields are not shown as end-to-end");
}
