//! A scenario as plain data: the requests, the servers' answers, and the conditions of the world.
//! It follows from a seed alone; a request can be left out without changing the others.

use std::time::Duration;

use petition_core::route::pool::PoolLimits;

use super::answer::Answer;
use super::challenges;
use super::destinations;
use super::expected::{self, Expected};
use super::hostile;
use super::hsts;
use super::origins::{ORIGINS, Origin, PLAIN};
use super::request_spec::{BodySpec, Credentials, ProxySpec, RequestSpec};
use super::socks::SCHEMES;
use crate::memory::{ms, secs};
use crate::rng::Rng;

/// The kinds of scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// HTTP without TLS or proxies.
    Plain,
    /// Also through proxies, forwarding and tunnelling.
    Proxies,
    /// Also https, by rustls in memory.
    Tls,
}

/// What a caller does besides sending the request.
#[derive(Clone, Debug, Default)]
pub(super) struct CallerPlan {
    /// Cancels after this time.
    pub(super) cancel: Option<Duration>,
    /// Stops reading for this time after this many bytes.
    pub(super) pause: Option<(usize, Duration)>,
    /// Discards the rest after this many bytes.
    pub(super) discard: Option<usize>,
    /// The request body stream pauses for this time after this many bytes.
    pub(super) hesitate: Option<(usize, Duration)>,
    /// The request body stream pauses until the server has received all its bytes.
    pub(super) lockstep: bool,
    /// The most bytes that the request body stream gives at once.
    pub(super) piece: Option<usize>,
}

/// One request and its expected outcome.
#[derive(Clone, Debug)]
pub(super) struct PlannedRequest {
    /// Its number in the plan.
    pub(super) number: usize,
    /// Its start time; in a serial plan, the delay after the end of the previous one.
    pub(super) at: Duration,
    /// The request.
    pub(super) spec: RequestSpec,
    /// The bytes of its body, if it has one.
    pub(super) body: Vec<u8>,
    /// What the caller does.
    pub(super) caller: CallerPlan,
    /// The page numbers of the hops.
    pub(super) pages: Vec<usize>,
    /// Whether its URL is upgraded to https before anything is sent.
    pub(super) upgraded: bool,
    /// The expected outcome.
    pub(super) intended: ExpectedOutcome,
}

/// The outcome of a request if no fault interferes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExpectedOutcome {
    /// The response of this hop is delivered.
    Delivered(usize),
    /// It fails at this hop; the error contains this text.
    Fails(usize, &'static str),
}

/// One resource of one server, for one hop of one request.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// The number of its request.
    pub(super) request: usize,
    /// Its origin, an index into [`ORIGINS`].
    pub(super) origin: usize,
    /// Path and query.
    pub(super) target: String,
    /// The answer.
    pub(super) answer: Answer,
    /// The expected request.
    pub(super) expected: Expected,
}

/// How the world behaves.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// Connections may fail, servers may close them when idle, names may be unknown.
    pub(super) faulty: bool,
    /// One request after the other.
    pub(super) serial: bool,
    /// The most bytes of one read or write, if they are split at all.
    pub(super) cut: Option<usize>,
    /// How seldom events happen that should not matter: once in this many times, 0 for never.
    pub(super) noise: usize,
    /// Latency of a connection.
    pub(super) latency: Duration,
    /// Bytes a second; 0 for no limit.
    pub(super) bandwidth: u64,
    /// Steps of the wall clock.
    pub(super) clock: Vec<(Duration, i64)>,
    /// The embedder sometimes sleeps, and misses deadlines.
    pub(super) sleepy: bool,
    /// The seed for random choices during the run.
    pub(super) seed: u64,
}

