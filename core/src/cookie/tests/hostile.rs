//! Arbitrary input never causes a panic, the indexes stay consistent, and a Cookie field is always
//! a list of stored pairs.

use super::*;

/// Fragments that are meaningful to some parser, and meaningless bytes.
const PIECES: [&[u8]; 24] = [
    b"a",
    b"=",
    b";",
    b"; ",
    b",",
    b"\t",
    b"\n",
    b"\"",
    b"%",
    b"%4",
    b"\xff\xfe",
    b"\0",
    b"Path=/",
    b"Domain=",
    b"example.com",
    b".",
    b"Max-Age=",
    b"-",
    b"99999999999999999999",
    b"Expires=",
    b"14 Nov 2099 22:13:20",
    b"__Host-",
    b"Secure",
    b"SameSite=None",
];

fn random_bytes(rng: &mut Rng, pieces: usize) -> Vec<u8> {
    (0..rng.below(pieces)).flat_map(|_| pick(rng, &PIECES).to_vec()).collect()
}

#[test]
fn random_set_cookie_values_keep_the_jar_consistent() {
    let mut rng = Rng(0x1234_5678_9ABC_DEF1);
    let mut jar = jar_with(CookieLimits { per_site: 10, total: 20, header_bytes: 64, ..CookieLimits::default() });
    let urls =
        ["https://www.example.com/a/b", "http://example.com/", "https://127.0.0.1/", "http://localhost/x/"].map(url);
    let mut stored = 0;
    for round in 0..4_000 {
        let url = &urls[rng.below(4)];
        let now = later(round / 4);
        stored += usize::from(jar.receive(url, &random_bytes(&mut rng, 12), now, SiteContext::SameSite).is_ok());
        jar.store.check();
        let expected: Vec<Vec<u8>> = jar
            .explain(url, now, SiteContext::SameSite)
            .filter(|explained| explained.verdict == Verdict::Sent)
            .map(|explained| explained.cookie.pair().to_vec())
            .collect();
        let mut field = Vec::new();
        let sent = jar.append_header(url, now, SiteContext::SameSite, &mut field);
        assert_eq!(sent.cookies, expected.len());
        assert_eq!(field, expected.join(&b"; "[..]));
        assert!(field.len() <= 64);
        let separators = field.iter().filter(|&&byte| byte == b';').count();
        assert_eq!(separators, expected.len().saturating_sub(1));
        assert!(field.is_empty() || ::http::HeaderValue::from_bytes(&field).is_ok());
    }
    assert!(stored > 400, "only {stored} cookies");
}

#[test]
fn random_text_never_panics_the_parsers() {
    let mut rng = Rng(0xFEDC_BA98_7654_3211);
    let mut jar = jar();
    for _ in 0..4_000 {
        let bytes = random_bytes(&mut rng, 30);
        let text = String::from_utf8_lossy(&bytes);
        _ = parse_date(&bytes);
        _ = SuffixRules::parse(&text);
        jar.import_netscape(&bytes, NOW);
        _ = jar.load(&text, NOW);
        _ = jar.load(&format!("petition-cookies 1\n{text}\nend 1\n"), NOW);
        _ = jar.get(&text, &text, &text);
        for list in [PublicSuffixes::default(), PublicSuffixes::OneLabel, suffixes()] {
            _ = list.registrable_domain(&text);
        }
    }
    jar.store.check();
}
