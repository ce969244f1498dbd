//! `/cookies` and the endpoints that set and delete them.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::exchange::Exchange;

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    match (first, rest) {
        ("cookies", []) => Some(Answer::json(&json!({"cookies": sent(exchange)}))),
        ("cookies", ["set", name, value]) => Some(back(&[format!("{name}={value}; Path=/")])),
        ("cookies", ["set"]) => {
            let lines: Vec<String> =
                exchange.args().into_iter().map(|(name, value)| format!("{name}={value}; Path=/")).collect();
            Some(back(&lines))
        }
        ("cookies", ["delete"]) => {
            let gone = "Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/";
            let lines: Vec<String> = exchange.args().into_iter().map(|(name, _)| format!("{name}=; {gone}")).collect();
            Some(back(&lines))
        }
        _ => None,
    }
}

fn back(lines: &[String]) -> Answer {
    let redirect = Answer::new(302).field("Location", "/cookies");
    lines.iter().fold(redirect, |answer, line| answer.field("Set-Cookie", line.as_str()))
}

/// Returns the cookies of the request; of several with the same name, the first.
fn sent(exchange: &Exchange<'_>) -> Value {
    let mut out = Map::new();
    for line in exchange.head.all("cookie") {
        for pair in String::from_utf8_lossy(line).split(';') {
            if let Some((name, value)) = pair.trim().split_once('=') {
                out.entry(name).or_insert_with(|| json!(value.trim_matches('"')));
            }
        }
    }
    Value::Object(out)
}
