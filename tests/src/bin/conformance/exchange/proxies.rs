//! Chooses the proxy of an operation by the library's rules: its own, or the environment's, unless
//! the host is excluded.

use petition_core::route::proxy::Tunnel;
use petition_core::{Proxy, ProxyRules};
use serde_json::Value;
use url::Url;

use super::credentials::{Scheme, take_userinfo};
use super::op::Declined;
use crate::latin1;

/// The proxies of the operation and its environment.
pub(super) struct Asked<'a> {
    pub(super) url: Option<String>,
    pub(super) noproxy: Option<String>,
    pub(super) credentials: Option<(String, String)>,
    pub(super) scheme: Scheme,
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
    // An empty proxy means none, whatever the environment says.
    if asked.url.as_deref() == Some("") {
        return Ok(Ok(None));
    }
    let variables = asked.env.as_object().into_iter().flatten();
    let mut variables: Vec<(&str, String)> =
        variables.filter_map(|(name, value)| Some((name.as_str(), latin1::text(value)?))).collect();
    if let Some(hosts) = &asked.noproxy {
        variables.retain(|(name, _)| !name.eq_ignore_ascii_case("no_proxy"));
        variables.push(("no_proxy", hosts.clone()));
    }
    if let Some(url) = &asked.url {
        variables.retain(|(name, _)| name.eq_ignore_ascii_case("no_proxy"));
        variables.push(("all_proxy", url.clone()));
    }
    let rules = match ProxyRules::from_variables(variables) {
        Ok(rules) => rules,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let target = Url::parse(asked.target).ok();
    let Some(proxy) = target.and_then(|target| rules.find(&target).cloned()) else { return Ok(Ok(None)) };
    if asked.headers.iter().any(|(_, value)| value.is_none()) {
        return Err(Declined::because("proxy_headers: a field that is removed"));
    }
    Ok(make(proxy, asked).map(Some))
}

/// Adds what the operation says about its proxy.
fn make(mut proxy: Proxy, asked: &Asked<'_>) -> Result<Proxy, String> {
    let mut credentials = asked.credentials.clone();
    if credentials.is_none() && !matches!(asked.scheme, Scheme::Basic) {
        credentials = asked.url.clone().and_then(|mut url| take_userinfo(&mut url));
    }
    if let Some((user, password)) = &credentials {
        let auth = asked.scheme.auth(user, password)?;
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
