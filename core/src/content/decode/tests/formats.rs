//! Each coding: its output under every split.

use super::*;

#[test]
fn small_bodies_decode_equally_under_every_split() {
    for (field, body) in small_bodies() {
        let outcome = every_way(field, &body, true);
        assert_eq!(outcome.end, Ok(None), "{field}");
        assert!(outcome.output == text(600), "{field}");
    }
}

#[test]
fn large_bodies_decode_whole_and_in_pieces() {
    for (field, body) in big_bodies() {
        let new = || Decoder::new(&codings(field), &Limits::DEFAULT, true).unwrap();
        for (size, room) in [(body.len(), 1 << 20), (body.len(), 1), (1, 100), (1000, 4096), (4096, 32 * 1024)] {
            let outcome = feed(new(), body.chunks(size), room);
            assert_eq!(outcome.end, Ok(None), "{field} by {size} to {room}");
            assert!(outcome.output == text(300_000), "{field} by {size} to {room}");
        }
    }
}

#[test]
fn t61_empty_body_is_empty_in_any_coding() {
    for (field, _) in small_bodies() {
        for field in [field.to_owned(), format!("{field}, {field}")] {
            assert_eq!(every_way(&field, b"", true).result(), (Vec::new(), Ok(None)));
        }
    }
}

#[test]
fn t61_truncated_body_is_never_complete() {
    for (field, body) in small_bodies() {
        for length in 1..body.len() {
            let outcome = decode(field, &body[..length], false);
            assert!(matches!(outcome.end, Err(DecodeError::Truncated { .. })), "{field} {length}: {:?}", outcome.end);
            assert!(text(600).starts_with(&outcome.output), "{field} {length}");
        }
    }
}

#[test]
fn encoded_empty_data_is_empty() {
    let mut bodies: Vec<(&str, Vec<u8>)> = Vec::new();
    #[cfg(feature = "gzip")]
    bodies.extend([("gzip", gzip(b"")), ("x-gzip", gzip(b"")), ("deflate", zlib(b"")), ("deflate", bare(b""))]);
    #[cfg(feature = "brotli")]
    bodies.push(("br", vec![0x3B]));
    // One raw block of no bytes, the last.
    #[cfg(feature = "zstd")]
    bodies.push(("zstd", vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x01, 0x00, 0x00]));
    for (field, body) in bodies {
        assert_eq!(every_way(field, &body, true).result(), (Vec::new(), Ok(None)), "{field}");
        assert!(decode(field, &body[..body.len() - 1], true).end.is_err() || body.len() == 1, "{field}");
    }
}

#[test]
fn empty_output_changes_nothing() {
    for (field, body) in small_bodies() {
        let mut decoder = Decoder::new(&codings(field), &Limits::DEFAULT, true).unwrap();
        let nothing = Progress { consumed: 0, produced: 0, next: Next::Output };
        assert_eq!(decoder.decode(&body, &mut []), Ok(nothing), "{field}");
        assert_eq!(feed(decoder, [&body[..]], 100).output, text(600), "{field}");
    }
}

#[cfg(any(feature = "gzip", feature = "brotli"))]
#[test]
fn flushed_data_is_decoded_immediately() {
    let mut bodies: Vec<(&str, Vec<u8>, usize)> = Vec::new();
    #[cfg(feature = "gzip")]
    {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&text(200)).unwrap();
        encoder.flush().unwrap();
        let flushed = encoder.get_ref().len();
        encoder.write_all(&text(200)).unwrap();
        bodies.push(("gzip", encoder.finish().unwrap(), flushed));
    }
    #[cfg(feature = "brotli")]
    bodies.push(("br", include_bytes!("flushed.br").to_vec(), 85));
    for (field, body, flushed) in bodies {
        let mut decoder = Decoder::new(&codings(field), &Limits::DEFAULT, true).unwrap();
        let mut output = [0; 1000];
        let progress = decoder.decode(&body[..flushed], &mut output).unwrap();
        assert_eq!(progress, Progress { consumed: flushed, produced: 200, next: Next::Input }, "{field}");
        assert!(output[..200] == text(200), "{field}");
    }
}

#[cfg(feature = "gzip")]
mod gzip_members {
    use super::*;

    /// Returns a member with this header instead of the plain one.
    fn with_header(header: &[u8]) -> Vec<u8> {
        let plain = gzip(b"hello");
        [header, &plain[10..]].concat()
    }

