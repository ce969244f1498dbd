//! Set-Cookie and dates against any bytes: limits hold, sent fields are valid, saving and loading
//! changes no decision.

use petition_core::UnixTime;
use petition_core::cookie::{Jar, SaveSessions, SiteContext, format_date, parse_date};
use petition_core::http_date::{format_http_date, parse_http_date};
use url::Url;

use super::choice;

const URLS: [&str; 6] = [
    "https://www.example.com/a/b",
    "http://www.example.com/",
    "https://example.com/a",
    "https://a.co.uk/",
    "http://127.0.0.1/",
    "https://xn--bcher-kva.example./x",
];

/// Receives the lines as Set-Cookie from several URLs.
pub fn cookie(data: &[u8]) {
    let urls = URLS.map(|url| Url::parse(url).unwrap());
    let mut jar = Jar::new();
    let mut now = UnixTime(1_700_000_000);
    for mut line in data.split(|&b| b == b'\n') {
        let from = &urls[choice(&mut line) % urls.len()];
        // The invariants hold with every outcome.
        let _ = jar.receive(from, line, now, SiteContext::default());
        now = now.saturating_add(1);
    }
    assert!(jar.len() <= 3000);
    let sent = |jar: &mut Jar| {
        urls.each_ref().map(|url| {
            let mut header = Vec::new();
            jar.append_header(url, now, SiteContext::default(), &mut header);
            assert!(header.len() <= 8 * 1024);
            assert!(!header.iter().any(|b| b.is_ascii_control() && *b != b'\t'), "{header:?}");
            header
        })
    };
    let text = jar.save(SaveSessions::Keep);
    let mut loaded = Jar::new();
    loaded.load(&text, now).unwrap();
    assert_eq!(sent(&mut jar), sent(&mut loaded));
    assert!(jar.iter().all(|cookie| !cookie.secure() || !cookie.pair().is_empty()));
}

/// Parses dates of cookies and of HTTP.
pub fn date(data: &[u8]) {
    let now = UnixTime(1_700_000_000);
    for time in [parse_date(data), parse_http_date(data, now)].into_iter().flatten() {
        // Years of more than four digits are never written.
        if time.0 < 253_402_300_800 {
            assert_eq!(parse_http_date(format_http_date(time).as_bytes(), now), Some(time));
            assert_eq!(parse_date(format_date(time).as_bytes()), Some(time));
        }
    }
}
