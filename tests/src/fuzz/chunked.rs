//! Chunked bodies: any bytes after a head that announces one, and any content from a correct
//! sender.
//!
//! Checks: the same result under every split; no prefix of a response passes for the whole
//! (invariant 13); encoding and decoding round-trip (invariant 9).

use petition_core::Limits;
use petition_core::http1::{Leniencies, Leniency};

use super::choice;
use super::exchange::{Exchange, Outcome, SMALL};
use crate::rng::Rng;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Uses the bytes as a chunked body, and as content to be sent chunked.
pub fn chunked(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    let leniencies = if chosen & 1 == 0 { Leniencies::COMPAT } else { Leniencies::STRICT };
    let limits = if chosen & 2 == 0 { Limits::DEFAULT } else { SMALL };
    received(&Exchange::get(limits, leniencies), &[HEAD, data].concat(), &mut Rng::new(seed));
    round_trip(data, &mut Rng::new(seed));
}

fn received(exchange: &Exchange, bytes: &[u8], rng: &mut Rng) {
    let whole = exchange.play(&[bytes]);
    assert_eq!(whole, exchange.play(&rng.pieces(bytes, 9)), "in pieces");
    if bytes.len() > 512 {
        return;
    }
    assert_eq!(whole, exchange.play(&bytes.chunks(1).collect::<Vec<_>>()), "byte by byte");
    let Outcome::Ended { after, eof: false } = whole.outcome else { return };
    for cut in 0..after {
        let part = exchange.play(&[&bytes[..cut]]);
        let tolerated = part.tolerated.contains(Leniency::MissingFinalCrlf);
        assert!(tolerated || matches!(part.outcome, Outcome::Failed(_)), "cut at {cut} it passes for complete");
        assert!(whole.body.starts_with(&part.body));
    }
}

fn round_trip(content: &[u8], rng: &mut Rng) {
    const EXTENSIONS: [&str; 6] = ["", "", ";a", ";a=b", ";a=\"b;\\\"c\"", ";a;b=c"];
    const TRAILERS: [&[(&str, &str)]; 3] = [&[], &[("X-Sum", "1")], &[("X-Sum", ""), ("x-sum", "a b")]];
    // Few extensions: they count against the overhead.
    let few = content.len() <= 300;
    let mut bytes = HEAD.to_vec();
    for chunk in rng.pieces(content, if few { 40 } else { 4_000 }) {
        let extension = EXTENSIONS[rng.below(EXTENSIONS.len())];
        bytes.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n");
    let trailers = TRAILERS[rng.below(TRAILERS.len())];
    for (name, value) in trailers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    let end = bytes.len();
    bytes.extend_from_slice(b"more");
    let played = Exchange::get(Limits::DEFAULT, Leniencies::STRICT).play(&rng.pieces(&bytes, 300));
    assert_eq!(played.outcome, Outcome::Ended { after: end, eof: false });
    assert!(played.body == content && played.tolerated.is_empty());
    let got: Vec<(&str, &[u8])> = played.trailers.iter().flat_map(|trailers| trailers.iter()).collect();
    let sent: Vec<(&str, &[u8])> = trailers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    assert_eq!(got, sent);
}
