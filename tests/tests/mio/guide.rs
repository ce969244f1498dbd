//! The guide's asynchronous page, on HTTP and HTTPS.

use petition_mio::{Client, LoopThread, Method, Request};
use petition_tests::httpbin::Httpbin;
use petition_tests::tls::{Authority, Endpoint};
use serde_json::Value;

use super::*;

fn both(test: impl Fn(&LoopThread, &Httpbin)) {
    test(&thread(), &Httpbin::start_plain().unwrap());
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    test(&LoopThread::spawn(trusting(&authority)).unwrap(), &server);
}

fn json(outcome: Outcome) -> Value {
    outcome.expect("an answer").json().expect("JSON")
}

#[test]
fn sending_does_not_block() {
    both(|client, server| {
        let (tell, told) = outcomes();
        let here = std::thread::current().id();
        client.post(server.url("/post")).data("data").send(move |result| {
            assert_ne!(std::thread::current().id(), here);
            tell.send(json(result)).unwrap();
        });
        assert_eq!(next(&told)["data"], "data");
    });
}

#[test]
fn guide_works_with_cookies_and_headers() {
    both(|client, server| {
        let wait = |request: petition_mio::RequestBuilder| json(request.join().wait());
        client.get(server.url("/cookies/set/sessioncookie/123456789")).join().wait().unwrap();
        let cookies = wait(client.get(server.url("/cookies")));
        assert_eq!(cookies["cookies"]["sessioncookie"], "123456789");
        let cookies = wait(client.get(server.url("/cookies")).cookie("temp", "value"));
        assert_eq!(cookies["cookies"]["temp"], "value");
        assert!(wait(client.get(server.url("/cookies")))["cookies"]["temp"].is_null());

        client.set_headers([("X-Test", "true")]).unwrap();
        let headers = wait(client.get(server.url("/headers")).header("X-Test2", "true"));
        assert_eq!((&headers["headers"]["X-Test"], &headers["headers"]["X-Test2"]), (&"true".into(), &"true".into()));

        let mut request = Request::new(Method::POST, server.url("/post")).data("data");
        request.set_data("use this body instead");
        assert_eq!(wait(client.request_from(request))["data"], "use this body instead");
    });
}

#[test]
fn base_url_belongs_to_the_session() {
    let (client, server) = (thread(), Httpbin::start_plain().unwrap());
    client.set_base_url(server.base()).unwrap();
    let response = client.get("/status/204").join().wait().unwrap();
    assert_eq!((response.status().as_u16(), response.url().path()), (204, "/status/204"));
}

#[test]
fn any_thread_may_send() {
    let (client, server) = (thread(), Httpbin::start_plain().unwrap());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (client, server): (Client, &Httpbin) = (client.client().clone(), &server);
            scope.spawn(move || {
                for i in 0..50 {
                    let url = server.url(&format!("/get?n={thread}-{i}"));
                    let answer = json(client.get(url).join().wait());
                    assert_eq!(answer["args"]["n"], format!("{thread}-{i}"));
                }
            });
        }
    });
    assert!(server.counts().accepted <= 8, "{:?}", server.counts());
}

#[test]
fn one_session_serves_both_transports_at_once() {
    let server = Httpbin::start_plain().unwrap();
    let client = thread();
    let blocking = petition_std::Session::builder().state(client.state()).build();
    client.get(server.url("/cookies/set/mio/1")).join().wait().unwrap();
    blocking.get(server.url("/cookies/set/std/2")).send().unwrap();
    let seen = |cookies: &Value| (cookies["cookies"]["mio"].clone(), cookies["cookies"]["std"].clone());
    let by_std: Value = blocking.get(server.url("/cookies")).send().unwrap().json().unwrap();
    let by_mio = json(client.get(server.url("/cookies")).join().wait());
    assert_eq!((seen(&by_std), seen(&by_mio)), (("1".into(), "2".into()), ("1".into(), "2".into())));
    blocking.set_headers([("X-Of", "both")]).unwrap();
    assert_eq!(json(client.get(server.url("/headers")).join().wait())["headers"]["X-Of"], "both");
}
