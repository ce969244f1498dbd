//! Hosts that ask for https (RFC 6797), over sockets, TLS and both transports.

use std::path::Path;
use std::process::Command;

use petition_core::policy::hsts::HstsStore;
use petition_core::policy::redirect::PlainHttp;
use petition_core::tls::TlsConfig;
use petition_core::{Auth, Method, Proxy, Request, UnixTime, Url};
use petition_tests::foreign_servers;
use petition_tests::httpbin::Httpbin;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::proxy;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::Client;
use petition_tests::tls::{Authority, Endpoint};

const LASTING: &str = "max-age=31536000; includeSubDomains";

/// An authority, and a server under TLS whose certificate it issued for localhost.
fn world() -> (Authority, Httpbin) {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    (authority, server)
}

/// The path of a response with these values of the field.
fn fields(values: &[&str]) -> String {
    let mut url = Url::parse("http://a.test/response-headers").unwrap();
    for value in values {
        url.query_pairs_mut().append_pair("Strict-Transport-Security", value);
    }
    url.as_str().trim_start_matches("http://a.test").to_owned()
}

fn https(server: &Httpbin, path: &str) -> String {
    server.base_at("localhost") + path
}

fn http(server: &Httpbin, path: &str) -> String {
    https(server, path).replacen("https:", "http:", 1)
}

fn stored(client: &Client) -> usize {
    client.session(|session| session.hsts_store().len())
}

#[test]
fn t17_host_that_asked_is_reached_over_https() {
    let (authority, server) = world();
    for client in Client::both(&authority) {
        client.send(Request::new(Method::GET, http(&server, "/get"))).unwrap_err();
        assert_eq!(client.get(https(&server, &fields(&[LASTING]))).hops, 0);
        let answer = client.get(http(&server, "/get").replace("localhost", "LOCALHOST."));
        assert_eq!((answer.status(), answer.hops), (200, 1), "{client:?}");
        assert!(answer.text().contains("\"https://localhost"), "{}", answer.text());
        let off = Request::new(Method::GET, http(&server, "/get")).hsts(false);
        client.send(off).expect_err("the server does not speak http");
        client.get(https(&server, &fields(&["max-age=0"])));
        assert_eq!(stored(&client), 0, "the host withdrew");
    }
}

#[test]
fn t17_field_counts_only_over_verified_tls() {
    let (authority, server) = world();
    let plain = Httpbin::start_plain().unwrap();
    for client in Client::both(&authority) {
        client.get(plain.base_at("localhost") + &fields(&[LASTING]));
        client.get(server.base_at("127.0.0.1") + &fields(&[LASTING]));
        let get = |path: &str| Request::new(Method::GET, https(&server, path));
        client.send(get(&fields(&[LASTING])).hsts(false)).unwrap();
        let any = TlsConfig::builder().danger_accept_invalid_certs().build().unwrap();
        client.send(get(&fields(&[LASTING])).tls(any)).unwrap();
        assert_eq!(stored(&client), 0, "{client:?}");
    }
}

#[test]
fn t17_first_field_alone_counts() {
    let (authority, server) = world();
    for client in Client::both(&authority) {
        client.get(https(&server, &fields(&["max-age=0", LASTING])));
        client.get(https(&server, &fields(&["malformed", LASTING])));
        assert_eq!(stored(&client), 0, "{client:?}");
        client.get(https(&server, &fields(&[LASTING, "max-age=0"])));
        assert_eq!(stored(&client), 1, "{client:?}");
    }
}

#[test]
fn t77_answer_of_a_proxy_stores_nothing() {
    let refusal = format!("HTTP/1.1 403 No\r\nStrict-Transport-Security: {LASTING}\r\nContent-Length: 0\r\n\r\n");
    let proxy = Scripted::each(Script::new().read_head().send(refusal).close()).unwrap();
    for client in Client::both(&Authority::new()) {
        for url in ["https://a.test/", "http://a.test/"] {
            let request = Request::new(Method::GET, url).proxy(Proxy::new(&proxy.url("")).unwrap());
            assert_eq!(client.send(request).is_ok(), url.starts_with("http:"), "{client:?}");
        }
        assert_eq!(stored(&client), 0, "{client:?}");
    }
}

