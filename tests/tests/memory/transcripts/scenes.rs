//! The scenes of the files in `tests/transcripts`.

use std::time::Duration;

use petition_tests::sim::{BodySpec, Credentials, ProxySpec, RequestSpec};

use crate::transcripts::script::Act::{After, At, End, ResetAfter, Say};
use crate::transcripts::script::Scene;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn spec(method: &str, url: &str) -> RequestSpec {
    RequestSpec { method: method.into(), url: url.into(), ..RequestSpec::default() }
}

/// Returns every file's name and text.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("redirect_with_cookies", redirect_with_cookies()),
        ("dead_kept_connection", dead_kept_connection()),
        ("dead_kept_connection_post", dead_kept_connection_post()),
        ("deadline", deadline()),
        ("cancel", cancel()),
        ("early_response", early_response()),
        ("chunked_both_ways", chunked_both_ways()),
        ("refused_tunnel", refused_tunnel()),
        ("truncated_body", truncated_body()),
        ("expect_continue", expect_continue()),
        ("lost_refusal", lost_refusal()),
        ("credentials_stay_home", credentials_stay_home()),
        ("refused_connection", refused_connection()),
    ]
}

fn redirect_with_cookies() -> String {
    let first = "HTTP/1.1 302 Found\r\nLocation: http://www.a.test/in\r\nSet-Cookie: all=1; Domain=a.test; Path=/\r\n\
                 Set-Cookie: own=2\r\nContent-Length: 5\r\n\r\nmoved";
    let servers = [Some(vec![After(1, first), After(2, OK)]), Some(vec![After(1, OK)])];
    let mut scene =
        Scene::new("a redirect to a sub-domain takes the domain's cookie along and leaves the host's", servers);
    scene.send(spec("GET", "http://a.test/"));
    scene.send(spec("GET", "http://a.test/again"));
    scene.end()
}

fn dead_kept_connection() -> String {
    let servers = [Some(vec![After(1, OK), ResetAfter(2)]), Some(vec![After(1, OK)])];
    let mut scene = Scene::new("a kept connection dies under the request: GET is sent once more", servers);
    scene.send(spec("GET", "http://a.test/1"));
    scene.send(spec("GET", "http://a.test/2"));
    scene.end()
}

fn dead_kept_connection_post() -> String {
    let servers = [Some(vec![After(1, OK), ResetAfter(2)])];
    let mut scene = Scene::new("T54: POST on a kept connection that dies under it is not sent once more", servers);
    scene.send(spec("GET", "http://a.test/1"));
    scene.send(RequestSpec { payload: BodySpec::Memory(b"pay".to_vec()), ..spec("POST", "http://a.test/2") });
    scene.end()
}

fn deadline() -> String {
    let slow = vec![After(1, "HTTP/1.1 200 OK\r\n"), At(2, "X: 1\r\n"), At(4, "Y: 2\r\n"), At(6, "\r\n")];
    let mut scene = Scene::new("a head that trickles runs into the total deadline, to the millisecond", [Some(slow)]);
    scene.send(RequestSpec { timeout: Some(Duration::from_millis(4_500)), ..spec("GET", "http://a.test/slow") });
    scene.end()
}

