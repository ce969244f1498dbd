//! Maps paths and methods to endpoints.

use std::io;
use std::time::Duration;

use super::answer::Answer;
use super::exchange::Exchange;
use super::{auth, codings, content, cookies, digest, echo, redirects, streams};

/// The longest time of `/delay` and `/drip`, as in httpbin.
const LONGEST: f64 = 10.0;

/// Serves a request of httpbin's endpoints, including 404 and 405.
pub(crate) fn route(exchange: &mut Exchange<'_>) -> io::Result<Answer> {
    let path = exchange.path.clone();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (first, rest) = parts.split_first().map_or(("", [].as_slice()), |(first, rest)| (*first, rest));
    let allowed: &[&str] = match first {
        "post" => &["POST"],
        "put" => &["PUT"],
        "patch" => &["PATCH"],
        "delete" => &["DELETE"],
        "anything" | "status" | "redirect-to" | "delay" | "upload-count" | "early-413" | "close" => &[],
        _ => &["GET", "HEAD"],
    };
    let method = exchange.head.method.as_str();
    if method == "OPTIONS" && !allowed.is_empty() {
        return Ok(Answer::new(200).field("Allow", allowed.join(", ")));
    }
    if !allowed.is_empty() && !allowed.contains(&method) {
        return Ok(Answer::new(405).field("Allow", allowed.join(", ")));
    }
    let found = match (first, rest) {
        ("get" | "post" | "put" | "patch" | "delete", []) | ("anything", _) => Some(echo::everything(exchange)?),
        ("delay", [seconds]) => match seconds.parse::<f64>() {
            Ok(seconds) => {
                let answer = echo::body(exchange)?;
                Some(streams::delayed(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST)), answer))
            }
            Err(_) => None,
        },
        ("close", []) => Some(echo::everything(exchange)?.close()),
        ("headers", []) => Some(echo::headers(exchange)),
        ("ip", []) => Some(Answer::json(&serde_json::json!({"origin": "127.0.0.1"}))),
        ("user-agent", []) => Some(echo::user_agent(exchange)),
        ("upload-count", []) => Some(echo::upload_count(exchange)?),
        ("early-413", []) => Some(streams::early_413(exchange)),
        _ => None,
    };
    let found = found
        .or_else(|| redirects::route(exchange, first, rest))
        .or_else(|| cookies::route(exchange, first, rest))
        .or_else(|| auth::route(exchange, first, rest))
        .or_else(|| digest::route(exchange, first, rest))
        .or_else(|| streams::route(exchange, first, rest))
        .or_else(|| codings::route(exchange, first, rest))
        .or_else(|| content::route(exchange, first, rest));
    Ok(found.unwrap_or_else(|| Answer::bytes("text/plain", "no such endpoint\n").status(404)))
}
