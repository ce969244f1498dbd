//! Chooses the proxy of an operation: its own, or the environment's, unless the host is excluded.
//!
//! The library takes a proxy but does not read the environment; this module does what a program
//! would.

use petition_core::route::proxy::Tunnel;
use petition_core::{Auth, Proxy, ProxyRules};
use serde_json::Value;
use url::Url;

use super::op::Declined;
use crate::latin1;

/// The proxies of the operation and its environment.
pub(super) struct Asked<'a> {
    pub(super) url: Option<String>,
    pub(super) noproxy: Option<String>,
    pub(super) credentials: Option<(String, String)>,
    pub(super) tunnel: bool,
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(super) target: &'a str,
    pub(super) env: &'a Value,
}

/// Returns the proxy, if any, or a description if the library rejects it.
///
/// # Errors
/// [`Declined`] for a kind of proxy or an option that the library lacks.
pub(super) fn choose(asked: &Asked<'_>) -> Result<Result<Option<Proxy>, String>, Declined> {
    let env = |name: &str| latin1::text(&asked.env[name]).filter(|value| !value.is_empty());
    let target = Url::parse(asked.target).ok();
    let scheme = target.as_ref().map_or("http", Url::scheme);
    // An empty proxy means none, whatever the environment says; for http, the upper-case name is
    // ignored.
    let url = asked.url.clone().or_else(|| match scheme {
        "https" => env("https_proxy").or_else(|| env("HTTPS_PROXY")),
        _ => env("http_proxy"),
    });
    let url = url.or_else(|| env("all_proxy")).or_else(|| env("ALL_PROXY")).filter(|url| !url.is_empty());
    let direct = asked.noproxy.clone().or_else(|| env("no_proxy")).or_else(|| env("NO_PROXY")).unwrap_or_default();
    let Some(url) = url else { return Ok(Ok(None)) };
    if asked.headers.iter().any(|(_, value)| value.is_none()) {
        return Err(Declined::because("proxy_headers: a field that is removed"));
    }
    Ok(make(&url, asked).map(|proxy| match &target {
        Some(target) => ProxyRules::new().direct(&direct).otherwise(proxy).find(target).cloned(),
        None => Some(proxy),
    }))
}

fn make(url: &str, asked: &Asked<'_>) -> Result<Proxy, String> {
    let mut proxy = Proxy::new(url).map_err(|error| error.to_string())?;
    if let Some((user, password)) = &asked.credentials {
        let auth = Auth::basic(user, password).map_err(|error| error.to_string())?;
        proxy = proxy.auth(auth).map_err(|error| error.to_string())?;
    }
    if asked.tunnel {
        proxy = proxy.tunnel(Tunnel::Always);
    }
    for (name, value) in &asked.headers {
        let value = std::str::from_utf8(value.as_deref().unwrap_or_default()).map_err(|error| error.to_string())?;
        proxy = proxy.header(name, value).map_err(|error| error.to_string())?;
    }
    Ok(proxy)
}
