//! The entire decoder: every case runs under every split and must give the same outcome.
#![cfg_attr(
    not(all(feature = "gzip", feature = "brotli", feature = "zstd")),
    allow(unused_mut, clippy::vec_init_then_push, reason = "the tables lose the rows that are not compiled in")
)]

mod bombs;
mod corrupt;
mod fields;
mod formats;
mod holds;
mod stacks;
mod tails;

use super::*;
use crate::Limits;

/// Returns a compressible text, always the same.
pub(super) fn text(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for i in 0_u64.. {
        if text.len() >= length {
            break;
        }
        let number = (i * 2_654_435_761) % (1 << 32);
        text.extend_from_slice(format!("line {i}: {number:08x} the quick brown fox\n").as_bytes());
    }
    text.truncate(length);
    text
}

/// The outcome of decoding a body.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Outcome {
    pub(super) output: Vec<u8>,
    /// The coding after which other data was ignored.
    pub(super) end: Result<Option<Coding>, DecodeError>,
    /// The number of encoded bytes consumed.
    pub(super) taken: u64,
}

impl Outcome {
    fn result(self) -> (Vec<u8>, Result<Option<Coding>, DecodeError>) {
        (self.output, self.end)
    }
}

pub(super) fn codings(field: &str) -> Codings {
    Codings::parse([field.as_bytes()], &Limits::DEFAULT).unwrap()
}

/// Feeds the pieces into slices of `room` bytes by the documented loop, and counts the calls.
pub(super) fn feed<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>, room: usize) -> Outcome {
    let mut output = Vec::new();
    let mut slice = vec![0; room];
    let mut given = 0;
    let mut calls = 0_usize;
    let run = || -> Result<Option<Coding>, DecodeError> {
        for mut piece in pieces {
            given += piece.len();
            loop {
                calls += 1;
                let progress = decoder.decode(piece, &mut slice)?;
                output.extend_from_slice(&slice[..progress.produced]);
                piece = &piece[progress.consumed..];
                match progress.next {
                    Next::Input => {
                        assert!(piece.is_empty(), "input is requested while some is left");
                        break;
                    }
                    Next::Output => assert!(
                        progress.consumed > 0 || progress.produced > 0,
                        "a call that neither consumes nor produces and wants no input"
                    ),
                    Next::Done => panic!("only the end of the body can be the end"),
                }
            }
        }
        loop {
            calls += 1;
            let progress = decoder.finish(&mut slice)?;
            output.extend_from_slice(&slice[..progress.produced]);
            match progress.next {
                Next::Done => return Ok(decoder.trailing_data()),
                Next::Output => assert!(progress.produced > 0),
                Next::Input => panic!("no input is left"),
            }
        }
    };
    let end = run();
    assert!(calls <= 4 * (given + output.len()) + 16, "{calls} calls for {given} bytes in, {} out", output.len());
    if let Err(error) = end {
        assert_eq!(decoder.decode(b"x", &mut slice), Err(error), "an error is final");
        assert_eq!(decoder.finish(&mut slice), Err(error), "an error is final");
    }
    Outcome { output, end, taken: decoder.encoded_bytes() }
}

pub(super) fn decode(field: &str, body: &[u8], strict: bool) -> Outcome {
    feed(Decoder::new(&codings(field), &Limits::DEFAULT, strict).unwrap(), [body], 64 * 1024)
}

/// Decodes whole, byte by byte, at every two-way split (every hundredth or so for long bodies), and
/// into small slices; all outcomes must be equal.
pub(super) fn every_way(field: &str, body: &[u8], strict: bool) -> Outcome {
    let codings = codings(field);
    let new = || Decoder::new(&codings, &Limits::DEFAULT, strict).unwrap();
    let whole = feed(new(), [body], 1 << 20);
    let same = |other: Outcome, how: &str| {
        assert_eq!(other.end, whole.end, "{field} {how}");
        assert_eq!(other.output.len(), whole.output.len(), "{field} {how}: {:?}", whole.end);
        assert!(other.output == whole.output, "{field} {how}: other bytes");
        // The other codings read ahead, and the buffer between two codings is filled before it is
        // inspected.
        let counted = ["gzip", "deflate"].contains(&field) && !matches!(whole.end, Err(DecodeError::Limit(_)));
        assert!(!counted || other.taken == whole.taken, "{field} {how}: {:?}", whole.end);
    };
    same(feed(new(), body.chunks(1), 1 << 16), "byte by byte");
    same(feed(new(), body.chunks(1), 1), "byte by byte to byte by byte");
    same(feed(new(), [body], 1), "whole to byte by byte");
    same(feed(new(), body.chunks(7), 1000), "by sevens to thousands");
    for at in (0..=body.len()).step_by(body.len() / 400 + 1) {
        let (one, two) = body.split_at(at);
        same(feed(new(), [one, two], 4096), "in two");
    }
    whole
}

#[cfg(feature = "gzip")]
pub(super) fn gzip(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "gzip")]
pub(super) fn zlib(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "gzip")]
pub(super) fn bare(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Bodies of 600 bytes of [`text`], with their coding.
pub(super) fn small_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let mut bodies: Vec<(&'static str, Vec<u8>)> = Vec::new();
    #[cfg(feature = "gzip")]
    bodies.extend([("gzip", gzip(&text(600))), ("deflate", zlib(&text(600))), ("deflate", bare(&text(600)))]);
    #[cfg(feature = "brotli")]
    bodies.extend([("br", include_bytes!("small.br").to_vec()), ("br", include_bytes!("flushed.br").to_vec())]);
    #[cfg(feature = "zstd")]
    bodies.extend([("zstd", include_bytes!("small.zst").to_vec()), ("zstd", include_bytes!("flushed.zst").to_vec())]);
    bodies
}

/// Bodies of 300,000 bytes of [`text`].
pub(super) fn big_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let mut bodies: Vec<(&'static str, Vec<u8>)> = Vec::new();
    #[cfg(feature = "gzip")]
    bodies.extend([("gzip", gzip(&text(300_000))), ("deflate", bare(&text(300_000)))]);
    #[cfg(feature = "brotli")]
    bodies.push(("br", include_bytes!("big.br").to_vec()));
    #[cfg(feature = "zstd")]
    bodies.push(("zstd", include_bytes!("big.zst").to_vec()));
    bodies
}

#[test]
fn decoder_can_move_to_another_thread() {
    fn send<T: Send>() {}
    send::<Decoder>();
}
