//! Damage at any position (T61): never a panic, never a complete body if there is a checksum, and
//! the same outcome under every split.

use super::*;
use crate::rng_tests::Rng;

fn ways(field: &str, body: &[u8], seed: usize) -> Outcome {
    let codings = codings(field);
    let new = || Decoder::new(&codings, &Limits::DEFAULT, false).unwrap();
    let whole = feed(new(), [body], 1 << 16);
    for (size, room) in [(1, 1 << 16), (1, 1), (body.len(), 1), (seed % 97 + 1, 50)] {
        let other = feed(new(), body.chunks(size), room);
        assert_eq!(other.end, whole.end, "{field} {seed} by {size} to {room}");
        if field == "br" {
            // The exception documented in the module `br`: the common prefix is the same.
            let common = other.output.len().min(whole.output.len());
            assert!(other.output[..common] == whole.output[..common], "{field} {seed} by {size} to {room}");
            assert!(whole.end.is_err() || other.output.len() == whole.output.len(), "{field} {seed}");
            continue;
        }
        assert!(
            other.output == whole.output,
            "{field} {seed} by {size} to {room}: {} and {} bytes, then {:?}",
            other.output.len(),
            whole.output.len(),
            whole.end
        );
    }
    whole
}

#[test]
fn t61_flipped_bit_fails_equally_under_every_split() {
    for (field, body) in small_bodies() {
        for bit in (0..body.len() * 8).step_by(3) {
            let mut body = body.clone();
            body[bit / 8] ^= 1 << (bit % 8);
            let outcome = ways(field, &body, bit);
            if matches!(field, "gzip" | "zstd") {
                assert!(outcome.end.is_err() || outcome.output == text(600), "{field} {bit}");
            }
        }
    }
}

#[test]
fn damage_gives_the_same_outcome_under_every_split() {
    let mut rng = Rng(2024);
    for (field, body) in small_bodies() {
        for seed in 0..150 {
            let mut body = body.clone();
            for _ in 0..=rng.below(4) {
                let at = rng.below(body.len());
                match rng.below(4) {
                    0 => body[at] = u8::try_from(rng.below(256)).unwrap(),
                    1 => body.truncate(at + 1),
                    2 => drop(body.splice(at..at, [0xFF; 3])),
                    _ => body.rotate_left(at),
                }
            }
            ways(field, &body, seed);
        }
    }
}

#[cfg(feature = "brotli")]
#[test]
fn output_before_the_damage_is_delivered() {
    let mut body = include_bytes!("big.br").to_vec();
    let at = body.len() - 20;
    body[at..].fill(0xFF);
    let outcome = ways("br", &body, 1);
    assert!(outcome.end.is_err());
    assert!(outcome.output.len() > 290_000, "{}", outcome.output.len());
    assert!(text(290_000) == outcome.output[..290_000]);
}