/// A scenario.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The seed.
    pub(super) seed: u64,
    /// The kind of scenario.
    pub(super) mix: Mix,
    /// The requests, in the order of their numbers; some may be left out.
    pub(super) requests: Vec<PlannedRequest>,
    /// All pages.
    pub(super) pages: Vec<Page>,
    /// The pool's limits.
    pub(super) limits: PoolLimits,
    /// Transfers are driven by hand, without an engine.
    pub(super) by_hand: bool,
    /// The embedder reports complete polls.
    pub(super) looks: bool,
    /// The session's own fields.
    pub(super) session_fields: Vec<(String, String, bool)>,
    /// The origin of the session's base URL, if any. The session's secrets are sent only there.
    pub(super) base: Option<usize>,
    /// The hosts that have asked for https.
    pub(super) hsts: &'static [&'static str],
    /// How the world behaves.
    pub(super) conditions: Conditions,
}

impl Plan {
    /// Returns the plan of a seed.
    pub(super) fn of(seed: u64, mix: Mix) -> Plan {
        let mut rng = Rng::new(seed ^ 0x51_6d75_6c61_7465);
        let conditions = conditions(&mut rng, mix);
        let mut limits = PoolLimits::default();
        if rng.one_in(4) {
            limits.open_total = Some(1 + rng.below(4));
        }
        if rng.one_in(4) {
            limits.open_per_key = Some(1 + rng.below(3));
        }
        if rng.one_in(6) {
            limits.idle_total = rng.below(3);
        }
        let by_hand = Rng::new(seed ^ 0x6861_6e64).one_in(4);
        if by_hand {
            // Only an engine limits connections.
            (limits.open_total, limits.open_per_key) = (None, None);
        }
        let looks = !by_hand && Rng::new(seed ^ 0x6c6f_6f6b).one_in(2);
        let mut session_fields = Vec::new();
        if rng.one_in(3) {
            session_fields.push(("X-Session".into(), format!("s{seed}"), false));
        }
        if rng.one_in(4) {
            session_fields.push(("X-Tenant".into(), "plain".into(), false));
        }
        let mut own = Rng::new(seed ^ 0x6261_7365);
        let base = own.one_in(2).then(|| *pick(&mut own, origins(mix)));
        if own.one_in(2) {
            session_fields.push(("X-Session-Key".into(), "cnrz".into(), true));
        }
        let mut plan = Plan {
            seed,
            mix,
            requests: Vec::new(),
            pages: Vec::new(),
            limits,
            by_hand,
            looks,
            session_fields,
            base,
            hsts: hsts::random(seed, mix),
            conditions,
        };
        let most = if rng.one_in(4) { 24 } else { 9 };
        let count = 1 + rng.below(most);
        for number in 0..count {
            // Each has its own seed, so that one can be left out.
            let mut own = Rng::new(seed.rotate_left(17) ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9));
            plan.add_ask(number, &mut own);
        }
        plan
    }

    /// Returns the plan with only these requests.
    pub(super) fn only(mut self, numbers: &[usize]) -> Plan {
        self.requests.retain(|planned| numbers.contains(&planned.number));
        self
    }

    fn add_ask(&mut self, number: usize, rng: &mut Rng) {
        let at = match rng.below(5) {
            0 | 1 => Duration::ZERO,
            2 => ms(rng.next_u64() % 20),
            3 => ms(rng.next_u64() % 4_000),
            _ => ms(rng.next_u64() % 40_000),
        };
        let method =
            *pick(rng, &["GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);
        let mut spec = RequestSpec { method: method.into(), ..RequestSpec::default() };
        let mut body = payload(rng, number, &mut spec);
        // Byte by byte, a short body is enough.
        let most = if self.conditions.cut.is_some_and(|cut| cut < 100) { 600 } else { usize::MAX };
        if body.len() > most {
            body.truncate(most);
            match &mut spec.payload {
                BodySpec::Memory(bytes) => bytes.truncate(most),
                BodySpec::Stream { length: Some(length), .. } => *length = most as u64,
                _ => {}
            }
        }
        decorate(rng, number, &mut spec, !body.is_empty());
        if self.mix == Mix::Proxies && !rng.one_in(3) {
            let credentials = rng.one_in(2).then(|| Credentials::Basic("us".into(), format!("cnrp{}", rng.below(2))));
            spec.via = Some(ProxySpec { url: "http://proxy.test:3128".into(), credentials, tunnel: rng.one_in(2) });
        }
        let mut socks = Rng::new(self.seed ^ 0x0073_6f63_6b73 ^ (number as u64).wrapping_mul(0x9e37_79b9));
        if let Some(via) = spec.via.as_mut().filter(|_| socks.one_in(3)) {
            let scheme = *pick(&mut socks, &SCHEMES);
            via.url = format!("{scheme}://proxy.test:1080");
            via.tunnel = true;
            // SOCKS4 has no password.
            via.credentials = via.credentials.take().filter(|_| scheme.starts_with("socks5"));
        }
        challenges::choose(self.seed, number, &mut spec);
        let origins = origins(self.mix);
        let first = *pick(rng, origins);
        // From a generator of its own, so that it changes no other choice.
        let mut own = Rng::new(self.seed ^ 0x6e6f_6873 ^ (number as u64).wrapping_mul(0x9e37_79b9));
        let hosts: &[&str] = if own.one_in(6) { &[] } else { self.hsts };
        spec.no_hsts = hosts.len() < self.hsts.len();
        let reached = |origin: usize| hsts::upgraded(hosts, origin);
        destinations::choose(self.seed, number, &mut spec, reached(first), origins);
        let mut pages = Vec::new();
        let hops = match rng.below(8) {
            0 => 2,
            1 => 2 + rng.below(3),
            _ => 1,
        };
        let bound = self.base.is_some_and(|base| base != first);
        let mut request = expected::Chain::new(&spec, &self.session_fields, bound);
        let mut origin = reached(first);
        let mut dir = *pick(rng, &DIRS);
        let mut intended = None;
        let target_of = |rng: &mut Rng, dir: &str, page: usize| {
            let query = if rng.one_in(3) { format!("?q=cnrq{number}&n={page}") } else { String::new() };
            format!("{dir}p{page}{query}")
        };
        let mut target = target_of(rng, dir, self.pages.len());
        for hop in 0..hops {
            let page = self.pages.len();
            if hop == 0 {
                let fragment = if rng.one_in(12) { "#part" } else { "" };
                let origin = match self.base {
                    // Relative: a path, or the name of a host, possibly another one.
                    Some(base) if base == first && number.is_multiple_of(3) => String::new(),
                    Some(base) if ORIGINS[base].secure == ORIGINS[first].secure && number.is_multiple_of(2) => {
                        format!("//{}", ORIGINS[first].authority())
                    }
                    _ => ORIGINS[first].url(),
                };
                spec.url = format!("{origin}{target}{fragment}");
            }
            let here = expected::of(&request, &ORIGINS[origin], &target, &spec);
            let last = hop + 1 == hops;
            let mut answer = Answer::random(rng, page, &ORIGINS[origin], dir, self.conditions.faulty);
            answer.hsts = hsts::fields(self.seed, page, self.hsts, &ORIGINS[origin]);
            answer.length = answer.length.min(most);
            if matches!(spec.payload, BodySpec::Stream { rewindable: false, .. }) {
                // The caller would get the refusal.
                answer.at_expect %= 2;
            }
            let mut next = None;
            if !last {
                let status = *pick(rng, &[301, 302, 303, 307, 308]);
                let to = if rng.one_in(2) { origin } else { *pick(rng, origins) };
                let to_dir = *pick(rng, &DIRS);
                let to_target = target_of(rng, to_dir, page + 1);
                answer.redirect(rng, status, (&ORIGINS[origin], dir), (&ORIGINS[to], to_dir), &to_target);
                next = Some((status, reached(to), to_dir, to_target));
            } else if rng.one_in(14) && spec.redirects != Some(0) {
                // A redirect whose body cannot be repeated is delivered, whatever else is wrong
                // with it.
                let once = matches!(spec.payload, BodySpec::Stream { rewindable: false, .. });
                answer.hostile = Some(rng.below(if once { hostile::FIRST_REDIRECT } else { hostile::COUNT }));
            } else if rng.one_in(30) && self.conditions.faulty {
                answer.cut = Some(rng.below(1000));
                (answer.extra, answer.late) = (false, None);
            }
            if here.body && rng.one_in(10) && answer.hostile.is_none() {
                answer.early = true;
            }
            challenges::add(self.seed, page, &mut answer, here.login.is_some(), last);
            pages.push(page);
            let leads = next.as_ref().map(|next| (next.0, &ORIGINS[origin], &ORIGINS[next.1]));
            intended = self.intended(&spec, hop, &answer, leads, &request);
            let broken = answer.hostile.is_some();
            self.pages.push(Page { request: number, origin, target, answer, expected: here });
            let Some((status, to, to_dir, to_target)) = next else { break };
            if intended.is_some() || broken {
                break;
            }
            request.follow(status, &ORIGINS[origin], &ORIGINS[to]);
            (origin, dir, target) = (to, to_dir, to_target);
        }
        let intended = intended.unwrap_or(ExpectedOutcome::Delivered(pages.len() - 1));
        let mut caller = CallerPlan::default();
        match rng.below(16) {
            0 => caller.cancel = Some(ms(rng.next_u64() % 400)),
            1 => caller.pause = Some((rng.below(3000), ms(rng.next_u64() % 50_000))),
            2 => caller.discard = Some(rng.below(500)),
            3 => spec.timeout = Some(ms(1 + rng.next_u64() % 3_000)),
            4 => caller.hesitate = Some((rng.below(body.len() + 1), ms(rng.next_u64() % 5_000))),
            _ => {}
        }
        if matches!(spec.payload, BodySpec::Stream { .. }) {
            caller.lockstep = rng.one_in(3);
            if body.len() < 1_000 || rng.one_in(3) {
                caller.piece = rng.one_in(2).then(|| *pick(rng, &[1, 100, 2_000]));
            }
            if body.len() > 20_000 {
                caller.piece = caller.piece.map(|piece| piece.max(2_000));
            }
        }
        self.requests.push(PlannedRequest {
            number,
            at,
            spec,
            body,
            caller,
            pages,
            upgraded: reached(first) != first,
            intended,
        });
    }

    /// Returns the outcome of the request at this hop, if it ends there.
    fn intended(
        &self,
        spec: &RequestSpec,
        hop: usize,
        answer: &Answer,
        redirect: Option<(u16, &Origin, &Origin)>,
        request: &expected::Chain,
    ) -> Option<ExpectedOutcome> {
        if let Some(hostile) = answer.hostile {
            return Some(match hostile::intended(hostile, &request.method) {
                Some(words) => ExpectedOutcome::Fails(hop, words),
                None => ExpectedOutcome::Delivered(hop),
            });
        }
        let Some((status, from, to)) = redirect else { return Some(ExpectedOutcome::Delivered(hop)) };
        match spec.redirects {
            Some(0) => return Some(ExpectedOutcome::Delivered(hop)),
            Some(most) if hop as u32 >= most => return Some(ExpectedOutcome::Fails(hop, "redirect")),
            _ => {}
        }
        if !request.keeps_body(status) {
            return None;
        }
        if spec.body_stays && from != to {
            return Some(ExpectedOutcome::Fails(hop, "body to another origin"));
        }
        if from.secure && !to.secure {
            return Some(ExpectedOutcome::Fails(hop, "body from https to plain http"));
        }
        let once = matches!(spec.payload, BodySpec::Stream { rewindable: false, .. });
        once.then_some(ExpectedOutcome::Delivered(hop))
    }
}

const DIRS: [&str; 4] = ["/", "/d1/", "/d1/d2/", "/d3/"];

pub(super) fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.below(from.len())]
}

