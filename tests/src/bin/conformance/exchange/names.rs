//! Resolves names by `connect_to`, or else by the system.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use petition_std::resolve::{Resolver, SystemResolver};

/// One rule: a host and port, `None` for any, and their replacement.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) address: Address,
}

/// The replacement of a host and port; `None` keeps that part.
#[derive(Clone, Debug)]
pub(super) struct Address {
    host: Option<String>,
    port: Option<u16>,
}

impl Rule {
    /// Parses `[host, port, host to connect to, port]`.
    ///
    /// # Errors
    /// A description, if the rule is invalid.
    pub(super) fn read(parts: &[String]) -> Result<Rule, String> {
        let [host, port, to_host, to_port] = parts else { return Err("connect_to: not four parts".into()) };
        let any = |text: &str| text.is_empty() || text == "*";
        let number = |text: &str| match any(text) {
            true => Ok(None),
            false => text.parse().map(Some).map_err(|_| String::from("connect_to: no port number")),
        };
        let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').to_owned();
        let to = Some(bare(to_host)).filter(|to| !to.is_empty());
        let host = (!any(host)).then(|| bare(host).to_ascii_lowercase());
        Ok(Rule { host, port: number(port)?, address: Address { host: to, port: number(to_port)? } })
    }

    /// Returns whether the rule applies to this host and port.
    pub(super) fn concerns(&self, host: &str, port: u16) -> bool {
        self.host.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(host)) && self.port.is_none_or(|own| own == port)
    }

    /// Returns the replacement of this host and port.
    pub(super) fn target(&self, host: &str, port: u16) -> (String, u16) {
        (self.address.host.clone().unwrap_or_else(|| host.to_owned()), self.address.port.unwrap_or(port))
    }
}

/// The rules of the current operation.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Vec<Rule>>>);

impl Names {
    pub(super) fn set(&self, rules: &[Rule]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rules.to_vec();
    }
}

impl Resolver for Names {
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.iter().find(|rule| rule.concerns(host, port)).cloned();
        drop(rules);
        let Some(rule) = rule else { return SystemResolver.resolve(host, port, left) };
        let (host, port) = rule.target(host, port);
        match host.parse::<IpAddr>() {
            Ok(ip) => Ok(vec![(ip, port).into()]),
            Err(_) => SystemResolver.resolve(&host, port, left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_matching_rule_gives_the_address() {
        let rule = |parts: [&str; 4]| Rule::read(&parts.map(String::from)).unwrap();
        let names = Names::default();
        names.set(&[
            rule(["foo", "", "bar", ""]),
            rule(["a.test", "1", "127.0.0.1", "9"]),
            rule(["", "2", "[::1]", ""]),
            rule(["a.test", "1", "127.0.0.1", "8"]),
        ]);
        let to = |host: &str, port| names.resolve(host, port, None).unwrap();
        assert_eq!(to("A.test", 1), ["127.0.0.1:9".parse().unwrap()]);
        assert_eq!(to("b.test", 2), ["[::1]:2".parse().unwrap()]);
        assert!(Rule::read(&["a", "x", "127.0.0.1", "1"].map(String::from)).is_err());
    }
}
