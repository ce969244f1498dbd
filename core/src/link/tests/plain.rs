use super::drive::{Request, TODAY, WHOLE, drive, everywhere, get};
use super::peer::{GET, HELLO, Peer, Script, hello};
use crate::http1::{Config, Connection, RequestHead};
use crate::link::{Link, LinkEvent, NotReusable, Phase};

fn plain() -> Link {
    Link::new(Vec::new(), Config::default())
}

#[test]
fn two_requests_share_a_link_under_every_split() {
    everywhere(
        &[get(), get()],
        || (plain(), hello(2)),
        |peer, seen| {
            assert_eq!(seen.events, ["established", "head 200", "end", "reusable", "head 200", "end", "reusable"]);
            assert_eq!(seen.body, b"hellohello");
            assert_eq!(peer.seen(), GET.repeat(2).as_bytes());
        },
    );
}

#[test]
fn nothing_received_detects_waiting_bytes_and_the_end() {
    let open = || {
        let mut link = plain();
        assert!(matches!(link.poll(TODAY).unwrap(), LinkEvent::Established));
        assert!(link.nothing_received());
        link
    };
    let mut waiting = open();
    waiting.received(b"H");
    assert!(!waiting.nothing_received());
    let mut ended = open();
    ended.receive_eof();
    assert!(!ended.nothing_received());
}

#[test]
fn large_bodies_pass_both_ways_under_every_split() {
    let up: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let mut expected = b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in up.chunks(10_000) {
        expected.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        expected.extend_from_slice(piece);
        expected.extend_from_slice(b"\r\n");
    }
    expected.extend_from_slice(b"0\r\n\r\n");
    let mut answer = b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 \r\nContent-Length: 200000\r\n\r\n".to_vec();
    answer.extend_from_slice(&up);
    let request = Request { method: "POST", body: up.clone(), chunked: true, ..Request::default() };
    everywhere(
        &[request],
        || (plain(), Script::new([(&expected, &answer)])),
        |_, seen| {
            assert_eq!(seen.events, ["established", "informational 103", "head 200", "end", "reusable"]);
            assert!(seen.body == up);
        },
    );
}

#[test]
fn body_until_close_ends_with_the_connection() {
    everywhere(
        &[get()],
        || (plain(), Script::new([(GET, "HTTP/1.1 200 OK\r\n\r\nall there is")]).then_closes()),
        |_, seen| {
            assert_eq!(seen.body, b"all there is");
            assert!(seen.last().starts_with("not reusable"), "{seen:?}");
        },
    );
}

#[test]
fn end_within_a_response_is_an_error() {
    everywhere(
        &[get()],
        || (plain(), Script::new([(GET, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")]).then_closes()),
        |_, seen| assert!(seen.last().starts_with("error: expected 9 bytes"), "{seen:?}"),
    );
}

#[test]
fn bytes_after_the_response_prevent_reuse() {
    let mut peer = Script::new([(GET, format!("{HELLO}X"))]);
    let seen = drive(&mut plain(), &mut peer, WHOLE, &[get()]);
    assert_eq!(seen.last(), "not reusable: bytes followed the response");
}

#[test]
fn bytes_on_an_idle_link_are_an_error() {
    let mut link = plain();
    drive(&mut link, &mut hello(1), WHOLE, &[get()]);
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    assert!(link.wants_read());
    link.receive_eof();
    for _ in 0..3 {
        assert!(matches!(link.poll(TODAY), Ok(LinkEvent::End)));
        assert!(!link.wants_read());
        assert!(link.reuse(TODAY).is_err());
    }

    let mut link = plain();
    drive(&mut link, &mut hello(1), WHOLE, &[get()]);
    link.received(b"HTTP/1.1 408 Request Timeout\r\n\r\n");
    assert_eq!(link.reuse(TODAY), Err(NotReusable::Leftover));
    assert!(link.poll(TODAY).is_err());
}

#[test]
fn upgrade_passes_raw_bytes_both_ways() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n";
    let answer = "HTTP/1.1 101 \r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nraw bytes";
    let request = Request { upgrade: Some("echo"), ..get() };
    everywhere(
        &[request],
        || (plain(), Script::new([(UPGRADE, answer)])),
        |_, seen| {
            assert_eq!(seen.events, ["established", "head 101", "switched", "waits"]);
            assert_eq!(seen.body, b"raw bytes");
        },
    );

    let mut link = plain();
    assert_eq!(link.send_raw(b"too early").unwrap(), 0);
    let mut peer = Script::new([(UPGRADE, answer)]);
    drive(&mut link, &mut peer, WHOLE, &[Request { upgrade: Some("echo"), ..get() }]);
    assert_eq!(link.send_raw(b"more").unwrap(), 4);
    assert_eq!(link.outgoing(), b"more");
    link.wrote(4);
    let much = vec![7; 100_000];
    let taken = link.send_raw(&much).unwrap();
    assert!((1..100_000).contains(&taken), "{taken}");
}

#[test]
fn plain_link_can_be_bypassed() {
    let mut link = plain();
    let head = RequestHead { body: crate::http1::BodyLength::Known(10), ..RequestHead::new("PUT", "/") };
    link.send_head(&head, [("Host", &b"a.example"[..])]).unwrap();
    assert_eq!(link.outgoing().as_ptr(), link.http().outgoing().as_ptr());
    assert!(link.bypass(10).is_err());
    link.wrote(usize::MAX);
    link.bypass(10).unwrap();
    assert!(link.http().request_sent());
    assert_eq!(link.phase(), Phase::Http);
    assert_eq!(link.counters().sent, link.http().bytes_sent());
}

#[test]
fn waiting_link_is_small_and_holds_no_buffer() {
    let mut link = plain();
    drive(&mut link, &mut hello(1), WHOLE, &[get()]);
    assert!(matches!(link.poll(TODAY), Ok(LinkEvent::NeedInput)));
    assert!(link.space().len() >= 16 * 1024);
    // No bytes had arrived.
    assert_ne!(link.retained().received, 0);
    link.filled(0);
    assert_eq!(link.retained().received, 0);
    // The layers own their buffers.
    assert!(size_of::<Link>() <= size_of::<Connection>() + 200);
}

#[test]
fn given_buffer_comes_back_with_bytes_preserved() {
    let mut link = plain();
    link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.example"[..])]).unwrap();
    let storage = Vec::with_capacity(100_000);
    let address = storage.as_ptr();
    link.give_read_buffer(storage).unwrap();
    assert_eq!(link.give_read_buffer(vec![1]), Err(vec![1]));
    link.space()[..HELLO.len()].copy_from_slice(HELLO.as_bytes());
    link.filled(HELLO.len());
    while !matches!(link.poll(TODAY), Ok(LinkEvent::Body)) {}
    let storage = link.take_read_buffer().unwrap();
    assert_eq!((storage.as_ptr(), storage.len()), (address, 100_000));
    assert_eq!(link.body(), b"hello");
    assert_eq!(link.take_read_buffer(), None);
    // The bytes would fill this storage; larger storage is accepted.
    assert!(link.give_read_buffer(Vec::with_capacity(8)).is_err());
    link.give_read_buffer(storage).unwrap();
    assert_eq!(link.body(), b"hello");
    link.consume(5);
    let storage = link.take_read_buffer().unwrap();
    assert_eq!(storage.as_ptr(), address);
}
