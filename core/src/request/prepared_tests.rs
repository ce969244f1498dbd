use super::*;
use crate::{Request, Session};

fn get() -> Request {
    Request::new(Method::GET, "http://a.test/p?q")
}

fn prepare(request: &Request) -> Prepared {
    Session::new().prepare(request).unwrap()
}

fn is_rejected(request: &Request) -> bool {
    Session::new().prepare(request).is_err()
}

/// The fields of one hop, without those that are automatic for all requests.
fn fields(request: &Prepared, proxy: Option<&Proxy>, referer: Option<&str>, cookie: &str) -> Vec<String> {
    let automatic = ["User-Agent", "Accept", "Accept-Encoding"];
    let special = request.special(proxy, referer, cookie.as_bytes(), None).into_iter().flatten();
    [request.host()]
        .into_iter()
        .chain(request.general())
        .chain(special)
        .filter(|(name, _)| !automatic.contains(name))
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect()
}

#[test]
fn each_source_alone_adds_its_field() {
    let proxy = Proxy::new("http://u:p@proxy.test:1/").unwrap().header("X-Proxy", "1").unwrap();
    let host = "Host: a.test";
    assert_eq!(fields(&prepare(&get()), None, None, ""), [host]);
    assert!(prepare(&get()).special(None, None, b"", None).is_none());
    assert_eq!(fields(&prepare(&get()), None, Some("http://r.test/"), ""), [host, "Referer: http://r.test/"]);
    assert_eq!(fields(&prepare(&get()), None, None, "a=b"), [host, "Cookie: a=b"]);
    let proxied = fields(&prepare(&get()), Some(&proxy), None, "");
    assert_eq!(proxied, [host, "Proxy-Authorization: Basic dTpw", "X-Proxy: 1"]);
    let bearer = fields(&prepare(&get().bearer_auth("t")), None, None, "");
    assert_eq!(bearer, [host, "Authorization: Bearer t"]);
    let mut post = get();
    post.set_method(Method::POST);
    post.set_text_data("x");
    assert_eq!(fields(&prepare(&post), None, None, ""), [host, "Content-Type: text/plain; charset=utf-8"]);
}

#[test]
fn fields_set_by_the_caller_are_not_automatic() {
    let request = get()
        .header("Referer", "http://mine.test/")
        .header("Cookie", "mine=1")
        .header("Authorization", "Mine m")
        .header("Content-Type", "mine/1")
        .bearer_auth("t");
    let sent = fields(&prepare(&request), None, Some("http://r.test/"), "a=b");
    let mine = ["Referer: http://mine.test/", "Cookie: mine=1", "Authorization: Mine m", "Content-Type: mine/1"];
    assert_eq!(sent[0], "Host: a.test");
    assert_eq!(sent[1..], mine);
    let without = get().without_header("Cookie").without_header("Referer").without_header("user-agent");
    let prepared = prepare(&without);
    assert_eq!(fields(&prepared, None, Some("http://r.test/"), "a=b"), ["Host: a.test"]);
    assert!(prepared.general().all(|(name, _)| name != "User-Agent"));
    assert!(prepare(&get()).general().any(|(name, value)| name == "User-Agent" && value == USER_AGENT.as_bytes()));
}

#[test]
fn t21_connection_cannot_be_removed_while_core_writes_it() {
    let removed = |change: fn(Request) -> Request| {
        Session::new().prepare(&change(get().without_header("Connection"))).map(drop).map_err(|error| error.to_string())
    };
    let close = removed(|request| request.keep_alive(false)).unwrap_err();
    assert!(close.contains("keep_alive"), "{close}");
    let codings = removed(|request| request.transfer_coding(true)).unwrap_err();
    assert!(codings.contains("keep_alive"), "{codings}");
    removed(|request| request).unwrap();
}

#[test]
fn codings_are_requested_only_where_they_are_decoded() {
    let asks = |request: &Request| prepare(request).general().any(|(name, _)| name == "Accept-Encoding");
    assert!(asks(&get()));
    assert!(!asks(&get().header("Range", "bytes=0-1")), "a partial body cannot be decoded");
    assert!(!asks(&get().decode(false)));
    let mut post = get();
    assert_eq!(prepare(&post).body_length(), BodyLength::None);
    post.set_method(Method::POST);
    assert_eq!(prepare(&post).body_length(), BodyLength::Known(0), "a POST sends its length even without a body");
    post.set_method(Method::DELETE);
    post.set_data("abc");
    assert_eq!(prepare(&post).body_length(), BodyLength::Known(3));
}

#[test]
fn explicit_host_is_validated_and_selects_cookies() {
    for (host, cookie_url) in
        [("b.test", "http://b.test/p?q"), ("b.test:81", "http://b.test/p?q"), ("", "http://a.test/p?q")]
    {
        let prepared = prepare(&get().header("host", host));
        assert_eq!(prepared.host(), ("Host", host.as_bytes()));
        assert_eq!(prepared.cookie_url().as_str(), cookie_url, "{host}");
        assert_eq!(fields(&prepared, None, None, ""), [format!("Host: {host}")], "once only");
    }
    for host in ["u@b.test", "b test", "b.test/x", "[::1"] {
        assert!(is_rejected(&get().header("Host", host)), "{host}");
    }
    assert_eq!(prepare(&get()).cookie_url().as_str(), "http://a.test/p?q");
    assert_eq!(prepare(&Request::new(Method::GET, "http://a.test:81/")).host(), ("Host", &b"a.test:81"[..]));
}

