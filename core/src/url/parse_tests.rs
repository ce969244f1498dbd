use super::*;

fn parsed(text: &str) -> Result<String, UrlError> {
    parse_url(text, &Limits::DEFAULT).map(|(url, _)| url.to_string())
}

#[test]
fn common_urls_are_accepted() {
    for (text, expected) in [
        ("http://example.com", "http://example.com/"),
        ("HTTP://Example.COM./", "http://example.com./"),
        ("https://h:443/p?q#f", "https://h/p?q#f"),
        ("http://h:00080/", "http://h/"),
        ("http://h:/", "http://h/"),
        ("http://h:65535/", "http://h:65535/"),
        ("http://[FE80:0::1]:8080/", "http://[fe80::1]:8080/"),
        ("http://a_b-c.example/", "http://a_b-c.example/"),
        ("http://h//x", "http://h//x"),
        ("http://h?q", "http://h/?q"),
        ("http://h/a@b:c", "http://h/a@b:c"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(expected));
    }
}

#[test]
fn t26_ambiguous_urls_are_rejected() {
    use UrlError::*;
    for (text, error) in [
        ("http://a@b@c/", SeveralAts),
        ("http://a:x@b@c", SeveralAts),
        ("http://a\\@b/", Backslash),
        ("http://h\\x", Backslash),
        ("http:\\\\h/", Backslash),
        ("http:/\\h/", Backslash),
        ("http:h", NoAuthority),
        ("http:/h", NoAuthority),
        ("http:", NoAuthority),
        ("http:///h", EmptyHost),
        ("http://", EmptyHost),
        ("http://?q", EmptyHost),
        ("http://:80/", EmptyHost),
        ("http://u:p@/", EmptyHost),
        ("http://u@:80/", EmptyHost),
        ("http://./", EmptyHost),
        ("http://\u{ad}/", EmptyHost),
        ("http://../", Host),
        ("http://a..b/", Host),
        ("http://.a/", Host),
        ("http://a../", Host),
        ("http://a%2Fb/", PercentInHost),
        ("http://%31/", PercentInHost),
        ("http://a%/", PercentInHost),
        ("http://h /", Space),
        ("http:// h/", Space),
        (" http://h/", Space),
        ("http://h/ ", Space),
        ("http://u :p@h/", Space),
        ("http://h\t/", Control(9)),
        ("ht\ntp://h/", Control(10)),
        ("http://h/a\rb", Control(13)),
        ("http://h/a\0", Control(0)),
        ("http://h/#\u{7f}", Control(127)),
        ("http://h:0/", Port),
        ("http://h:00/", Port),
        ("http://h:65536/", Port),
        ("http://h:+80/", Port),
        ("http://h:-1/", Port),
        ("http://h:80a/", Port),
        ("http://h:8 0/", Space),
        ("http://fe80::1/", Port),
        ("http://[::1]80/", Port),
        ("http://[::1/", Host),
        ("http://[::1]]:80/", Port),
        ("http://[v1.x]/", Host),
        ("http://[fe80::1%25eth0]/", ZoneId),
        ("http://[fe80::1%eth0]/", ZoneId),
        ("http://[]/", EmptyHost),
        ("http://a<b/", Host),
        ("http://a\"b/", Host),
        ("http://a{b}/", Host),
        ("http://1.2.3.256/", Host),
        ("http://h:80:80/", Port),
        ("//h/", NotAbsolute),
        ("h/x", NotAbsolute),
        ("", NotAbsolute),
        ("://h/", NotAbsolute),
        ("file:///etc/passwd", UnsupportedScheme("file".into())),
        ("localhost:8080/x", UnsupportedScheme("localhost".into())),
        ("http://u%0d%0a@h/", UserInfo),
        ("http://u:%ff@h/", UserInfo),
    ] {
        assert_eq!(parsed(text), Err(error), "{text:?}");
    }
}

#[test]
fn t27_unusual_ipv4_forms_are_canonicalized() {
    for text in ["127.1", "0x7f000001", "017700000001", "2130706433", "0x7f.1", "127.0.0.1.", "１２７.1", "127。0.0.1"]
    {
        assert_eq!(parsed(&format!("http://{text}/")).as_deref(), Ok("http://127.0.0.1/"), "{text}");
    }
    assert_eq!(parsed("http://[::ffff:127.0.0.1]/").as_deref(), Ok("http://[::ffff:7f00:1]/"));
    assert_eq!(parsed("http://[0:0::0:1]/").as_deref(), Ok("http://[::1]/"));
}

