//! Authentication (RFC 9110 §11): sends credentials with a hop, and answers challenges.
//!
//! Once the route of a hop is known, this policy checks whether the request is in a known
//! protection space. If so, it computes the credentials that depend on a challenge. After a 401, or
//! a 407 from the proxy, it records the strongest challenge that the caller's credentials can
//! answer. The request is then sent again. A second challenge for Basic or Digest is answered only
//! if the server calls the nonce stale; otherwise the first answer was wrong.
//!
//! A 407 counts only if it comes from a proxy that the hop uses. Answers for the proxy never go to
//! the origin.

use super::challenge::{self, Challenge};
use super::scheme::{AuthExchange, AuthRequest};
use super::spaces::{Chosen, Party, SpaceAnswer};
use super::{Auth, AuthFailure, Kind};
use crate::error::ErrorKind;
use crate::http1::ResponseHead;
use crate::origin::Origin;
use crate::policy::{Acquire, After, Again, Hop, HopRequest, Memory, Outcome, Routed, Trail, Verdict, Why};
use http::{HeaderValue, Method, StatusCode};

pub(in crate::policy) const AFTER: After =
    After { concerns: |_, has_credentials| has_credentials, needs_memory: has_info, decide: after };

/// The values of Authorization and Proxy-Authorization that depend on a challenge.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) proxy: Option<HeaderValue>,
}

/// The rounds of authentication in a hop and its repetitions.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    origin: Exchange,
    proxy: Exchange,
}

/// The exchange with an origin or a proxy.
#[derive(Default)]
struct Exchange {
    /// Who asks.
    party: Option<Party>,
    /// How many challenges were answered.
    answered: usize,
    /// The challenge to answer, until the next hop begins.
    chosen: Option<Chosen>,
    /// The `rspauth` that the server should send, if it sends one.
    rspauth: Option<String>,
    /// The exchange of the embedder's scheme, and its latest field.
    custom: Option<Box<dyn AuthExchange>>,
    field: Option<HeaderValue>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("answered", &self.answered).finish_non_exhaustive()
    }
}

/// The two exchanges of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Origin,
    Proxy,
}

impl Side {
    const BOTH: [Side; 2] = [Side::Origin, Side::Proxy];

    fn of(self, rounds: &mut Rounds) -> &mut Exchange {
        match self {
            Side::Origin => &mut rounds.origin,
            Side::Proxy => &mut rounds.proxy,
        }
    }

    /// Returns the credentials that wait for challenges. A field set by the caller replaces them.
    fn auth<'a>(self, hop: &Hop<'a>) -> Option<&'a Auth> {
        match self {
            Side::Origin => challenged(hop.auth).filter(|_| !hop.headers.contains("authorization")),
            Side::Proxy => challenged(hop.proxy.as_ref().and_then(|proxy| proxy.auth)),
        }
    }

    /// Whether the response to a hop comes from this side. Through a tunnel, the proxy sends none.
    fn answers(self, hop: &Hop<'_>) -> bool {
        self == Side::Origin || hop.is_forwarded()
    }

    fn challenge_field(self) -> &'static str {
        match self {
            Side::Origin => "www-authenticate",
            Side::Proxy => "proxy-authenticate",
        }
    }

    fn info_field(self) -> &'static str {
        match self {
            Side::Origin => "authentication-info",
            Side::Proxy => "proxy-authentication-info",
        }
    }

    fn party(self, hop: &Hop<'_>) -> Party {
        match (self, &hop.proxy) {
            (Side::Proxy, Some(proxy)) => Party::Proxy(proxy.url.as_str().into()),
            _ => Party::Origin(Origin::of(hop.url)),
        }
    }

    /// Calls `f` with the request that needs the credentials: CONNECT if a proxy opens a tunnel.
    fn with_request<R>(self, hop: &Hop<'_>, f: impl FnOnce(&AuthRequest<'_>) -> R) -> R {
        let for_proxy = self == Side::Proxy;
        let (method, target, body) = match hop.proxy.as_ref().and_then(|proxy| proxy.tunnel) {
            Some((host, port)) if for_proxy => (&Method::CONNECT, format!("{host}:{port}"), Some(&[][..])),
            // A forwarding proxy sends the request to the origin in origin-form.
            _ => (hop.method, hop.parts.target(for_proxy), hop.parts.body()),
        };
        f(&AuthRequest { method, url: hop.url, target: &target, body, for_proxy })
    }
}

/// Returns the credentials if they wait for a challenge; most do not.
#[inline]
fn challenged(auth: Option<&Auth>) -> Option<&Auth> {
    auth.filter(|auth| auth.header_value().is_none())
}

/// Whether any credentials of the hop wait for challenges.
#[inline]
fn is_challenged(hop: &Hop<'_>) -> bool {
    challenged(hop.auth).is_some() || challenged(hop.proxy.as_ref().and_then(|proxy| proxy.auth)).is_some()
}

/// Computes the credentials that depend on a challenge.
pub(crate) fn authenticate(routed: &mut Routed<'_>, memory: &mut Memory) {
    for side in Side::BOTH {
        if let Some(auth) = side.auth(&routed.hop) {
            answer(side, auth, routed, memory);
        }
    }
}