#[test]
fn explicit_framing_fields_must_match_the_body() {
    let post = |body: &'static str, name: &str, value: &str| {
        let mut request = get().header(name, value);
        request.set_method(Method::POST);
        request.set_data(body);
        is_rejected(&request)
    };
    assert!(!post("abc", "Content-Length", "3") && !post("", "content-length", "0"));
    for value in ["2", "+3", "", "3,3", "99999999999999999999999"] {
        assert!(post("abc", "Content-Length", value), "{value}");
    }
    assert!(post("abc", "Transfer-Encoding", "chunked"));
    assert!(!is_rejected(&get().header("Content-Length", "0")) && is_rejected(&get().header("Content-Length", "1")));
    for (name, _) in OWNED {
        assert!(is_rejected(&get().header(name.to_ascii_uppercase(), "x")), "{name}");
    }
    let mut streamed = get();
    streamed.set_method(Method::POST);
    streamed.set_data(Body::Stream { length: None, rewindable: false });
    assert!(!is_rejected(&streamed.clone().header("Transfer-Encoding", "Chunked")));
    assert!(is_rejected(&streamed.clone().header("Transfer-Encoding", "gzip")));
    assert!(is_rejected(&streamed.header("Content-Length", "0")));
}

#[test]
fn invalid_methods_and_cookies_fail_to_prepare() {
    let method = |name: &str| Request::new(Method::from_bytes(name.as_bytes()).unwrap(), "http://a.test/");
    assert!(!is_rejected(&method(&"M".repeat(32))) && is_rejected(&method(&"M".repeat(33))));
    assert!(is_rejected(&method("CONNECT")));
    for (name, value, refused) in [
        ("a", "b c=d", false),
        ("a=b", "c", true),
        ("a", "b;c", true),
        ("a;b", "c", true),
        ("a", "b\n", true),
        ("a\u{7f}", "b", true),
        ("a", "b\u{1f}", true),
    ] {
        assert_eq!(is_rejected(&get().cookie(name, value)), refused, "{name:?} {value:?}");
        let option = get().configure(|options| options.cookies.set(name, value));
        assert_eq!(is_rejected(&option), refused, "{name:?} {value:?} as an option");
    }
}

#[test]
fn target_is_absolute_for_a_forwarding_proxy() {
    let with = |target: RequestTarget| {
        let request = get().target(target);
        let prepared = prepare(&request);
        [prepared.target(false).into_owned(), prepared.target(true).into_owned()]
    };
    assert_eq!(with(RequestTarget::Url), ["/p?q", "http://a.test/p?q"]);
    let path = RequestTarget::Path("/./raw".into());
    assert_eq!(with(path), ["/./raw", "http://a.test/./raw"]);
    let mut options = get().target(RequestTarget::Asterisk);
    options.set_method(Method::OPTIONS);
    assert_eq!(prepare(&options).target(false), "*");
}

#[test]
fn fields_of_a_session_are_encoded_once() {
    let session = Session::new();
    let encoded = |request: &Request| session.prepare(request).unwrap().encoded;
    let (first, second) = (encoded(&get()).unwrap(), encoded(&get()).unwrap());
    assert!(Arc::ptr_eq(&first, &second));
    assert!(encoded(&get().header("X", "1")).is_none(), "its own fields are encoded per request");
    assert!(encoded(&get().decode(false)).is_none());
    let headers = |name| {
        let mut headers = Headers::new();
        headers.set(name, "1").unwrap();
        encode_general(&headers, true)
    };
    assert!(headers("X").is_some());
    for name in ["host", "content-length", "Transfer-Encoding", "TE", "expect"] {
        assert!(headers(name).is_none(), "{name} is checked for each request");
    }
}

#[test]
fn body_comes_from_the_request() {
    assert_eq!(prepare(&get()).body().length(), Some(0));
    let with_body = get().data("four");
    assert!(matches!(prepare(&with_body).body(), Body::Bytes(bytes) if bytes == "four"));
}

#[test]
fn transfer_codings_need_option_and_version() {
    for (option, version, takes) in [
        (true, Version::Http11, cfg!(feature = "gzip")),
        (true, Version::Http10, false),
        (false, Version::Http11, false),
        (false, Version::Http10, false),
    ] {
        let request = get().transfer_coding(option).version(version);
        assert_eq!(prepare(&request).takes_transfer_codings(), takes, "{option} {version:?}");
    }
}

#[test]
fn debug_shows_the_request_and_no_secret() {
    let request = Request::new(Method::GET, "http://u:canary@a.test/p?q=canary")
        .header("Authorization", "canary")
        .cookie("name", "canary")
        .bearer_auth("canary");
    let shown = format!("{:?}", prepare(&request));
    assert!(shown.contains("GET") && shown.contains("http://a.test/p?q"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}
