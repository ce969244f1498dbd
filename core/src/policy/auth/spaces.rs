//! The protection spaces that a session knows (RFC 9110 §11.5): the paths for which a server asked
//! for credentials, and its nonce.
//!
//! A request in a known space sends its credentials at once. A space belongs to one pair of server
//! and credentials. It is never used for other credentials, or for a proxy with the same name. The
//! server's `domain` may narrow a space, but never extends it to another origin.

use std::collections::VecDeque;

use http::HeaderValue;
use url::Url;

#[cfg(feature = "digest")]
use super::digest::{Count, DigestChallenge};
use super::scheme::AuthRequest;
use super::{Auth, Kind, basic_token};
use crate::origin::Origin;
#[cfg(feature = "digest")]
use crate::origin::same_origin;
use crate::seed::Seed;

/// The maximum number of remembered spaces. Beyond it, the oldest is forgotten.
const MAX_SPACES: usize = 256;

/// The paths of a `domain` parameter together, in bytes. If they are longer, the space is the path
/// that was challenged.
#[cfg(feature = "digest")]
const MAX_DOMAIN_BYTES: usize = 16 * 1024;

/// The maximum number of URLs kept from a `domain` parameter.
#[cfg(feature = "digest")]
const MAX_DOMAIN: usize = 32;

/// The party that asks for credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Origin(Origin),
    /// The proxy at this URL.
    Proxy(Box<str>),
}

/// The challenge to answer, reduced to what this client supports.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    Basic,
    #[cfg(feature = "digest")]
    Digest(Box<DigestChallenge>),
}

/// The known protection spaces, oldest first.
#[derive(Debug)]
pub(crate) struct Spaces {
    spaces: VecDeque<Space>,
    /// The source of client nonces, and the number drawn from it.
    #[cfg(feature = "digest")]
    seed: Seed,
    #[cfg(feature = "digest")]
    drawn: u64,
}

#[derive(Debug)]
struct Space {
    party: Party,
    auth: Auth,
    /// The prefixes of the paths in the space.
    prefixes: Vec<Box<str>>,
    state: State,
}

#[derive(Debug)]
enum State {
    Basic(HeaderValue),
    #[cfg(feature = "digest")]
    Digest {
        challenge: Box<DigestChallenge>,
        cnonce: String,
        /// How many requests have used the nonce.
        nc: u32,
    },
}

/// Credentials for one request.
pub(super) struct SpaceAnswer {
    pub(super) value: HeaderValue,
    /// The `rspauth` that proves that the server knows the password (RFC 7616 §3.5). `None` if the
    /// server sends no proof, or if the proof depends on the response body.
    pub(super) rspauth: Option<String>,
}

impl Spaces {
    #[cfg_attr(not(feature = "digest"), expect(unused_variables, reason = "only Digest draws nonces"))]
    pub(in crate::policy) fn new(seed: Seed) -> Spaces {
        Spaces {
            spaces: VecDeque::new(),
            #[cfg(feature = "digest")]
            seed,
            #[cfg(feature = "digest")]
            drawn: 0,
        }
    }

    /// Records that `party` asked for these credentials at `url`.
    pub(super) fn remember(&mut self, party: Party, auth: &Auth, url: &Url, chosen: Chosen) {
        let (state, prefixes) = match (chosen, &*auth.0) {
            (Chosen::Basic, Kind::OnChallenge(login)) => {
                let text = format!("Basic {}", basic_token(&login.user, &login.password));
                let Ok(mut value) = HeaderValue::from_str(&text) else { return };
                value.set_sensitive(true);
                // RFC 7617 §2.2: all paths at or below the directory.
                let path = url.path();
                let directory = &path[..=path.rfind('/').unwrap_or_default()];
                (State::Basic(value), vec![directory.into()])
            }
            #[cfg(feature = "digest")]
            (Chosen::Digest(challenge), _) => {
                let prefixes = domain_prefixes(&challenge, url);
                let (cnonce, nc) = self.count_of(&party, auth, challenge.nonce());
                (State::Digest { challenge, cnonce, nc }, prefixes)
            }
            _ => return,
        };
        let prefixes = if matches!(party, Party::Proxy(_)) { vec!["".into()] } else { prefixes };
        self.spaces.retain(|known| known.party != party || known.auth != *auth || known.prefixes != prefixes);
        if self.spaces.len() == MAX_SPACES {
            self.spaces.pop_front();
        }
        self.spaces.push_back(Space { party, auth: auth.clone(), prefixes, state });
    }

