use super::*;

const NOW: UnixTime = UnixTime(1_000);

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A store that received these fields, each from a URL.
fn store(fields: &[(&str, &str)]) -> HstsStore {
    let mut store = HstsStore::default();
    for (from, field) in fields {
        store.receive(&url(from), field.as_bytes(), NOW);
    }
    store
}

fn upgraded(store: &HstsStore, text: &str) -> String {
    let mut url = url(text);
    store.upgrade(&mut url, NOW);
    url.into()
}

#[test]
fn t17_spellings_of_one_host_share_its_entry() {
    let store = store(&[("https://Bücher.Example.:8443/", "max-age=10")]);
    for spelling in ["http://bücher.example/", "http://BÜCHER.example./", "http://xn--bcher-kva.example/"] {
        assert!(upgraded(&store, spelling).starts_with("https://"), "{spelling}");
    }
    assert_eq!(upgraded(&store, "http://a.xn--bcher-kva.example/"), "http://a.xn--bcher-kva.example/");
}

#[test]
fn t17_upgrade_changes_port_80_alone() {
    let store = store(&[("https://a.test/", "max-age=10")]);
    assert_eq!(upgraded(&store, "http://a.test/p?q#f"), "https://a.test/p?q#f");
    assert_eq!(upgraded(&store, "http://a.test:80/"), "https://a.test/");
    assert_eq!(upgraded(&store, "http://a.test:8080/"), "https://a.test:8080/");
    assert_eq!(upgraded(&store, "http://a.test:443/"), "https://a.test/");
    assert_eq!(upgraded(&store, "http://b.test/"), "http://b.test/");
}

#[test]
fn t17_http_and_addresses_store_nothing() {
    let field = "max-age=10; includeSubDomains";
    for from in ["http://a.test/", "https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/"] {
        assert!(store(&[(from, field)]).is_empty(), "{from}");
    }
    for from in ["https://a.test../", "https://.a.test/", "https://a..test/", "https://./"] {
        if let Ok(from) = Url::parse(from) {
            assert!(store(&[(from.as_str(), field)]).is_empty(), "{from}");
        }
    }
    let long = format!("https://{}/", ["a"; 127].join("."));
    assert_eq!(store(&[(&long, field)]).len(), 1);
    let longer = format!("https://{}b/", ["a"; 127].join("."));
    assert!(store(&[(&longer, field)]).is_empty());
}

#[test]
fn t17_parents_cover_subdomains_only_if_asked() {
    let covering = store(&[("https://a.test/", "max-age=10; includeSubDomains")]);
    assert_eq!(upgraded(&covering, "http://x.y.a.test/"), "https://x.y.a.test/");
    assert_eq!(upgraded(&covering, "http://xa.test/"), "http://xa.test/");
    assert_eq!(upgraded(&covering, "http://test/"), "http://test/");
    let alone = store(&[("https://a.test/", "max-age=10")]);
    assert_eq!(upgraded(&alone, "http://x.a.test/"), "http://x.a.test/");
}

#[test]
fn t17_subdomain_never_weakens_its_parent() {
    let parent = ("https://a.test/", "max-age=100; includeSubDomains");
    for field in ["max-age=0", "max-age=1", "max-age=1; includeSubDomains"] {
        let store = store(&[parent, ("https://x.a.test/", field)]);
        let later = UnixTime(NOW.0 + 50);
        for covered in ["http://a.test/", "http://x.a.test/", "http://y.a.test/"] {
            assert!(store.applies(&url(covered), later), "{covered} after {field}");
        }
    }
}

#[test]
fn entry_ends_at_its_time_or_when_withdrawn() {
    let stored = store(&[("https://a.test/", "max-age=10")]);
    assert!(stored.applies(&url("http://a.test/"), UnixTime(1_009)));
    assert!(!stored.applies(&url("http://a.test/"), UnixTime(1_010)));
    let withdrawn = store(&[("https://a.test/", "max-age=10"), ("https://a.test/", "max-age=0")]);
    assert!(withdrawn.is_empty());
    let kept = store(&[("https://a.test/", "max-age=10"), ("https://a.test/", "max-age=x")]);
    assert_eq!(kept, stored, "a malformed field changes nothing");
    let endless = store(&[("https://a.test/", "max-age=99999999999999999999")]);
    assert!(endless.applies(&url("http://a.test/"), UnixTime(u64::MAX - 1)));
}

