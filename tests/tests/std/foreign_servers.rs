//! Foreign servers: nginx, `openssl s_server`, tinyproxy and Squid, where they are installed.

use std::process::Command;

use petition_std::{Auth, Proxy, Session, Why};
use petition_tests::foreign_servers::{self, Process};
use petition_tests::httpbin::{Httpbin, pattern};
use petition_tests::support::{World, session_trusting};
use petition_tests::tls::{Authority, Endpoint, Identity, Leaf};
use serde_json::{Value, json};

fn text(session: &Session, url: &str) -> String {
    session.get(url).send().unwrap_or_else(|error| panic!("{error}")).text().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn t52_nginx_keeps_connections_compresses_and_redirects() {
    let authority = Authority::new();
    for secure in [false, true] {
        let identity = secure.then(|| authority.issue_localhost());
        let Some(nginx) = foreign_servers::nginx(identity.as_ref()) else { return };
        let session = session_trusting(&authority);
        for n in 0..5 {
            let response = session.get(nginx.url("/")).send().unwrap();
            assert_eq!((response.reused(), response.text().unwrap().as_str()), (n > 0, "nginx is here\n"));
        }
        let response = session.get(nginx.url("/gzip")).send().unwrap();
        assert_eq!(response.header("content-encoding"), Some("gzip"));
        assert_eq!(response.text().unwrap(), "a line that repeats itself\n".repeat(200));
        // Zeros exceed the ratio of a bomb, so this is requested uncompressed.
        let big = session.get(nginx.url("/big")).send().unwrap();
        let body = petition_std::Response::bytes(&big).unwrap();
        assert!(body.len() == 1 << 20 && body.iter().all(|byte| *byte == 0));
        let redirected = session.get(nginx.url("/redirect")).send().unwrap();
        assert_eq!((redirected.history().len(), redirected.url().path()), (1, "/"));
        drop(redirected);
        let echo = session.head(nginx.url("/echo?a=b")).send().unwrap();
        assert_eq!((echo.status().as_u16(), echo.text().unwrap().as_str()), (200, ""));
        assert_eq!(session.get(nginx.url("/status/204")).send().unwrap().status(), 204);
        assert_eq!(session.get(nginx.url("/nowhere")).send().unwrap().status(), 404);
        assert!(text(&session, &nginx.url("/echo?x=%20y")).starts_with("GET /echo?x=%20y "));
        let early = session.post(nginx.url("/echo")).data(vec![0; 20 << 20]).send();
        assert!(early.is_ok_and(|response| response.status() == 413) || secure);
        let stats = session.statistics();
        assert!(stats.opened <= 3, "{stats:?}\n{}", nginx.process.output());
    }
}

#[test]
fn nginx_rejection_names_the_reason() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cases = [
        (authority.issue(&Leaf::new(&["other.test"])), "not valid for localhost"),
        (authority.issue(&Leaf::localhost().expired()), "has expired"),
        (stranger.issue_localhost(), "does not chain to a trusted root"),
    ];
    for (identity, words) in cases {
        let Some(nginx) = foreign_servers::nginx(Some(&identity)) else { return };
        let error = session_trusting(&authority).get(nginx.url("/")).send().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn openssl(identity: &Identity, options: &[&str]) -> Option<(Process, String)> {
    let server = foreign_servers::openssl_server(identity, options)?;
    let url = format!("https://localhost:{}/", server.address().port());
    Some((server, url))
}

#[test]
fn openssl_is_verified_and_resumed() {
    let authority = Authority::new();
    for version in ["-tls1_2", "-tls1_3"] {
        let Some((server, url)) = openssl(&authority.intermediate().issue_localhost(), &[version]) else { return };
        let session = session_trusting(&authority);
        let first = text(&session, &url);
        assert!(first.contains("New, TLSv1."), "{version}: {first}\n{}", server.output());
        let second = text(&session, &url);
        assert!(second.contains("Reused, TLSv1."), "{version}: {second}\n{}", server.output());
    }
}

#[test]
fn openssl_rejection_names_the_reason() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cases = [
        (authority.issue(&Leaf::new(&["other.test"])), "not valid for localhost, only for other.test"),
        (authority.issue(&Leaf::localhost().expired()), "has expired"),
        (authority.issue(&Leaf::localhost().not_yet_valid()), "not valid yet"),
        (stranger.issue_localhost(), "does not chain to a trusted root"),
    ];
    for (identity, words) in cases {
        let Some((_server, url)) = openssl(&identity, &[]) else { return };
        let error = session_trusting(&authority).get(&url).send().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn t83_openssl_with_h2_only_is_refused() {
    let authority = Authority::new();
    let Some((_server, url)) = openssl(&authority.issue_localhost(), &["-alpn", "h2"]) else { return };
    let error = session_trusting(&authority).get(&url).send().unwrap_err();
    assert!(error.to_string().contains("does not offer http/1.1"), "{error}");
}

/// Both origins over one proxy, several requests each.
fn use_proxy(proxy: &Proxy) {
    for world in World::both() {
        world.session.configure(|options| {
            options.proxy(proxy.clone());
        });
        for _ in 0..3 {
            assert!(text(&world.session, &world.url("/get?a=b")).contains("\"a\": \"b\""));
        }
        let body = pattern(500_000, 5);
        // A POST on an idle connection that the proxy ends at this moment is not repeated, so it
        // gets a new one.
        let upload = world.session.post(world.url("/upload-count")).keep_alive(false).data(body).send().unwrap();
        assert_eq!(upload.json::<Value>().unwrap()["bytes"], json!(500_000));
        let response = world.session.get(world.url("/redirect/2")).send().unwrap();
        // The proxy may end an idle connection at any time: such a hop is in the history too.
        let redirects = response.history().iter().filter(|hop| hop.why == Why::Redirect).count();
        assert_eq!((redirects, response.url().path()), (2, "/get"));
        assert_eq!(world.server.violations(), [""; 0]);
    }
}

#[test]
fn tinyproxy_forwards_and_tunnels() {
    let Some(process) = foreign_servers::tinyproxy(None) else { return };
    use_proxy(&Proxy::new(&format!("http://{}", process.address())).unwrap());
}

#[test]
fn t77_tinyproxy_requires_credentials() {
    let Some(process) = foreign_servers::tinyproxy(Some(("user", "pass"))) else { return };
    let proxy = Proxy::new(&format!("http://{}", process.address())).unwrap();
    use_proxy(&proxy.clone().auth(Auth::basic("user", "pass").unwrap()).unwrap());
    let world = World::tls();
    world.session.configure(|options| {
        options.proxy(proxy);
    });
    let error = world.session.get(world.url("/get")).send().unwrap_err();
    assert!(error.to_string().contains("refused the tunnel with status 407"), "{error}");
    assert_eq!(world.server.requests(), 0);
}

#[test]
fn squid_forwards_and_tunnels() {
    let Some(process) = foreign_servers::squid() else { return };
    use_proxy(&Proxy::new(&format!("http://{}", process.address())).unwrap());
}

#[test]
fn t77_squid_failure_is_not_the_origins_answer() {
    let Some(process) = foreign_servers::squid() else { return };
    let nobody = petition_tests::net::unreachable::refusing().unwrap();
    let session = session_trusting(&Authority::new());
    let proxy = Proxy::new(&format!("http://{}", process.address())).unwrap();
    session.configure(|options| {
        options.proxy(proxy);
    });
    let error = session.get(format!("https://{nobody}/")).send().unwrap_err();
    assert!(error.to_string().contains("refused the tunnel with status 503"), "{error}");
    // For a forwarded request, the proxy's page is the response.
    assert_eq!(session.get(format!("http://{nobody}/")).send().unwrap().status(), 503);
}

#[test]
fn curl_and_kit_agree_on_requests() {
    let version = Command::new("curl").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: curl is not installed");
        return;
    }
    // Judges the kit too: it treats curl as it treats Petition.
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let directory = petition_tests::net::temp_dir::TempDir::new().unwrap();
    let root = directory.write("root.pem", authority.pem()).unwrap();
    let output = Command::new("curl")
        .args(["-s", "-4", "--noproxy", "*", "--http1.1", "-d", "a=1&b=%20", "--cacert"])
        .arg(root)
        .arg(server.url("/post?q=1"))
        .output()
        .unwrap();
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut request = session_trusting(&authority).post(server.url("/post?q=1")).form([("a", "1"), ("b", " ")]);
    let ours: Value = request.send().unwrap().json().unwrap();
    for key in ["args", "form", "data", "json", "url"] {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    assert_eq!(ours["headers"]["Content-Type"], theirs["headers"]["Content-Type"]);
}