    fn with_crc(mut header: Vec<u8>) -> Vec<u8> {
        let crc = zlib_rs::crc32::crc32(0, &header) & 0xFFFF;
        header.extend_from_slice(&u16::try_from(crc).unwrap().to_le_bytes());
        header
    }

    const FIXED: [u8; 10] = [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 0, 255];

    fn fixed(flags: u8) -> Vec<u8> {
        let mut fixed = FIXED.to_vec();
        fixed[3] = flags;
        fixed
    }

    #[test]
    fn optional_header_parts_are_skipped() {
        let mut all = fixed(0x1F);
        all.extend_from_slice(&[3, 0, 0, 1, 2]);
        all.extend_from_slice(b"name\0comment\0");
        for header in [
            fixed(0),
            fixed(1),
            [&fixed(4)[..], &[3, 0, 1, 2, 3]].concat(),
            [&fixed(4)[..], &[0, 0]].concat(),
            [&fixed(4)[..], &[0xFF, 0xFF], &[7; 65535]].concat(),
            [&fixed(8)[..], b"name\0"].concat(),
            [&fixed(0x10)[..], b"\0"].concat(),
            [&fixed(0x18)[..], b"\0comment\0"].concat(),
            with_crc(fixed(2)),
            with_crc(all),
        ] {
            let body = with_header(&header);
            let outcome = if body.len() < 1000 { every_way("gzip", &body, true) } else { decode("gzip", &body, true) };
            assert_eq!(outcome.result(), (b"hello".to_vec(), Ok(None)), "{:?}", header.get(..40));
        }
    }

    #[test]
    fn malformed_header_is_an_error() {
        let mut crc = with_crc(fixed(2));
        crc[10] ^= 1;
        let mut long = fixed(8);
        long.extend_from_slice(&vec![b'n'; 300 * 1024]);
        for (header, cause) in [
            (b"\x1E".to_vec(), "the data does not begin with 1F 8B"),
            (b"\x1F\x8C".to_vec(), "the data does not begin with 1F 8B"),
            (b"\x1F\x8B\x07".to_vec(), "the method is not deflate"),
            (fixed(0x20), "reserved flags are set"),
            (fixed(0x80), "reserved flags are set"),
            (crc, "the CRC of the header does not match"),
            (long, "the header exceeds 256 KiB"),
        ] {
            let end = decode("gzip", &with_header(&header), false).end;
            assert_eq!(end, Err(DecodeError::Corrupt { coding: Coding::Gzip, cause }));
        }
    }

    #[test]
    fn t61_members_are_concatenated() {
        let body = [gzip(&text(100)), gzip(b""), with_header(&with_crc(fixed(2))), gzip(&text(300))].concat();
        let outcome = every_way("gzip", &body, true);
        assert_eq!(outcome.end, Ok(None));
        assert!(outcome.output == [&text(100)[..], b"hello", &text(300)].concat());
    }

    #[test]
    fn t61_truncation_within_any_member_is_detected() {
        let first = gzip(b"one");
        let body = [first.clone(), gzip(b"two")].concat();
        for length in (1..body.len()).filter(|&length| length != first.len()) {
            let end = decode("gzip", &body[..length], false).end;
            assert_eq!(end, Err(DecodeError::Truncated { coding: Coding::Gzip }), "{length}");
        }
    }

    #[test]
    fn t61_wrong_checksum_fails_after_the_data() {
        let good = gzip(&text(600));
        for (from_end, cause) in
            [(8, "the CRC-32 of the data does not match"), (1, "the size of the data does not match")]
        {
            let mut body = good.clone();
            let at = body.len() - from_end;
            body[at] ^= 0x40;
            let outcome = every_way("gzip", &body, false);
            assert_eq!(outcome.end, Err(DecodeError::Corrupt { coding: Coding::Gzip, cause }));
            assert!(outcome.output == text(600));
        }
    }
}