#[test]
fn t28_names_are_mapped_exactly_once() {
    for (text, expected) in [
        ("http://ex\u{24d0}mple/", "http://example/"),
        ("http://a\u{ff0e}b\u{3002}c/", "http://a.b.c/"),
        ("http://\u{212a}ey.example/", "http://key.example/"),
        ("http://ex\u{ad}ample/", "http://example/"),
        ("http://räksmörgås.se/", "http://xn--rksmrgs-5wao1o.se/"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(expected), "{text}");
    }
    // Full-width delimiters, and a character that maps to "a/c".
    for text in ["a\u{ff20}b", "a\u{ff1a}80", "a\u{ff0f}b", "a\u{ff05}41", "a\u{2100}b", "a\u{ff03}b", "a\u{ff3c}b"] {
        assert_eq!(parsed(&format!("http://{text}/")), Err(UrlError::Host), "{text}");
    }
}

#[test]
fn t19_path_and_query_are_encoded_once() {
    for (text, expected) in [
        ("http://h/a b?c d", "http://h/a%20b?c%20d"),
        ("http://h/%2f%2F%zz%", "http://h/%2f%2F%zz%"),
        ("http://h/é?é", "http://h/%C3%A9?%C3%A9"),
        ("http://h/a\\..\\b?\\", "http://h/a%5C..%5Cb?%5C"),
        ("http://h/\"<>^`{|}?\"<>^`{|}", "http://h/%22%3C%3E%5E%60%7B%7C%7D?%22%3C%3E%5E%60%7B%7C%7D"),
        ("http://h/a[1]?b[]=c", "http://h/a[1]?b[]=c"),
        ("http://h?a b", "http://h/?a%20b"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(expected));
        assert_eq!(parsed(expected).as_deref(), Ok(expected), "encoded twice");
    }
}

#[test]
fn user_information_is_removed_and_decoded() {
    let info =
        |user: &str, password: Option<&str>| Some(UserInfo { user: user.into(), password: password.map(String::from) });
    for (text, expected) in [
        ("http://h/", None),
        ("http://@h/", None),
        ("http://u@h/", info("u", None)),
        ("http://u:@h/", info("u", Some(""))),
        ("http://:p@h/", info("", Some("p"))),
        ("http://a%40b:c%3Ad%25@h/", info("a@b", Some("c:d%"))),
        ("http://a:b:c%z@h/", info("a", Some("b:c%z"))),
        ("http://%C3%A9:é@h/", info("é", Some("é"))),
        ("http://u:p@h/a b", info("u", Some("p"))),
    ] {
        let (url, user_info) = parse_url(text, &Limits::DEFAULT).unwrap();
        assert_eq!(user_info, expected, "{text}");
        assert!(url.username().is_empty() && url.password().is_none() && !url.as_str().contains('@'), "{url}");
    }
    assert!(!format!("{:?}", info("canary", Some("canary"))).contains("canary"));
}

#[test]
fn parsed_url_is_validated_like_text() {
    let accepted = |text: &str| accept_url(Url::parse(text).unwrap(), &Limits::DEFAULT);
    assert_eq!(accepted("http://u:p@h/x|y").unwrap().0.as_str(), "http://h/x%7Cy");
    assert_eq!(accepted("http://h:0/"), Err(UrlError::Port));
    for text in ["http://a..b/", "http://.a/", "http://a../"] {
        assert_eq!(accepted(text), Err(UrlError::Host), "{text}");
    }
    assert_eq!(accepted("ftp://h/"), Err(UrlError::UnsupportedScheme("ftp".into())));
}

#[test]
fn url_limit_error_names_the_limit() {
    let limits = Limits { url_bytes: 20, ..Limits::DEFAULT };
    assert!(parse_url("http://example.com/a", &limits).is_ok());
    let error = parse_url("http://example.com/ab", &limits).unwrap_err();
    assert_eq!(error.to_string(), "URL too long: limit url_bytes is 20, found 21");
}

#[test]
fn url_errors_do_not_quote_the_url() {
    for text in ["http://u:canary@h:0/", "http://canary@canary@h/", "http://h/canary\n", "http://canary..x/"] {
        let error = parsed(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[test]
fn parsed_urls_and_text_give_equal_results() {
    for c in ' '..='~' {
        let Ok(url) = Url::parse(&format!("http://a.test/p{c}p?q{c}q")) else { continue };
        let of_text = parse_url(url.as_str(), &Limits::DEFAULT).map(|(url, _)| url.to_string());
        let of_url = accept_url(url, &Limits::DEFAULT).map(|(url, _)| url.to_string());
        assert_eq!(of_url, of_text, "{c:?}");
    }
}
