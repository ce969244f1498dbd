//! T72: a saved and loaded jar makes the same decisions; and the Netscape file.

use super::*;

const HOSTS: [&str; 8] = [
    "example.com",
    "www.example.com",
    "a.www.example.com",
    "example.co.uk",
    "me.github.io",
    "localhost",
    "127.0.0.1",
    "[2001:db8::1]",
];
const PATHS: [&str; 6] = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/%61"];

fn random_url(rng: &mut Rng) -> String {
    format!("{}://{}{}", pick(rng, &["http", "https"]), pick(rng, &HOSTS), pick(rng, &PATHS))
}

fn random_field(rng: &mut Rng) -> Vec<u8> {
    let name = pick(rng, &["a", "b", "c", "", "sid", "__Secure-x", "__Host-x", "n%41me", "\u{e9}"]);
    let mut field = format!("{name}=").into_bytes();
    for _ in 0..rng.below(6) {
        let byte = rng.below(256) as u8;
        field.push(if byte == b';' || (byte < 0x20 && byte != b'\t') || byte == 0x7F { b'%' } else { byte });
    }
    for _ in 0..rng.below(5) {
        field.extend_from_slice(b"; ");
        match rng.below(8) {
            0 => field.extend_from_slice(format!("Max-Age={}", rng.below(500)).as_bytes()),
            1 => field.extend_from_slice(b"Expires=Tue, 14 Nov 2023 23:13:20 GMT"),
            2 => field.extend_from_slice(b"Domain=example.com"),
            3 => field.extend_from_slice(b"Domain=www.example.com"),
            4 => field.extend_from_slice(format!("Path={}", pick(rng, &PATHS)).as_bytes()),
            5 => field.extend_from_slice(b"Secure"),
            6 => field.extend_from_slice(b"HttpOnly"),
            _ => field.extend_from_slice(format!("SameSite={}", pick(rng, &["None", "Lax", "Strict", "x"])).as_bytes()),
        }
    }
    field
}

/// Performs one random step; equal generators give equal steps.
fn step(jar: &mut Jar, rng: &mut Rng, now: UnixTime) -> String {
    let url = url(&random_url(rng));
    let context = [
        SiteContext::SameSite,
        SiteContext::SameSite,
        SiteContext::SafeNavigation,
        SiteContext::UnsafeNavigation,
        SiteContext::CrossSite,
    ][rng.below(5)];
    if rng.below(2) == 0 {
        format!("{:?}", jar.header(&url, now, context).map(|value| value.as_bytes().to_vec()))
    } else {
        format!("{:?}", jar.receive(&url, &random_field(rng), now, context))
    }
}

#[test]
fn t72_loaded_jar_decides_like_the_saved_one() {
    let limits = CookieLimits { per_site: 8, total: 16, ..CookieLimits::default() };
    let mut cookies_seen = 0;
    for seed in 1..300u64 {
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut jar = jar_with(limits);
        let mut now = NOW;
        for _ in 0..60 {
            // The clock mostly stands still, sometimes advances, and rarely jumps back.
            now = match rng.below(8) {
                0 => UnixTime(now.0 - rng.below(20) as u64),
                1..=3 => now.saturating_add(rng.below(30) as u64),
                _ => now,
            };
            step(&mut jar, &mut rng, now);
        }
        jar.expire(now);
        let text = jar.save(SaveSessions::Keep);
        let mut loaded = jar_with(limits);
        let report = loaded.load(&text, now).unwrap();
        loaded.store.check();
        assert_eq!(report, Loaded { taken: jar.len(), kept: 0, skipped: 0 }, "seed {seed}\n{text}");
        assert!(jar.iter().eq(loaded.iter()), "seed {seed}");
        assert_eq!(loaded.save(SaveSessions::Keep), text, "seed {seed}");
        cookies_seen += jar.len();
        // From here on both jars receive the same steps, including evictions.
        let mut other_rng = Rng(rng.0);
        for _ in 0..120 {
            now = now.saturating_add(rng.below(10) as u64);
            other_rng.below(10);
            assert_eq!(step(&mut jar, &mut rng, now), step(&mut loaded, &mut other_rng, now), "seed {seed}");
        }
        assert_eq!(jar.save(SaveSessions::Keep), loaded.save(SaveSessions::Keep), "seed {seed}");
    }
    assert!(cookies_seen > 2_000, "only {cookies_seen} cookies");
}

