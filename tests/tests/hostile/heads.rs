//! Malformed, endless or too many heads; their statements about the connection.

use petition_core::http1::Leniencies;

use super::*;

fn with(line: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{line}Content-Length: 2\r\n\r\nok")
}

#[test]
fn t35_t36_t37_t38_field_lines() {
    for line in [
        "X : a\r\n",
        "X y: a\r\n",
        "no colon\r\n",
        ": a\r\n",
        "X: a\0b\r\n",
        "X: a\rb\r\n",
        "X\x01: a\r\n",
        "Location: /\x01\r\n",
        "Connection: \x0bclose\r\n",
        "X\r: a\r\n",
    ] {
        each_way(&with(line), Ends, Refused("the head"));
    }
    // The first line continues nothing.
    each_way(&with(" X: a\r\n"), Ends, Refused("expected"));
    for line in ["Transfer-Encoding:\r\n chunked\r\n", "Connection: a\r\n close\r\n", "Location: a\r\n b\r\n"] {
        each_way(&with(line), Ends, Refused("fold"));
    }
    for line in [
        "X: a\r\n b\r\n",
        "Set-Cookie: a=b\r\n ; Path=/\r\n",
        "X: a\n",
        "X: \u{e9}\r\n",
        "X:\r\n",
        "X:a\tb\r\n",
        "X: a\x01b\x7f\r\n",
    ] {
        each_way(&with(line), Waits, Kept("ok"));
    }
    let strict = |options: &mut Options| {
        options.leniencies(|l| {
            l.all(Leniencies::STRICT);
        });
    };
    for line in ["X: a\r\n b\r\n", "X: a\n", "X: a\x01b\r\n"] {
        let script = || Script::new().answer(with(line));
        plays(&script, Ends, Refused("the head"), &strict, line);
    }
}

#[test]
fn t39_status_lines() {
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "ICY 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 \t200 OK",
        " HTTP/1.1 200 OK",
        "HTTP/11 200 OK",
        "HTTP/1.1 -20 OK",
        "HTTP/1.1 200\tOK",
        "<html>",
        "PRI * HTTP/2.0",
    ] {
        each_way(&format!("{line}\r\nContent-Length: 2\r\n\r\nok"), Ends, Refused("expected"));
    }
    for line in [
        "HTTP/1.1  200 OK",
        "HTTP/1.1 200",
        "HTTP/1.1 200 ",
        "HTTP/1.2 200 OK",
        "HTTP/1.1 999 what",
        "HTTP/1.1 200 \u{e9}",
    ] {
        each_way(&format!("{line}\r\nContent-Length: 2\r\n\r\nok"), Waits, Kept("ok"));
    }
}

#[test]
fn t48_endless_or_unrequested_interims_are_errors() {
    let endless = || {
        Script::new().read_request().act(|c| (0..1 << 20).try_for_each(|_| c.send(b"HTTP/1.1 102 Processing\r\n\r\n")))
    };
    plays(&endless, Ends, Refused("limit informational_responses is 64"), &|_| {}, "1xx without end");
    let fat = || {
        Script::new().read_request().act(|c| {
            let one =
                format!("HTTP/1.1 103 Early Hints\r\n{}\r\n", format!("Link: {}\r\n", "a".repeat(1000)).repeat(40));
            (0..10).try_for_each(|_| c.send(one.as_bytes()))
        })
    };
    plays(&fat, Ends, Refused("limit all_heads_bytes is 262144"), &|_| {}, "fat 1xx");
    each_way("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Ends, Refused("101"));
    let framed = "HTTP/1.1 103 Early Hints\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n";
    each_way(&format!("{framed}{}", with("")), Waits, Poisoned("ok"));
}

#[test]
fn t49_endless_heads_hit_a_limit() {
    let endless = |begin: &'static str, piece: &'static str| {
        move || {
            Script::new()
                .read_request()
                .send(begin)
                .act(move |c| (0..1 << 20).try_for_each(|_| c.send(piece.repeat(100).as_bytes())))
        }
    };
    for (begin, piece, limit) in [
        ("HTTP/1.1 200 OK\r\nX: ", "aaaaaaaaaa", "limit head_line_bytes is 65536"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", "limit head_fields is 256"),
        ("HTTP/1.1 200 ", "aaaaaaaaaa", "limit "),
        ("", "aaaaaaaaaa", "expected"),
        ("HTTP/1.1 200 OK\r\nX: a\r\n", " b\r\n", "limit "),
    ] {
        plays(&endless(begin, piece), Ends, Refused(limit), &|_| {}, begin);
    }
    // Within each limit except the total.
    let fat = format!("HTTP/1.1 200 OK\r\n{}\r\n", format!("X: {}\r\n", "a".repeat(30_000)).repeat(9));
    plays(&|| Script::new().read_request().send(&*fat), Ends, Refused("limit head_bytes is 262144"), &|_| {}, "fat");
}

#[test]
fn t51_huge_length_allocates_nothing() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nabc", 1_u64 << 62);
    each_way(&answer, Ends, Refused("the connection ended"));
}

#[test]
fn t99_connection_options_and_version_decide_persistence() {
    for (version, fields, kept) in [
        ("1.1", "", true),
        ("1.1", "Connection: keep-alive\r\n", true),
        ("1.1", "Connection: Close\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: x, CLOSE\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let answer = format!("HTTP/{version} 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
        each_way(&answer, Waits, if kept { Kept("ok") } else { Poisoned("ok") });
    }
}
