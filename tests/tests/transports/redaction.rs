//! Nothing that the transports return shows a secret when printed (T96), over plain connections,
//! TLS and proxies.

use petition_core::{Method, Proxy, Request};
use petition_tests::httpbin::{Answer, Builder, Httpbin};
use petition_tests::proxy::{Proxy as ProxyServer, Refusal};
use petition_tests::support::{Client, Printed, everything};
use petition_tests::tls::{Authority, Endpoint, Leaf};

const CANARY: &str = "canary";

/// A server that responds with secrets in fields of every kind, and in JSON.
fn server(endpoint: Option<&Endpoint>) -> Httpbin {
    let builder = Builder::default().handler(|exchange| {
        let answer = || Answer::bytes("application/json", "{\"n\":\"canary\"}");
        (exchange.path == "/secret").then(|| {
            let fields = ["X-Otp", "X-Password", "Link", "Refresh", "ETag", "X-Token"];
            fields.iter().fold(answer(), |answer, name| answer.field(name, "<?token=canary>"))
        })
    });
    let builder = match endpoint {
        Some(endpoint) => builder.tls(endpoint),
        None => builder,
    };
    builder.start().unwrap()
}

/// Prints everything about a request to that server.
fn print(client: &Client, server: &Httpbin, proxy: Option<&Proxy>) -> Printed {
    let mut printed = Printed::default();
    let request = |url: &str| {
        let request = Request::new(Method::POST, url.replace("://", "://user:canary@"));
        let request = request.query("token", CANARY).header("X-Otp", CANARY).cookie("sid", CANARY).data(CANARY);
        let proxy = proxy.cloned().map(petition_core::ProxyRules::from);
        request.proxy(proxy)
    };
    printed.debug(&request(&server.url("/secret")));
    // The error of an unfollowed redirect contains its response.
    for url in [server.url("/secret"), redirected(server)] {
        match client.send(request(&url)) {
            Ok(answer) => {
                assert!(answer.text().contains(CANARY), "something is there to be shown");
                printed.debug(&answer.head);
            }
            Err(error) => {
                printed.error(&error);
                printed.debug(error.report());
            }
        }
    }
    client.session(|session| printed.debug(session));
    printed
}

fn redirected(server: &Httpbin) -> String {
    server.url("/redirect-to") + "?url=ftp%3A%2F%2Fuser%3Acanary%40h%2F%3Ftoken%3Dcanary"
}

#[test]
fn t96_neither_transport_shows_a_secret() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    for server in [server(None), server(Some(&endpoint))] {
        let forward = ProxyServer::builder().credentials("user", CANARY).start().unwrap();
        let refusing = ProxyServer::builder().refuse(refusal()).refuse(refusal()).start().unwrap();
        let through = |proxy: &ProxyServer| {
            Proxy::new(&proxy.url().replace("://", "://user:canary@")).unwrap().header("X-Proxy-Key", CANARY).unwrap()
        };
        for proxy in [None, Some(through(&forward)), Some(through(&refusing))] {
            for client in Client::both(&authority) {
                print(&client, &server, proxy.as_ref()).shows_nothing();
            }
        }
    }
}

/// A proxy's refusal that echoes the whole request.
fn refusal() -> Refusal {
    Refusal::new(403, "canary").field("X-Why", "canary")
}

#[test]
fn t96_json_error_does_not_quote_the_body() {
    let server = server(None);
    let (mut printed, url) = (Printed::default(), server.url("/secret"));
    type Wanted = std::collections::BTreeMap<String, u32>;
    let blocking = petition_std::Session::new();
    let response = blocking.get(&url).send().unwrap();
    printed.debug(&response);
    printed.error(&response.json::<Wanted>().unwrap_err());
    let client = petition_mio::LoopThread::spawn(Default::default()).unwrap();
    let response = client.get(&url).join().wait().unwrap();
    printed.debug(&response);
    let error = response.json::<Wanted>().unwrap_err();
    printed.error(&error);
    printed.debug(error.report());
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("expected u32"), "{error}: {cause}");
    printed.shows_nothing();
}

#[test]
fn t79_name_mismatch_lists_the_certificates_names() {
    let authority = Authority::new();
    let leaf = Leaf::new(&["other.test", "192.0.2.7"]);
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue(&leaf))).unwrap();
    for client in Client::both(&authority) {
        let error = client.send(Request::new(Method::GET, server.url("/get"))).err().unwrap();
        let text = everything(&error);
        assert!(text.contains("only for other.test, 192.0.2.7"), "{text}");
        assert!(!text.contains("IpAddress") && !text.contains("DnsName"), "{text}");
    }
}
