//! Fixed documents, bytes, ranges and conditional requests.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::answer::Answer;
use super::exchange::Exchange;
use crate::rng::Rng;

const HTML: &str = "<!DOCTYPE html>\n<html>\n  <head><title>A page</title></head>\n  <body>\n    <h1>Loopback</h1>\n    \
    <p>A short page for tests.</p>\n  </body>\n</html>\n";
const JSON: &str = "{\n  \"slideshow\": {\n    \"author\": \"A. Tester\",\n    \"slides\": [{\"title\": \"One\"}, \
    {\"title\": \"Two\"}],\n    \"title\": \"Sample\"\n  }\n}\n";
const XML: &str = "<?xml version='1.0' encoding='us-ascii'?>\n<slideshow title=\"Sample\">\n  <slide><title>One</title>\
    </slide>\n</slideshow>\n";
const UTF8: &str =
    "<h1>Letters</h1>\n<pre>\nÄpfel, Öl, Übermut; façade; Ελληνικά; кириллица; עברית; 日本語; ∀x∈ℝ; 🦀\n</pre>\n";

/// A constant date for `Last-Modified`.
const DATE: &str = "Tue, 01 Jan 2019 00:00:00 GMT";

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    match (first, rest) {
        ("", []) | ("html", []) => Some(Answer::bytes("text/html; charset=utf-8", HTML)),
        ("json", []) => Some(Answer::bytes("application/json", JSON)),
        ("xml", []) => Some(Answer::bytes("application/xml", XML)),
        ("encoding", ["utf8"]) => Some(Answer::bytes("text/html; charset=utf-8", UTF8)),
        ("robots.txt", []) => Some(Answer::bytes("text/plain", "User-agent: *\nDisallow: /deny\n")),
        ("base64", [text]) => {
            let plain = URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text));
            Some(match plain {
                Ok(plain) => Answer::bytes("text/html; charset=utf-8", plain),
                Err(_) => Answer::bytes("text/plain", "not base64\n").status(400),
            })
        }
        ("bytes", [n]) => {
            let n = n.parse::<usize>().ok()?.min(256 << 20);
            Some(Answer::bytes("application/octet-stream", pattern(n, exchange.number("seed", 0))))
        }
        ("response-headers", []) => Some(response_headers(exchange)),
        ("range", [n]) => Some(range(exchange, n.parse::<usize>().ok()?.min(100 * 1024))),
        ("cache", []) => {
            let known = exchange.head.value("if-none-match").or(exchange.head.value("if-modified-since"));
            let answer = if known.is_some() { Answer::new(304) } else { document(exchange) };
            Some(answer.field("ETag", "\"constant\"").field("Last-Modified", DATE))
        }
        ("cache", [seconds]) => {
            let field = format!("public, max-age={}", seconds.parse::<u64>().ok()?);
            Some(document(exchange).field("Cache-Control", field))
        }
        ("etag", [tag]) => Some(etag(exchange, tag)),
        _ => None,
    }
}

fn document(exchange: &Exchange<'_>) -> Answer {
    super::echo::headers(exchange)
}

/// Returns `n` bytes determined by `seed`: the content of `/bytes/N` and `/stream-bytes/N`.
pub fn pattern(n: usize, seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(n + 8);
    // No byte depends on `n`.
    let mut rng = Rng::new(seed);
    while out.len() < n {
        out.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    out.truncate(n);
    out
}

/// Returns the letters from a to z, repeated: the content of `/range/N`.
pub fn cycle(n: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(n).collect()
}

/// Turns every pair of the query into a field and a member of the JSON body.
fn response_headers(exchange: &Exchange<'_>) -> Answer {
    let args = exchange.args();
    let answer = Answer::json(&super::echo::pairs(args.clone()));
    // A value with a line break would make this server invalid.
    let sound = |text: &str| !text.contains(['\r', '\n', '\0']);
    args.iter()
        .filter(|(name, value)| sound(name) && sound(value) && !name.is_empty())
        .fold(answer, |answer, (name, value)| answer.field(name, value.as_str()))
}

/// Serves one range, or the whole if there is no valid Range field: RFC 9110 §14.
fn range(exchange: &Exchange<'_>, n: usize) -> Answer {
    let common = |answer: Answer| answer.field("ETag", format!("\"range{n}\"")).field("Accept-Ranges", "bytes");
    let whole = cycle(n);
    let asked = exchange.head.value("range");
    // If-Range with another tag requests the whole.
    let same = exchange.head.value("if-range").is_none_or(|tag| tag == format!("\"range{n}\""));
    let spec = asked.as_deref().filter(|_| same).and_then(|value| value.strip_prefix("bytes=")?.split_once('-'));
    let bounds = match spec {
        None => return common(Answer::bytes("application/octet-stream", whole)),
        Some(("", suffix)) => suffix
            .parse()
            .ok()
            .filter(|length| *length > 0 && n > 0)
            .map(|length: usize| (n.saturating_sub(length), n - 1)),
        Some((first, "")) => first.parse().ok().filter(|first| *first < n).map(|first| (first, n - 1)),
        Some((first, last)) => match (first.parse(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first <= last && first < n => Some((first, last.min(n - 1))),
            _ => None,
        },
    };
    match bounds.and_then(|(first, last)| Some((first, last, whole.get(first..=last)?))) {
        Some((first, last, part)) => common(Answer::bytes("application/octet-stream", part).status(206))
            .field("Content-Range", format!("bytes {first}-{last}/{n}")),
        None => common(Answer::new(416)).field("Content-Range", format!("bytes */{n}")),
    }
}

/// Evaluates If-Match (412) and If-None-Match (304): RFC 9110 §13.1.
fn etag(exchange: &Exchange<'_>, tag: &str) -> Answer {
    let quoted = format!("\"{tag}\"");
    let lists = |value: String| {
        value.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == quoted)
    };
    let answer = match (exchange.head.value("if-none-match"), exchange.head.value("if-match")) {
        (Some(value), _) if lists(value.clone()) => Answer::new(304),
        (None, Some(value)) if !lists(value.clone()) => Answer::new(412),
        _ => document(exchange),
    };
    answer.field("ETag", quoted)
}
