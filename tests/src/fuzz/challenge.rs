//! WWW-Authenticate fields and netrc texts with any bytes: the number of challenges and parameters
//! is bounded, and a challenge written again parses as before.

use petition_core::Netrc;
use petition_core::policy::auth::Challenge;
use petition_core::policy::auth::challenge::{MAX_CHALLENGES, MAX_PARAMETERS, parse};
use url::Url;

/// Parses the lines as fields of one response, and as a netrc text.
pub fn challenge(data: &[u8]) {
    let fields: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let challenges = parse(fields.iter().copied());
    assert!(challenges.len() <= MAX_CHALLENGES);
    let alone: Vec<_> = fields.iter().flat_map(|field| parse([*field])).take(MAX_CHALLENGES).collect();
    assert_eq!(challenges, alone, "no challenge spans two fields");
    for challenge in &challenges {
        assert!(!challenge.scheme().is_empty() && challenge.scheme() == challenge.scheme().to_ascii_lowercase());
        assert!(challenge.parameters().count() <= MAX_PARAMETERS);
        assert_eq!(parse([&write(challenge)[..]]), std::slice::from_ref(challenge));
        let shown = format!("{challenge:?}");
        assert!(challenge.token68().is_none_or(|token| token.len() < 16 || !shown.contains(token)));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(netrc) = Netrc::parse(text)
    {
        for url in ["http://a.test/", "http://b.test:81/x", "http://[::1]/"] {
            let url = Url::parse(url).unwrap();
            let found = netrc.find(&url, None);
            assert!(found != Ok(None) || netrc.find(&url, Some("u")).is_ok());
        }
    }
}

/// Writes a challenge with every value quoted.
fn write(challenge: &Challenge) -> Vec<u8> {
    let mut text = challenge.scheme().as_bytes().to_vec();
    if let Some(token) = challenge.token68() {
        text.push(b' ');
        text.extend_from_slice(token.as_bytes());
    }
    for (i, (name, value)) in challenge.parameters().enumerate() {
        text.extend_from_slice(if i == 0 { b" " } else { b", " });
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"=\"");
        text.extend(
            value.iter().flat_map(|&byte| matches!(byte, b'"' | b'\\').then_some(b'\\').into_iter().chain([byte])),
        );
        text.push(b'"');
    }
    text
}
