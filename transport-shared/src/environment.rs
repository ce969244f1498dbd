//! The environment of the process.

use std::io;
use std::path::{Path, PathBuf};

use petition_core::route::proxy::ProxyError;
use petition_core::{Netrc, ProxyRules};

/// Returns proxy rules from the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of
/// the environment, or their names in upper case: see [`ProxyRules::from_variables`]. Variables that
/// are not Unicode count as absent.
///
/// Nothing in the library reads the environment unless asked. The rules do not change with it.
///
/// # Errors
/// [`ProxyError::Variable`] if the value of a variable names no valid proxy.
pub fn proxy_rules_from_env() -> Result<ProxyRules, ProxyError> {
    let variables = std::env::vars_os();
    ProxyRules::from_variables(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// Reads the netrc file at this path.
///
/// # Errors
/// The file cannot be read. [`io::ErrorKind::InvalidData`] if it is not UTF-8, or not a netrc file.
/// In the latter case the source is a [`NetrcError`](petition_core::policy::auth::NetrcError) with
/// the line.
pub fn load_netrc(path: impl AsRef<Path>) -> io::Result<Netrc> {
    let text = std::fs::read_to_string(path)?;
    Netrc::parse(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads the user's netrc file: the one that the variable `NETRC` names, or else `.netrc` (on
/// Windows `_netrc`) in the home directory. Returns `None` if there is no such file.
///
/// The library never reads it by itself. To send the credentials, set the result as the option
/// [`netrc`](petition_core::Options::netrc).
///
/// # Errors
/// As [`load_netrc`].
pub fn netrc_from_env() -> io::Result<Option<Netrc>> {
    let named = std::env::var_os("NETRC").map(PathBuf::from);
    let name = if cfg!(windows) { "_netrc" } else { ".netrc" };
    let Some(path) = named.or_else(|| Some(std::env::home_dir()?.join(name))) else { return Ok(None) };
    match load_netrc(path) {
        Ok(netrc) => Ok(Some(netrc)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use petition_core::Url;

    use super::*;

    #[test]
    fn netrc_file_is_read_or_named_as_invalid() {
        let directory = std::env::temp_dir().join(format!("petition-netrc-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("netrc");
        assert_eq!(load_netrc(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, "machine a.test login u password p").unwrap();
        let url = Url::parse("https://a.test/").unwrap();
        assert!(load_netrc(&path).unwrap().find(&url, None).unwrap().is_some());
        std::fs::write(&path, "machine a.test canary").unwrap();
        let error = load_netrc(&path).unwrap_err();
        assert!(error.kind() == io::ErrorKind::InvalidData && !error.to_string().contains("canary"), "{error}");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
