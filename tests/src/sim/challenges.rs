//! Servers that ask for credentials (RFC 9110 §11), and whether an answer is right: computed from
//! the RFCs, not by core's code.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use petition_core::policy::auth::Challenge;
use petition_core::policy::auth::challenge::parse;
use sha2::{Sha256, Sha512_256};

use super::answer::Answer;
use super::plan::pick;
use super::request_spec::{BodySpec, Credentials, RequestSpec};
use super::world::World;
use crate::rng::Rng;

/// What a server asks for before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Basic.
    Basic,
    /// Digest with this algorithm, this many times: all but the first say that the nonce is stale.
    Digest { algorithm: &'static str, qop: bool, times: usize },
}

const ALGORITHMS: [&str; 3] = ["MD5", "SHA-256", "SHA-512-256"];

impl Asks {
    /// Returns what a page asks of requests that can answer; `None` for half of the pages.
    pub(super) fn random(seed: u64, page: usize) -> Option<Asks> {
        let mut rng = Rng::new(seed ^ 0x6173_6b73 ^ (page as u64).wrapping_mul(0x9e37_79b9));
        match rng.below(6) {
            0 => Some(Asks::Basic),
            1 | 2 => {
                let (algorithm, qop) = (*pick(&mut rng, &ALGORITHMS), !rng.one_in(4));
                Some(Asks::Digest { algorithm, qop, times: 1 + rng.below(2) })
            }
            _ => None,
        }
    }

    /// Whether the server asks now; `asked` says how often it has.
    fn asks(self, asked: usize, authorized: bool) -> bool {
        match self {
            Asks::Basic => !authorized,
            Asks::Digest { times, .. } => asked < times,
        }
    }

    fn field(self, page: usize, asked: usize, authorized: bool) -> String {
        match self {
            Asks::Basic => "Basic realm=\"sim\"".into(),
            Asks::Digest { algorithm, qop, .. } => {
                let stale = if authorized { ", stale=TRUE" } else { "" };
                let qop = if qop { ", qop=\"x, auth\"" } else { "" };
                // Weaker offers come first.
                format!(
                    "Basic realm=\"sim\", Digest realm=\"weak\", nonce=\"w\", algorithm=MD4, \
                     Digest realm=\"si\\\"m\", nonce=\"n{page}x{asked}\", algorithm={algorithm}{qop}, opaque=\"o{page}\"{stale}"
                )
            }
        }
    }
}

/// Gives a request credentials that wait for a challenge. From a generator of its own, so that it
/// changes no other choice.
pub(super) fn choose(seed: u64, number: usize, spec: &mut RequestSpec) {
    let mut rng = Rng::new(seed ^ 0x6c6f_6769 ^ (number as u64).wrapping_mul(0x9e37_79b9));
    let once = matches!(spec.payload, BodySpec::Stream { rewindable: false, .. });
    if rng.one_in(4) && !once {
        spec.credentials = Some(Credentials::OnChallenge("us".into(), format!("cnrd{number}")));
    }
}

/// Lets the server of a page ask for credentials. `has_login` tells whether the request can answer;
/// if it cannot, the last response of a chain may ask in vain.
pub(super) fn add(seed: u64, page: usize, answer: &mut Answer, has_login: bool, last: bool) {
    if answer.hostile.is_some() || answer.cut.is_some() || answer.early {
        return;
    }
    match has_login {
        true => answer.asks = Asks::random(seed, page),
        false if last && page.is_multiple_of(5) => answer.tempt(if page.is_multiple_of(2) { 401 } else { 407 }),
        false => {}
    }
}