fn origins(mix: Mix) -> &'static [usize] {
    match mix {
        Mix::Plain | Mix::Proxies => &PLAIN,
        Mix::Tls => &[0, 1, 2, 5, 5, 6, 6],
    }
}

fn conditions(rng: &mut Rng, mix: Mix) -> Conditions {
    let faulty = rng.one_in(2);
    let mut clock = Vec::new();
    if rng.one_in(8) {
        clock.push((ms(rng.next_u64() % 30_000), (rng.next_u64() % 7_200) as i64 - 3_600));
    }
    // The lengths of TLS messages do not follow from the seed: nothing may depend on them.
    let tls = mix == Mix::Tls;
    Conditions {
        faulty,
        serial: rng.one_in(3),
        cut: (!tls && rng.one_in(3)).then(|| *pick(rng, &[1, 7, 100, 100, 1400, 1400, 5000, 5000])),
        noise: if !tls && rng.one_in(3) { 3 + rng.below(12) } else { 0 },
        latency: *pick(rng, &[Duration::ZERO, ms(1), ms(20), ms(150)]),
        bandwidth: if tls { 0 } else { *pick(rng, &[0, 0, 2_000_000, 100_000]) },
        clock,
        sleepy: !tls && rng.one_in(6),
        seed: rng.next_u64(),
    }
}

