//! Challenges and answers over whole transfers.

use crate::policy::auth::{Auth, AuthExchange, AuthRequest, AuthScheme, Challenge};
use crate::transfer::{Event, Input, Output, Transfer};
use crate::{Body, ErrorKind, Method, Now, Proxy, Request, Session, Why};
use http::HeaderValue;

/// A peer that gives these answers, one for each request or CONNECT. Returns the session, the
/// transfer at its end, and the heads it received.
struct Run {
    session: Session,
    transfer: Transfer,
    /// The status of the final response; 0 if there was none.
    status: u16,
    heads: Vec<String>,
}

fn run(mut session: Session, request: &Request, answers: &[&str]) -> Run {
    let mut transfer = Transfer::new(session.prepare(request).unwrap(), Now::default());
    let now = Now::default();
    let (mut heads, mut answers, mut written, mut status) = (Vec::new(), answers.iter(), Vec::new(), 0);
    for _ in 0..10_000 {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => transfer.handle(now, Input::OpenNew).unwrap(),
            Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
            Output::Resolve => transfer.handle(now, Input::Resolved(&["192.0.2.1:1".parse().unwrap()])).unwrap(),
            Output::Transmit => {
                written.extend_from_slice(transfer.outgoing());
                transfer.handle(now, Input::Wrote(transfer.outgoing().len())).unwrap();
            }
            Output::Read => {
                let text = String::from_utf8(std::mem::take(&mut written)).unwrap();
                if text.is_empty() {
                    transfer.handle(now, Input::Eof).unwrap();
                    continue;
                }
                heads.push(text);
                let answer = answers.next().expect("no further request");
                transfer.handle(now, Input::Received(answer.as_bytes())).unwrap();
            }
            Output::NeedBody => {
                transfer.push_body(now, b"streamed").unwrap();
                transfer.handle(now, Input::BodyEnd).unwrap();
            }
            Output::Rewind => transfer.handle(now, Input::Rewound).unwrap(),
            Output::Body => transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap(),
            Output::Release => drop(transfer.take_link()),
            Output::Event(Event::Head(head)) => status = head.status().as_u16(),
            Output::Close | Output::Event(_) | Output::CancelConnect(_) => {}
            Output::Wait if transfer.is_ended() => return Run { session, transfer, status, heads },
            other => panic!("{other:?}"),
        }
    }
    panic!("the transfer does not end");
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn with_auth(auth: Auth) -> Session {
    let mut session = Session::new();
    session.configure(|o| {
        o.auth(auth);
    });
    session
}

