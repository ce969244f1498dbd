//! Basic and Bearer authentication: RFC 7617, RFC 6750.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::Answer;
use super::exchange::Exchange;

pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    let authorization = exchange.head.value("authorization");
    match (first, rest) {
        ("basic-auth", [user, password]) => Some(if is_basic(authorization.as_deref(), user, password) {
            welcome(user)
        } else {
            Answer::new(401).field("WWW-Authenticate", "Basic realm=\"Fake Realm\"")
        }),
        ("hidden-basic-auth", [user, password]) => {
            let right = is_basic(authorization.as_deref(), user, password);
            Some(if right { welcome(user) } else { Answer::new(404) })
        }
        ("bearer", []) => Some(match authorization.as_deref().and_then(|value| value.strip_prefix("Bearer ")) {
            Some(token) => Answer::json(&json!({"authenticated": true, "token": token})),
            None => Answer::new(401).field("WWW-Authenticate", "Bearer"),
        }),
        _ => None,
    }
}

fn welcome(user: &str) -> Answer {
    Answer::json(&json!({"authenticated": true, "user": user}))
}

/// Returns true if a field value carries these Basic credentials.
pub(crate) fn is_basic(value: Option<&str>, user: &str, password: &str) -> bool {
    value.and_then(|value| value.strip_prefix("Basic ")) == Some(STANDARD.encode(format!("{user}:{password}")).as_str())
}
