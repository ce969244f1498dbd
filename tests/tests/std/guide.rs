//! Every example of the guide, plain and under TLS, and the faults of the guide's original that
//! must not return.

use petition_std::{Method, Request, Session};
use petition_tests::httpbin::{Answer, Httpbin};
use petition_tests::support::World;
use serde_json::{Value, json};

fn cookies(session: &Session, world: &World) -> Value {
    let response = session.get(world.url("/cookies")).send().unwrap();
    response.json::<Value>().unwrap()["cookies"].take()
}

#[test]
fn cookies_persist_across_session_requests() {
    for world in World::both() {
        let session = world.session.clone();
        let response = session.get(world.url("/cookies/set/sessioncookie/123456789")).send().unwrap();
        assert_eq!(response.url().path(), "/cookies");
        assert_eq!(response.history().len(), 1);
        let response = session.get(world.url("/cookies")).send().unwrap();
        let text = response.text().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"cookies": {"sessioncookie": "123456789"}}));
        assert_eq!(world.server.violations(), [""; 0]);
    }
}

#[test]
fn sessions_do_not_share_cookies() {
    for world in World::both() {
        world.session.get(world.url("/cookies/set/a/1")).send().unwrap();
        assert_eq!(cookies(&world.fresh_session(), &world), json!({}));
        assert_eq!(cookies(&world.session.clone(), &world), json!({"a": "1"}), "a clone is the same session");
    }
}

#[test]
fn session_and_request_headers_are_merged() {
    for world in World::both() {
        let session = world.session.clone();
        session.set_headers([("X-Test", "true")]).unwrap();
        let response = session.get(world.url("/headers")).header("X-Test2", "true").send().unwrap();
        let headers = response.json::<Value>().unwrap()["headers"].take();
        assert_eq!((&headers["X-Test"], &headers["X-Test2"]), (&json!("true"), &json!("true")));
    }
}

#[test]
fn request_field_overrides_the_sessions() {
    for world in World::both() {
        let session = world.session.clone();
        session.set_headers([("X-Test", "session"), ("X-Gone", "session")]).unwrap();
        let request = session.get(world.url("/headers")).header("x-TEST", "request").without_header("x-gone");
        let headers = { request }.send().unwrap().json::<Value>().unwrap()["headers"].take();
        assert_eq!(headers["x-TEST"], "request");
        assert!(headers.get("X-Test").is_none() && headers.get("X-Gone").is_none(), "{headers}");
    }
}

#[test]
fn request_header_stays_off_the_session() {
    for world in World::both() {
        let session = world.session.clone();
        session.set_headers([("X-Test", "true")]).unwrap();
        session.get(world.url("/get")).header("X-Test2", "true").header("X-Test", "false").send().unwrap();
        let headers = session.get(world.url("/headers")).send().unwrap().json::<Value>().unwrap()["headers"].take();
        assert_eq!(headers["X-Test"], "true");
        assert!(headers.get("X-Test2").is_none(), "{headers}");
    }
}

#[test]
fn request_cookie_stays_off_the_session() {
    for world in World::both() {
        let session = world.session.clone();
        let first = session.get(world.url("/cookies")).cookie("temp", "value").send().unwrap();
        assert_eq!(first.json::<Value>().unwrap(), json!({"cookies": {"temp": "value"}}));
        assert_eq!(cookies(&session, &world), json!({}));
        assert!(session.cookies(|jar| jar.is_empty()), "it is not stored");
    }
}

#[test]
fn request_options_stay_off_the_session() {
    for world in World::both() {
        let session = world.session.clone();
        let before = session.configure(|options| options.clone());
        let mut request = session
            .get(world.url("/redirect/1"))
            .query("q", "1")
            .basic_auth("user", "password")
            .timeout(std::time::Duration::from_secs(20))
            .redirects(|r| {
                r.max(0);
            });
        assert_eq!(request.send().unwrap().status(), 302);
        assert_eq!(session.configure(|options| options.clone()), before);
        let second = session.get(world.url("/redirect/1")).send().unwrap();
        let told = second.json::<Value>().unwrap();
        assert_eq!((second.status().as_u16(), &told["args"]), (200, &json!({})));
        assert!(told["headers"].get("Authorization").is_none());
    }
}

