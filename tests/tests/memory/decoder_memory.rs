//! What decoders hold, measured by the allocator and as they count it: bounded for each coding, and
//! for all transfers of a session together.

use std::io::Write;

use allocation_counter::measure;
use petition_core::content::decode::{Codings, DecodeError, DecodeMemory, Decoder, Next};
use petition_core::{ErrorKind, Event, Input, Limits, Method, Now, Output, Request, Session, Transfer};
use petition_tests::memory::next_output;

const MIB: usize = 1 << 20;

/// Returns a decoder that has consumed these bytes of a longer body.
fn fed(coding: &str, memory: &DecodeMemory, input: &[u8]) -> Result<Decoder, DecodeError> {
    let mut limits = Limits::DEFAULT;
    limits.decode_ratio = u64::MAX;
    let codings = Codings::parse([coding.as_bytes()], &limits).unwrap();
    let mut decoder = Decoder::sharing(&codings, &limits, true, memory).unwrap();
    let (mut rest, mut out) = (input, [0; 32 * 1024]);
    loop {
        let progress = decoder.decode(rest, &mut out)?;
        rest = &rest[progress.consumed..];
        if progress.next == Next::Input {
            return Ok(decoder);
        }
    }
}

/// What such a decoder holds by the allocator's account, but for input that waits, and by its own.
fn held(coding: &str, input: &[u8]) -> (usize, usize) {
    let memory = DecodeMemory::default();
    let mut decoder = None;
    let measured = measure(|| decoder = Some(fed(coding, &memory, input)));
    let counted = memory.held();
    let decoder = decoder.unwrap().unwrap_or_else(|error| panic!("{coding}: {error}"));
    let waits = decoder.retained();
    assert!(waits <= 256 * 1024, "{coding}: {waits}");
    drop(decoder);
    assert_eq!(memory.held(), 0, "{coding}: all of it is given back");
    (usize::try_from(measured.bytes_current).unwrap() - waits, counted)
}

fn deflated(coding: &str, body: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    let mut bytes = match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        _ => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
    };
    // It goes on.
    bytes.truncate(bytes.len() - 20);
    bytes
}

/// Brotli with a window of 16 MiB, in uncompressed pieces (RFC 7932 §9).
fn brotli(pieces: usize) -> Vec<u8> {
    let (length, piece) = (0xFFFF_u32, [b'b'; 0x1_0000]);
    let mut body = Vec::new();
    for n in 0..pieces {
        // The window (15 means 2²⁴); then: not the last block, 16 bits of length, uncompressed.
        let header = if n == 0 { 15 | length << 7 | 1 << 23 } else { length << 3 | 1 << 19 };
        body.extend_from_slice(&header.to_le_bytes()[..3]);
        body.extend_from_slice(&piece);
    }
    body
}

/// The head of a zstd frame that states its window and nothing else: 2^(10 + `exponent`).
fn zstd(exponent: u8) -> Vec<u8> {
    vec![0x28, 0xB5, 0x2F, 0xFD, 0, exponent << 3]
}

/// A block that is not the last: of type 0 (raw), 1 (a run) or 2 (compressed).
fn block(body: &mut Vec<u8>, kind: u32, size: usize, content: &[u8]) {
    let header = u32::try_from(size).unwrap() << 3 | kind << 1;
    body.extend_from_slice(&header.to_le_bytes()[..3]);
    body.extend_from_slice(content);
}

/// A compressed block without literals, of this many sequences of three bytes each: nine bytes.
fn sequences(body: &mut Vec<u8>, count: usize) {
    let [low, high] = u16::try_from(count - 0x7F00).unwrap().to_le_bytes();
    block(body, 2, 9, &[0, 255, low, high, 0x54, 0, 0, 0, 1]);
}

#[test]
fn gzip_and_deflate_need_less_than_64_kib() {
    let mut x = 1u32;
    let noise: Vec<u8> = (0..MIB)
        .map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 24) as u8
        })
        .collect();
    for coding in ["gzip", "deflate"] {
        for body in [&noise[..], &vec![0; 4 * MIB]] {
            let (measured, counted) = held(coding, &deflated(coding, body));
            assert!((1..64 * 1024).contains(&measured) && counted == 0, "{coding}: {measured} {counted}");
        }
    }
}

