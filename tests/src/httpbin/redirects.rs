//! Redirects and bare statuses.

use super::answer::Answer;
use super::exchange::Exchange;

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    match (first, rest) {
        ("redirect", [n]) => {
            let absolute = exchange.arg("absolute").is_some_and(|text| text.eq_ignore_ascii_case("true"));
            chain(exchange, if absolute { "absolute" } else { "relative" }, n)
        }
        ("relative-redirect", [n]) => chain(exchange, "relative", n),
        ("absolute-redirect", [n]) => chain(exchange, "absolute", n),
        ("redirect-to", []) => {
            let status = exchange.number("status_code", 302);
            match exchange.arg("url") {
                Some(url) if (300..400).contains(&status) => Some(Answer::new(status).field("Location", url)),
                _ => Some(Answer::bytes("text/plain", "url and a status_code of 3xx, please\n").status(400)),
            }
        }
        ("status", [code]) => {
            Some(code.parse().ok().filter(|code| (200..=999).contains(code)).map_or_else(|| Answer::new(400), status))
        }
        _ => None,
    }
}

/// `n` redirects, the last of them to `/get`.
fn chain(exchange: &Exchange<'_>, kind: &str, n: &str) -> Option<Answer> {
    let path = match n.parse::<u32>().ok()? {
        0 => return Some(Answer::new(400)),
        1 => "/get".to_owned(),
        n => format!("/{kind}-redirect/{}", n - 1),
    };
    let location = if kind == "absolute" { exchange.origin() + &path } else { path };
    Some(Answer::new(302).field("Location", location))
}

fn status(code: u16) -> Answer {
    let answer = Answer::new(code);
    match code {
        301 | 302 | 303 | 305 | 307 | 308 => answer.field("Location", "/redirect/1"),
        401 => answer.field("WWW-Authenticate", "Basic realm=\"Fake Realm\""),
        407 => answer.field("Proxy-Authenticate", "Basic realm=\"Fake Realm\""),
        _ => answer,
    }
}