fn on_challenge() -> Session {
    with_auth(Auth::on_challenge("user", "canary").unwrap())
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn unauthorized(challenge: &str) -> String {
    format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n")
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

impl Run {
    fn status(&self) -> u16 {
        self.status
    }

    fn sent(&self) -> Vec<Option<&str>> {
        self.heads.iter().map(|head| field(head, "Authorization")).collect()
    }

    fn whys(&self) -> Vec<Why> {
        self.transfer.history().iter().map(|hop| hop.why).collect()
    }
}

#[test]
fn basic_is_sent_once_the_server_asks() {
    let first = run(on_challenge(), &get("http://a.test/x"), &[&unauthorized("Basic realm=r"), OK]);
    assert_eq!(first.sent(), [None, Some("Basic dXNlcjpjYW5hcnk=")]);
    assert_eq!((first.status(), first.whys()), (200, vec![Why::Challenged]));
    let next = run(first.session, &get("http://a.test/y"), &[OK]);
    assert_eq!(next.sent(), [Some("Basic dXNlcjpjYW5hcnk=")], "the space is known");
    let other = run(next.session, &get("http://b.test/y"), &[OK]);
    assert_eq!(other.sent(), [None], "another origin has not asked");
}

#[test]
fn t76_wrong_credentials_are_sent_once() {
    let again = unauthorized("Basic realm=r");
    let run = run(on_challenge(), &get("http://a.test/"), &[&again, &again]);
    assert_eq!((run.status(), run.heads.len()), (401, 2));
}

#[test]
fn t74_basic_never_takes_the_place_of_digest() {
    for offers in [
        "Digest realm=r, nonce=n, algorithm=FUTURE, Basic realm=r",
        "Basic realm=r, Digest nonce=n",
        // Malformed, or beyond the limit on challenges.
        "Basic realm=r\r\nWWW-Authenticate: DIGEST realm=a, realm=b, nonce=n",
        &format!("Basic realm=r{}, Digest realm=r, nonce=n", ", x".repeat(20)),
    ] {
        let run = run(on_challenge(), &get("http://a.test/"), &[&unauthorized(offers)]);
        assert_eq!((run.status(), run.sent()), (401, vec![None]), "{offers}");
    }
}

#[test]
fn unsupported_challenge_is_delivered() {
    for offers in ["Negotiate", "Bearer realm=r", "", "\"broken"] {
        let run = run(on_challenge(), &get("http://a.test/"), &[&unauthorized(offers)]);
        assert_eq!((run.status(), run.whys()), (401, vec![]), "{offers}");
    }
}

#[test]
fn fixed_credentials_are_not_repeated() {
    let session = with_auth(Auth::basic("user", "p").unwrap());
    let run = run(session, &get("http://a.test/"), &[&unauthorized("Basic realm=r")]);
    assert_eq!((run.status(), run.heads.len()), (401, 1));
}

#[test]
fn field_of_the_caller_takes_the_place_of_credentials() {
    let request = get("http://a.test/").header("Authorization", "Own x");
    let run = run(on_challenge(), &request, &[&unauthorized("Basic realm=r")]);
    assert_eq!((run.status(), run.sent()), (401, vec![Some("Own x")]));
}

#[test]
fn t1_redirect_to_another_origin_gets_no_answer() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n";
    let asks = unauthorized("Basic realm=r");
    let run = run(on_challenge(), &get("http://a.test/"), &[&asks, moved, &asks]);
    assert_eq!(run.sent(), [None, Some("Basic dXNlcjpjYW5hcnk="), None]);
    assert_eq!((run.status(), run.whys()), (401, vec![Why::Challenged, Why::Redirect]));
}

#[test]
fn redirect_within_the_origin_may_be_challenged_again() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: /other/\r\nContent-Length: 0\r\n\r\n";
    let asks = unauthorized("Basic realm=r");
    let run = run(on_challenge(), &get("http://a.test/first/"), &[&asks, moved, &asks, OK]);
    let basic = Some("Basic dXNlcjpjYW5hcnk=");
    assert_eq!((run.status(), run.sent()), (200, vec![None, basic, None, basic]));
}

#[test]
fn challenged_request_is_sent_with_its_body_again() {
    let request = Request::new(Method::POST, "http://a.test/").data("text");
    let run = run(on_challenge(), &request, &[&unauthorized("Basic realm=r"), OK]);
    assert!(run.heads.iter().all(|head| head.ends_with("\r\n\r\ntext")), "{:?}", run.heads);
}

fn stream(rewindable: bool) -> Body {
    Body::Stream { length: Some(8), rewindable }
}

#[test]
fn body_that_cannot_be_sent_again_delivers_the_challenge() {
    let asks = unauthorized("Basic realm=r");
    for (rewindable, status, heads) in [(false, 401, 1), (true, 200, 2)] {
        let request = Request::new(Method::POST, "http://a.test/").data(stream(rewindable));
        let run = run(on_challenge(), &request, &[&asks, OK]);
        assert_eq!((run.status(), run.heads.len()), (status, heads), "{rewindable}");
    }
}

#[test]
fn t3_407_of_an_origin_gets_no_credentials() {
    let refused = "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic realm=r\r\nContent-Length: 0\r\n\r\n";
    let run = run(on_challenge(), &get("http://a.test/"), &[refused]);
    assert_eq!((run.status(), run.heads.len()), (407, 1));
}

#[test]
fn t3_407_of_an_origin_behind_a_tunnel_gets_no_credentials() {
    let run = run(through_proxy(true), &get("http://a.test/"), &["HTTP/1.1 200 OK\r\n\r\n", PROXY_ASKS]);
    assert_eq!((run.status(), run.heads.len()), (407, 2));
}