#[test]
fn window_memory_is_counted_as_it_grows() {
    let runs = |exponent, count| {
        let mut body = zstd(exponent);
        for _ in 0..count {
            block(&mut body, 1, 128 * 1024, b"r");
        }
        body
    };
    let plain = |count| {
        let mut body = zstd(13);
        for _ in 0..count {
            block(&mut body, 0, 128 * 1024, &[b'p'; 128 * 1024]);
        }
        body
    };
    let mut worst = plain(80);
    // Literals of 128 KiB, then the maximum number of sequences.
    block(&mut worst, 2, 5, b"\x0D\x00\x20a\x00");
    sequences(&mut worst, 43_690);
    let mut short = zstd(13);
    block(&mut short, 0, 3, b"abc");
    for (coding, body, most) in [
        ("br", brotli(1), MIB),
        ("br", brotli(300), 17 * MIB),
        ("zstd", short, 64 * 1024),
        ("zstd", runs(13, 1), MIB),
        ("zstd", runs(7, 100), MIB),
        ("zstd", runs(13, 100), 9 * MIB),
        ("zstd", plain(80), 9 * MIB),
        ("zstd", worst, 11 * MIB),
    ] {
        let (measured, counted) = held(coding, &body);
        // The decoder itself is not counted.
        assert!(measured <= counted + 16 * 1024, "{coding}: {measured} are held, {counted} counted");
        assert!(counted <= most, "{coding}: {counted} counted, {measured} held");
    }
}

#[test]
fn t58_few_bytes_hold_little_memory() {
    let mut body = zstd(13);
    block(&mut body, 0, 4, b"abcd");
    sequences(&mut body, 43_690);
    let (measured, counted) = held("zstd", &body);
    assert!(measured < 900 * 1024, "{} bytes hold {measured}, counted {counted}", body.len());
    // One more sequence exceeds the block size; so do literals of a mebibyte.
    let mut longer = zstd(13);
    block(&mut longer, 0, 4, b"abcd");
    sequences(&mut longer, 43_691);
    let mut literals = zstd(13);
    block(&mut literals, 2, 5, b"\xFD\xFF\xFFa\x00");
    for body in [longer, literals] {
        let mut error = None;
        let measured = measure(|| error = fed("zstd", &DecodeMemory::default(), &body).err());
        assert!(matches!(error, Some(DecodeError::Corrupt { .. })), "{error:?}");
        assert!(measured.bytes_max < 64 * 1024, "{measured:?}");
    }
}

/// A transfer of this session that is in the midst of a body: its head and `body` have come. What
/// became of it by then.
fn in_the_midst(session: &mut Session, coding: &str, body: &[u8]) -> (Transfer, Option<petition_core::Error>) {
    let now = Now::default();
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let mut come = false;
    loop {
        match next_output(now, &mut transfer, session) {
            Output::Read if come => return (transfer, None),
            Output::Read => {
                come = true;
                let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
                transfer.handle(now, Input::Received(&[head.as_bytes(), body].concat())).unwrap();
            }
            Output::Body => transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap(),
            Output::Event(Event::Failed(error)) => return (transfer, Some(error)),
            Output::Event(_) | Output::Close => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn t58_session_decoders_share_one_limit() {
    let mut session = Session::new();
    let mut limits = Limits::DEFAULT;
    (limits.decode_memory, limits.decode_ratio) = (20 * MIB as u64, u64::MAX);
    session.configure(|options| {
        options.limits(|l| {
            l.all(limits);
        });
    });
    let mut frame = zstd(13);
    for _ in 0..80 {
        block(&mut frame, 1, 128 * 1024, b"r");
    }
    let (first, error) = in_the_midst(&mut session, "zstd", &frame);
    assert!(error.is_none(), "{error:?}");
    let (second, error) = in_the_midst(&mut session, "zstd", &frame);
    assert!(error.is_none(), "{error:?}");
    // An unrelated option does not reset the session's count.
    session.configure(|options| {
        options.decode(true);
    });
    let before = session.decode_memory().held();
    for (coding, body) in [("zstd", &frame), ("br", &brotli(300))] {
        let (_, error) = in_the_midst(&mut session, coding, body);
        let error = error.expect("there is no room for a third");
        assert!(matches!(error.kind(), ErrorKind::Decode(DecodeError::Limit(_))), "{error}");
        assert!(error.to_string().contains("limit decode_memory is 20971520, found "), "{error}");
        assert_eq!(session.decode_memory().held(), before, "what failed holds nothing");
    }
    let (_, error) = in_the_midst(&mut session, "gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    assert!(error.is_none(), "{error:?}");
    drop(first);
    let (_third, error) = in_the_midst(&mut session, "zstd", &frame);
    assert!(error.is_none(), "there is room again: {error:?}");
    drop(second);
}
