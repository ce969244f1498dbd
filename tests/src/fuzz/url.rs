//! URLs of the caller and Location fields with any text: parsed URLs are valid, and the network
//! cannot inject a host or credentials.

use petition_core::policy::redirect::{self, Decision, Hop, HopBody, Policy};
use petition_core::url::{host_header, parse_url, request_target};
use petition_core::{Limits, Method};
use url::Url;

use super::choice;

/// Parses a URL of the caller.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok((url, _)) = parse_url(text, &Limits::DEFAULT) else { return };
    clean(&url);
    let (again, userinfo) = parse_url(url.as_str(), &Limits::DEFAULT).unwrap();
    assert_eq!((again, userinfo), (url, None), "parsing is idempotent");
}

/// Resolves a Location from a server.
pub fn location(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let from = ["http://a.test/x/y?z#f", "https://a.test:8443/", "http://[::1]/"][chosen % 3];
    let from = Url::parse(from).unwrap();
    let status = [301, 302, 303, 307, 308][chosen % 5];
    let hop = Hop { method: &Method::POST, url: &from, body: HopBody::Replayable, hops_so_far: 0 };
    let Ok(Decision::Follow(next)) = redirect::decide(&Policy::default(), &Limits::DEFAULT, &hop, status, [data])
    else {
        return;
    };
    clean(&next.url);
    let relative = !data.trim_ascii().starts_with(b"//") && !data.contains(&b':');
    if relative {
        assert_eq!(next.url.origin(), from.origin(), "a relative reference stays where it is");
    }
}

pub(super) fn clean(url: &Url) {
    assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.port() != Some(0));
    assert!(url.username().is_empty() && url.password().is_none());
    let target = request_target(url);
    assert!(target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic() && b != b'#'), "{target:?}");
    let host = host_header(url);
    assert!(!host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/@\\?#%".contains(&b)), "{host:?}");
}