fn through_proxy(tunnel: bool) -> Session {
    let mut session = Session::new();
    let proxy = Proxy::new("http://proxy.test:1").unwrap().auth(Auth::on_challenge("user", "canary").unwrap()).unwrap();
    let how = if tunnel { crate::route::proxy::Tunnel::Always } else { crate::route::proxy::Tunnel::ForHttps };
    session.configure(|o| {
        o.proxy(proxy.tunnel(how));
    });
    session
}

const PROXY_ASKS: &str = "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic realm=r\r\nContent-Length: 0\r\n\r\n";

#[test]
fn t3_forwarding_proxy_gets_its_answer() {
    let run = run(through_proxy(false), &get("http://a.test/"), &[PROXY_ASKS, OK]);
    let sent: Vec<_> = run.heads.iter().map(|head| field(head, "Proxy-Authorization")).collect();
    assert_eq!((run.status(), sent), (200, vec![None, Some("Basic dXNlcjpjYW5hcnk=")]));
    assert_eq!(run.sent(), [None, None], "no field is for the origin");
}

#[test]
fn t3_refused_tunnel_is_opened_with_the_answer() {
    let run = run(through_proxy(true), &get("http://a.test/"), &[PROXY_ASKS, "HTTP/1.1 200 OK\r\n\r\n", OK]);
    let sent: Vec<_> = run.heads.iter().map(|head| field(head, "Proxy-Authorization")).collect();
    assert_eq!((run.status(), sent), (200, vec![None, Some("Basic dXNlcjpjYW5hcnk="), None]));
    assert!(run.heads[1].starts_with("CONNECT a.test:80 ") && run.heads[2].starts_with("GET / "), "{:?}", run.heads);
    assert_eq!(run.whys(), [Why::Challenged]);
}

#[test]
fn t76_proxy_that_always_refuses_is_asked_twice() {
    let run = run(through_proxy(true), &get("http://a.test/"), &[PROXY_ASKS, PROXY_ASKS]);
    let failure = run.transfer.failure().expect("no tunnel");
    assert!(matches!(failure.kind(), ErrorKind::Proxy(_)) && !failure.to_string().contains("canary"), "{failure}");
    assert_eq!(run.heads.len(), 2);
}

/// A scheme with two rounds.
struct Steps;

impl AuthScheme for Steps {
    fn name(&self) -> &str {
        "Steps"
    }

    fn begin(&self) -> Box<dyn AuthExchange> {
        Box::new(Taken(0))
    }
}

struct Taken(u32);

impl AuthExchange for Taken {
    fn first(&mut self, request: &AuthRequest<'_>) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("Steps hello{}", request.target)).ok()
    }

    fn answer(&mut self, challenges: &[Challenge], request: &AuthRequest<'_>) -> Option<HeaderValue> {
        let challenge = challenges.iter().find(|challenge| challenge.scheme() == "steps")?;
        self.0 += 1;
        let (step, text) = (self.0, challenge.token68()?);
        HeaderValue::from_str(&format!("Steps {step}-{text}-{}", request.method)).ok()
    }
}

#[test]
fn scheme_of_the_embedder_takes_several_steps() {
    let answers = [&unauthorized("Steps a"), &unauthorized("Basic realm=r, Steps b"), OK];
    let run = run(with_auth(Auth::scheme(Steps)), &get("http://a.test/x"), &answers);
    assert_eq!(
        (run.status(), run.sent()),
        (200, vec![Some("Steps hello/x"), Some("Steps 1-a-GET"), Some("Steps 2-b-GET")])
    );
}

