//! Every limit of this layer: reached, named, and exceeded at the same byte however the input was
//! split (T42, T43, T48, T49).

use super::*;
use crate::{LimitExceeded, Limits};

fn met(set: impl Fn(&mut Limits), input: &str, name: &'static str, limit: u64, seen: u64) {
    let mut setup = Setup::COMPAT;
    set(&mut setup.config.limits);
    let run = every_way(&setup, input.as_bytes(), None);
    assert_eq!(*run.error(), ProtocolError::Limit(LimitExceeded { name, limit, found: seen }));
    assert!(run.error().to_string().contains(name));
}

fn within(set: impl Fn(&mut Limits), input: &str) {
    let mut setup = Setup::COMPAT;
    set(&mut setup.config.limits);
    let run = every_way(&setup, input.as_bytes(), None);
    assert_eq!(run.saw.last(), Some(&Saw::End), "{}", run.line());
}

#[test]
fn t49_head_limits_are_exact() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: bcdef\r\n\r\n";
    within(|l| l.head_bytes = head.len(), head);
    met(|l| l.head_bytes = head.len() - 1, head, "head_bytes", 47, 48);
    within(|l| l.head_line_bytes = 19, head);
    met(|l| l.head_line_bytes = 18, head, "head_line_bytes", 18, 19);
    within(|l| l.head_fields = 2, head);
    met(|l| l.head_fields = 1, head, "head_fields", 1, 2);
    within(|l| l.reason_bytes = 2, head);
    met(|l| l.reason_bytes = 1, head, "reason_bytes", 1, 2);
    // An endless line, and a limit exceeded before a later fault.
    met(|l| l.head_line_bytes = 20, &format!("HTTP/1.1 200 {}", "x".repeat(2000)), "head_line_bytes", 20, 21);
    met(|l| l.head_bytes = 30, "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n: \0\r\n\r\n", "head_bytes", 30, 31);
}

#[test]
fn t48_interim_response_limits_are_exact() {
    let early = "HTTP/1.1 103 Early\r\nA: b\r\n\r\n".repeat(3);
    let all = format!("{early}HTTP/1.1 204 No\r\n\r\n");
    within(|l| l.informational_responses = 3, &all);
    met(|l| l.informational_responses = 2, &all, "informational_responses", 2, 3);
    within(|l| l.all_heads_bytes = all.len(), &all);
    met(|l| l.all_heads_bytes = all.len() - 1, &all, "all_heads_bytes", all.len() as u64 - 1, all.len() as u64);
}

#[test]
fn t42_chunked_framing_limits_are_exact() {
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = format!("{start}1;abc=d\r\na\r\n1;abc=d\r\na\r\n0\r\n\r\n");
    within(|l| l.chunk_extension_bytes = 6, &body);
    met(|l| l.chunk_extension_bytes = 5, &body, "chunk_extension_bytes", 5, 6);
    within(|l| l.chunk_extensions_bytes = 12, &body);
    met(|l| l.chunk_extensions_bytes = 11, &body, "chunk_extensions_bytes", 11, 12);
    // Framing up to the last size line is 9 + 2 + 9 + 2 + 3 bytes, for 2 bytes of content. The
    // largest excess is that of the second line: 20 bytes for one.
    within(|l| l.chunk_overhead_bytes = 12, &body);
    met(|l| l.chunk_overhead_bytes = 11, &body, "chunk_overhead_bytes", 11, 12);
    // Chunks of one byte are wasteful but within the ratio, regardless of their number.
    within(|l| l.chunk_overhead_bytes = 10, &format!("{start}{}0\r\n\r\n", "1\r\na\r\n".repeat(400)));
}

#[test]
fn t43_trailer_limits_are_exact() {
    let all = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nCd: efgh\r\n\r\n";
    within(|l| l.trailer_bytes = 18, all);
    met(|l| l.trailer_bytes = 17, all, "trailer_bytes", 17, 18);
    within(|l| l.trailer_fields = 2, all);
    met(|l| l.trailer_fields = 1, all, "trailer_fields", 1, 2);
    met(|l| l.head_line_bytes = 30, &all.replace("efgh", &"e".repeat(40)), "head_line_bytes", 30, 31);
}

#[test]
fn default_limits_stop_floods() {
    let flood = |start: &str, more: &str| -> LimitExceeded {
        let mut connection = Setup::COMPAT.connection();
        let mut fed = 0;
        let mut input = start.as_bytes();
        loop {
            match connection.receive(input) {
                Err(ProtocolError::Limit(limit)) => return limit,
                Err(other) => panic!("{other}"),
                Ok(received) if received.event == Event::NeedInput => {
                    input = more.as_bytes();
                    fed += input.len();
                    assert!(fed < 1 << 24, "no limit was exceeded");
                }
                Ok(received) => input = &input[received.consumed..],
            }
            if input.is_empty() {
                input = more.as_bytes();
            }
        }
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(flood("HTTP/1.1 200 OK\r\n", "A: b\r\n").name, "head_fields");
    assert_eq!(flood("HTTP/1.1 200 OK\r\nA: ", "xxxx").name, "head_line_bytes");
    assert_eq!(flood("HTTP/1.1 200 OK\r\nA: b\r\n", &format!(" {}\r\n", "x".repeat(1000))).name, "head_bytes");
    assert_eq!(flood("HTTP/1.1 102 x\r\n\r\n", "HTTP/1.1 102 x\r\n\r\n").name, "informational_responses");
    let big = format!("HTTP/1.1 102 x\r\nA: {}\r\nB: {}\r\n\r\n", "x".repeat(15000), "x".repeat(15000));
    assert_eq!(flood(&big, &big).name, "all_heads_bytes");
    assert_eq!(flood(chunked, &format!("1;{}\r\na\r\n", "x".repeat(200))).name, "chunk_extensions_bytes");
    assert_eq!(flood(chunked, "0;xxxx").name, "chunk_extension_bytes");
    assert_eq!(flood(&format!("{chunked}0\r\n"), "A: b\r\n").name, "trailer_fields");
    let line = format!("A: {}\r\n", "x".repeat(1000));
    assert_eq!(flood(&format!("{chunked}0\r\n"), &line).name, "trailer_bytes");
}

#[test]
fn t49_t50_bytewise_input_costs_linear_work() {
    // Each byte of a head is processed on arrival, at the end of its line, and when the head is
    // parsed; those of the status line also for the protocol name.
    let long = format!("A: {}\r\n", "x".repeat(15_000));
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{long}{}\r\n", "A: b\r\n".repeat(100));
    let trailers = format!("0\r\n{}\r\n", "A: bcde\r\n".repeat(50));
    let input = head + &trailers;
    let mut connection = Setup::COMPAT.connection();
    let mut last = None;
    let steps = scan::steps::count(|| {
        for byte in input.as_bytes().chunks(1) {
            last = Some(connection.receive(byte).unwrap().event);
        }
    });
    assert_eq!(last, Some(Event::End));
    assert!(steps <= 3 * input.len() + 7 * 17, "{steps} steps for {} bytes", input.len());
}
