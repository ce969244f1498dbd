use super::*;
use crate::Session;

fn get() -> Request {
    Request::new(Method::GET, "http://a.test/p?q=1")
}

/// The request's own fields.
fn fields(request: &Request) -> Vec<String> {
    let fields = request.options().headers.iter();
    fields.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect()
}

#[test]
fn setters_replace_each_part_of_the_request() {
    let mut request = get();
    assert_eq!((request.method(), request.url().unwrap().as_str()), (&Method::GET, "http://a.test/p?q=1"));
    assert!(request.body().is_none() && request.content_type.is_none());
    request.set_method(Method::PUT);
    request.set_url("http://b.test/");
    assert_eq!((request.method(), request.url().unwrap().as_str()), (&Method::PUT, "http://b.test/"));
    request.set_url("/relative");
    assert_eq!(request.url(), None);
    request.set_text_data("abc");
    assert_eq!((request.body().length(), request.content_type), (Some(3), Some("text/plain; charset=utf-8")));
    request.set_data("abcd");
    assert_eq!((request.body().length(), request.content_type), (Some(4), None));
    request.set_form([("a", "b")]);
    assert_eq!(request.content_type, Some("application/x-www-form-urlencoded"));
    assert_eq!(request.body(), &Body::from("a=b"));
    request.set_timeout(Duration::from_secs(3));
    assert_eq!(request.own_total_timeout(), Some(Duration::from_secs(3)));
    assert_eq!(request.clone().total_timeout(None).own_total_timeout(), None);
    assert_eq!(request.timeout(Setting::Clear).own_total_timeout(), None);
}

#[cfg(feature = "json")]
#[test]
fn json_sets_body_and_type_or_a_fault() {
    let mut request = get();
    request.set_json(&["a", "b"]);
    assert_eq!((request.body(), request.content_type), (&Body::from(r#"["a","b"]"#), Some("application/json")));
    let mut map = std::collections::BTreeMap::new();
    map.insert(vec![1], 1);
    request.set_json(&map);
    assert!(matches!(request.fault.as_deref(), Some(BuildError::Json(_))));
}

#[test]
fn fields_are_set_added_and_removed() {
    let mut request = get();
    request.set_header("A", "1");
    request.set_header("a", "2");
    request.append_header("B", "3");
    request.append_header("b", "4");
    assert_eq!(fields(&request), ["a: 2", "B: 3", "b: 4"]);
    request.remove_header("B");
    request.set_sensitive_header("C", "5");
    assert_eq!(fields(&request), ["a: 2", "C: 5"]);
    assert!(request.options().headers.contains("b") && request.options().headers.get("c").unwrap().is_sensitive());
    assert!(!request.options().headers.get("a").unwrap().is_sensitive());
}

#[test]
fn request_options_include_credentials_and_cookies() {
    let sent = |request: &Request| Session::new().prepare(request).unwrap();
    assert_eq!(sent(&get().basic_auth("u", "p")).auth, Auth::basic("u", "p").ok());
    assert_eq!(sent(&get().bearer_auth("t")).auth, Auth::bearer("t").ok());
    assert_eq!(sent(&get().query("a", "b c")).url().as_str(), "http://a.test/p?q=1&a=b+c");
    let cookies = sent(&get().cookie("a", "1").cookie("b", "2").cookie("a", "3")).cookies;
    assert_eq!(cookies.iter().collect::<Vec<_>>(), [("b", "2"), ("a", "3")]);
}

#[test]
fn first_fault_is_stored_and_reported() {
    let faulty: [(Request, &str); 6] = [
        (get().header("a b", "1"), "field name"),
        (get().extra_header("a", "\n"), "value of a"),
        (get().without_header(""), "field name"),
        (get().basic_auth("a:b", ""), "colon"),
        (get().bearer_auth(""), "token"),
        (get().cookie("a;", "b"), "cookie"),
    ];
    for (request, expected) in faulty {
        let later = request.clone().header("c d", "1").basic_auth("e:f", "");
        for request in [request, later] {
            let text = request.fault.as_ref().expect(expected).to_string();
            assert!(text.contains(expected), "{text}");
            assert!(Session::new().prepare(&request).unwrap_err().kind().to_string().contains(expected), "{expected}");
        }
    }
}

#[test]
fn chaining_setters_set_options_of_the_request() {
    let request = get().keep_alive(false).idle_timeout(None).redirects(|r| {
        r.max(3);
    });
    let session = Session::new();
    let prepared = session.prepare(&request).unwrap();
    let settings = prepared.settings();
    assert_eq!((settings.redirects.max, settings.keep_alive, settings.idle_timeout), (3, false, None));
    assert_ne!(*settings, *session.settings());
}

#[test]
fn debug_shows_the_url_and_no_secret() {
    let request = Request::new(Method::GET, "http://u:canary@a.test/p?name=canary").bearer_auth("canary");
    let shown = format!("{request:?}");
    assert!(shown.contains("http://a.test/p?name") && shown.contains("GET"), "{shown}");
    let relative = format!("{:?}", Request::new(Method::GET, "canary?canary"));
    assert!(relative.contains("not absolute"), "{relative}");
    assert!(!shown.contains("canary") && !relative.contains("canary"), "{shown} {relative}");
}

#[test]
fn rejected_cookie_names_end_at_the_first_fault() {
    for (name, shown) in [
        ("sid=canary", "sid="),
        ("sid;canary", "sid;"),
        ("sid canary", "sid "),
        ("sid\tcanary", "sid\\t"),
        ("sid\u{7f}canary", "sid\\u{7f}"),
        ("\u{e9}!~,", "\u{e9}!~,"),
    ] {
        let BuildError::Cookie { name } = BuildError::cookie(name) else { panic!("expected a cookie error") };
        assert_eq!(name, shown);
    }
}