    /// Returns the credentials for a request in a known space.
    pub(super) fn answer(&mut self, party: &Party, auth: &Auth, request: &AuthRequest<'_>) -> Option<SpaceAnswer> {
        match &mut self.find(party, auth, request.url)?.state {
            State::Basic(value) => Some(SpaceAnswer { value: value.clone(), rspauth: None }),
            #[cfg(feature = "digest")]
            State::Digest { challenge, cnonce, nc } => {
                let login = match &*auth.0 {
                    Kind::Digest(login) | Kind::OnChallenge(login) => login,
                    _ => return None,
                };
                // The nonce count has 32 bits; a nonce gets no answer once they are used up.
                *nc = nc.checked_add(1)?;
                let count = Count { cnonce, nc: *nc };
                challenge.answer(&login.user, &login.password, request, &count)
            }
        }
    }

    /// Replaces the nonce of a space with the next one that the server announced (RFC 7616 §3.5).
    #[cfg(feature = "digest")]
    pub(super) fn next_nonce(&mut self, party: &Party, auth: &Auth, url: &Url, nonce: &[u8]) {
        let count = self.count_of(party, auth, nonce);
        if let Some(Space { state: State::Digest { challenge, cnonce, nc }, .. }) = self.find(party, auth, url) {
            challenge.set_nonce(nonce);
            if challenge.nonce() == nonce {
                (*cnonce, *nc) = count;
            }
        }
    }

    /// Returns the client nonce and the counter of a nonce: those in use, if the server gave the
    /// nonce before, for example to another transfer.
    #[cfg(feature = "digest")]
    fn count_of(&mut self, party: &Party, auth: &Auth, nonce: &[u8]) -> (String, u32) {
        let known = self.spaces.iter().filter(|space| space.party == *party && space.auth == *auth);
        let counts = known.filter_map(|space| match &space.state {
            State::Digest { challenge, cnonce, nc } if challenge.nonce() == nonce => Some((cnonce.clone(), *nc)),
            _ => None,
        });
        let used = counts.max_by_key(|(_, nc)| *nc);
        used.unwrap_or_else(|| (self.draw(), 0))
    }

    /// Returns the most recent space that contains the URL.
    fn find(&mut self, party: &Party, auth: &Auth, url: &Url) -> Option<&mut Space> {
        let contains = |space: &Space| space.prefixes.iter().any(|prefix| url.path().starts_with(&**prefix));
        self.spaces.iter_mut().rev().find(|space| space.party == *party && space.auth == *auth && contains(space))
    }

    /// Draws a client nonce of 128 bits.
    #[cfg(feature = "digest")]
    fn draw(&mut self) -> String {
        self.drawn = self.drawn.wrapping_add(1);
        format!("{:032x}", self.seed.draw("cnonce", self.drawn))
    }
}

/// Returns the prefixes of the paths in a challenge's protection space (RFC 7616 §3.3). URLs of
/// other origins are ignored: credentials go only to origins that the caller requests.
#[cfg(feature = "digest")]
fn domain_prefixes(challenge: &DigestChallenge, url: &Url) -> Vec<Box<str>> {
    let whole_origin = || vec!["".into()];
    let Some(domain) = challenge.domain() else { return whole_origin() };
    let domain = std::str::from_utf8(domain).unwrap_or_default();
    let urls = domain.split_ascii_whitespace().take(MAX_DOMAIN).filter_map(|text| url.join(text).ok());
    let inside: Vec<Box<str>> = urls.filter(|other| same_origin(url, other)).map(|other| other.path().into()).collect();
    // The challenged URL always belongs to the space.
    let is_short = inside.iter().map(|prefix| prefix.len()).sum::<usize>() <= MAX_DOMAIN_BYTES;
    let contains = inside.iter().any(|prefix| url.path().starts_with(&**prefix));
    if is_short && contains { inside } else { vec![url.path().into()] }
}

#[cfg(test)]
#[path = "spaces_tests.rs"]
mod tests;