/// Returns a final response that asks for credentials.
pub(super) fn refusal(asks: Asks, page: usize, asked: usize, authorized: bool) -> Vec<u8> {
    let field = asks.field(page, asked, authorized);
    format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {field}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// Checks a Digest answer to one of the servers' challenges. Returns the page that asked and the
/// counter.
fn digest(sent: &Challenge, asks: Asks, method: &str, target: &str, login: (&str, &str)) -> Result<u32, String> {
    let Asks::Digest { algorithm, qop, .. } = asks else { return Err("Digest, and Basic was asked for".into()) };
    let value = |name: &str| String::from_utf8_lossy(sent.parameter(name).unwrap_or_default()).into_owned();
    let hash = |text: String| match algorithm {
        "MD5" => hex(&Md5::digest(text)),
        "SHA-256" => hex(&Sha256::digest(text)),
        _ => hex(&Sha512_256::digest(text)),
    };
    let (a1, a2) = (hash(format!("{}:si\"m:{}", login.0, login.1)), hash(format!("{method}:{target}")));
    let nonce = value("nonce");
    let expected = match qop {
        true => hash(format!("{a1}:{nonce}:{}:{}:auth:{a2}", value("nc"), value("cnonce"))),
        false => hash(format!("{a1}:{nonce}:{a2}")),
    };
    let fixed = [("username", login.0), ("realm", "si\"m"), ("uri", target), ("algorithm", algorithm)];
    if let Some((name, expected)) = fixed.iter().find(|(name, expected)| value(name) != *expected) {
        return Err(format!("expected {name} to be {expected:?}, found {:?}", value(name)));
    }
    if value("response") != expected {
        return Err(format!("expected the response {expected}, found {:?}", value("response")));
    }
    match qop {
        true if value("nc").len() == 8 && value("cnonce").len() >= 16 && value("qop") == "auth" => {
            u32::from_str_radix(&value("nc"), 16).map_err(|error| error.to_string())
        }
        true => Err("expected qop, nc of eight digits and a client nonce of 64 bits".into()),
        false => Ok(1),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl World {
    /// Checks the Authorization field of a request for a page: an answer to a challenge that its
    /// origin sent to this request.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn judge_answer(
        &mut self,
        page: usize,
        method: &str,
        value: &str,
        login: (&str, &str),
    ) -> Result<(), String> {
        let (request, origin, target) = {
            let page = &self.plan.pages[page];
            (page.request, page.origin, page.target.clone())
        };
        let asked = |world: &World, asker: usize| {
            let page = &world.plan.pages[asker];
            page.request == request && page.origin == origin && world.challenges_read(asker) > 0
        };
        if value == format!("Basic {}", STANDARD.encode(format!("{}:{}", login.0, login.1))) {
            let basic = (0..self.plan.pages.len())
                .any(|asker| asked(self, asker) && self.plan.pages[asker].answer.asks == Some(Asks::Basic));
            return if basic { Ok(()) } else { Err("Basic, and this origin asked for none".into()) };
        }
        let sent = parse([value.as_bytes()]).into_iter().next().ok_or("no credentials")?;
        let nonce = String::from_utf8_lossy(sent.parameter("nonce").unwrap_or_default()).into_owned();
        let asker = nonce.strip_prefix('n').and_then(|rest| rest.split_once('x')?.0.parse::<usize>().ok());
        let asker =
            asker.filter(|asker| *asker < self.plan.pages.len()).ok_or(format!("nobody sent the nonce {nonce}"))?;
        if !asked(self, asker) {
            return Err(format!("the nonce {nonce} was sent to another request, or by another origin"));
        }
        let opaque = sent.parameter("opaque").unwrap_or_default();
        if opaque != format!("o{asker}").as_bytes() {
            return Err("the opaque text is not that of the challenge".into());
        }
        let asks = self.plan.pages[asker].answer.asks.ok_or("it did not ask")?;
        let nc = digest(&sent, asks, method, &target, login)?;
        let last = self.nonces.insert(nonce.clone(), nc).unwrap_or_default();
        // A challenge without `qop` has no counter.
        if nc <= last && matches!(asks, Asks::Digest { qop: true, .. }) {
            return Err(format!("the counter of {nonce} goes from {last} to {nc}"));
        }
        Ok(())
    }

    /// Returns how many challenges for this page the client has read.
    pub(super) fn challenges_read(&self, page: usize) -> usize {
        let challenges = &self.pages[page].challenges;
        challenges.iter().filter(|(socket, end)| self.wires[*socket as usize - 1].read >= *end).count()
    }

    /// Asks for credentials instead of answering, if the page does. Returns whether it asked.
    pub(super) fn ask(&mut self, socket: u32, page: usize, authorized: bool, close: bool) -> bool {
        let asked = self.pages[page].challenges.len();
        let Some(asks) = self.plan.pages[page].answer.asks.filter(|asks| asks.asks(asked, authorized)) else {
            return false;
        };
        let now = self.clock.now;
        let wire = self.wire(socket);
        wire.next += 1;
        (wire.reusable, wire.lasts, wire.continued) = (!close, None, true);
        let times = wire.say(now, &refusal(asks, page, asked, authorized));
        let end = wire.generated;
        self.pages[page].challenges.push((socket, end));
        self.arrivals(socket, times);
        true
    }
}
