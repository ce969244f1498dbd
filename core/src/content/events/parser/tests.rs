//! The standard's examples and corner cases: whole, byte by byte and split at every position.

use super::*;

/// Event type, data and ID of each event, then the last event ID and the retry time.
type Parsed = (Vec<(String, String, String)>, String, Option<Duration>);

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Parsed {
    let mut parser = Parser::new(&Limits::DEFAULT);
    let mut events = Vec::new();
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let (consumed, event) = parser.parse(rest).unwrap();
            assert!(event.is_some() || consumed == rest.len());
            rest = &rest[consumed..];
            events.extend(event.map(|event| (event.event, event.data, event.id)));
        }
    }
    (events, parser.last_event_id().to_owned(), parser.retry())
}

/// Parses under every split, and returns the events as `type|data|id` with escaped line feeds.
fn lines(stream: impl AsRef<[u8]>) -> Vec<String> {
    let stream = stream.as_ref();
    let whole = parse([stream]);
    assert_eq!(parse(stream.chunks(1)), whole, "byte by byte: {}", stream.escape_ascii());
    for at in 0..=stream.len() {
        let (one, two) = stream.split_at(at);
        assert_eq!(parse([one, two]), whole, "cut at {at}: {}", stream.escape_ascii());
    }
    whole.0.iter().map(|(event, data, id)| format!("{event}|{data}|{id}").replace('\n', "\\n")).collect()
}

#[test]
fn t98_events_of_the_standard_are_parsed() {
    for (stream, expected) in [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", &["message|YHOO\\n+2\\n10|"][..]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            &["message|first event|1", "message|second event|", "message| third event|"],
        ),
        // One empty data field makes no event, and the last event is incomplete.
        ("data\n\ndata\ndata\n\ndata:", &["message|\\n|"]),
        ("data: one\r\ndata: two\r\n\r\n", &["message|one\\ntwo|"]),
        ("data:test\n\ndata: test\n\n", &["message|test|", "message|test|"]),
        ("event: add\ndata: 73\n\nevent\ndata: 1\n\nevent: x\n\ndata: 2\n\n", &["add|73|", "message|1|", "message|2|"]),
        ("data: a\r\rdata: b\r\n\r\ndata: c\n\r\n\n", &["message|a|", "message|b|", "message|c|"]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", &["message|a|"]),
        ("\u{feff}\u{feff}data: a\n\n", &[]),
        ("data: a\ndata\ndata:\ndata: b\n\n", &["message|a\\n\\n\\nb|"]),
        ("data:\ndata: x\n\n", &["message|\\nx|"]),
        ("Data: a\n\n data: b\n\ndata : c\n\ndatas: d\n\n", &[]),
        ("data: a", &[]),
        ("data: a\n", &[]),
        ("", &[]),
        ("\n\n\n", &[]),
        ("data: a: b\n\n:\n:data: c\n\n", &["message|a: b|"]),
    ] {
        assert_eq!(lines(stream), expected, "{stream:?}");
    }
}

#[test]
fn t98_ids_persist_and_never_contain_nul() {
    let stream = "id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid: 3\n\nid: 4\ndata: d\n";
    assert_eq!(lines(stream), ["message|a|1", "message|b|1", "message|c|1"]);
    let (_, last, _) = parse([stream.as_bytes()]);
    assert_eq!(last, "3", "an ID without data counts at the end of its event, and 4 is incomplete");
    let mut resumed = Parser::resumed(&Limits::DEFAULT, "7".into());
    assert_eq!(resumed.parse(b"data: x\n\n").unwrap().1.unwrap().id, "7");
}

#[test]
fn t98_retry_is_digits_only() {
    for (value, expected) in [
        ("0", Some(Duration::ZERO)),
        ("2500", Some(Duration::from_millis(2500))),
        ("007", Some(Duration::from_millis(7))),
        ("99999999999999999999999", Some(Duration::from_millis(u64::MAX))),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        (" 1", None),
        ("1 ", None),
        ("٣", None),
    ] {
        assert_eq!(parse([format!("retry: {value}\n").as_bytes()]).2, expected, "{value:?}");
    }
    assert_eq!(parse([&b"retry: 5\nretry: x\n"[..]]).2, Some(Duration::from_millis(5)));
}

#[test]
fn malformed_text_is_replaced_like_the_whole_stream() {
    for bytes in [&b"\xff"[..], b"\xe2\x82", b"\xf0\x9f\x98", b"a\xc3(b", b"\xe2\x82\xac", b"\xed\xa0\x80"] {
        let stream = [b"data: ", bytes, b"\n\n"].concat();
        let expected = format!("message|{}|", String::from_utf8_lossy(bytes));
        assert_eq!(lines(&stream), [expected]);
    }
}

#[test]
fn t98_line_and_event_limits_are_exact() {
    let stream = b"data: abcdef\ndata: g\n\n";
    for (line_bytes, event_bytes, expected) in [
        (12, 8, None),
        (11, 8, Some("limit line_bytes is 11, found 12")),
        (12, 7, Some("limit event_bytes is 7, found 8")),
        (0, 0, Some("limit line_bytes is 0, found 1")),
    ] {
        let limits = Limits { line_bytes, event_bytes, ..Limits::DEFAULT };
        for cut in 0..=stream.len() {
            let mut parser = Parser::new(&limits);
            let (one, two) = stream.split_at(cut);
            let parsed = parser.parse(one).and_then(|_| parser.parse(two));
            assert_eq!(parsed.as_ref().err().map(ToString::to_string).as_deref(), expected, "cut at {cut}");
            if let Err(error) = parsed {
                assert_eq!(parser.parse(b"\n\n"), Err(error), "the error persists");
            }
        }
    }
    // The limit applies to each event, not to their sum.
    let limits = Limits { event_bytes: 3, ..Limits::DEFAULT };
    let mut parser = Parser::new(&limits);
    assert!((0..9).all(|_| parser.parse(b"data: abc\n\n").unwrap().1.is_some()));
}

#[test]
fn debug_output_shows_no_data() {
    let mut parser = Parser::new(&Limits::DEFAULT);
    let event = parser.parse(b"id: secret1\ndata: secret2\n\n").unwrap().1;
    parser.parse(b"data: secret3").unwrap();
    let shown = format!("{event:?} {parser:?}");
    assert!(!shown.contains("secret") && shown.contains("message"), "{shown}");
}

#[test]
fn t89_long_id_is_ignored_and_costs_nothing_later() {
    let mut parser = Parser::new(&Limits::DEFAULT);
    for (length, kept) in [(4096, true), (4097, false), (1 << 19, false)] {
        parser.parse(b"id: before\n\n").unwrap();
        parser.parse(format!("id: {}\n\n", "x".repeat(length)).as_bytes()).unwrap();
        assert_eq!(parser.last_event_id().len() == length, kept, "{length}");
        assert!(kept || parser.last_event_id() == "before");
    }
    // An event without an ID has that of the last one.
    let event = parser.parse(b"data: y\n\n").unwrap().1.unwrap();
    assert_eq!(event.id, "before");
}
