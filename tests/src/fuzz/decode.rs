//! Content codings against any bytes: no panic, bounded output per call, no spinning, and the same
//! result under every split of input and output.

use petition_core::Limits;
use petition_core::content::decode::{Codings, DecodeError, Decoder, Next};

use super::choice;
use crate::rng::Rng;

/// Decodes a body with one or two codings.
pub fn decode(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    let names = ["gzip", "deflate", "gzip, deflate", "br", "zstd", "zstd, gzip"][chosen % 6];
    let mut limits = Limits::DEFAULT;
    limits.decode_ratio = 20;
    let codings = Codings::parse([names.as_bytes()], &limits).unwrap();
    let strict = chosen & 64 != 0;
    let Some(mut decoder) = Decoder::new(&codings, &limits, strict) else { return };
    let whole = run(&mut decoder, &[data], 4096);
    let taken = decoder.encoded_bytes();
    let Some(mut decoder) = Decoder::new(&codings, &limits, strict) else { return };
    let mut rng = Rng::new(seed);
    let pieces = rng.pieces(data, 17);
    let cut = run(&mut decoder, &pieces, 1 + rng.below(300));
    assert_eq!(whole.1, cut.1, "the same end");
    // A corrupt br body may fail a little earlier or later; the common output is the same.
    let same = whole.0.len().min(cut.0.len());
    assert_eq!(whole.0[..same], cut.0[..same]);
    assert!(whole.0.len() == cut.0.len() || names == "br" && whole.1.is_err());
    // The other decoders read ahead, and so consume bytes between two codings before they check
    // them.
    let counted = ["gzip", "deflate"].contains(&names) && !matches!(whole.1, Err(DecodeError::Limit(_)));
    assert!(!counted || taken == decoder.encoded_bytes(), "how much was taken");
}

fn run(decoder: &mut Decoder, pieces: &[&[u8]], room: usize) -> (Vec<u8>, Result<(), DecodeError>) {
    let (mut out, mut space, mut idle) = (Vec::new(), vec![0; room], 0);
    for (piece, last) in pieces.iter().zip(1..).map(|(piece, n)| (*piece, n == pieces.len())) {
        let mut input = piece;
        loop {
            match decoder.decode(input, &mut space) {
                Ok(progress) => {
                    input = &input[progress.consumed..];
                    out.extend_from_slice(&space[..progress.produced]);
                    idle = if progress.consumed + progress.produced > 0 { 0 } else { idle + 1 };
                    assert!(idle < 8, "no spinning");
                    if progress.next == Next::Input && input.is_empty() {
                        break;
                    }
                }
                Err(error) => return (out, Err(error)),
            }
        }
        if last {
            break;
        }
    }
    loop {
        match decoder.finish(&mut space) {
            Ok(progress) => {
                out.extend_from_slice(&space[..progress.produced]);
                if progress.next == Next::Done && progress.produced == 0 {
                    return (out, Ok(()));
                }
            }
            Err(error) => return (out, Err(error)),
        }
    }
}
