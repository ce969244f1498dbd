//! SOCKS proxies over both transports.

use petition_core::link::{ProxyFailure, SocksFailure, SocksReply};
use petition_core::{Error, ErrorKind, Method, Phase, Proxy, Request};
use petition_tests::foreign_servers;
use petition_tests::httpbin::Httpbin;
use petition_tests::proxy;
use petition_tests::support::{Answer, Client, everything};
use petition_tests::tls::{Authority, Endpoint};

fn get(client: &Client, url: &str, proxy: &str) -> Result<Answer, Error> {
    let proxy = Proxy::new(proxy).unwrap();
    client.send(Request::new(Method::GET, url).proxy(proxy))
}

fn failure(error: &Error) -> SocksFailure {
    match error.kind() {
        ErrorKind::Proxy(ProxyFailure::Socks(failure)) => *failure,
        _ => panic!("no failure of SOCKS: {error}"),
    }
}

#[test]
fn every_version_carries_http_and_https() {
    let authority = Authority::new();
    for secure in [false, true] {
        let endpoint = Endpoint::new(&authority.issue_localhost());
        let origin = if secure { Httpbin::start_tls(&endpoint) } else { Httpbin::start_plain() }.unwrap();
        let port = origin.address().port();
        let names = proxy::Proxy::builder().route(&format!("localhost:{port}"), origin.address());
        let proxy = names.route(&format!("127.0.0.1:{port}"), origin.address()).start().unwrap();
        let url = origin.base_at("localhost") + "/get";
        for scheme in ["socks5h", "socks5", "socks4a", "socks4"] {
            let before = proxy.tunnels().len();
            for client in Client::both(&authority) {
                for reused in [false, true] {
                    let answer = get(&client, &url, &proxy.socks_url(scheme)).unwrap();
                    assert_eq!((answer.head.status().as_u16(), answer.reused), (200, reused), "{scheme}");
                }
            }
            let tunnels = &proxy.tunnels()[before..];
            let target = if matches!(scheme, "socks5h" | "socks4a") { "localhost" } else { "127.0.0.1" };
            assert_eq!(tunnels.len(), 2);
            assert!(tunnels.iter().all(|tunnel| tunnel.target == format!("{target}:{port}")), "{scheme} {tunnels:?}");
            let sent = String::from_utf8_lossy(&tunnels[0].sent).into_owned();
            assert_eq!(sent.starts_with("GET /get HTTP/1.1\r\n"), !secure, "{sent}");
        }
        assert_eq!((proxy.violations(), origin.violations()), (vec![], vec![]));
    }
}

#[test]
fn t3_t96_socks_credentials_go_to_the_proxy_alone() {
    let origin = Httpbin::start_plain().unwrap();
    let proxy = proxy::Proxy::builder().credentials("me", "canary").start().unwrap();
    let with = |user: &str| proxy.socks_url("socks5h").replace("://", &format!("://{user}@"));
    for client in Client::both(&Authority::new()) {
        let url = origin.url("/redirect-to?url=%2Fheaders");
        let answer = get(&client, &url, &with("me:canary")).unwrap();
        assert_eq!((answer.head.status().as_u16(), answer.hops), (200, 1));
        assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
        let error = get(&client, &url, &with("me:canary-not")).unwrap_err();
        assert_eq!((failure(&error), error.phase()), (SocksFailure::CredentialsRejected, Phase::Proxy));
        assert!(!everything(&error).contains("canary"), "{error}");
        let error = get(&client, &url, &proxy.socks_url("socks5h")).unwrap_err();
        assert_eq!(failure(&error), SocksFailure::CredentialsWanted);
        let error = get(&client, &url, &proxy.socks_url("socks4a")).unwrap_err();
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V4(93)));
    }
    assert_eq!(origin.violations(), Vec::<String>::new());
}

#[test]
fn t77_socks_refusals_name_their_reason() {
    let origin = Httpbin::start_plain().unwrap();
    for client in Client::both(&Authority::new()) {
        let proxy = proxy::Proxy::builder().refuse_socks(2).start().unwrap();
        let error = get(&client, &origin.url("/get"), &proxy.socks_url("socks5h")).unwrap_err();
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V5(2)));
        assert!(error.is_proxy() && error.to_string().contains("not allowed by the ruleset (2)"), "{error}");
    }
}

#[test]
fn microsocks_opens_tunnels_for_the_right_user() {
    let credentials = ("me", "canary");
    let [Some(open), Some(closed)] = [None, Some(credentials)].map(foreign_servers::microsocks) else { return };
    let authority = Authority::new();
    let secure = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let plain = Httpbin::start_plain().unwrap();
    for client in Client::both(&authority) {
        for origin in [&plain, &secure] {
            let url = origin.base_at("localhost") + "/get";
            for scheme in ["socks5h", "socks5"] {
                for reused in [false, true] {
                    let answer = get(&client, &url, &format!("{scheme}://{}", open.address())).unwrap();
                    assert_eq!((answer.status(), answer.reused), (200, reused), "{scheme} {url}");
                }
                let proxy = |user: &str| format!("{scheme}://{user}@{}", closed.address());
                assert_eq!(get(&client, &url, &proxy("me:canary")).unwrap().status(), 200);
                let error = get(&client, &url, &proxy("me:canary-not")).unwrap_err();
                assert_eq!(failure(&error), SocksFailure::CredentialsRejected, "{}", everything(&error));
                let error = get(&client, &url, &format!("{scheme}://{}", closed.address())).unwrap_err();
                assert_eq!(failure(&error), SocksFailure::CredentialsWanted, "{}", everything(&error));
            }
        }
        // Nobody listens at the discard port.
        let error = get(&client, "http://127.0.0.1:9/", &format!("socks5h://{}", open.address())).unwrap_err();
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V5(5)), "{}", everything(&error));
    }
}
