//! Responses that are slow, come in pieces, or never end.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::content::pattern;
use super::exchange::Exchange;

/// The largest body generated in memory, as in httpbin; larger requests get this much.
const LARGEST: usize = 100 * 1024;

/// The interim responses of `/multi`.
const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\n\
    HTTP/1.1 102 Processing\r\n\r\n\
    HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n\
    HTTP/1.1 103 Early Hints\r\nLink: </script.js>; rel=preload\r\nX-Interim: 2\r\n\r\n";

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    match (first, rest) {
        ("stream", [n]) => {
            let lines = (0..n.parse::<usize>().ok()?.min(100)).map(|id| {
                format!("{}\n", json!({"id": id, "url": exchange.origin() + &exchange.head.target})).into_bytes()
            });
            Some(Answer::chunks("application/json", lines.collect()))
        }
        ("stream-bytes", [n]) => {
            let body = pattern(n.parse::<usize>().ok()?.min(LARGEST), exchange.number("seed", 0));
            let size = exchange.number("chunk_size", 10 * 1024).max(1);
            Some(Answer::chunks("application/octet-stream", body.chunks(size).map(<[u8]>::to_vec).collect()))
        }
        ("drip", []) => Some(drip(exchange)),
        ("forever", []) => Some(Answer::stream("application/octet-stream", None, |sink| {
            let piece = pattern(8 * 1024, 0);
            loop {
                sink.send(&piece)?;
            }
        })),
        ("chunked-trailers", []) => {
            let pieces: Vec<Vec<u8>> = vec![b"the body ".to_vec(), b"before the ".to_vec(), b"trailers\n".to_vec()];
            let length = pieces.iter().map(Vec::len).sum::<usize>();
            let fields = [("X-Length", length.to_string()), ("X-End", "true".to_owned())];
            Some(Answer::chunks("text/plain", pieces).trailers(&fields))
        }
        ("multi", []) => Some(Answer::bytes("text/plain", "after four interim responses\n").interim(INTERIM)),
        _ => None,
    }
}

/// Serves `/drip?numbytes=&duration=&delay=&code=`: after `delay` seconds the head, then `numbytes`
/// asterisks over `duration` seconds.
fn drip(exchange: &Exchange<'_>) -> Answer {
    let bytes: usize = exchange.number("numbytes", 10).clamp(1, 10 * 1024 * 1024);
    let duration = seconds(exchange.number("duration", 2.0));
    let delay = seconds(exchange.number("delay", 0.0));
    let status = exchange.number("code", 200);
    let between = duration / u32::try_from(bytes).unwrap_or(u32::MAX);
    let answer = Answer::stream("application/octet-stream", Some(bytes), move |sink| {
        for _ in 0..bytes {
            sink.send(b"*")?;
            sink.pause(between)?;
        }
        Ok(())
    });
    answer.status(status).after_pause(delay)
}

/// Serves `/delay/N`.
pub(crate) fn delayed(time: Duration, value: Value) -> Answer {
    Answer::json(&value).after_pause(time)
}

fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or_default().min(Duration::from_secs(10))
}

/// Serves `/early-413`.
pub(crate) fn early_413(exchange: &mut Exchange<'_>) -> Answer {
    exchange.leave_body();
    let answer = Answer::bytes("text/plain", "too much\n").status(413);
    if exchange.arg("then").as_deref() == Some("close") { answer.close_now() } else { answer.close() }
}
