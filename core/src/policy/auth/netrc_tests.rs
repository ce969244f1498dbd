//! netrc: parsing, and the credentials of each host.

use super::*;

/// The user and the password for a URL.
fn found(netrc: &Netrc, url: &str, user: Option<&str>) -> Option<String> {
    let auth = netrc.find(&Url::parse(url).unwrap(), user).unwrap()?;
    let (user, password) = auth.user_and_password().unwrap();
    Some(format!("{}:{}", String::from_utf8(user).unwrap(), String::from_utf8(password).unwrap()))
}

fn parse(text: &str) -> Netrc {
    Netrc::parse(text).unwrap()
}

#[test]
fn entries_are_read_in_any_layout() {
    for text in [
        "machine a.test login u password p",
        "machine A.Test\n\tlogin u\n\tpassword p\n",
        "# comment\r\nmachine a.test user u account x password p\r\n",
        "\u{feff}machine a.test login \"u\" password \"p\"",
        "macdef init\nmachine a.test login no password no\n\nmachine a.test login u password p",
        "machine b.test login v password w machine a.test login u password p default login d password e",
        "machine a.test login u password p\nmachine a.test login second password q",
    ] {
        assert_eq!(found(&parse(text), "https://a.test/x", None).as_deref(), Some("u:p"), "{text}");
    }
    assert_eq!(
        found(&parse("machine a.test login \"u v\" password \"\\\"\\\\x y\""), "http://a.test", None).as_deref(),
        Some("u v:\"\\x y")
    );
    assert_eq!(
        found(&parse("machine [::1] machine ::1 login u password p"), "http://[::1]/", None).as_deref(),
        Some("u:p")
    );
}

#[test]
fn t8_host_matches_exactly() {
    let netrc = parse("machine example.com login u password canary");
    assert!(found(&netrc, "http://EXAMPLE.com.:81/", None).is_some());
    for other in [
        "http://example.com:@evil.test/",
        "http://example.com@evil.test/",
        "http://www.example.com/",
        "http://badexample.com/",
        "http://example.com.evil.test/",
        "http://evil.test/example.com",
    ] {
        assert_eq!(found(&netrc, other, None), None, "{other}");
    }
    assert_eq!(format!("{netrc:?}"), "Netrc([\"example.com\"])");
}

#[test]
fn t8_default_entry_counts_only_on_request() {
    let netrc = parse("machine a.test login u password p\ndefault login d password e");
    assert_eq!(found(&netrc, "http://b.test/", None), None);
    let netrc = netrc.use_default(true);
    assert_eq!(found(&netrc, "http://b.test/", None).as_deref(), Some("d:e"));
    assert_eq!(found(&netrc, "http://a.test/", None).as_deref(), Some("u:p"));
}

#[test]
fn user_of_the_url_selects_the_entry() {
    let netrc = parse(
        "machine a.test login one password 1 machine a.test password any machine a.test login two password 2 \
         machine b.test",
    );
    assert_eq!(found(&netrc, "http://a.test/", Some("one")).as_deref(), Some("one:1"));
    assert_eq!(found(&netrc, "http://a.test/", Some("other")).as_deref(), Some("other:any"));
    assert_eq!(found(&netrc, "http://b.test/", None), None);
    assert_eq!(found(&parse("machine a.test password p"), "http://a.test/", None).as_deref(), Some(":p"));
}

#[test]
fn errors_name_the_line_and_quote_nothing() {
    for (text, line) in [
        ("machine", 1),
        ("machine a.test\nlogin", 2),
        ("login u password p", 1),
        ("machine a.test\n\nsecret canary", 3),
        ("machine a.test password \"canary", 1),
    ] {
        let error = Netrc::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text}");
        assert!(!error.to_string().contains("canary"));
    }
}

#[test]
fn t75_credentials_that_basic_cannot_carry_are_an_error() {
    let netrc = parse("machine a.test login u password \"a\\nb\"");
    assert_eq!(netrc.find(&Url::parse("http://a.test/").unwrap(), None), Err(AuthError::Control));
}
