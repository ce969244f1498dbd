//! The endpoints that echo the client's request.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::exchange::Exchange;
use super::form;

/// Serves `/get`, `/post`, `/anything` and the like.
pub(crate) fn everything(exchange: &mut Exchange<'_>) -> io::Result<Answer> {
    Ok(Answer::json(&body(exchange)?))
}

/// Returns httpbin's description of a request. For a GET it has no `data`, `form`, `files` or
/// `json`.
pub(crate) fn body(exchange: &mut Exchange<'_>) -> io::Result<Value> {
    let raw = exchange.body()?;
    let mut out = Map::new();
    out.insert("args".to_owned(), pairs(exchange.args()));
    out.insert("headers".to_owned(), joined(exchange));
    out.insert("ordered".to_owned(), ordered(exchange));
    out.insert("origin".to_owned(), json!("127.0.0.1"));
    let path_and_query = exchange.head.target.strip_prefix(&exchange.origin()).unwrap_or(&exchange.head.target);
    out.insert("url".to_owned(), json!(exchange.origin() + path_and_query));
    if exchange.path.starts_with("/anything") {
        out.insert("method".to_owned(), json!(exchange.head.method));
    }
    if !matches!(exchange.head.method.as_str(), "GET" | "HEAD") || exchange.path.starts_with("/anything") {
        describe(&raw, exchange.head.value("content-type").unwrap_or_default().as_str(), &mut out);
    }
    Ok(Value::Object(out))
}

/// Fills `data`, `form`, `files` and `json`.
fn describe(raw: &[u8], kind: &str, out: &mut Map<String, Value>) {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (mut data, mut fields, mut files) = (String::new(), Vec::new(), Vec::new());
    match essence.as_str() {
        "application/x-www-form-urlencoded" => fields = url::form_urlencoded::parse(raw).into_owned().collect(),
        "multipart/form-data" => {
            for part in form::multipart(raw, kind) {
                let content = text(&part.content, part.kind.as_deref());
                if part.file { files.push((part.name, content)) } else { fields.push((part.name, content)) }
            }
        }
        _ => data = text(raw, Some("application/octet-stream")),
    }
    let parsed = serde_json::from_slice(raw).ok().filter(|_: &Value| data.len() == raw.len() && !raw.is_empty());
    out.insert("data".to_owned(), json!(data));
    out.insert("form".to_owned(), pairs(fields));
    out.insert("files".to_owned(), pairs(files));
    out.insert("json".to_owned(), parsed.unwrap_or(Value::Null));
}

/// Returns UTF-8 as text, and anything else as a `data:` URL.
fn text(raw: &[u8], kind: Option<&str>) -> String {
    match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            format!("data:{};base64,{}", kind.unwrap_or("application/octet-stream"), STANDARD.encode(raw))
        }
    }
}

/// Returns the pairs as an object. A repeated name has an array.
pub(crate) fn pairs(pairs: Vec<(String, String)>) -> Value {
    let mut out = Map::new();
    for (name, value) in pairs {
        match out.get_mut(&name) {
            None => drop(out.insert(name, json!(value))),
            Some(Value::Array(values)) => values.push(json!(value)),
            Some(first) => *first = json!([first.clone(), value]),
        }
    }
    Value::Object(out)
}

/// Serves `/headers`.
pub(crate) fn headers(exchange: &Exchange<'_>) -> Answer {
    Answer::json(&json!({"headers": joined(exchange), "ordered": ordered(exchange)}))
}

/// Serves `/user-agent`.
pub(crate) fn user_agent(exchange: &Exchange<'_>) -> Answer {
    Answer::json(&json!({"user-agent": exchange.head.value("user-agent")}))
}

/// Returns the fields by their first spelling, repeated ones joined by a comma.
fn joined(exchange: &Exchange<'_>) -> Value {
    let mut out: Map<String, Value> = Map::new();
    for (name, _) in &exchange.head.fields {
        if !out.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            out.insert(name.clone(), json!(exchange.head.value(name)));
        }
    }
    Value::Object(out)
}

fn ordered(exchange: &Exchange<'_>) -> Value {
    exchange.head.fields.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect()
}

/// Serves `/upload-count`, without storing the body.
pub(crate) fn upload_count(exchange: &mut Exchange<'_>) -> io::Result<Answer> {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let end = exchange.each_piece(&mut |piece| {
        for byte in piece {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    })?;
    let trailers =
        end.trailers.into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect();
    Ok(Answer::json(&json!({
        "bytes": end.bytes, "chunks": end.chunks, "sum": format!("{sum:016x}"), "trailers": pairs(trailers),
    })))
}