#[test]
fn full_store_forgets_what_ends_first() {
    let mut store = HstsStore::default();
    for n in 0..=MAX_ENTRIES {
        store.receive(&url(&format!("https://h{n}.test/")), format!("max-age={}", 10 + n).as_bytes(), NOW);
    }
    assert_eq!(store.len(), MAX_ENTRIES);
    assert!(!store.applies(&url("http://h0.test/"), NOW) && store.applies(&url("http://h1.test/"), NOW));
    store.receive(&url("https://late.test/"), b"max-age=1", UnixTime(NOW.0 + 100));
    assert_eq!(store.len(), MAX_ENTRIES);
    assert!(!store.applies(&url("http://h1.test/"), NOW) && store.applies(&url("http://h2.test/"), NOW));
    store.receive(&url("https://late.test/"), b"max-age=9999", UnixTime(NOW.0 + 100));
    assert!(store.len() == MAX_ENTRIES && store.applies(&url("http://h2.test/"), NOW), "a new end replaces the old");
    store.clear();
    assert!(store.is_empty() && store == HstsStore::default());
}

#[test]
fn t92_clock_jump_back_restores_what_had_expired() {
    let year = 365 * 86_400;
    let mut store = store(&[("https://a.test/", "max-age=10")]);
    store.receive(&url("https://b.test/"), b"max-age=1", UnixTime(NOW.0 + year));
    assert!(!store.applies(&url("http://a.test/"), UnixTime(NOW.0 + year)));
    assert!(store.applies(&url("http://a.test/"), NOW) && store.applies(&url("http://a.test/"), UnixTime(0)));
}

#[test]
fn saved_text_is_that_of_curl() {
    let fields = [
        ("https://a.test/", "max-age=31536000"),
        ("https://b.test/", "max-age=1709210096; includeSubDomains"),
        ("https://c.test/", "max-age=99999999999999"),
    ];
    let saved = store(&fields).save();
    let lines: Vec<_> = saved.lines().skip(1).collect();
    assert_eq!(lines, ["a.test \"19710101 00:16:40\"", ".b.test \"20240229 12:51:36\"", "c.test \"unlimited\""]);
    let mut loaded = HstsStore::default();
    loaded.load(&saved, NOW);
    assert_eq!(loaded, store(&fields));
}

#[test]
fn t17_loading_never_shortens_an_entry() {
    let stored = store(&[("https://a.test/", "max-age=10; includeSubDomains")]);
    let mut loaded = stored.clone();
    let result = loaded.load("a.test \"19700101 00:16:50\"\na.test \"19700101 00:16:41\"", NOW);
    assert_eq!((result.taken, result.kept, &loaded), (0, 2, &stored));
    let result = loaded.load("a.test \"19700101 00:16:51\"", NOW);
    assert_eq!((result.taken, loaded.iter().next().unwrap().1.include_subdomains), (1, false));
}

#[test]
fn expired_and_invalid_lines_are_skipped() {
    let a = "a.test \"19700101 01:00:00\"";
    let lines = [
        "a.test",
        "a.test x",
        "a.test 2000",
        "a.test \"19700101 00:16:40\"",
        "a.test \"19700101 01:00:00",
        "a.test \"19700101T01:00:00\"",
        "a.test \"19700101 1:00:00\"",
        "a.test \"19700101 24:00:00\"",
        "a.test \"19700101 01:00:60\"",
        "a.test \"19700101 01:00:00:00\"",
        "a.test \"19700001 01:00:00\"",
        "a.test \"20230229 01:00:00\"",
        "a.test \"00000101 01:00:00\"",
        "a.test \"+9700101 01:00:00\"",
        "a.test \"19600101 01:00:00\"",
        &a.replace("a.test", "127.0.0.1"),
        &a.replace("a.test", "u@a.test"),
        &a.replace("a.test", "a.test:1"),
        &a.replace("a.test", "a/b"),
        &a.replace("a.test", "."),
    ];
    let mut store = HstsStore::default();
    let loaded = store.load(&lines.join("\r\n"), NOW);
    assert_eq!((loaded.taken, loaded.skipped, store.len()), (0, lines.len(), 0));
    assert_eq!(store.load("\u{feff}# x\r\n\r\n  .Bücher.TEST. \t\"unlimited\"\r\n", NOW).taken, 1);
    assert!(store.applies(&url("http://x.xn--bcher-kva.test/"), UnixTime(u64::MAX - 1)));
}