#[test]
fn t72_scope_survives_saving() {
    let mut jar = jar();
    offer(&mut jar, "http://example.com/", "host=1").unwrap();
    offer(&mut jar, "http://example.com/", "tree=1; Domain=example.com").unwrap();
    let mut loaded = super::jar();
    loaded.load(&jar.save(SaveSessions::Keep), NOW).unwrap();
    assert_eq!(sent(&mut loaded, "http://www.example.com/"), "tree=1");
    assert_eq!(sent(&mut loaded, "http://example.com/"), "host=1; tree=1");
}

#[test]
fn t72_session_cookies_can_be_omitted() {
    let mut jar = jar();
    offer(&mut jar, "http://example.com/", "session=1").unwrap();
    offer(&mut jar, "http://example.com/", "kept=1; Max-Age=9").unwrap();
    let text = jar.save(SaveSessions::LeaveOut);
    let mut loaded = super::jar();
    assert_eq!(loaded.load(&text, NOW), Ok(Loaded { taken: 1, kept: 0, skipped: 0 }));
    assert_eq!(sent(&mut loaded, "http://example.com/"), "kept=1");
    let mut late = super::jar();
    assert_eq!(late.load(&text, later(9)), Ok(Loaded { taken: 0, kept: 0, skipped: 1 }));
}

#[test]
fn t72_format_is_stable() {
    let mut jar = jar();
    offer(
        &mut jar,
        "https://www.example.com/",
        "a%=b c; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=60",
    )
    .unwrap();
    offer(&mut jar, "http://example.com/x/", "nameless").unwrap();
    let text = "petition-cookies 1\n\
        example.com\ttree\t/\tsecure\thttponly\tlax\t1700000000\t1700000000\t1700000000\t1700000060\t0\ta%25\tb%20c\n\
        example.com\thost\t/x\t-\t-\tunset\t1700000000\t1700000000\t1700000000\tsession\t1\t\tnameless\n\
        end 2\n";
    assert_eq!(jar.save(SaveSessions::Keep), text);
    let mut loaded = super::jar();
    loaded.load(&text.replace('\n', "\r\n"), NOW).unwrap();
    assert_eq!(loaded.save(SaveSessions::Keep), text);
}

#[test]
fn t72_damaged_text_is_rejected_and_the_line_named() {
    let good = "example.com\thost\t/\t-\t-\tunset\t1\t1\t1\tsession\t0\tname\tvalue";
    for (body, line, kind) in [
        ("", 1, LoadErrorKind::Header),
        ("cookies\n", 1, LoadErrorKind::Header),
        ("petition-cookies 2\nend 0\n", 1, LoadErrorKind::Version),
        ("petition-cookies \nend 0\n", 1, LoadErrorKind::Version),
        ("petition-cookies 1\n", 2, LoadErrorKind::End),
        ("petition-cookies 1\nGOOD\n", 3, LoadErrorKind::End),
        ("petition-cookies 1\nGOOD\nend 2\n", 3, LoadErrorKind::End),
        ("petition-cookies 1\nGOOD\nend 1\nGOOD\n", 3, LoadErrorKind::End),
        ("petition-cookies 1\nGOOD\tx\nend 1\n", 2, LoadErrorKind::Fields),
        ("petition-cookies 1\nexample.com\thost\nend 1\n", 2, LoadErrorKind::Fields),
    ] {
        let mut jar = jar();
        let text = body.replace("GOOD", good);
        assert_eq!(jar.load(&text, NOW), Err(LoadError { line, kind }), "{body}");
        assert!(jar.is_empty());
    }
    for (from, to, field) in [
        ("host", "hosts", "scope"),
        ("unset", "", "samesite"),
        ("session", "+5", "expires"),
        ("\t0\t", "\t-1\t", "rank"),
        ("\t1\t1\t1\t", "\t1\t\t1\t", "updated"),
        ("name", "na%3Dme", "name"),
        ("value", "%4", "value"),
        ("value", "val ue", "value"),
        ("\t-\t-", "\tSecure\t-", "secure"),
        ("example.com", "%FF", "domain"),
    ] {
        let text = format!("petition-cookies 1\n{}\nend 1\n", good.replacen(from, to, 1));
        let error = jar().load(&text, NOW).unwrap_err();
        assert_eq!(error, LoadError { line: 2, kind: LoadErrorKind::Field(field) }, "{from} to {to}");
        assert!(!error.to_string().contains("value") || field == "value");
    }
}

