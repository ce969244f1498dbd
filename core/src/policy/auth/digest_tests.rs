//! Digest: the examples of the RFCs, and corner cases.

use std::sync::LazyLock;

use http::Method;
use url::Url;

use super::super::challenge;
use super::*;

fn read(field: &str) -> Option<DigestChallenge> {
    DigestChallenge::read(challenge::parse([field.as_bytes()]).first()?)
}

fn answer(field: &str, user: &str, password: &str, request: &AuthRequest<'_>, count: &Count<'_>) -> String {
    let answer = read(field).unwrap().answer(user, password, request, count).unwrap();
    assert!(answer.value.is_sensitive());
    String::from_utf8(answer.value.as_bytes().to_vec()).unwrap()
}

static URL: LazyLock<Url> = LazyLock::new(|| Url::parse("http://a.test/").unwrap());

fn request<'a>(method: &'a Method, target: &'a str, body: Option<&'a [u8]>) -> AuthRequest<'a> {
    AuthRequest { method, url: &URL, target, body, for_proxy: false }
}

fn get() -> AuthRequest<'static> {
    request(&GET, "/dir/index.html", None)
}

static GET: Method = Method::GET;

#[test]
fn t74_example_of_rfc_2617_is_answered() {
    let field = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let sent = answer(field, "Mufasa", "Circle Of Life", &get(), &Count { cnonce: "0a4f113b", nc: 1 });
    assert_eq!(
        sent,
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", cnonce=\"0a4f113b\", nc=00000001, qop=auth, \
         response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
}

#[test]
fn t74_examples_of_rfc_7616_are_answered() {
    let challenge = |algorithm: &str| {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let count = Count { cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", nc: 1 };
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let sent = answer(&challenge(algorithm), "Mufasa", "Circle of Life", &get(), &count);
        assert!(sent.contains(&format!("response=\"{response}\"")), "{sent}");
        assert!(sent.contains(&format!("algorithm={algorithm}")) && sent.contains("qop=auth,"), "{sent}");
    }
}

#[test]
fn t74_user_hash_example_of_rfc_7616_is_answered() {
    let field = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
                 nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
                 opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
    let sent_for = request(&GET, "/doe.json", None);
    let count = Count { cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm", nc: 1 };
    let sent = answer(field, "Jäsøn Doe", "Secret, or not?", &sent_for, &count);
    // The RFC's own values are those of SHA-512 truncated to 256 bits, a different hash (erratum
    // 4897). These were computed with Python's hashlib.
    assert!(sent.contains("username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\""), "{sent}");
    assert!(sent.contains("response=\"7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c\""), "{sent}");
    assert!(sent.contains("userhash=true") && !sent.contains("username*"), "{sent}");
}

/// Answers with client nonce `c` and counter 1 to `Digest realm="r", nonce="n"` and `more`.
fn simple(more: &str, body: Option<&[u8]>) -> Option<String> {
    let sent_for = request(&Method::POST, "/", body);
    let challenge = read(&format!("Digest realm=\"r\", nonce=\"n\"{more}"))?;
    let answer = challenge.answer("u", "p", &sent_for, &Count { cnonce: "c", nc: 0x1f })?;
    Some(String::from_utf8(answer.value.as_bytes().to_vec()).unwrap())
}

fn md5(text: &str) -> String {
    hash::<Md5>(&[text.as_bytes()])
}

#[test]
fn t74_session_variants_hash_the_nonces() {
    let a1 = md5(&format!("{}:n:c", md5("u:r:p")));
    let expected = md5(&format!("{a1}:n:0000001f:c:auth:{}", md5("POST:/")));
    let sent = simple(", qop=auth, algorithm=MD5-sess", None).unwrap();
    assert!(sent.contains(&format!("response=\"{expected}\"")) && sent.contains("algorithm=MD5-sess"), "{sent}");
}

#[test]
fn t74_auth_int_hashes_the_body_and_needs_it() {
    let a2 = md5(&format!("POST:/:{}", md5("text")));
    let expected = md5(&format!("{}:n:0000001f:c:auth-int:{a2}", md5("u:r:p")));
    let sent = simple(", qop=\"AUTH-INT\"", Some(b"text")).unwrap();
    assert!(sent.contains(&format!("response=\"{expected}\"")) && sent.contains("qop=auth-int"), "{sent}");
    assert_eq!(simple(", qop=auth-int", None), None);
    assert!(simple(", qop=\"auth-int, auth\"", None).unwrap().contains("qop=auth,"));
}

#[test]
fn t74_qop_and_algorithm_are_exact_tokens() {
    for unknown in [", qop=author", ", qop=\"auth-in\"", ", qop=\"\"", ", algorithm=MD6", ", algorithm=\"SHA-512\""] {
        assert_eq!(simple(unknown, None), None, "{unknown}");
    }
    for known in ["", ", qop=Auth", ", qop=\"x , auth\"", ", algorithm=md5", ", algorithm=\"SHA-256-SESS\", qop=auth"] {
        assert!(simple(known, None).is_some(), "{known}");
    }
    assert!(
        read("Digest realm=\"r\"").is_none() && read("Digest nonce=n").is_none() && read("Basic realm=r").is_none()
    );
    assert!(simple(&format!(", opaque=\"{}\"", "o".repeat(4096)), None).is_none());
}

#[test]
fn t74_legacy_challenge_gets_neither_counter_nor_client_nonce() {
    let expected = md5(&format!("{}:n:{}", md5("u:r:p"), md5("POST:/")));
    assert_eq!(
        simple("", None).unwrap(),
        format!("Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"{expected}\"")
    );
}

#[test]
fn t74_quotes_and_backslashes_are_escaped() {
    let field = "Digest realm=\"a\\\"b\\\\c\", nonce=\"n\\\"\", opaque=\"\\\\\"";
    let sent_for = request(&GET, "/\"", None);
    let sent = answer(field, "u\"\\", "p", &sent_for, &Count { cnonce: "c", nc: 1 });
    for part in
        ["username=\"u\\\"\\\\\"", "realm=\"a\\\"b\\\\c\"", "nonce=\"n\\\"\"", "opaque=\"\\\\\"", "uri=\"/\\\"\""]
    {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    let expected = md5(&format!("{}:n\":{}", md5("u\"\\:a\"b\\c:p"), md5("GET:/\"")));
    assert!(sent.contains(&expected), "the hash has no escapes: {sent}");
}

#[test]
fn t74_user_beyond_ascii_is_extended_where_the_server_names_utf8() {
    let count = Count { cnonce: "c", nc: 1 };
    let sent = answer("Digest realm=r, nonce=n, charset=\"utf-8\"", "Jä n", "p", &get(), &count);
    assert!(sent.contains("username*=UTF-8''J%C3%A4%20n,"), "{sent}");
    let sent = answer("Digest realm=r, nonce=n", "Jä", "p", &get(), &count);
    assert!(sent.contains("username=\"Jä\""), "{sent}");
}

#[test]
fn server_proves_that_it_knows_the_password() {
    let challenge = read("Digest realm=r, nonce=n, qop=auth").unwrap();
    let answer = challenge.answer("u", "p", &get(), &Count { cnonce: "c", nc: 1 }).unwrap();
    let expected = md5(&format!("{}:n:00000001:c:auth:{}", md5("u:r:p"), md5(":/dir/index.html")));
    assert_eq!(answer.rspauth, Some(expected));
}

#[test]
fn stronger_algorithms_are_preferred() {
    let [md5, md5_sess, sha256, sha512] = ["MD5", "MD5-sess", "SHA-256", "SHA-512-256"]
        .map(|name| read(&format!("Digest realm=r, nonce=n, algorithm={name}")).unwrap());
    assert!(sha512.is_stronger_than(&sha256) && sha256.is_stronger_than(&md5_sess) && md5_sess.is_stronger_than(&md5));
    assert!(!md5.is_stronger_than(&md5) && !md5.is_stronger_than(&sha512));
}

#[test]
fn debug_omits_nonce_and_opaque() {
    let shown = format!("{:?}", read("Digest realm=canary1, nonce=canary2, opaque=canary3").unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}