fn cancel() -> String {
    let slow = vec![After(1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"), At(9, "thing")];
    let mut scene = Scene::new("cancelled in the middle of a body: the connection is closed", [Some(slow)]);
    scene.cancel = Some(1_500);
    scene.send(spec("GET", "http://a.test/"));
    scene.end()
}

fn early_response() -> String {
    let early = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
    let mut scene = Scene::new(
        "the answer comes before the body is sent: the upload stops, the answer is delivered",
        [Some(vec![After(1, early), End])],
    );
    scene.body = ["first piece, ", "second piece"].into();
    scene.hesitates = true;
    let payload = BodySpec::Stream { length: Some(1_000_000), rewindable: false };
    scene.send(RequestSpec { payload, ..spec("PUT", "http://a.test/big") });
    scene.end()
}

fn chunked_both_ways() -> String {
    let reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let acts = vec![
        After(2, reply),
        Say("5\r\nhe"),
        Say("llo\r\n6;x=\"1\"\r"),
        Say("\n world\r\n0"),
        Say("\r\nX-Sum: 1\r\n\r\n"),
    ];
    let mut scene =
        Scene::new("chunked there and back, with an extension, a trailer and cuts at bad places", [Some(acts)]);
    scene.body = ["one", "two", "three"].into();
    scene.send(RequestSpec {
        payload: BodySpec::Stream { length: None, rewindable: false },
        ..spec("POST", "http://a.test/")
    });
    scene.end()
}

fn refused_tunnel() -> String {
    let refusal = "HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic realm=\"p\"\r\nSet-Cookie: evil=1\r\n\
                   Location: http://evil.test/\r\nContent-Length: 3\r\n\r\nno!";
    let mut scene =
        Scene::new("T77: a proxy refuses the tunnel; its answer is not the origin's", [Some(vec![After(1, refusal)])]);
    let via = ProxySpec {
        url: "http://proxy.test:3128".into(),
        credentials: Some(Credentials::Basic("us".into(), "pass".into())),
        tunnel: true,
    };
    scene.send(RequestSpec { via: Some(via), ..spec("GET", "http://a.test/") });
    scene.end()
}

fn truncated_body() -> String {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort";
    let mut scene = Scene::new(
        "a body that ends early is an error that says so, in either framing",
        [
            Some(vec![After(1, short), End]),
            Some(vec![After(1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"), End]),
        ],
    );
    scene.send(spec("GET", "http://a.test/1"));
    scene.send(spec("GET", "http://a.test/2"));
    scene.end()
}

fn expect_continue() -> String {
    let servers =
        [Some(vec![After(1, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")]), Some(vec![After(1, OK), After(2, OK)])];
    let mut scene =
        Scene::new("T53: 417 is answered by sending without Expect, which is remembered for the origin", servers);
    let post =
        || RequestSpec { payload: BodySpec::Memory(b"data".to_vec()), expect: true, ..spec("POST", "http://a.test/") };
    scene.send(post());
    scene.send(post());
    scene.end()
}

fn lost_refusal() -> String {
    let servers = [
        Some(vec![After(1, OK), ResetAfter(2)]),
        Some(vec![After(1, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")]),
        Some(vec![After(1, OK)]),
    ];
    let mut scene =
        Scene::new("T53: a 417 that a reset overtook was never read, so the second attempt asks once more", servers);
    scene.send(spec("GET", "http://a.test/1"));
    let payload = BodySpec::Memory(b"data".to_vec());
    scene.send(RequestSpec { payload, expect: true, ..spec("DELETE", "http://a.test/2") });
    scene.end()
}

fn credentials_stay_home() -> String {
    let away = "HTTP/1.1 307 Away\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n";
    let back = "HTTP/1.1 307 Back\r\nLocation: http://a.test/back\r\nContent-Length: 0\r\n\r\n";
    let servers = [Some(vec![After(1, away), After(2, OK)]), Some(vec![After(1, back)])];
    let mut scene =
        Scene::new("T1: credentials and secret fields do not go to another origin, nor back from there", servers);
    scene.send(RequestSpec {
        credentials: Some(Credentials::Bearer("token".into())),
        cookies: vec![("own".into(), "cookie".into())],
        fields: vec![("X-Api-Key".into(), "key".into(), false), ("X-Plain".into(), "stays".into(), false)],
        ..spec("GET", "http://a.test/")
    });
    scene.end()
}

fn refused_connection() -> String {
    let mut scene = Scene::new("nobody is there: the error says how each address failed", [None]);
    scene.send(spec("GET", "http://a.test/?q=hidden"));
    scene.end()
}