#[cfg(feature = "gzip")]
#[test]
fn t62_deflate_is_zlib_or_bare_by_its_header() {
    let mut wrong = zlib(&text(600));
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    let outcome = every_way("deflate", &wrong, false);
    let cause = "the Adler-32 checksum does not match";
    assert_eq!(outcome.end, Err(DecodeError::Corrupt { coding: Coding::Deflate, cause }));
    assert!(outcome.output == text(600));
    // A stored block, and one whose first two bytes already contain a letter.
    for body in [&b"\x01\x03\x00\xFC\xFFabc"[..], b"\x4B\x4C\x4A\x06\x00"] {
        assert_eq!(every_way("deflate", body, true).result(), (b"abc".to_vec(), Ok(None)));
    }
    // A zlib header that requires a preset dictionary is not accepted.
    assert!(every_way("deflate", b"\x78\xBB\x00\x00\x00\x00", false).end.is_err());
}

#[cfg(feature = "zstd")]
mod zstd_frames {
    use super::*;

    const SMALL: &[u8] = include_bytes!("small.zst");

    #[test]
    fn frames_are_concatenated_and_skippable_ones_ignored() {
        let skippable = b"\x5A\x2A\x4D\x18\x05\x00\x00\x00hello";
        let empty = b"\x50\x2A\x4D\x18\x00\x00\x00\x00";
        let body = [skippable, SMALL, empty, empty, SMALL, skippable].concat();
        let outcome = every_way("zstd", &body, true);
        assert_eq!(outcome.end, Ok(None));
        assert!(outcome.output == text(600).repeat(2));
        assert_eq!(every_way("zstd", empty, true).result(), (Vec::new(), Ok(None)));
        for length in [1, 3, 4, 7, 8, 12] {
            let end = decode("zstd", &skippable[..length], false).end;
            assert_eq!(end, Err(DecodeError::Truncated { coding: Coding::Zstd }), "{length}");
        }
    }

    #[test]
    fn raw_and_run_length_blocks_are_decoded() {
        // Three raw bytes, then a run of 1,000, in a frame that states neither size nor checksum.
        let run = (1000_u32 << 3 | 1 << 1 | 1).to_le_bytes();
        let body = [&b"\x28\xB5\x2F\xFD\x00\x58\x18\x00\x00abc"[..], &run[..3], b"x"].concat();
        let outcome = every_way("zstd", &body, true);
        assert_eq!(outcome.result(), ([&b"abc"[..], &[b'x'; 1000]].concat(), Ok(None)));
    }

    #[test]
    fn stated_frame_properties_are_verified() {
        let mut checksum = SMALL.to_vec();
        *checksum.last_mut().unwrap() ^= 1;
        let mut size = SMALL.to_vec();
        size[5] ^= 1;
        let window = include_bytes!("window16m.zst").to_vec();
        let single = b"\x28\xB5\x2F\xFD\xA0\x01\x00\x80\x00\x01\x00\x00".to_vec();
        for (body, seen) in [(window, 16 << 20), (single, (8 << 20) + 1)] {
            let limit = crate::LimitExceeded { name: "decode_window", limit: 8 << 20, found: seen };
            assert_eq!(every_way("zstd", &body, false).end, Err(DecodeError::Limit(limit)));
        }
        let reserved_bit = b"\x28\xB5\x2F\xFD\x08\x58\x01\x00\x00".to_vec();
        let dictionary = b"\x28\xB5\x2F\xFD\x01\x58\x07\x01\x00\x00".to_vec();
        let reserved_type = b"\x28\xB5\x2F\xFD\x00\x58\x07\x00\x00".to_vec();
        let block = [&b"\x28\xB5\x2F\xFD\x00\x58"[..], &(0x20001_u32 << 3 | 1).to_le_bytes()[..3]].concat();
        // A run of literals of 1 MiB in eight bytes, which the package would produce.
        let mebibyte = b"\x28\xB5\x2F\xFD\x00\x38\x2D\x00\x00\xFD\xFF\xFFa\x00".to_vec();
        for (body, cause) in [
            (checksum, "the checksum of the data does not match"),
            (size, "the size of the data does not match"),
            (reserved_bit, "a reserved bit of the frame header is set"),
            (dictionary, "it needs a dictionary"),
            (reserved_type, "a block has the reserved type"),
            (block, "a block exceeds 128 KiB"),
            (mebibyte, "a block states more than the maximum block size"),
            (b"hello".to_vec(), "the data does not begin with a frame"),
            (b"\x28\xB5\x2F\xFE".to_vec(), "the data does not begin with a frame"),
        ] {
            let end = every_way("zstd", &body, false).end;
            assert_eq!(end, Err(DecodeError::Corrupt { coding: Coding::Zstd, cause }));
        }
    }
}
