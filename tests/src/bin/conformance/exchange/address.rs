//! The URL of an operation: with parts appended to its query, and with another address if
//! `connect_to` replaces it.

use std::net::IpAddr;

use serde_json::Value;

use super::names::Rule;
use super::op::Declined;
use crate::latin1;

pub(super) fn append_query(url: &mut String, query: &str) {
    let fragment = url.find('#').map(|at| url.split_off(at)).unwrap_or_default();
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(query);
    url.push_str(&fragment);
}

/// Returns the URL with its address replaced, and the original for the Host field. Since an address
/// is not looked up, the library has no option for this.
pub(super) fn moved(rules: &[Rule], url: &str) -> Option<(String, String)> {
    let parsed = url::Url::parse(url).ok()?;
    let ip: IpAddr = match parsed.host()? {
        url::Host::Ipv4(ip) => ip.into(),
        url::Host::Ipv6(ip) => ip.into(),
        url::Host::Domain(_) => return None,
    };
    let port = parsed.port_or_known_default()?;
    let rule = rules.iter().find(|rule| rule.concerns(&ip.to_string(), port))?;
    let (to_host, to_port) = rule.target(&ip.to_string(), port);
    if (to_host.as_str(), to_port) == (ip.to_string().as_str(), port) {
        return None;
    }
    let to_host = if to_host.contains(':') { format!("[{to_host}]") } else { to_host };
    // The path stays as it was given.
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    Some((format!("{scheme}://{user}{to_host}:{to_port}{path}"), host.to_owned()))
}

/// Returns parts for the query: `+text` unmodified, otherwise the value after `=` encoded. Declines
/// a part that is read from a file.
pub(super) fn queries(parts: &Value) -> Result<Vec<String>, Declined> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let queries = parts.as_array().into_iter().flatten().map(|part| {
        let text = latin1::text(part).ok_or_else(|| Declined::because("url_query: not UTF-8"))?;
        if let Some(plain) = text.strip_prefix('+') {
            return Ok(plain.to_owned());
        }
        match text.find(['=', '@']).map(|at| (at, text.as_bytes()[at])) {
            Some((_, b'@')) => Err(Declined::because("url_query: from a file")),
            Some((0, _)) => Ok(encoded(&text[1..])),
            Some((at, _)) => Ok(format!("{}={}", &text[..at], encoded(&text[at + 1..]))),
            None => Ok(encoded(&text)),
        }
    });
    queries.collect()
}

#[cfg(test)]
mod tests {
    use super::super::op::Op;
    use super::*;
    use serde_json::json;

    #[test]
    fn address_in_url_is_replaced_host_is_not() {
        let read = |url: &str, rule: [&str; 4]| {
            let op =
                Op::read(&json!({"url": url, "connect_to": [["foo", "", "bar", ""], rule]}), &Value::Null).unwrap();
            (op.url, op.host)
        };
        let moved = |url: &str, host: &str| (url.to_owned(), Some(host.to_owned()));
        let rule = ["10.0.0.1", "8081", "127.0.0.1", "90"];
        assert_eq!(read("http://10.0.0.1:8081/a?b", rule), moved("http://127.0.0.1:90/a?b", "10.0.0.1:8081"));
        let rule = ["fc00::1", "8081", "::1", ""];
        assert_eq!(read("http://u:p@[fc00::1]:8081", rule), moved("http://u:p@[::1]:8081", "[fc00::1]:8081"));
        let elsewhere = ["10.0.0.2", "", "127.0.0.1", ""];
        assert_eq!(read("http://10.0.0.1/", elsewhere), ("http://10.0.0.1/".to_owned(), None));
    }

    #[test]
    fn query_precedes_the_fragment() {
        let url = |url: &str| Op::read(&json!({"url": url, "append_query": "b"}), &Value::Null).unwrap().url;
        assert_eq!(url("http://a/?a#c"), "http://a/?a&b#c");
        assert_eq!(url("http://a/"), "http://a/?b");
    }
}