#[test]
fn t72_cookies_against_the_policy_are_skipped() {
    let line = |domain: &str, scope: &str, path: &str, secure: &str, name: &str, value: &str| {
        format!("{domain}\t{scope}\t{path}\t{secure}\t-\tunset\t1\t1\t1\tsession\t0\t{name}\t{value}\n")
    };
    for (line, taken) in [
        (line("example.com", "tree", "/", "-", "a", "1"), 1),
        (line("com", "tree", "/", "-", "a", "1"), 0),
        (line("com", "host", "/", "-", "a", "1"), 1),
        (line("%20", "host", "/", "-", "a", "1"), 0),
        (line("example.com", "host", "x", "-", "a", "1"), 0),
        (line("example.com", "host", "/", "-", "a", "1%3B"), 0),
        (line("example.com", "host", "/", "-", "a", "1%0A"), 0),
        (line("example.com", "host", "/", "-", "__Secure-a", "1"), 0),
        (line("example.com", "host", "/", "secure", "__Secure-a", "1"), 1),
        (line("example.com", "host", "/", "secure", "", "__Host-"), 0),
        (line("127.0.0.1", "tree", "/", "-", "a", "1"), 1),
    ] {
        let mut jar = jar();
        let loaded = jar.load(&format!("petition-cookies 1\n{line}end 1\n"), NOW).unwrap();
        assert_eq!(loaded, Loaded { taken, kept: 0, skipped: 1 - taken }, "{line}");
        jar.store.check();
        assert!(jar.iter().all(|cookie| cookie.domain() != "127.0.0.1" || cookie.scope() == Scope::HostOnly));
    }
}

#[test]
fn t72_later_value_wins_when_merging() {
    let home = "http://example.com/";
    let mut file = jar();
    offer_at(&mut file, home, "a=file", later(5)).unwrap();
    offer_at(&mut file, home, "b=file", later(5)).unwrap();
    offer_at(&mut file, home, "c=file", later(5)).unwrap();
    let text = file.save(SaveSessions::Keep);
    let mut jar = jar();
    offer_at(&mut jar, home, "a=own", later(4)).unwrap();
    offer_at(&mut jar, home, "b=own", later(5)).unwrap();
    sent_at(&mut jar, home, later(9)); // Being sent makes a value no newer.
    assert_eq!(jar.load(&text, later(10)), Ok(Loaded { taken: 2, kept: 1, skipped: 0 }));
    jar.store.check();
    assert_eq!(sent_at(&mut jar, home, later(10)), "a=file; b=own; c=file");
    assert_eq!(jar.get("example.com", "/", "a").unwrap().created(), later(4));
}

#[test]
fn t72_merged_jar_evicts_by_last_access() {
    let mut file = jar();
    offer_at(&mut file, "http://example.com/", "old=1", later(1)).unwrap();
    let text = file.save(SaveSessions::Keep);
    let mut jar = jar_with(CookieLimits { per_site: 2, ..CookieLimits::default() });
    offer_at(&mut jar, "http://example.com/", "young=1", later(2)).unwrap();
    jar.load(&text, later(3)).unwrap();
    offer_at(&mut jar, "http://example.com/", "new=1", later(3)).unwrap();
    assert_eq!(sent_at(&mut jar, "http://example.com/", later(3)), "young=1; new=1");
}

#[test]
fn t72_loading_caps_the_lifetime() {
    let text = "petition-cookies 1\nexample.com\thost\t/\t-\t-\tunset\t1\t1\t1\t99999999999\t0\ta\t1\nend 1\n";
    let mut jar = jar();
    jar.load(text, NOW).unwrap();
    assert_eq!(jar.iter().next().unwrap().expires(), Some(later(400 * 86_400)));
}

