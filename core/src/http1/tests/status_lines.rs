//! Status lines: RULES T39, each case in both modes and in every split.

use super::responses::check;
use super::*;

#[test]
fn t39_extra_spaces_before_the_code_are_recorded() {
    for (line, reason) in [
        ("HTTP/1.0  401 Not you", &b"Not you"[..]),
        ("HTTP/1.1    401  Not you", b" Not you"),
        ("HTTP/1.3  401 ", b""),
        ("HTTP/1.1  401", b""),
    ] {
        let bytes = format!("{line}\r\nContent-Length: 0\r\n\r\n");
        let run = every_way(&Setup::COMPAT, bytes.as_bytes(), None);
        assert!(run.line().starts_with("401/Length(0) end, "), "{line}: {}", run.line());
        assert_eq!((run.head().reason(), run.used.contains(Leniency::SpacesInStatusLine)), (reason, true), "{line}");
        let run = every_way(&Setup::STRICT, bytes.as_bytes(), None);
        assert_eq!(run.line(), format!("! expected a status line, found \"{line}\""));
    }
    let run = every_way(&Setup::COMPAT, b"HTTP/1.1 401  Not you\r\nContent-Length: 0\r\n\r\n", None);
    assert_eq!((run.head().reason(), run.used.is_empty()), (&b" Not you"[..], true));
}

#[test]
fn t39_status_lines_are_parsed_or_rejected() {
    let wrong = |seen: &str| format!("! expected a status line, found \"{seen}\"");
    let (bare, high) = (wrong("HTTP/1.1 200"), wrong("HTTP/1.1 200 \\xff"));
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 000",
        "HTTP/1.1 \\t200 OK",
        "HTTP/1.1   20 OK",
        "HTTP/1.1   ",
        "HTTP/1.1 200OK",
        "HTTP/1.1\\t200 OK",
        "HTTP/1.01 200 OK",
        "HTTP/1. 200 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 200\\tOK",
        "HTTP/1.1 200 O\\x00K",
        "HTTP/1.1 200 O\\x7fK",
        "HTTP/1.a 200 OK",
    ] {
        let raw = line.replace("\\t", "\t").replace("\\x00", "\0").replace("\\x7f", "\x7f");
        let run = every_way(&Setup::COMPAT, format!("{raw}\r\nContent-Length: 0\r\n\r\n").as_bytes(), None);
        assert_eq!(run.line(), wrong(line), "T39 {line}");
    }
    for (line, seen) in [
        ("HTTP/2.0 200 OK", "HTTP/2."),
        ("HTTP/0.9 200 OK", "HTTP/0."),
        ("ICY 200 OK", "ICY 200"),
        ("http/1.1 200 OK", "http/1."),
        ("HTTP/11.1 200 OK", "HTTP/11"),
        ("<html>", "<html>\\r"),
        ("SSH-2.0-x", "SSH-2.0"),
        (" HTTP/1.1 200 OK", " HTTP/1"),
        ("\r\rHTTP/1.1 200 OK", "\\r\\rHTTP/"),
    ] {
        let run = every_way(&Setup::COMPAT, format!("{line}\r\n\r\n").as_bytes(), None);
        let Saw::Error(ProtocolError::NotHttp1 { excerpt: got }) = &run.saw[0] else {
            panic!("T39 {line}: {}", run.line())
        };
        assert!(format!("\"{seen}").starts_with(got.to_string().trim_end_matches('"')), "T39 {line}: {got}");
    }
    let end = "/Length(0) end, reusable";
    for (line, status) in [
        ("HTTP/1.1 200 OK", 200),
        ("HTTP/1.1 200 ", 200),
        ("HTTP/1.9 200 OK", 200),
        ("HTTP/1.1 999 x", 999),
        ("HTTP/1.1 600 ", 600),
        ("HTTP/1.1 404  two  spaces\t", 404),
    ] {
        let run = every_way(&Setup::STRICT, format!("{line}\r\nContent-Length: 0\r\n\r\n").as_bytes(), None);
        assert_eq!(run.line(), format!("{status}{end}"), "T39 {line}");
    }
    check(
        Setup::COMPAT,
        &[
            ("T39", "^HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200/Length(0) end, reusable", Some(&bare)),
            ("T39", "^HTTP/1.1 200 \u{ff}\r\nContent-Length: 0\r\n\r\n", "200/Length(0) end, reusable", Some(&high)),
            ("T39", "^\r\nHTTP/1.1 200 OK\r\n\r\n", "! expected a status line, found an empty line", None),
        ],
    );
    // After another response on the same connection one empty line is passed over.
    let served = Setup { served: true, ..Setup::COMPAT };
    let empty = "! expected a status line, found an empty line";
    check(
        served,
        &[
            ("T39", "^\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200/Length(0) end, reusable", Some(empty)),
            ("T39", "^\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", empty, None),
        ],
    );
    check(
        Setup::COMPAT,
        &[(
            "T39",
            "^HTTP/1.1 100 \r\n\r\n\r\nHTTP/1.1 204 \r\n\r\n",
            "100 204/None end, reusable",
            Some("100 ! expected a status line, found an empty line"),
        )],
    );
}
