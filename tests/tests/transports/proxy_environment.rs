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

/// Compares the choice of curl with that of rules made of the same variables.
fn compare(variables: &[(&str, &str)], url: &str) -> bool {
    let Some(theirs) = curl_uses_proxy(url, variables) else {
        assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "curl is not installed");
        println!("curl is not installed: not compared");
        return false;
    };
    let rules = ProxyRules::from_variables(variables.iter().copied()).unwrap();
    let ours = rules.find(&Url::parse(url).unwrap()).map(Proxy::authority).is_some();
    assert_eq!(ours, theirs, "{variables:?} {url}");
    true
}

// Nobody listens at the discard port: the attempt to connect tells.
const PROXY: &str = "http://127.0.0.1:9";

#[test]
fn no_proxy_means_what_it_means_to_curl() {
    for (list, url) in [
        ("example.test", "http://example.test/"),
        ("example.test", "http://www.example.test/"),
        ("example.test", "http://badexample.test/"),
        ("example.test", "http://example.test:8080/"),
        (".example.test", "http://example.test/"),
        ("a.test,example.test", "http://example.test/"),
        ("a.test example.test", "http://example.test/"),
        ("*", "http://example.test/"),
        ("192.0.2.0/24", "http://192.0.2.77/"),
        ("192.0.2.0/24", "http://192.0.2.77:8080/"),
        ("192.0.2.0/24", "http://192.0.3.77/"),
        ("192.0.2.1", "http://192.0.2.1/"),
        ("2001:db8::1", "http://[2001:db8::1]/"),
        ("2001:db8::2", "http://[2001:db8::1]/"),
        ("2001:db8::/32", "http://[2001:db9::1]/"),
        ("example.test.", "http://example.test/"),
        ("", "http://example.test/"),
    ] {
        if !compare(&[("http_proxy", PROXY), ("no_proxy", list)], url) {
            return;
        }
    }
}

#[test]
fn no_proxy_takes_ports_and_ipv6_networks_beyond_curl() {
    for (list, url) in [
        ("example.test:8080", "http://example.test:8080/"),
        ("*:8080", "http://example.test:8080/"),
        ("2001:db8::/32", "http://[2001:db8::1]/"),
        ("[2001:db8::1]", "http://[2001:db8::1]/"),
        ("192.0.2.1", "http://[::ffff:192.0.2.1]/"),
    ] {
        let variables = [("http_proxy", PROXY), ("no_proxy", list)];
        let rules = ProxyRules::from_variables(variables).unwrap();
        assert!(rules.find(&Url::parse(url).unwrap()).is_none(), "{list} {url}");
        assert_ne!(curl_uses_proxy(url, &variables), Some(false), "curl does so too: {list} {url}");
    }
}

#[test]
fn variables_mean_what_they_mean_to_curl() {
    const OTHER: &str = "http://127.0.0.1:7";
    for variables in [
        &[("https_proxy", PROXY)][..],
        &[("HTTPS_PROXY", PROXY)],
        &[("all_proxy", PROXY)],
        &[("ALL_PROXY", PROXY)],
        &[("ALL_PROXY", PROXY), ("NO_PROXY", "example.test")],
        &[("all_proxy", PROXY), ("NO_PROXY", "example.test"), ("no_proxy", "other.test")],
        &[("https_proxy", OTHER), ("all_proxy", PROXY)],
        &[("https_proxy", PROXY), ("HTTPS_PROXY", OTHER)],
        &[("all_proxy", "socks5h://127.0.0.1:9")],
        &[("http_proxy", PROXY), ("REQUEST_METHOD", "GET")],
    ] {
        for url in ["http://example.test/", "https://example.test/"] {
            // Where another proxy serves the URL, curl cannot connect to it either.
            let ours = ProxyRules::from_variables(variables.iter().copied()).unwrap();
            let other = ours.find(&Url::parse(url).unwrap()).is_some_and(|proxy| proxy.authority().ends_with(":7"));
            match other {
                true => assert_ne!(curl_uses_proxy(url, variables), Some(true), "{variables:?} {url}"),
                false if compare(variables, url) => {}
                false => return,
            }
        }
    }
}

#[test]
fn t30_upper_case_http_proxy_is_guarded_more_narrowly_than_by_curl() {
    // curl never reads it. Other programs do, outside of CGI, and so does this client.
    let variables = [("HTTP_PROXY", PROXY)];
    assert_ne!(curl_uses_proxy("http://example.test/", &variables), Some(true));
    assert!(ProxyRules::from_variables(variables).unwrap().find(&"http://example.test/".parse().unwrap()).is_some());
    let in_cgi = [("HTTP_PROXY", PROXY), ("REQUEST_METHOD", "GET")];
    assert_ne!(curl_uses_proxy("http://example.test/", &in_cgi), Some(true));
    assert!(ProxyRules::from_variables(in_cgi).unwrap().find(&"http://example.test/".parse().unwrap()).is_none());
}
