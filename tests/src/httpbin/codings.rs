//! JSON in each content coding.
//!
//! gzip and deflate come from flate2. brotli and zstd need no compressor here: both formats have
//! uncompressed blocks (RFC 7932 §9.2, RFC 8878 §3.1.1.2).

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::json;

use super::answer::Answer;
use super::exchange::Exchange;

type Encode = fn(&[u8]) -> Vec<u8>;

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    let (flag, coding, encode): (_, _, Encode) = match (first, rest) {
        ("gzip", []) => ("gzipped", "gzip", gzip),
        ("deflate", []) => ("deflated", "deflate", zlib),
        ("brotli", []) => ("brotli", "br", brotli),
        ("zstd", []) => ("zstd", "zstd", zstd),
        _ => return None,
    };
    let headers: serde_json::Map<_, _> =
        exchange.head.fields.iter().map(|(name, _)| (name.clone(), json!(exchange.head.value(name)))).collect();
    let body = json!({flag: true, "headers": headers, "method": exchange.head.method, "origin": "127.0.0.1"});
    let body = encode(format!("{body:#}\n").as_bytes());
    Some(Answer::bytes("application/json", body).field("Content-Encoding", coding))
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("a Vec takes every byte")
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("a Vec takes every byte")
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, piece) in plain.chunks(1 << 16).enumerate() {
        // A window of 2^16 (one 0 bit, in the first block only), not the last block, four nibbles
        // of length - 1, uncompressed.
        let length = u32::try_from(piece.len() - 1).unwrap_or_default();
        let bits = length << 3 | 1 << 19;
        let bits = if index == 0 { bits << 1 } else { bits };
        out.extend_from_slice(bits.to_le_bytes().get(..3).unwrap_or_default());
        out.extend_from_slice(piece);
    }
    // The window bit if nothing precedes it, then an empty last block.
    out.push(if plain.is_empty() { 0b110 } else { 0b11 });
    out
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    // Magic, then: one segment, content size of eight bytes, no checksum.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
    out.extend_from_slice(&(plain.len() as u64).to_le_bytes());
    let blocks: Vec<&[u8]> = if plain.is_empty() { vec![plain] } else { plain.chunks(1 << 16).collect() };
    let last = blocks.len() - 1;
    for (index, block) in blocks.into_iter().enumerate() {
        // The size above the type (0, raw) above the flag of the last block.
        let header = u32::try_from(block.len()).unwrap_or_default() << 3 | u32::from(index == last);
        out.extend_from_slice(header.to_le_bytes().get(..3).unwrap_or_default());
        out.extend_from_slice(block);
    }
    out
}
