//! Proxies from the environment, beside curl.

use std::process::Command;

use petition_core::{Proxy, ProxyRules, Url};
use petition_tests::httpbin::Httpbin;
use petition_tests::proxy;
use petition_tests::support::Client;
use petition_tests::tls::Authority;

#[test]
fn both_transports_follow_rules_of_variables() {
    let origin = Httpbin::start_plain().unwrap();
    let port = origin.address().port();
    let proxy = proxy::Proxy::builder().route(&format!("localhost:{port}"), origin.address()).start().unwrap();
    let variables = [("all_proxy", proxy.socks_url("socks5h")), ("no_proxy", format!("127.0.0.1:{port}"))];
    let rules = ProxyRules::from_variables(variables).unwrap();
    for client in Client::both(&Authority::new()) {
        client.configure(|options| {
            options.proxy(rules.clone());
        });
        let before = proxy.tunnels().len();
        client.get(origin.base_at("127.0.0.1") + "/get");
        assert_eq!(proxy.tunnels().len(), before);
        client.get(origin.base_at("localhost") + "/get");
        assert_eq!(proxy.tunnels().len(), before + 1);
    }
}

/// Whether curl uses a proxy for this URL. `None` where curl is not installed.
fn curl_uses_proxy(url: &str, variables: &[(&str, &str)]) -> Option<bool> {
    let mut curl = Command::new("curl");
    curl.env_clear().args(["-sv", "-o", "/dev/null", "--max-time", "5", "--connect-timeout", "2", url]);
    curl.envs(variables.iter().copied());
    let output = curl.output().ok()?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(log.contains("127.0.0.1:9") || log.contains("127.0.0.1 port 9"))
}

#[test]
fn no_proxy_means_what_it_means_to_curl() {
    // Nobody listens at the discard port: the attempt to connect tells.
    const PROXY: &str = "http://127.0.0.1:9";
    for (list, url) in [
        ("example.test", "http://example.test/"),
        ("example.test", "http://www.example.test/"),
        ("example.test", "http://badexample.test/"),
        (".example.test", "http://example.test/"),
        ("a.test,example.test", "http://example.test/"),
        ("a.test example.test", "http://example.test/"),
        ("*", "http://example.test/"),
        ("192.0.2.0/24", "http://192.0.2.77/"),
        ("192.0.2.0/24", "http://192.0.3.77/"),
        ("192.0.2.1", "http://192.0.2.1/"),
        ("example.test.", "http://example.test/"),
        ("", "http://example.test/"),
    ] {
        let variables = [("http_proxy", PROXY), ("no_proxy", list)];
        let Some(theirs) = curl_uses_proxy(url, &variables) else {
            assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "curl is not installed");
            println!("curl is not installed: not compared");
            return;
        };
        let rules = ProxyRules::from_variables(variables).unwrap();
        let ours = rules.find(&Url::parse(url).unwrap()).map(Proxy::authority).is_some();
        assert_eq!(ours, theirs, "{list:?} {url}");
    }
}
