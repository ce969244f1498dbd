//! Hosts and ports in the caller's own rules: static addresses, and other names to connect to.

use std::fmt;

use url::Host;

/// Why a host or port of a rule is invalid. The error never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostPortError {
    /// The host is not a valid name or address.
    Host,
    /// The host is an address, which is never looked up. A name was expected.
    Address,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The text is not of the form `host:port`, where each part may be empty.
    Form,
}

impl fmt::Display for HostPortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HostPortError::Host => "invalid host: expected a name or an address",
            HostPortError::Address => "invalid host: expected a name, found an address, which is never looked up",
            HostPortError::Port => "invalid port: expected a number from 1 to 65535",
            HostPortError::Form => "invalid rule: expected host:port, where each part may be empty",
        })
    }
}

impl std::error::Error for HostPortError {}

/// Returns the normal form of a name: in lower case, with A-labels, without a trailing dot.
pub(super) fn parse_name(text: &str) -> Result<Box<str>, HostPortError> {
    match parse_host(text)? {
        Host::Domain(name) => Ok(name.into()),
        Host::Ipv4(_) | Host::Ipv6(_) => Err(HostPortError::Address),
    }
}

/// Parses `host:port`. An empty part is `None`. The host is in its normal form, and an IPv6 address
/// in brackets, as in a URL.
pub(super) fn parse_host_port(text: &str) -> Result<(Option<Box<str>>, Option<u16>), HostPortError> {
    let (host, port) = text.rsplit_once(':').ok_or(HostPortError::Form)?;
    let host = match host {
        "" => None,
        host => Some(parse_host(host)?.to_string().into()),
    };
    let port = match port {
        "" => None,
        port => Some(parse_port(port)?),
    };
    Ok((host, port))
}

fn parse_host(text: &str) -> Result<Host<String>, HostPortError> {
    match Host::parse(text).map_err(|_| HostPortError::Host)? {
        Host::Domain(name) => {
            let name = without_dot(&name);
            // No name contains it, and elsewhere it is a wildcard.
            if name.is_empty() || name.contains('*') {
                return Err(HostPortError::Host);
            }
            Ok(Host::Domain(name.to_owned()))
        }
        address => Ok(address),
    }
}

fn parse_port(text: &str) -> Result<u16, HostPortError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0).ok_or(HostPortError::Port)
}

/// Returns a host without its trailing dot, which changes no DNS name.
pub(super) fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_of_a_rule_may_be_empty() {
        for (text, expected) in [
            ("A.test.:443", Ok((Some("a.test"), Some(443)))),
            ("bücher.test:", Ok((Some("xn--bcher-kva.test"), None))),
            (":80", Ok((None, Some(80)))),
            (":", Ok((None, None))),
            ("[::0:1]:8080", Ok((Some("[::1]"), Some(8080)))),
            ("127.1:", Ok((Some("127.0.0.1"), None))),
            ("", Err(HostPortError::Form)),
            ("a.test", Err(HostPortError::Form)),
            ("a.test:0", Err(HostPortError::Port)),
            ("a.test:65536", Err(HostPortError::Port)),
            ("a.test:+80", Err(HostPortError::Port)),
            ("::1:80", Err(HostPortError::Host)),
            ("a b:80", Err(HostPortError::Host)),
            ("*:80", Err(HostPortError::Host)),
            (".:80", Err(HostPortError::Host)),
        ] {
            let parsed = parse_host_port(text);
            assert_eq!(
                parsed.as_ref().map(|(host, port)| (host.as_deref(), *port)).map_err(|e| *e),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn name_of_a_rule_is_no_address() {
        assert_eq!(parse_name("EXAMPLE.com.").as_deref(), Ok("example.com"));
        for text in ["127.0.0.1", "0x7f.1", "[::1]"] {
            assert_eq!(parse_name(text), Err(HostPortError::Address), "{text}");
        }
        for text in ["", "::1", "a:80", "*", "a/b"] {
            assert_eq!(parse_name(text), Err(HostPortError::Host), "{text}");
        }
    }
}
