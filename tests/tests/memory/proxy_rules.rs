//! Proxy rules at each hop: a redirect may lead to another proxy, or past all of them.

use petition_core::{Method, Proxy, ProxyRules, Request};
use petition_tests::memory::{Peer, same_everywhere};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

fn rules() -> ProxyRules {
    ProxyRules::new()
        .direct("direct.test")
        .hosts("second.test", Proxy::new("http://u:canary@q.test:3128").unwrap())
        .otherwise(Proxy::new("http://p.test:3128").unwrap())
}

#[test]
fn rules_are_evaluated_for_each_hop() {
    let world = same_everywhere(|w| {
        w.session.configure(|options| {
            options.proxy(rules());
        });
        w.serve("p.test:3128", Peer::replies([redirect("http://second.test/two")]));
        w.serve("q.test:3128", Peer::replies([redirect("http://direct.test/three")]));
        w.serve("direct.test:80", Peer::replies([OK]));
        w.get("http://first.test/one").assert(200, "hi");
    });
    let lines: Vec<_> = (0..3).map(|number| world.connections()[number].request_lines().concat()).collect();
    let expected = ["GET http://first.test/one HTTP/1.1", "GET http://second.test/two HTTP/1.1", "GET /three HTTP/1.1"];
    assert_eq!(lines, expected);
    assert!(world.received(1).contains("Proxy-Authorization: Basic "));
    for other in [0, 2] {
        assert!(!world.received(other).contains("Proxy-Authorization"), "{other}");
    }
    assert_eq!(world.lookups(), ["p.test", "q.test", "direct.test"]);
}

#[test]
fn request_overrides_the_rules_of_its_session() {
    same_everywhere(|w| {
        w.session.configure(|options| {
            options.proxy(rules());
        });
        w.serve("a.test:80", Peer::replies([OK]));
        w.send(Request::new(Method::GET, "http://a.test/").proxy(None)).assert(200, "hi");
        w.serve("r.test:3128", Peer::replies([OK]));
        let own = Proxy::new("http://r.test:3128").unwrap();
        w.send(Request::new(Method::GET, "http://direct.test/").proxy(own)).assert(200, "hi");
    });
}