/// Returns body bytes that no other request sends.
pub(super) fn pattern(kind: char, number: usize, length: usize) -> Vec<u8> {
    let unit = format!("<{kind}{number}>");
    let mut bytes = unit.repeat(length.div_ceil(unit.len())).into_bytes();
    bytes.truncate(length);
    for (n, at) in (61..length).step_by(64).enumerate() {
        bytes[at] = b'a' + (n % 23) as u8;
    }
    bytes
}

fn payload(rng: &mut Rng, number: usize, spec: &mut RequestSpec) -> Vec<u8> {
    let always = matches!(spec.method.as_str(), "POST" | "PUT" | "PATCH");
    if !(always && !rng.one_in(8) || spec.method == "DELETE" && rng.one_in(4)) {
        return Vec::new();
    }
    let length = match rng.below(10) {
        0 => 1,
        1 => 15_000 + rng.below(4_000),
        2 if rng.one_in(6) => 120_000 + rng.below(60_000),
        2 => 60_000 + rng.below(20_000),
        _ => 1 + rng.below(600),
    };
    let body = pattern('b', number, length);
    spec.payload = match rng.below(4) {
        0 => BodySpec::Stream { length: Some(length as u64), rewindable: rng.one_in(2) },
        1 => BodySpec::Stream { length: None, rewindable: rng.one_in(2) },
        _ => BodySpec::Memory(body.clone()),
    };
    body
}

