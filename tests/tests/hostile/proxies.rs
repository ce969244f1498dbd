//! A proxy's responses to CONNECT, and the requests that it receives.

use petition_mio::petition_core::{Auth, Proxy};

use super::*;

/// A request to an origin under TLS that only the proxy could reach.
fn through(client: &Client, proxy: &Scripted) -> String {
    let own = Proxy::new(&proxy.url("")).unwrap().auth(Auth::basic("proxy", "pass").unwrap()).unwrap();
    client.configure(|options| {
        options.proxy(own);
    });
    let request =
        get("https://origin.test/".into()).basic_auth("user", "pass").header("X-Api-Key", "key").cookie("a", "b");
    client.send(request.timeout(Duration::from_secs(5))).unwrap_err().to_string()
}

#[test]
fn t3_t4_t77_proxy_refusal_never_answers_for_the_origin() {
    for (reply, words) in [
        (
            "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
            "refused the tunnel with status 407",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\nSet-Cookie: e=1\r\nContent-Length: 4\r\n\r\nevil",
            "refused the tunnel with status 302",
        ),
        ("HTTP/1.1 503 No\r\nConnection: close\r\n\r\nno such host", "refused the tunnel with status 503"),
        ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "proxy"),
        ("nonsense\r\n\r\n", "expected"),
        ("", "the connection ended"),
    ] {
        for client in clients() {
            let proxy = Scripted::start([Script::new().read_head().send(reply).half_close()]).unwrap();
            let error = through(&client, &proxy);
            assert!(error.contains(words), "{client:?} {reply:?}: {error}");
            let [connect] = &proxy.requests()[..] else { panic!("one request, {client:?} {reply:?}") };
            assert_eq!((connect.method.as_str(), connect.target.as_str()), ("CONNECT", "origin.test:443"));
            assert!(connect.value("proxy-authorization").is_some());
            for name in ["authorization", "cookie", "x-api-key"] {
                assert_eq!(connect.value(name), None, "{client:?}");
            }
            assert_eq!(client.session(|session| session.jar().iter().count()), 0);
        }
    }
    // In a 2xx, a length is meaningless: the tunnel follows.
    for client in clients() {
        let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        let proxy = Scripted::start([Script::new().read_head().send(reply).read_exactly(5).half_close()]).unwrap();
        let error = through(&client, &proxy);
        let record = proxy.wait_for_end(0);
        let head = record.received.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        assert_eq!(record.received[head + 4], 0x16, "a handshake: {error}");
    }
}

#[test]
fn t77_endless_proxy_reply_hits_a_limit() {
    for (begin, piece) in
        [("HTTP/1.1 200 OK\r\n", "X: y\r\n"), ("HTTP/1.1 502 No\r\n\r\n", "xxxxxx"), ("", "HTTP/1.1 103 Hint\r\n\r\n")]
    {
        for client in clients() {
            let endless = Script::new().read_head().send(begin);
            let endless = endless.act(move |c| (0..1 << 20).try_for_each(|_| c.send(piece.repeat(100).as_bytes())));
            let error = through(&client, &Scripted::start([endless]).unwrap());
            assert!(error.contains("limit") || error.contains("status 502"), "{client:?} {begin:?}: {error}");
        }
    }
}
