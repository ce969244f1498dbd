//! Field lines of responses: RULES T35–T38, each case in both modes and in every split.

use super::responses::{check, input};
use super::*;

#[test]
fn t35_t36_t37_t38_field_lines_are_parsed_or_rejected() {
    let end = "200/Length(0) end, reusable";
    check(
        Setup::COMPAT,
        &[
            (
                "T35",
                "Content-Length : 0\r\n\r\n",
                r#"! expected a field name and a colon in the head, found "Content-Length ""#,
                None,
            ),
            ("T35", "A b: c\r\n\r\n", r#"! expected a field name and a colon in the head, found "A ""#, None),
            ("T35", "abc\r\n\r\n", r#"! expected a field name and a colon in the head, found "abc""#, None),
            ("T35", ": c\r\n\r\n", r#"! expected a field name and a colon in the head, found ":""#, None),
            ("T35", " A: b\r\n\r\n", r#"! expected a field name and a colon in the head, found " ""#, None),
            ("T35", "A\u{e9}: b\r\n\r\n", r#"! expected a field name and a colon in the head, found "A\xe9""#, None),
            (
                "T36",
                "A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
                end,
                Some("! \"A\" in the head is folded over several lines"),
            ),
            (
                "T36",
                "Content-Length:\r\n 0\r\n\r\n",
                "! \"Content-Length\" in the head is folded over several lines",
                None,
            ),
            (
                "T36",
                "Content-Length: 0\r\n \r\n\r\n",
                "! \"Content-Length\" in the head is folded over several lines",
                None,
            ),
            (
                "T36",
                "Content-Length: 0\r\nProxy-Connection: a,\r\n close\r\n\r\n",
                "200/Length(0) end, the response contained Connection: close",
                Some("! \"Proxy-Connection\" in the head is folded over several lines"),
            ),
            (
                "T36",
                "Content-Length: 0\r\n 1\r\n\r\n",
                "! \"Content-Length\" in the head is folded over several lines",
                None,
            ),
            (
                "T36",
                "Transfer-Encoding: gzip,\r\n chunked\r\n\r\n",
                "! \"Transfer-Encoding\" in the head is folded over several lines",
                None,
            ),
            ("T36", "Location: /a\r\n\t/b\r\n\r\n", "! \"Location\" in the head is folded over several lines", None),
            (
                "T36",
                "Set-Cookie: a=secret;\r\n b\r\nContent-Length: 0\r\n\r\n",
                end,
                Some("! \"Set-Cookie\" in the head is folded over several lines"),
            ),
            (
                "T36",
                "Connection: a,\r\n close\r\n\r\n",
                "! \"Connection\" in the head is folded over several lines",
                None,
            ),
            ("T37", "Content-Length: 0\n\r\n", end, Some("! expected CRLF in the head, found LF alone")),
            (
                "T37",
                "^HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                end,
                Some("! expected CRLF in the head, found LF alone"),
            ),
            ("T37", "A: b\rc\r\n\r\n", "! expected LF after CR in the head", None),
            ("T37", "A: b\r\r\n\r\n", "! expected LF after CR in the head", None),
            ("T37", "A\r: b\r\n\r\n", "! expected LF after CR in the head", None),
            ("T37", "Content-Length: 3\r\n\rabc", "! expected LF after CR in the head", None),
            (
                "T37",
                "^HTTP/1.1 200 OK\rA: b\r\n\r\n",
                r#"! expected a status line, found "HTTP/1.1 200 OK\rA: b""#,
                None,
            ),
            ("T38", "A: b~c\r\n\r\n", "! the value of \"A\" in the head contains byte 0x00", None),
            (
                "T38",
                "Set-Cookie: a=secret\u{7f}\r\nContent-Length: 0\r\n\r\n",
                end,
                Some("! the value of \"Set-Cookie\" in the head contains byte 0x7f"),
            ),
            (
                "T38",
                "A:\u{1b}\r\nContent-Length: 0\r\n\r\n",
                end,
                Some("! the value of \"A\" in the head contains byte 0x1b"),
            ),
            (
                "T38",
                "A: \u{1}\r\nB: c~\r\n\r\n",
                "! the value of \"B\" in the head contains byte 0x00",
                Some("! the value of \"A\" in the head contains byte 0x01"),
            ),
            ("T38", "A\u{1}: b\r\n\r\n", r#"! expected a field name and a colon in the head, found "A\x01""#, None),
            ("T38", "\u{7f}\r\n\r\n", r#"! expected a field name and a colon in the head, found "\x7f""#, None),
            (
                "T38",
                "A: \u{ff}\r\nContent-Length: 0\r\n\r\n",
                end,
                Some("! the value of \"A\" in the head contains byte 0xff"),
            ),
            ("T38", "A:\tb\tc\t\r\nContent-Length: 0\r\n\r\n", end, None),
        ],
    );
}

#[test]
fn field_names_of_every_length_are_read() {
    for length in 1..=130 {
        let name = "n".repeat(length);
        let bytes = input(&format!("{name}: v\r\nContent-Length: 0\r\n\r\n"));
        let run = play(&Setup::COMPAT, [&bytes[..]], None);
        assert_eq!(run.line(), "200/Length(0) end, reusable", "{length}");
        assert_eq!(run.head().get(&name), Some(&b"v"[..]));
    }
}

#[test]
fn t38_control_characters_in_values_are_recorded() {
    for version in ["HTTP/1.0", "HTTP/1.1", "HTTP/1.4"] {
        let head = "Keep-Alive: x\u{1}\r\nA:\u{b} b\u{1b}\u{7f}\t\r\nFolded: \u{2}\r\n \u{3}\r\nContent-Length: 1";
        let bytes = format!("{version} 200 OK\r\n{head}\r\n\r\na");
        let run = every_way(&Setup::COMPAT, bytes.as_bytes(), None);
        assert!(run.line().starts_with(r#"200/Length(1) "a" end"#), "{}", run.line());
        assert_eq!(run.head().raw(), &bytes.as_bytes()[..bytes.len() - 1]);
        assert_eq!(run.head().get("a"), Some(&b"\x0b b\x1b\x7f"[..]));
        assert_eq!(run.head().get("folded"), Some(&b"\x02 \x03"[..]));
        assert_eq!(run.used.iter().collect::<Vec<_>>(), [Leniency::ObsFold, Leniency::ControlInValue]);
        assert!(!run.head().to_header_map().contains_key("a"));
    }
    for byte in (1..0x20).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        for name in ["Content-Length", "transfer-encoding", "Connection", "Location"] {
            let bytes = input(&format!("{name}: 1{}\r\n\r\na", char::from(byte)));
            let want = format!("! the value of \"{name}\" in the head contains byte {byte:#04x}");
            assert_eq!(play(&Setup::COMPAT, [&bytes[..]], None).line(), want);
        }
        let bytes = input(&format!("A: {}\r\nContent-Length: 0\r\n\r\n", char::from(byte)));
        assert_eq!(play(&Setup::COMPAT, [&bytes[..]], None).head().get("a"), Some(&[byte][..]));
        assert!(matches!(play(&Setup::STRICT, [&bytes[..]], None).error(), ProtocolError::FieldValue { .. }));
    }
}

#[test]
fn t36_folded_cookie_is_joined_by_one_space() {
    let run = every_way(
        &Setup::COMPAT,
        &input("Set-Cookie: a=b;\r\n\t Path=/x;\r\n Secure\r\nset-cookie: c=d\r\nContent-Length: 0\r\n\r\n"),
        None,
    );
    let cookies: Vec<_> = run.head().set_cookies().collect();
    assert_eq!(cookies, [&b"a=b; Path=/x; Secure"[..], b"c=d"]);
    assert!(run.used.contains(Leniency::ObsFold));
}
