//! The environment of the process.

use petition_core::ProxyRules;
use petition_core::route::proxy::ProxyError;

/// Returns proxy rules from the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of
/// the environment, or their names in upper case: see [`ProxyRules::from_variables`]. Variables that
/// are not Unicode count as absent.
///
/// Nothing else in the library reads the environment. The rules do not change with it.
///
/// # Errors
/// [`ProxyError::Variable`] if the value of a variable names no valid proxy.
pub fn proxy_rules_from_env() -> Result<ProxyRules, ProxyError> {
    let variables = std::env::vars_os();
    ProxyRules::from_variables(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}
