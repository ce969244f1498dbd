//! Copies and pieces of bodies: exact counts, over a transport in memory that moves as much as it
//! can.

use petition_core::{Body, Event, Input, Method, Now, Output, Request, Session, Transfer};
use petition_tests::memory::next_output;

const MIB: usize = 1024 * 1024;

/// The transport's calls.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    reads: usize,
    /// Bytes of head and body that passed through a buffer.
    buffered: usize,
    straight: usize,
    writes: usize,
    /// Written bytes that were not in the caller's own memory.
    copied: usize,
    body: Vec<u8>,
}

/// Reads as it is planned for a caller with room for `caller` bytes, and `head` bytes at most into
/// the buffer.
fn run(request: &Request, response: &[u8], caller: usize, head: usize) -> Count {
    let mut session = Session::new();
    let mut transfer = Transfer::new(session.prepare(request).unwrap(), Now::default());
    let now = Now::default();
    let mut wire = response;
    let mut count = Count::default();
    let own = match request.body() {
        Body::Bytes(bytes) => bytes.as_ptr_range(),
        _ => [0; 0].as_ptr_range(),
    };
    loop {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => transfer.handle(now, Input::OpenNew).unwrap(),
            Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
            Output::Transmit => {
                let pieces = [transfer.outgoing(), transfer.outgoing_next()];
                count.writes += 1;
                let of_others = pieces.iter().filter(|piece| !own.contains(&piece.as_ptr()));
                count.copied += of_others.map(|piece| piece.len()).sum::<usize>();
                let written = pieces.iter().map(|piece| piece.len()).sum();
                transfer.handle(now, Input::Wrote(written)).unwrap();
            }
            Output::Read => {
                count.reads += 1;
                let plan = transfer.read_plan(caller);
                if plan.direct > 0 {
                    let (body, rest) = wire.split_at(plan.direct.min(wire.len()));
                    count.straight += body.len();
                    count.body.extend_from_slice(body);
                    let behind = plan.buffered.min(rest.len());
                    if behind > 0 {
                        transfer.space()[..behind].copy_from_slice(&rest[..behind]);
                    }
                    count.buffered += behind;
                    wire = &rest[behind..];
                    if !transfer.note_direct(body.len() + behind) {
                        transfer.handle(now, Input::ReadDirect(body.len() + behind)).unwrap();
                    }
                    assert!(transfer.body().is_empty(), "they are with the caller");
                } else {
                    let n = head.min(wire.len());
                    assert!(n > 0, "asked for more than there is");
                    count.buffered += n;
                    transfer.handle(now, Input::Received(&wire[..n])).unwrap();
                    wire = &wire[n..];
                }
            }
            Output::Body => {
                count.body.extend_from_slice(transfer.body());
                transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap();
            }
            Output::Release | Output::Close => drop(transfer.take_link()),
            Output::Event(Event::Done) => return count,
            Output::Event(Event::Head(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn body(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn body_of_known_length_is_read_directly() {
    let body = body(16 * MIB);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    let count = run(&request, &[head.as_bytes(), &body].concat(), 256 * 1024, 1024);
    assert!(count.body == body);
    assert_eq!((count.buffered, count.straight), (1024, body.len() + head.len() - 1024));
    // One with the head, four per MiB.
    assert_eq!(count.reads, 1 + 16 * 4);
}

#[test]
fn chunk_data_and_framing_are_read_directly() {
    const CHUNK: usize = 64 * 1024;
    let body = body(4 * MIB);
    let framed = body.chunks(CHUNK).flat_map(|chunk| [format!("{CHUNK:x}\r\n").as_bytes(), chunk, b"\r\n"].concat());
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let response = [&head[..], &framed.collect::<Vec<_>>(), b"0\r\n\r\n"].concat();
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    let count = run(&request, &response, 256 * 1024, head.len() + 7);
    assert!(count.body == body);
    assert_eq!(count.straight, body.len(), "no byte of the body is copied");
    // The head, and one per chunk.
    assert_eq!(count.reads, 1 + body.len() / CHUNK);
}

#[test]
fn large_memory_body_is_not_copied() {
    let body = body(8 * MIB);
    let request = Request::new(Method::POST, "http://127.0.0.1/").data(body.clone());
    let count = run(&request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1024, 1024);
    assert_eq!(count.writes, 1);
    assert!(count.copied < 512, "{} bytes were copied, the head among them", count.copied);
}

#[test]
fn t47_bytes_after_a_direct_read_are_detected() {
    let mut session = Session::new();
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    let now = Now::default();
    for extra in [0, 1] {
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
        let mut released = false;
        loop {
            match next_output(now, &mut transfer, &mut session) {
                Output::Read if transfer.read_plan(10_000).direct == 0 => {
                    transfer.handle(now, Input::Received(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")).unwrap();
                }
                Output::Read => {
                    let plan = transfer.read_plan(10_000);
                    assert_eq!((plan.direct, plan.buffered), (9_000, 9));
                    transfer.space()[..extra].fill(b'H');
                    transfer.handle(now, Input::ReadDirect(9_000 + extra)).unwrap();
                }
                Output::Release => released = true,
                Output::Close => {}
                Output::Event(Event::Done) => break,
                Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(released, extra == 0, "leftover bytes");
    }
}

#[test]
fn bytes_received_after_a_direct_read_are_delivered() {
    let (mut session, now) = (Session::new(), Now::default());
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let mut reads = 0;
    let mut body = Vec::new();
    loop {
        match next_output(now, &mut transfer, &mut session) {
            Output::Read => {
                reads += 1;
                let input = match reads {
                    1 => Input::Received(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
                    2 => Input::ReadDirect(3),
                    _ => Input::Received(b"defghi"),
                };
                transfer.handle(now, input).unwrap();
            }
            Output::Body => {
                body.extend_from_slice(transfer.body());
                transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap();
                assert!(reads == 3 && !body.is_empty(), "received bytes are not shown");
            }
            Output::Event(Event::Done) => break,
            Output::Release | Output::Close | Output::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(body, b"defghi");
}

#[test]
fn encoded_and_chunked_framing_is_never_read_directly() {
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n",
    ] {
        let mut session = Session::new();
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), Now::default());
        let now = Now::default();
        let mut read = false;
        for _ in 0..50 {
            match next_output(now, &mut transfer, &mut session) {
                Output::Read if !read => {
                    read = true;
                    transfer.handle(now, Input::Received(head.as_bytes())).unwrap();
                }
                Output::Read => {
                    assert_eq!(transfer.read_plan(usize::MAX).direct, 0, "{head}");
                    transfer.handle(now, Input::ReadDirect(1)).unwrap_err();
                    break;
                }
                Output::Body => transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap(),
                Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(read);
    }
}
