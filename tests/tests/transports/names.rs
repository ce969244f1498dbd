//! Names over both transports: static addresses, other hosts to connect to, and the cache of
//! look-ups.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use petition_core::route::address_policy::AddressPolicy;
use petition_core::route::resolve::Resolver;
use petition_core::{ConnectTo, ErrorKind, LookupCache, Method, Request};
use petition_mio::{DriverConfig, LoopThread};
use petition_tests::httpbin::Httpbin;
use petition_tests::support::{Client, everything};
use petition_tests::tls::{Authority, Endpoint, Leaf};

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

#[test]
fn static_address_reaches_a_name_that_does_not_exist() {
    let server = Httpbin::start_plain().unwrap();
    let (address, url) = (server.address(), server.base_at("api.invalid") + "/get");
    for client in Client::both(&Authority::new()) {
        client.configure(|o| o.resolve("API.invalid.", address.port(), [address.ip()])).unwrap();
        for reused in [false, true] {
            let answer = client.get(&url);
            assert_eq!((answer.status(), answer.reused, answer.peer.clone()), (200, reused, Some(address.into())));
            assert!(answer.text().contains("api.invalid"), "{}", answer.text());
        }
        let denied = client.send(get(&url).address_policy(AddressPolicy::PublicOnly)).unwrap_err();
        assert!(matches!(denied.kind(), ErrorKind::AddressDenied(_)), "{}", everything(&denied));
        // The list of a request adds to that of the session.
        let other = get(&server.base_at("other.invalid")).resolve("other.invalid", address.port(), [address.ip()]);
        assert_eq!(client.send(other).unwrap().status(), 200);
    }
}

#[test]
fn other_host_serves_under_the_name_of_the_url() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue(&Leaf::new(&["www.invalid"])));
    let server = Httpbin::start_tls(&endpoint).unwrap();
    let to = format!("localhost:{}", server.address().port());
    for client in Client::both(&authority) {
        let rules = ConnectTo::new().host("www.invalid:443", &to).unwrap();
        client.configure(|options| {
            options.connect_to(rules);
        });
        for reused in [false, true] {
            let answer = client.get("https://www.invalid/get");
            assert_eq!((answer.status(), answer.reused), (200, reused));
            assert!(answer.text().contains("\"https://www.invalid/get\""), "{}", answer.text());
        }
        // No rule names this port, and the host does not exist.
        let error = client.send(get("https://www.invalid:8443/")).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{}", everything(&error));
    }
}

/// Leads every name to this machine, and counts the calls.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Resolver for Counting {
    fn resolve(&self, _: &str, port: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(vec![([127, 0, 0, 1], port).into()])
    }
}

#[test]
fn kept_look_up_serves_later_connections() {
    let server = Httpbin::start_plain().unwrap();
    let url = |host: &str| format!("http://{host}:{}/status/204", server.address().port());
    let (blocking, looped) = (Counting::default(), Counting::default());
    let session = petition_std::Session::builder().resolver(blocking.clone()).build();
    let config = DriverConfig { resolver: Box::new(looped.clone()), ..DriverConfig::default() };
    let client = LoopThread::spawn(config).unwrap();
    let cache = LookupCache::new(Duration::MAX);
    session.configure(|options| {
        options.lookup_cache(cache).keep_alive(false);
    });
    client.configure(|options| {
        options.lookup_cache(cache).keep_alive(false);
    });
    let both = || {
        for host in ["a.test", "a.test", "b.test"] {
            assert_eq!(session.get(url(host)).send().unwrap().status(), 204);
            assert_eq!(client.get(url(host)).join().wait().unwrap().status(), 204);
        }
        [&blocking, &looped].map(|counting| counting.0.load(Ordering::SeqCst))
    };
    assert_eq!(both(), [2, 2]);
    session.forget_lookups();
    client.forget_lookups();
    assert_eq!(both(), [4, 4]);
}
