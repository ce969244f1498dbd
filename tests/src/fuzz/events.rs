//! Event streams and lines of any bytes: equal under every split, and equal to a plain reading of
//! the whole.

use petition_core::Limits;
use petition_core::content::events::{MessageEvent, Parser};
use petition_core::content::lines::Lines;

use super::choice;

/// Parses an event stream, whole and in pieces, and compares with the algorithm of the standard.
pub fn events(mut data: &[u8]) {
    let piece = choice(&mut data) % 7 + 1;
    let whole = parse([data]);
    assert_eq!(parse(data.chunks(piece)), whole, "in pieces of {piece}");
    assert_eq!(whole, plainly(data), "as the standard parses it");
}

type Parsed = (Vec<MessageEvent>, String);

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Parsed {
    let mut parser = Parser::new(&Limits::DEFAULT);
    let mut events = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let (consumed, event) = parser.parse(piece).unwrap();
            assert!(consumed > 0 && (event.is_some() || consumed == piece.len()));
            piece = &piece[consumed..];
            events.extend(event);
        }
    }
    (events, parser.last_event_id().to_owned())
}

/// The algorithm of the standard, on the whole text.
fn plainly(data: &[u8]) -> Parsed {
    let text = String::from_utf8_lossy(data);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut last) = (Vec::new(), String::new());
    let (mut event, mut data, mut id) = (String::new(), String::new(), String::new());
    let lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line end is incomplete.
    for line in lines.split_last().map_or(&[][..], |(_, complete)| complete) {
        if line.is_empty() {
            last.clone_from(&id);
            let (event, data) = (std::mem::take(&mut event), std::mem::take(&mut data));
            // The buffer ends in one line feed for each field.
            if let Some(data) = data.strip_suffix('\n').filter(|data| !data.is_empty()) {
                let event = if event.is_empty() { "message".into() } else { event };
                events.push(MessageEvent { event, data: data.into(), id: last.clone() });
            }
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => data = data + value + "\n",
            "event" => event = value.into(),
            "id" if !value.contains('\0') && value.len() <= 4096 => id = value.into(),
            _ => {}
        }
    }
    (events, last)
}

/// Splits a body into lines, whole and in pieces.
pub fn lines(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let kind = ["text/plain", "text/plain;charset=utf-16le", "text/plain;charset=utf-16be", "a/b;charset=latin1"];
    let kind = kind[chosen % 4];
    let whole = split(kind, [data]);
    assert_eq!(split(kind, data.chunks(chosen / 4 % 7 + 1)), whole, "in pieces");
    let decoded = petition_core::content::text::decode(data.to_vec(), Some(kind.as_bytes()), false).unwrap();
    // Half a unit before a line feed is one error in a line, and may be another one in the whole.
    if decoded.replaced == 0 {
        let joined = decoded.text.replace("\r\n", "\n");
        let joined: Vec<&str> = joined.strip_suffix('\n').unwrap_or(&joined).split('\n').collect();
        let joined = if decoded.text.is_empty() { Vec::new() } else { joined };
        assert_eq!(whole, joined, "{kind}");
    }
}

fn split<'a>(kind: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut lines = Lines::new(Some(kind.as_bytes()), &Limits::DEFAULT);
    let mut found = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let (consumed, line) = lines.split(piece).unwrap();
            assert!(consumed > 0 && (line.is_some() || consumed == piece.len()));
            piece = &piece[consumed..];
            found.extend(line);
        }
    }
    found.extend(lines.finish());
    found
}
