//! Protection spaces: their owners and their extent.

use http::Method;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn auth(user: &str) -> Auth {
    Auth::on_challenge(user, "p").unwrap()
}

fn origin(text: &str) -> Party {
    Party::Origin(Origin::of(&url(text)))
}

fn spaces() -> Spaces {
    Spaces::new(crate::TestSeed(1).into())
}

fn sent(spaces: &mut Spaces, party: &Party, auth: &Auth, target: &str) -> Option<String> {
    let url = url("http://a.test/").join(target).unwrap();
    let request = AuthRequest {
        method: &Method::GET,
        url: &url,
        target,
        body: None,
        for_proxy: matches!(party, Party::Proxy(_)),
    };
    let answer = spaces.answer(party, auth, &request)?;
    Some(String::from_utf8(answer.value.as_bytes().to_vec()).unwrap())
}

#[test]
fn basic_space_is_the_directory_and_below() {
    let (mut spaces, party) = (spaces(), origin("http://a.test/"));
    spaces.remember(party.clone(), &auth("u"), &url("http://a.test/docs/index.html"), Chosen::Basic);
    for (target, inside) in [("/docs/", true), ("/docs/x/y", true), ("/", false), ("/docs", false), ("/other", false)] {
        assert_eq!(sent(&mut spaces, &party, &auth("u"), target).is_some(), inside, "{target}");
    }
    assert_eq!(sent(&mut spaces, &party, &auth("u"), "/docs/").as_deref(), Some("Basic dTpw"));
}

#[test]
fn t9_space_serves_one_party_and_one_login() {
    let (mut spaces, party) = (spaces(), origin("http://a.test/"));
    spaces.remember(party.clone(), &auth("u"), &url("http://a.test/"), Chosen::Basic);
    for other in ["https://a.test/", "http://a.test:81/", "http://b.test/"] {
        assert_eq!(sent(&mut spaces, &origin(other), &auth("u"), "/"), None, "{other}");
    }
    let proxy = Party::Proxy("http://a.test/".into());
    assert_eq!(sent(&mut spaces, &proxy, &auth("u"), "/"), None);
    assert_eq!(sent(&mut spaces, &party, &auth("v"), "/"), None);
    spaces.remember(proxy.clone(), &auth("u"), &url("http://a.test/deep/"), Chosen::Basic);
    assert!(sent(&mut spaces, &proxy, &auth("u"), "/").is_some(), "a proxy's space is everything");
}

#[test]
fn number_of_spaces_is_bounded() {
    let mut spaces = spaces();
    for port in 0..2 * MAX_SPACES {
        let origin = url(&format!("http://a.test:{}/", port + 1000));
        spaces.remember(Party::Origin(Origin::of(&origin)), &auth("u"), &origin, Chosen::Basic);
    }
    assert_eq!(spaces.spaces.len(), MAX_SPACES);
    assert_eq!(sent(&mut spaces, &origin("http://a.test:1000/"), &auth("u"), "/"), None);
}

#[cfg(feature = "digest")]
mod digest {
    use super::*;
    use crate::policy::auth::challenge;

    fn chosen(more: &str) -> Chosen {
        chosen_with("n", more)
    }

    fn chosen_with(nonce: &str, more: &str) -> Chosen {
        let field = format!("Digest realm=r, nonce={nonce}, qop=auth{more}");
        Chosen::Digest(Box::new(DigestChallenge::read(&challenge::parse([field.as_bytes()])[0]).unwrap()))
    }

    fn parameter(sent: &str, name: &str) -> String {
        let rest = sent.split(&format!(" {name}=")).nth(1).unwrap();
        rest.split(',').next().unwrap().trim_matches('"').to_owned()
    }