fn answer(side: Side, auth: &Auth, routed: &mut Routed<'_>, memory: &mut Memory) {
    let hop = &routed.hop;
    let exchange = side.of(&mut routed.trail.rare.get_or_insert_default().rounds);
    let party = side.party(hop);
    if exchange.party.as_ref() != Some(&party) {
        *exchange = Exchange { party: Some(party.clone()), ..Exchange::default() };
    }
    exchange.rspauth = None;
    let value = match &*auth.0 {
        Kind::Custom(scheme) => {
            if exchange.custom.is_none() {
                let custom = exchange.custom.insert(scheme.begin());
                exchange.field = side.with_request(hop, |request| custom.first(request));
            }
            exchange.field.clone()
        }
        _ => {
            if let Some(chosen) = exchange.chosen.take() {
                memory.spaces.remember(party.clone(), auth, hop.url, chosen);
            }
            let answer = side.with_request(hop, |request| memory.spaces.answer(&party, auth, request));
            let SpaceAnswer { value, rspauth } = match answer {
                Some(answer) => answer,
                None => return,
            };
            exchange.rspauth = rspauth;
            Some(value)
        }
    };
    let Some(mut value) = value else { return };
    value.set_sensitive(true);
    let answers = routed.answers.get_or_insert_default();
    match side {
        Side::Origin => answers.origin = Some(value),
        Side::Proxy => answers.proxy = Some(value),
    }
}

/// Whether a response may carry a proof or the next nonce.
fn has_info(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    let Outcome::Head(head) = outcome else { return false };
    is_challenged(hop) && Side::BOTH.iter().any(|side| side.answers(hop) && head.get(side.info_field()).is_some())
}

/// Answers a challenge, or reads the proof and the next nonce after an accepted request.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, memory: Option<&mut Memory>) -> Option<Verdict> {
    if !is_challenged(hop) {
        return None;
    }
    let (side, head) = match outcome {
        Outcome::Head(head) if head.status() == StatusCode::UNAUTHORIZED => (Side::Origin, *head),
        Outcome::Head(head) if hop.is_forwarded() && head.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            (Side::Proxy, *head)
        }
        Outcome::Head(head) => return accepted(hop, head, trail, memory),
        Outcome::ProxyRefused(refusal) if refusal.wants_authentication() => (Side::Proxy, &refusal.head),
        _ => return None,
    };
    let auth = side.auth(hop)?;
    let exchange = side.of(&mut trail.rare.get_or_insert_default().rounds);
    if !hop.can_send_again || exchange.answered >= hop.config.limits.auth_rounds {
        return None;
    }
    let fields = || head.get_all(side.challenge_field());
    let challenges = challenge::parse(fields());
    match &*auth.0 {
        Kind::Custom(_) => {
            let custom = exchange.custom.as_mut()?;
            exchange.field = Some(side.with_request(hop, |request| custom.answer(&challenges, request))?);
        }
        _ => {
            let has_body = hop.parts.body().is_some() || (side == Side::Proxy && !hop.is_forwarded());
            let chosen = choose(auth, &challenges, has_body)?;
            if matches!(chosen, Chosen::Basic) && challenge::may_hide(fields(), "digest") {
                return None;
            }
            if exchange.answered > 0 && !chosen.is_stale() {
                return None;
            }
            exchange.chosen = Some(chosen);
        }
    }
    exchange.answered += 1;
    let (request, why) = (HopRequest::Same, Why::Challenged);
    Some(Verdict::Again(Box::new(Again { request, why, not_before: None, connection: Acquire::Any })))
}

/// Returns the strongest challenge that the credentials can answer. Basic is never a fallback for
/// Digest.
fn choose(auth: &Auth, challenges: &[Challenge], has_body: bool) -> Option<Chosen> {
    #[cfg(not(feature = "digest"))]
    let _ = has_body;
    let offers = |scheme: &str| challenges.iter().any(|challenge| challenge.scheme() == scheme);
    let is_basic_allowed = matches!(&*auth.0, Kind::OnChallenge(_));
    if !offers("digest") {
        return (is_basic_allowed && offers("basic")).then_some(Chosen::Basic);
    }
    #[cfg(feature = "digest")]
    {
        let digests = challenges.iter().filter_map(super::digest::DigestChallenge::read);
        let usable = digests.filter(|digest| digest.fits(has_body));
        let best = usable.reduce(|best, next| if next.is_stronger_than(&best) { next } else { best })?;
        Some(Chosen::Digest(Box::new(best)))
    }
    #[cfg(not(feature = "digest"))]
    None
}

/// Checks the server's proof and records the next nonce (RFC 7616 §3.5).
fn accepted(hop: &Hop<'_>, head: &ResponseHead, trail: &mut Trail, mut memory: Option<&mut Memory>) -> Option<Verdict> {
    for side in Side::BOTH.into_iter().filter(|side| side.answers(hop)) {
        let (Some(auth), Some(field), Some(rare)) =
            (side.auth(hop), head.get(side.info_field()), trail.rare.as_deref_mut())
        else {
            continue;
        };
        let info = challenge::parameters(field);
        let parameter = |name: &str| info.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value);
        if let (Some(found), Some(expected)) = (parameter("rspauth"), &side.of(&mut rare.rounds).rspauth)
            && !found.eq_ignore_ascii_case(expected.as_bytes())
        {
            return Some(Verdict::Fail(ErrorKind::Auth(AuthFailure::ServerUnproven)));
        }
        #[cfg(feature = "digest")]
        if let (Some(nonce), Some(memory)) = (parameter("nextnonce"), memory.as_deref_mut()) {
            memory.spaces.next_nonce(&side.party(hop), auth, hop.url, nonce);
        }
        #[cfg(not(feature = "digest"))]
        let _ = (auth, &mut memory);
    }
    None
}

impl Chosen {
    /// Whether the server rejected only the nonce of the previous answer.
    fn is_stale(&self) -> bool {
        match self {
            Chosen::Basic => false,
            #[cfg(feature = "digest")]
            Chosen::Digest(digest) => digest.is_stale(),
        }
    }
}

#[cfg(test)]
#[path = "authenticate_tests.rs"]
mod tests;