#[test]
fn upgraded_request_uses_a_tunnel() {
    let (authority, server) = world();
    let target = format!("localhost:{}", server.address().port());
    let proxy = proxy::Proxy::builder().route(&target, server.address()).start().unwrap();
    for client in Client::both(&authority) {
        client.get(https(&server, &fields(&[LASTING])));
        let request = Request::new(Method::GET, http(&server, "/get")).proxy(Proxy::new(&proxy.url()).unwrap());
        assert_eq!(client.send(request).unwrap().status(), 200, "{client:?}");
    }
}

#[test]
fn t10_redirect_to_http_is_upgraded_and_keeps_credentials() {
    let (authority, server) = world();
    for client in Client::both(&authority) {
        client.get(https(&server, &fields(&[LASTING])));
        let mut url = Url::parse(&https(&server, "/redirect-to")).unwrap();
        url.query_pairs_mut().append_pair("url", &http(&server, "/headers"));
        let request = Request::new(Method::GET, url).auth(Auth::bearer("canary").unwrap()).https_only(true);
        let request = request.redirects(|redirects| {
            redirects.plain_http(PlainHttp::Refused);
        });
        let answer = client.send(request).unwrap();
        assert!(answer.hops == 1 && answer.text().contains("Bearer canary"), "{client:?}: {}", answer.text());
    }
}

#[test]
fn saved_hosts_are_upgraded_in_a_later_session() {
    let (authority, server) = world();
    let text = {
        let [client, _] = Client::both(&authority);
        client.get(https(&server, &fields(&[LASTING])));
        client.session(|session| session.hsts(|store| store.save()))
    };
    assert!(text.contains("\n.localhost \""), "{text}");
    for client in Client::both(&authority) {
        let loaded = client.session(|session| session.hsts(|store| store.load(&text, UnixTime(0))));
        assert_eq!((loaded.taken, client.get(http(&server, "/get")).status()), (1, 200));
    }
}

/// The number of the response that curl gets with this HSTS file, or `000` if it fails; `None` if
/// curl is not installed.
fn curl(url: &str, roots: &Path, hosts: &Path) -> Option<String> {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", url]);
    curl.arg("--cacert").arg(roots).arg("--hsts").arg(hosts);
    let Ok(output) = curl.env_clear().output() else {
        assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "curl is not installed");
        println!("skipped: curl is not installed");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn t17_curl_and_petition_share_the_file_of_hosts() {
    let authority = Authority::new();
    let Some(nginx) = foreign_servers::nginx(Some(&authority.issue_localhost())) else { return };
    let plain = |path: &str| nginx.url(path).replace("https://", "http://").replace("127.0.0.1", "localhost");
    let secure = |path: &str| plain(path).replace("http://", "https://");
    let directory = TempDir::new().unwrap();
    let roots = directory.write("roots.pem", authority.pem()).unwrap();

    // What curl learned from nginx.
    let theirs = directory.path().join("theirs");
    let Some(before) = curl(&plain("/status/204"), &roots, &theirs) else { return };
    let learned = curl(&secure("/hsts"), &roots, &theirs).unwrap();
    let after = curl(&plain("/status/204"), &roots, &theirs).unwrap();
    assert_eq!((&*before, &*learned, &*after), ("400", "204", "204"), "nginx expects https");
    let theirs = std::fs::read_to_string(theirs).unwrap();

    for client in Client::both(&authority) {
        assert_eq!(client.get(plain("/status/204")).status(), 400);
        assert_eq!(
            client.session(|session| session.hsts(|store| store.load(&theirs, UnixTime(0)).taken)),
            1,
            "{theirs}"
        );
        assert_eq!(client.get(plain("/status/204")).status(), 204, "{client:?}");

        // What Petition learned from nginx.
        client.session(|session| session.hsts(HstsStore::clear));
        assert_eq!(client.get(secure("/hsts")).status(), 204);
        assert_eq!(client.get(plain("/status/204")).status(), 204, "{client:?}");
        let ours = client.session(|session| session.hsts(|store| store.save()));
        let ours = directory.write("ours", ours).unwrap();
        assert_eq!(curl(&plain("/status/204"), &roots, &ours).unwrap(), "204");
    }
}