    #[test]
    fn t74_counter_counts_the_uses_of_a_nonce() {
        let (mut spaces, party) = (spaces(), origin("http://a.test/"));
        spaces.remember(party.clone(), &auth("u"), &url("http://a.test/"), chosen(""));
        let uses = |spaces: &mut Spaces| {
            let sent = sent(spaces, &party, &auth("u"), "/").unwrap();
            (parameter(&sent, "nc"), parameter(&sent, "cnonce"), parameter(&sent, "nonce"))
        };
        let (first, second) = (uses(&mut spaces), uses(&mut spaces));
        assert_eq!((first.0.as_str(), second.0.as_str()), ("00000001", "00000002"));
        assert_eq!((first.1.len(), &first.1), (32, &second.1));
        spaces.remember(party.clone(), &auth("u"), &url("http://a.test/"), chosen(", domain=\"/\""));
        let again = uses(&mut spaces);
        assert_eq!((again.0.as_str(), &again.1), ("00000003", &first.1), "the same nonce, given to another transfer");
        spaces.remember(party.clone(), &auth("u"), &url("http://a.test/"), chosen_with("m", ""));
        let third = uses(&mut spaces);
        assert_eq!(third.0, "00000001", "a new nonce is counted from the start");
        assert_ne!(third.1, first.1, "each nonce has a client nonce of its own");
        spaces.next_nonce(&party, &auth("u"), &url("http://a.test/"), b"next");
        let fourth = uses(&mut spaces);
        assert_eq!((fourth.0.as_str(), fourth.2.as_str()), ("00000001", "next"));
        assert_ne!(fourth.1, third.1);
        for odd in [&b""[..], &[b'n'; 5000]] {
            spaces.next_nonce(&party, &auth("u"), &url("http://a.test/"), odd);
            assert_eq!(uses(&mut spaces).2, "next", "an empty or long nonce is ignored");
        }
    }

    #[test]
    fn long_or_malformed_domain_is_the_challenged_path() {
        let (mut spaces, party) = (spaces(), origin("http://a.test/"));
        let many = format!("{}/a", "x ".repeat(31));
        let base = format!("http://a.test/{}/a", "y".repeat(2000));
        spaces.remember(party.clone(), &auth("u"), &url(&base), chosen(&format!(", domain=\"{many}\"")));
        assert_eq!(spaces.spaces[0].prefixes.len(), 1);
        let field = [&b"Digest realm=r, nonce=n, qop=auth, domain=\"/\xff\""[..]];
        let read = DigestChallenge::read(&challenge::parse(field)[0]).unwrap();
        spaces.remember(party.clone(), &auth("u"), &url("http://a.test/x"), Chosen::Digest(Box::new(read)));
        assert_eq!(sent(&mut spaces, &party, &auth("u"), "/other"), None, "not the whole origin");
    }

    #[test]
    fn client_nonces_depend_on_the_seed() {
        let draw = |seed| Spaces::new(crate::TestSeed(seed).into()).draw();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn domain_narrows_the_space_within_the_origin() {
        let (mut spaces, party) = (spaces(), origin("http://a.test/"));
        for (domain, inside, outside) in [
            ("/a /b/c", "/b/c/d", "/c"),
            ("http://a.test/a http://evil.test/", "/a", "/b"),
            ("", "/anything", "-"),
            // The challenged URL always belongs to the space.
            ("/elsewhere", "/a/x", "/elsewhere"),
        ] {
            spaces.remember(
                party.clone(),
                &auth("u"),
                &url("http://a.test/a"),
                chosen(&format!(", domain=\"{domain}\"")),
            );
            assert!(sent(&mut spaces, &party, &auth("u"), inside).is_some(), "{domain}: {inside}");
            if outside != "-" {
                assert_eq!(sent(&mut spaces, &party, &auth("u"), outside), None, "{domain}: {outside}");
            }
            assert_eq!(sent(&mut spaces, &origin("http://evil.test/"), &auth("u"), "/a"), None);
            spaces.spaces.clear();
        }
    }

    #[test]
    fn exhausted_counter_sends_nothing() {
        let (mut spaces, party) = (spaces(), origin("http://a.test/"));
        spaces.remember(party.clone(), &auth("u"), &url("http://a.test/"), chosen(""));
        if let State::Digest { nc, .. } = &mut spaces.spaces[0].state {
            *nc = u32::MAX - 1;
        }
        assert!(sent(&mut spaces, &party, &auth("u"), "/").unwrap().contains("nc=ffffffff"));
        assert_eq!(sent(&mut spaces, &party, &auth("u"), "/"), None);
    }
}