#[test]
fn truncated_or_damaged_jars_neither_load_nor_panic() {
    let mut jar = jar();
    offer(&mut jar, "https://example.com/", "a=b; Secure").unwrap();
    offer(&mut jar, "https://example.com/x/", "\u{e9}=%; Max-Age=5").unwrap();
    let text = jar.save(SaveSessions::Keep);
    for end in 0..text.len() - 1 {
        assert!(super::jar().load(&text[..end], NOW).is_err(), "{end}");
    }
    for at in 0..text.len() {
        for byte in ["\t", "\n", "%", "9", "\u{e9}"] {
            let mut changed = text.clone();
            changed.replace_range(at..=at, byte);
            let mut loaded = super::jar();
            _ = loaded.load(&changed, NOW);
            loaded.store.check();
        }
    }
}

#[test]
fn netscape_file_has_the_expected_fields() {
    let mut jar = jar();
    for (from, field) in [
        ("https://www.example.com/", "a=1; Domain=example.com; Secure; Max-Age=60"),
        ("https://example.com/x/", "b=2; HttpOnly"),
        ("https://example.com/", "tab=2\t3"),
        ("https://example.com/", "nameless"),
    ] {
        offer(&mut jar, from, field).unwrap();
    }
    let expected = "# Netscape HTTP Cookie File\n\
        #HttpOnly_example.com\tFALSE\t/x\tFALSE\t0\tb\t2\n\
        .example.com\tTRUE\t/\tTRUE\t1700000060\ta\t1\n\
        example.com\tFALSE\t/\tFALSE\t0\t\tnameless\n";
    let text = jar.export_netscape(SaveSessions::Keep);
    assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
    let kept = jar.export_netscape(SaveSessions::LeaveOut);
    assert_eq!(kept.iter().filter(|&&byte| byte == b'\n').count(), 2);

    let mut imported = super::jar();
    assert_eq!(imported.import_netscape(&text, NOW), Imported { taken: 3, skipped: 0 });
    imported.store.check();
    assert_eq!(imported.export_netscape(SaveSessions::Keep), text);
}

#[test]
fn netscape_import_is_lenient() {
    let text = b"# Netscape HTTP Cookie File\r\n\r\n# a remark\n\
        .Example.COM\tTRUE\t/\tFALSE\t1700000060.75\ta\t1\r\n\
        example.com\tFALSE\t/\tFALSE\t-1\tempty\n\
        example.com\tFALSE\t\tfalse\t0\tnopath\t\xff\n\
        .127.0.0.1\tTRUE\t/\tFALSE\t0\tip\t1\n\
        example.com\tFALSE\t/\tFALSE\t1\texpired\t1\n\
        .com\tTRUE\t/\tFALSE\t0\tsuper\t1\n\
        example.com\tFALSE\t/\tFALSE\tsoon\tx\t1\n\
        example.com\tFALSE\t/\tFALSE\t0\tx\t1; y\n\
        example.com\tFALSE\t/\tFALSE\t0\t__Secure-x\t1\n\
        no cookie\n";
    let mut jar = jar();
    let imported = jar.import_netscape(text, NOW);
    assert_eq!(imported, Imported { taken: 4, skipped: 6 });
    assert_eq!(sent(&mut jar, "http://127.0.0.1/"), "ip=1");
    let home = jar.header(&url("http://example.com/"), NOW, SiteContext::SameSite).unwrap();
    assert_eq!(home.as_bytes(), b"a=1; empty=; nopath=\xff");
    assert_eq!(jar.get("example.com", "/", "a").unwrap().expires(), Some(later(60)));
}

#[test]
fn netscape_import_accepts_pythons_format_and_bom() {
    // http.cookiejar leaves the expiry of session cookies empty.
    let text = b"\xEF\xBB\xBFexample.com\tFALSE\t/\tFALSE\t\tfirst\t1\n\
        #HttpOnly_example.com\tFALSE\t/\tFALSE\t\tsecond\t2\n";
    let mut jar = jar();
    assert_eq!(jar.import_netscape(text, NOW), Imported { taken: 2, skipped: 0 });
    assert_eq!(sent(&mut jar, "http://example.com/"), "first=1; second=2");
    assert!(jar.iter().all(|cookie| cookie.expires().is_none()));
    // Behind the mark, a first line of another kind is recognized as well.
    for first in ["# Netscape HTTP Cookie File\n", "#HttpOnly_example.com\tFALSE\t/\tFALSE\t\tthird\t3\n"] {
        let imported = jar.import_netscape(format!("\u{feff}{first}").as_bytes(), NOW);
        assert_eq!(imported.skipped, 0, "{first}");
    }
}
