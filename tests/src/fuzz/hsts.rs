//! Strict-Transport-Security fields and saved stores against any bytes: only https responses of a
//! host change it, no other host is affected, and saving and loading changes no decision.

use petition_core::UnixTime;
use petition_core::policy::hsts::HstsStore;
use url::Url;

use super::choice;

const HOSTS: [&str; 8] =
    ["a.test", "b.a.test", "c.b.a.test", "xa.test", "test", "xn--bcher-kva.test.", "127.0.0.1", "[::1]"];

/// Receives the lines as fields of responses, or loads them as lines of a saved store.
pub fn hsts(data: &[u8]) {
    let urls =
        ["https", "http"].map(|scheme| HOSTS.map(|host| Url::parse(&format!("{scheme}://{host}:81/x")).unwrap()));
    let mut store = HstsStore::default();
    let mut now = UnixTime(1_700_000_000);
    let applies = |store: &HstsStore, now| urls[0].each_ref().map(|url| store.applies(url, now));
    for mut line in data.split(|&b| b == b'\n') {
        let (action, at) = (choice(&mut line), choice(&mut line) % HOSTS.len());
        let (before, unchanged) = (applies(&store, now), store.clone());
        match action % 4 {
            0 => {
                let text = String::from_utf8_lossy(line);
                store.load(&format!("{}{text}", ["", ".", HOSTS[at], ".a.test "][action / 4 % 4]), now);
            }
            1 => {
                store.receive(&urls[1][at], line, now);
                assert_eq!(store, unchanged, "http changed the store");
            }
            _ => {
                store.receive(&urls[0][at], line, now);
                assert!(at < 6 || store == unchanged, "an address changed the store");
                let after = applies(&store, now);
                let name = HOSTS[at].trim_end_matches('.');
                for (other, host) in HOSTS.iter().enumerate().filter(|(other, _)| *other != at) {
                    let below = host.trim_end_matches('.').ends_with(&format!(".{name}"));
                    assert!(below || before[other] == after[other], "{host} changed with {name}");
                }
            }
        }
        assert!(store.len() <= 2000 && !store.applies(&urls[0][6], now) && !store.applies(&urls[0][7], now));
        now = now.saturating_add(1);
    }
    for from in &urls[1] {
        let mut url = from.clone();
        let upgraded = store.upgrade(&mut url, now);
        assert_eq!((url.scheme() == "https", upgraded), (store.applies(from, now), store.applies(from, now)));
        assert_eq!((url.host(), url.port(), url.path()), (from.host(), from.port(), from.path()));
    }
    let mut loaded = HstsStore::default();
    let counts = loaded.load(&store.save(), now);
    assert_eq!((counts.taken + counts.skipped, counts.kept), (store.len(), 0));
    for later in [now, now.saturating_add(9), now.saturating_add(1 << 40)] {
        assert_eq!(applies(&store, later), applies(&loaded, later), "{}", store.save());
    }
}