/// Fields, credentials, options. Every secret begins with `cnr`.
fn decorate(rng: &mut Rng, number: usize, spec: &mut RequestSpec, has_body: bool) {
    let mut field = |name: &str, value: String, sensitive| spec.fields.push((name.into(), value, sensitive));
    if rng.one_in(4) {
        field("X-Plain", format!("v{number}"), false);
    }
    if rng.one_in(6) {
        field("X-Api-Key", format!("cnrk{number}"), false);
    }
    if rng.one_in(6) {
        field("X-Own-Secret", format!("cnrs{number}"), true);
    }
    if rng.one_in(12) {
        field("Cookie", format!("mine=cnrc{number}"), false);
    }
    if has_body && rng.one_in(3) {
        field("Content-Type", "text/x-sim".into(), false);
    }
    match rng.below(6) {
        0 => spec.credentials = Some(Credentials::Basic("us".into(), format!("cnrb{number}"))),
        1 => spec.credentials = Some(Credentials::Bearer(format!("cnrt{number}"))),
        _ => {}
    }
    if rng.one_in(8) {
        spec.cookies.push((format!("own{}", number % 3), format!("cnro{number}")));
    }
    if rng.one_in(14) {
        spec.redirects = Some(rng.below(3) as u32);
    }
    spec.body_stays = has_body && number % 3 == 1;
    spec.close = rng.one_in(12);
    spec.no_cookies = rng.one_in(20);
    spec.idempotent = rng.one_in(20);
    spec.expect = has_body && rng.one_in(8);
    spec.http10 = rng.one_in(40) && !spec.expect && !matches!(spec.payload, BodySpec::Stream { length: None, .. });
}

/// The longest time that a server without faults takes.
pub(super) const LONGEST_THOUGHT: Duration = secs(2);
