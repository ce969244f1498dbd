//! Damaged input: no bytes cause a panic, results do not depend on splits, and every error names
//! its cause.

use super::*;
use crate::rng_tests::Rng;

const CORPUS: [&str; 8] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, x\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\nSet-Cookie: a=b\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\nContent-Length: 1, 1\r\n\r\na",
    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nB:\r\n d\r\n\r\nuntil close",
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3 \r\nabc\r\n0\r\n\r\n",
    "HTTP/1.3 205 \r\nContent-Length: 0\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "\r\nHTTP/1.1 101 Switch\r\nUpgrade: a\r\n\r\nrest",
];
const BYTES: &[u8] = b"\r\n\t :;,=\"\\019afxA\0\x7f\x80\xff";

fn damaged(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = CORPUS[rng.below(CORPUS.len())].as_bytes().to_vec();
    for _ in 0..=rng.below(3) {
        let at = rng.below(bytes.len() + 1);
        let byte = BYTES[rng.below(BYTES.len())];
        match rng.below(4) {
            0 => bytes.insert(at, byte),
            1 if at < bytes.len() => bytes[at] = byte,
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[test]
fn t50_damaged_responses_fail_equally_under_every_split() {
    let mut kinds = [0; 3];
    for seed in 1..=6000u64 {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let bytes = damaged(&mut rng);
        let mut setup = [Setup::COMPAT, Setup::STRICT][rng.below(2)];
        setup.served = rng.below(4) == 0;
        setup.upgrade = (rng.below(3) == 0).then_some("a");
        setup.method = ["GET", "GET", "GET", "HEAD", "CONNECT"][rng.below(5)];
        if !setup.served && rng.below(4) == 0 {
            setup.config.limits.head_bytes = rng.below(100);
            setup.config.limits.head_line_bytes = rng.below(50);
            setup.config.limits.all_heads_bytes = rng.below(120);
            setup.config.limits.chunk_extension_bytes = rng.below(4);
            setup.config.limits.trailer_bytes = rng.below(30);
        }
        let eof = [Eof::Clean, Eof::Truncated][rng.below(2)];
        let whole = play(&setup, [&bytes[..]], Some(eof));
        let (a, b) = bytes.split_at(rng.below(bytes.len() + 1));
        for (pieces, how) in [(bytes.chunks(1).collect::<Vec<_>>(), "byte by byte"), (vec![a, b], "split")] {
            let other = play(&setup, pieces, Some(eof));
            assert_eq!(other, whole, "seed {seed}, {how}: \"{}\"", bytes.escape_ascii());
        }
        kinds[match whole.saw.last() {
            Some(Saw::Error(ProtocolError::FieldName { excerpt, .. })) if excerpt.as_bytes().is_empty() => {
                panic!("seed {seed}, a fault without a name: \"{}\"", bytes.escape_ascii())
            }
            Some(Saw::Error(error)) if error.is_truncation() => 0,
            Some(Saw::Error(_)) => 1,
            _ => 2,
        }] += 1;
    }
    assert!(kinds.iter().all(|&n| n > 300), "all outcomes are met: {kinds:?}");
}
