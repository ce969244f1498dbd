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
    assert_eq!(store.len(), MAX_ENTRIES - 90 + 1, "what has expired is forgotten first");
}

#[test]
fn saved_text_loads_into_an_equal_store() {
    let saved = store(&[("https://a.test/", "max-age=10"), ("https://b.test/", "max-age=20; includeSubDomains")]);
    let mut loaded = HstsStore::default();
    let imported = loaded.load(&saved.save(), NOW);
    assert_eq!((imported.taken, imported.skipped), (2, 0));
    assert_eq!(loaded, saved);
    let expired = HstsStore::default().load(&saved.save(), UnixTime(1_010));
    assert_eq!((expired.taken, expired.skipped), (1, 1));
}

#[test]
fn invalid_lines_of_a_text_are_skipped() {
    let lines = ["a.test", "a.test x", "a.test +2000", "127.0.0.1 2000", "u@a.test 2000", "a.test:1 2000", "a/b 2000"];
    let mut store = HstsStore::default();
    let imported = store.load(&lines.join("\r\n"), NOW);
    assert_eq!((imported.taken, imported.skipped), (0, lines.len()));
    assert_eq!(store.load("\u{feff}# x\r\n\r\n  .Bücher.TEST. \t2000\r\n", NOW).taken, 1);
    assert!(store.applies(&url("http://x.xn--bcher-kva.test/"), NOW));
}