#[test]
fn t3_redirect_to_another_proxy_begins_another_exchange() {
    let proxy = |url: &str| Proxy::new(url).unwrap().auth(Auth::scheme(Steps)).unwrap();
    let rules =
        crate::ProxyRules::new().hosts("a.test", proxy("http://one.test")).hosts("b.test", proxy("http://two.test"));
    let mut session = Session::new();
    session.configure(|o| {
        o.proxy(rules);
    });
    let asks = "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Steps secret\r\nContent-Length: 0\r\n\r\n";
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://b.test/y\r\nContent-Length: 0\r\n\r\n";
    let run = run(session, &get("http://a.test/x"), &[asks, moved, OK]);
    let sent: Vec<_> = run.heads.iter().map(|head| field(head, "Proxy-Authorization").unwrap()).collect();
    assert_eq!(sent, ["Steps hellohttp://a.test/x", "Steps 1-secret-GET", "Steps hellohttp://b.test/y"]);
}

#[test]
fn scheme_of_the_embedder_is_limited_and_may_give_up() {
    let asks = unauthorized("Steps a");
    let run_1 = run(with_auth(Auth::scheme(Steps)), &get("http://a.test/"), &[&asks, &asks, &asks]);
    assert_eq!((run_1.status(), run_1.heads.len()), (401, 3));
    let other = run(with_auth(Auth::scheme(Steps)), &get("http://a.test/"), &[&unauthorized("Other x")]);
    assert_eq!((other.status(), other.heads.len()), (401, 1));
}

#[cfg(feature = "digest")]
mod digest {
    use super::*;

    const ASKS: &str = "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"";

    fn digest() -> Session {
        with_auth(Auth::digest("user", "canary").unwrap())
    }

