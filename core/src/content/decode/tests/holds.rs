//! The memory and input counts of a decoder.

use super::*;

/// "hello" as a zstd frame with one raw block (RFC 8878 §3.1.1).
#[cfg(feature = "zstd")]
const HELLO: &[u8] = b"\x28\xB5\x2F\xFD\x20\x05\x29\x00\x00hello";

#[cfg(feature = "zstd")]
#[test]
fn window_is_counted_until_its_decoder_is_dropped() {
    let (memory, mut slice) = (DecodeMemory::default(), [0; 64]);
    let new = |limits: &Limits| Decoder::sharing(&codings("zstd"), limits, true, &memory).unwrap();
    let (mut one, mut other) = (new(&Limits::DEFAULT), new(&Limits::DEFAULT));
    let progress = one.decode(HELLO, &mut slice).unwrap();
    assert_eq!((progress.consumed, &slice[..progress.produced]), (HELLO.len(), &b"hello"[..]));
    let held = memory.held();
    assert!((6..=64).contains(&held), "{held}");
    other.decode(HELLO, &mut slice).unwrap();
    assert_eq!(memory.held(), 2 * held);
    drop(one);
    assert_eq!(memory.held(), held);
    let limits = Limits { decode_memory: held as u64, ..Limits::DEFAULT };
    let refused = feed(new(&limits), [HELLO], 64).end.unwrap_err();
    assert!(matches!(refused, DecodeError::Limit(limit) if limit.name == "decode_memory"), "{refused}");
    drop(other);
    assert_eq!(memory.held(), 0);
    assert_eq!(feed(new(&limits), [HELLO], 64).output, b"hello");
}

#[cfg(feature = "zstd")]
#[test]
fn consumed_and_waiting_bytes_are_counted() {
    let mut slice = [0; 64];
    let mut decoder = Decoder::new(&codings("zstd"), &Limits::DEFAULT, true).unwrap();
    assert_eq!((decoder.encoded_bytes(), decoder.retained()), (0, 0));
    let (part, rest) = HELLO.split_at(HELLO.len() - 2);
    assert_eq!(decoder.decode(part, &mut slice).unwrap().next, Next::Input);
    assert_eq!(decoder.encoded_bytes(), part.len() as u64);
    assert!((6..1000).contains(&decoder.retained()), "a block has come in part: {}", decoder.retained());
    decoder.decode(rest, &mut slice).unwrap();
    assert_eq!(decoder.encoded_bytes(), HELLO.len() as u64);
    assert_eq!(decoder.finish(&mut slice).unwrap().next, Next::Done);
    let shown = format!("{decoder:?}");
    assert!(shown.contains("codings: 1") && shown.contains(&format!("encoded: {}", HELLO.len())), "{shown}");
    assert!(!shown.contains("hello") && !shown.contains("104, 101"), "{shown}");
}

#[cfg(feature = "gzip")]
#[test]
fn nested_codings_have_a_buffer_between_them() {
    let retained = |field| Decoder::new(&codings(field), &Limits::DEFAULT, true).unwrap().retained();
    assert_eq!([retained("gzip"), retained("deflate, gzip")], [0, 8 * 1024]);
    assert_eq!(retained("gzip, deflate, gzip"), 2 * 8 * 1024);
}