#[test]
fn request_object_can_be_changed_and_sent() {
    for world in World::both() {
        let mut request = Request::new(Method::POST, world.url("/post")).data("data").session(&world.session);
        request.set_data("use this body instead");
        let response = request.send().unwrap();
        assert_eq!(response.json::<Value>().unwrap()["data"], "use this body instead");
        request.set_data("and this one");
        assert_eq!(request.send().unwrap().json::<Value>().unwrap()["data"], "and this one", "as often as one likes");
    }
}

#[test]
fn request_needs_no_session() {
    let world = World::plain();
    let response = petition_std::post(world.url("/post")).data("data").send().unwrap();
    assert_eq!(response.json::<Value>().unwrap()["data"], "data");
    petition_std::get(world.url("/cookies/set/a/1")).send().unwrap();
    let text = petition_std::get(world.url("/cookies")).send().unwrap().text().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"cookies": {}}), "nothing is global");
}

#[test]
fn base_url_is_resolved_not_prefixed() {
    for world in World::both() {
        let session = world.session.clone();
        assert!(session.get("/get").send().unwrap_err().to_string().contains("base URL"));
        session.set_base_url(world.url("/anything/one/two?old=1")).unwrap();
        for (reference, path) in [
            ("three", "/anything/one/three"),
            ("./x/../three", "/anything/one/three"),
            ("../three?new=2", "/anything/three?new=2"),
            ("/get", "/get"),
            ("?only=query", "/anything/one/two?only=query"),
            ("", "/anything/one/two?old=1"),
            ("/../../get", "/get"),
        ] {
            let response = session.get(reference).send().unwrap();
            assert_eq!(response.url().as_str(), world.url(path), "{reference:?}");
        }
    }
}

#[test]
fn absolute_url_ignores_the_base_url() {
    // "http://127.0.0.1:80" is a prefix of "http://127.0.0.1:8080/"; concatenation would confuse
    // the two.
    let (one, other) = (World::plain(), World::plain());
    one.session.set_base_url(one.server.base()).unwrap();
    let response = one.session.get(other.url("/get")).send().unwrap();
    assert_eq!(response.url().as_str(), other.url("/get"));
    assert_eq!((one.server.requests(), other.server.requests()), (0, 1));
}

#[test]
fn cookies_go_to_no_other_host() {
    let world = World::plain();
    world.session.get(world.url("/cookies/set/secret/1")).send().unwrap();
    let elsewhere = world.server.base_at("localhost") + "/cookies";
    let told = world.session.get(elsewhere).send().unwrap().json::<Value>().unwrap();
    assert_eq!(told, json!({"cookies": {}}));
    assert_eq!(cookies(&world.session, &world), json!({"secret": "1"}));
}

#[test]
fn cookie_field_is_computed_at_each_hop() {
    for world in World::both() {
        let mut request = world.session.get(world.url("/cookies"));
        world.session.get(world.url("/cookies/set?a=1&b=x%3Dy%3D")).send().unwrap();
        let told = request.send().unwrap().json::<Value>().unwrap();
        assert_eq!(told, json!({"cookies": {"a": "1", "b": "x=y="}}), "every Set-Cookie, and the later = too");
        world.session.get(world.url("/cookies/delete?a")).send().unwrap();
        assert_eq!(request.send().unwrap().json::<Value>().unwrap(), json!({"cookies": {"b": "x=y="}}));
    }
}

#[test]
fn manual_and_jar_cookies_share_one_field() {
    let server = Httpbin::builder()
        .handler(|exchange| {
            let fields: Vec<_> = exchange.head.all("cookie").into_iter().map(String::from_utf8_lossy).collect();
            (exchange.path == "/raw").then(|| Answer::json(&json!(fields)))
        })
        .start()
        .unwrap();
    let session = Session::new();
    session.get(server.url("/cookies/set?a=jar&b=jar")).send().unwrap();
    let response = session.get(server.url("/raw")).cookie("a", "own").send().unwrap();
    assert_eq!(response.json::<Value>().unwrap(), json!(["b=jar; a=own"]));
}