    fn parameter<'a>(sent: Option<&'a str>, name: &str) -> &'a str {
        let rest = sent.unwrap().split(&format!(" {name}=")).nth(1).unwrap();
        rest.split(',').next().unwrap().trim_matches('"')
    }

    #[test]
    fn t74_digest_is_answered_and_then_sent_at_once() {
        let first = run(digest(), &get("http://a.test/x?q=1"), &[&unauthorized(ASKS), OK]);
        let sent = first.sent();
        assert_eq!((sent[0], parameter(sent[1], "uri"), parameter(sent[1], "nc")), (None, "/x?q=1", "00000001"));
        let next = run(first.session, &get("http://a.test/y"), &[OK]);
        assert_eq!((parameter(next.sent()[0], "uri"), parameter(next.sent()[0], "nc")), ("/y", "00000002"));
    }

    #[test]
    fn t74_strongest_of_several_challenges_is_answered() {
        let offers = "Basic realm=r, Digest realm=r, nonce=a, algorithm=MD5, Digest realm=r, nonce=b, algorithm=SHA-512-256, \
                      Digest realm=r, nonce=c, algorithm=SHA-256";
        let run = run(on_challenge(), &get("http://a.test/"), &[&unauthorized(offers), OK]);
        assert_eq!(parameter(run.sent()[1], "algorithm"), "SHA-512-256");
        assert_eq!(parameter(run.sent()[1], "nonce"), "b");
    }

    #[test]
    fn t76_stale_nonce_is_answered_once_more() {
        let stale = |nonce: &str| unauthorized(&format!("Digest realm=r, nonce={nonce}, qop=auth, stale=true"));
        let answers = [&unauthorized(ASKS), &stale("n2"), OK];
        let fresh = run(digest(), &get("http://a.test/"), &answers);
        assert_eq!(
            (fresh.status(), parameter(fresh.sent()[2], "nonce"), parameter(fresh.sent()[2], "nc")),
            (200, "n2", "00000001")
        );
        let endless = run(digest(), &get("http://a.test/"), &[&unauthorized(ASKS), &stale("n2"), &stale("n3")]);
        assert_eq!((endless.status(), endless.heads.len()), (401, 3));
    }

    #[test]
    fn t76_forgotten_nonce_is_replaced() {
        let first = run(digest(), &get("http://a.test/"), &[&unauthorized(ASKS), OK]);
        let asks = unauthorized("Digest realm=r, nonce=n2, qop=auth");
        let next = run(first.session, &get("http://a.test/"), &[&asks, OK]);
        assert_eq!((next.status(), parameter(next.sent()[1], "nonce")), (200, "n2"));
    }

    #[test]
    fn t74_next_nonce_is_used_and_proof_is_checked() {
        let first = run(digest(), &get("http://a.test/"), &[&unauthorized(ASKS), OK]);
        let next = "HTTP/1.1 200 OK\r\nAuthentication-Info: nextnonce=\"n9\"\r\nContent-Length: 0\r\n\r\n";
        let second = run(first.session, &get("http://a.test/"), &[next]);
        let wrong = "HTTP/1.1 200 OK\r\nAuthentication-Info: qop=auth, rspauth=\"00\"\r\nContent-Length: 0\r\n\r\n";
        let third = run(second.session, &get("http://a.test/"), &[wrong]);
        assert_eq!((parameter(third.sent()[0], "nonce"), parameter(third.sent()[0], "nc")), ("n9", "00000001"));
        let failure = third.transfer.failure().expect("the proof is wrong");
        assert!(matches!(failure.kind(), ErrorKind::Auth(_)), "{failure}");
    }

    #[test]
    fn t3_origin_behind_a_tunnel_cannot_change_the_proxys_nonce() {
        let asks = format!("HTTP/1.1 407 Proxy\r\nProxy-Authenticate: {ASKS}\r\nContent-Length: 0\r\n\r\n");
        let tells = "HTTP/1.1 200 OK\r\nProxy-Authentication-Info: nextnonce=\"evil\", rspauth=\"00\"\r\nContent-Length: 0\r\n\r\n";
        let first = run(through_proxy(true), &get("http://a.test/"), &[&asks, "HTTP/1.1 200 OK\r\n\r\n", tells]);
        assert_eq!(first.status(), 200, "the proof is not the proxy's");
        let next = run(first.session, &get("http://b.test/"), &["HTTP/1.1 200 OK\r\n\r\n", OK]);
        assert_eq!(parameter(field(&next.heads[0], "Proxy-Authorization"), "nonce"), "n1");
    }

    #[test]
    fn auth_int_needs_a_body_in_memory() {
        let asks = unauthorized("Digest realm=r, nonce=n, qop=auth-int");
        let stream = Request::new(Method::POST, "http://a.test/").data(stream(true));
        assert_eq!(run(digest(), &stream, &[&asks]).status(), 401);
        let post = Request::new(Method::POST, "http://a.test/").data("text");
        let sent = run(digest(), &post, &[&asks, OK]);
        assert_eq!((sent.status(), parameter(sent.sent()[1], "qop")), (200, "auth-int"));
    }

    #[test]
    fn digest_alone_never_sends_basic() {
        let run = run(digest(), &get("http://a.test/"), &[&unauthorized("Basic realm=r")]);
        assert_eq!((run.status(), run.heads.len()), (401, 1));
    }

    #[test]
    fn t74_uri_is_the_target_that_its_reader_gets() {
        let mut session = through_proxy(false);
        session.configure(|o| {
            o.auth(Auth::digest("user", "p").unwrap());
        });
        let asks =
            |status: u16, field: &str| format!("HTTP/1.1 {status} No\r\n{field}: {ASKS}\r\nContent-Length: 0\r\n\r\n");
        let answers = [&asks(407, "Proxy-Authenticate"), &asks(401, "WWW-Authenticate"), OK];
        let run = run(session, &get("http://a.test/x"), &answers);
        assert_eq!(run.status(), 200);
        assert_eq!(parameter(field(&run.heads[2], "Proxy-Authorization"), "uri"), "http://a.test/x");
        assert_eq!(parameter(field(&run.heads[2], "Authorization"), "uri"), "/x");
    }

    #[test]
    fn t3_digest_of_a_tunnel_is_for_connect() {
        let asks = format!("HTTP/1.1 407 Proxy\r\nProxy-Authenticate: {ASKS}\r\nContent-Length: 0\r\n\r\n");
        let first = run(through_proxy(true), &get("http://a.test/"), &[&asks, "HTTP/1.1 200 OK\r\n\r\n", OK]);
        let sent = field(&first.heads[1], "Proxy-Authorization");
        assert_eq!(parameter(sent, "uri"), "a.test:80");
        assert!(first.heads.iter().all(|head| field(head, "Authorization").is_none()));
    }
}
