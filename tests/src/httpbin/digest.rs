//! Digest authentication (RFC 7616), checked independently of the library's own.

use md5::{Digest, Md5};
use petition_core::policy::auth::challenge;
use serde_json::json;
use sha2::{Sha256, Sha512_256};

use super::answer::Answer;
use super::exchange::Exchange;

/// Every response has the same nonce, which never becomes stale.
const NONCE: &str = "dcd98b7102dd2f0e8b11d0f600bfb0c093";

/// `/digest-auth/{qop}/{user}/{password}` with MD5, or with the algorithm that follows.
pub(crate) fn route(exchange: &Exchange<'_>, first: &str, rest: &[&str]) -> Option<Answer> {
    let (qop, user, password, algorithm) = match (first, rest) {
        ("digest-auth", [qop, user, password]) => (*qop, *user, *password, "MD5"),
        ("digest-auth", [qop, user, password, algorithm]) => (*qop, *user, *password, *algorithm),
        _ => return None,
    };
    let field = exchange.head.value("authorization").unwrap_or_default();
    let Some(sent) = challenge::parse([field.as_bytes()]).into_iter().next() else { return Some(ask(qop, algorithm)) };
    let value = |name: &str| String::from_utf8_lossy(sent.parameter(name).unwrap_or_default()).into_owned();
    let hash = |text: String| match algorithm {
        "SHA-256" => hex(&Sha256::digest(text)),
        "SHA-512-256" => hex(&Sha512_256::digest(text)),
        _ => hex(&Md5::digest(text)),
    };
    let a1 = hash(format!("{user}:{}:{password}", value("realm")));
    let a2 = hash(format!("{}:{}", exchange.head.method, value("uri")));
    let expected = hash(format!("{a1}:{NONCE}:{}:{}:{}:{a2}", value("nc"), value("cnonce"), value("qop")));
    let fits = sent.scheme() == "digest" && value("uri") == exchange.head.target && value("nonce") == NONCE;
    let right = fits && value("username") == user && value("qop") == qop && value("response") == expected;
    Some(if right { Answer::json(&json!({"authenticated": true, "user": user})) } else { ask(qop, algorithm) })
}

fn ask(qop: &str, algorithm: &str) -> Answer {
    let field =
        format!("Digest realm=\"me@kennethreitz.com\", nonce=\"{NONCE}\", qop=\"{qop}\", algorithm={algorithm}");
    Answer::new(401).field("WWW-Authenticate", field)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
