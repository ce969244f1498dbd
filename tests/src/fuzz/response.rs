//! L1 against any bytes: no panic, bounded work, and the same heads, body and error under every
//! split.

use petition_core::Limits;
use petition_core::http1::{Config, Eof, Leniencies};

use super::choice;
use super::exchange::{Exchange, SMALL};
use crate::rng::Rng;

/// Reads a response to one of several requests: whole, byte by byte and in random pieces.
pub fn response(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    let leniencies = if chosen & 4 == 0 { Leniencies::COMPAT } else { Leniencies::STRICT };
    let limits = if chosen & 8 == 0 { Limits::DEFAULT } else { SMALL };
    let exchange = Exchange {
        config: Config { limits, leniencies },
        method: ["GET", "HEAD", "CONNECT", "POST"][chosen % 4],
        eof: if chosen & 16 == 0 { Eof::Clean } else { Eof::Truncated },
        upgrade: (chosen & 32 != 0).then_some("h2c"),
    };
    let whole = exchange.play(&[data]);
    assert_eq!(whole, exchange.play(&Rng::new(seed).pieces(data, 9)), "in pieces");
    if data.len() <= 512 {
        assert_eq!(whole, exchange.play(&data.chunks(1).collect::<Vec<_>>()), "byte by byte");
    }
}
