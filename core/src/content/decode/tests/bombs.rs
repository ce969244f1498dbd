//! Decompression bombs (T58): the ratio limit stops them at the same byte under every split, and
//! little memory is held.

use super::*;

const MIB: usize = 1024 * 1024;

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let mut bombs: Vec<(&'static str, Vec<u8>)> = Vec::new();
    #[cfg(feature = "gzip")]
    bombs.extend([("gzip", gzip(&vec![0; 16 * MIB])), ("deflate", zlib(&vec![0; 16 * MIB]))]);
    #[cfg(feature = "brotli")]
    bombs.push(("br", include_bytes!("bomb.br").to_vec()));
    #[cfg(feature = "zstd")]
    bombs.push(("zstd", zstd_runs(512)));
    bombs
}

/// A frame of runs of 128 KiB, four bytes each, with a window of 128 KiB.
#[cfg(feature = "zstd")]
fn zstd_runs(runs: usize) -> Vec<u8> {
    let run = (128 * 1024_u32) << 3 | 1 << 1;
    let mut body = b"\x28\xB5\x2F\xFD\x00\x38".to_vec();
    for left in (0..runs).rev() {
        let header = run | u32::from(left == 0);
        body.extend_from_slice(&header.to_le_bytes()[..3]);
        body.push(b'0');
    }
    body
}

#[test]
fn t58_bomb_stops_equally_under_every_split() {
    for (field, body) in bombs() {
        let new = || Decoder::new(&codings(field), &Limits::DEFAULT, false).unwrap();
        let whole = feed(new(), [&body[..]], 64 * 1024);
        let Err(DecodeError::Limit(limit)) = whole.end else { panic!("{field}: {:?}", whole.end) };
        assert_eq!((limit.name, limit.limit), ("decode_ratio", 200), "{field}");
        let encoded = body.len().next_multiple_of(4096);
        assert!(whole.output.len() <= (200 * encoded).max(MIB), "{field}: {}", whole.output.len());
        assert!(whole.output.len() >= MIB, "{field}: {}", whole.output.len());
        for (size, room) in [(1, 64 * 1024), (1, 999), (13, 64), (4095, 4097), (body.len() / 2 + 1, 32 * 1024)] {
            let other = feed(new(), body.chunks(size), room);
            assert_eq!((other.end, other.output.len()), (whole.end, whole.output.len()), "{field} by {size} to {room}");
        }
    }
}

#[test]
fn ratio_is_configurable() {
    for (field, body) in bombs().into_iter().filter(|(field, _)| *field != "br") {
        let limits = Limits { decode_ratio: 1 << 30, ..Limits::DEFAULT };
        let outcome = feed(Decoder::new(&codings(field), &limits, true).unwrap(), [&body[..]], 64 * 1024);
        assert_eq!(outcome.end, Ok(None), "{field}");
        assert!(outcome.output.len() >= 16 * MIB, "{field}");
    }
}

#[cfg(any(feature = "gzip", feature = "zstd"))]
#[test]
fn first_mebibyte_is_exempt_from_the_ratio() {
    #[cfg(feature = "gzip")]
    {
        let outcome = every_call("gzip", &gzip(&vec![0; MIB]));
        assert_eq!((outcome.end, outcome.output.len()), (Ok(None), MIB));
        let outcome = every_call("gzip", &gzip(&vec![0; MIB + 1]));
        assert_eq!(outcome.end.unwrap_err().to_string(), "limit decode_ratio is 200, found 257");
        assert_eq!(outcome.output.len(), MIB);
    }
    #[cfg(feature = "zstd")]
    {
        let outcome = every_call("zstd", &zstd_runs(8));
        assert_eq!((outcome.end, outcome.output.len()), (Ok(None), MIB));
    }
}

#[cfg(any(feature = "gzip", feature = "zstd"))]
fn every_call(field: &str, body: &[u8]) -> Outcome {
    let new = || Decoder::new(&codings(field), &Limits::DEFAULT, true).unwrap();
    let whole = feed(new(), [body], 64 * 1024);
    for other in [feed(new(), body.chunks(1), 64 * 1024), feed(new(), [body], MIB)] {
        assert_eq!(other.result(), whole.clone().result());
    }
    whole
}

#[test]
fn one_call_produces_at_most_64_kib() {
    for (field, body) in bombs() {
        let mut decoder = Decoder::new(&codings(field), &Limits::DEFAULT, false).unwrap();
        let mut output = vec![1; MIB];
        let progress = decoder.decode(&body, &mut output).unwrap();
        assert_eq!((progress.produced, progress.next), (64 * 1024, Next::Output), "{field}");
        assert!(output[64 * 1024..].iter().all(|&byte| byte == 1), "{field}");
    }
}

#[cfg(feature = "gzip")]
#[test]
fn t58_nested_bomb_is_limited_by_the_body_size() {
    let inner = gzip(&gzip(&vec![0; 64 * MIB]));
    let outcome = decode("gzip, gzip", &inner, false);
    assert!(matches!(outcome.end, Err(DecodeError::Limit(_))), "{:?}", outcome.end);
    assert_eq!(outcome.output.len(), MIB);
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
#[test]
fn t58_silent_inner_coding_cannot_cause_endless_work() {
    // A skippable frame of 2³²−1 bytes in gzip: it yields no output, but megabytes would be
    // inflated.
    let skip = [&b"\x50\x2A\x4D\x18\xFF\xFF\xFF\xFF"[..], &vec![0; 16 * MIB]].concat();
    let outcome = decode("zstd, gzip", &gzip(&skip), false);
    assert!(matches!(outcome.end, Err(DecodeError::Limit(_))), "{:?}", outcome.end);
    assert!(outcome.output.is_empty());
}
