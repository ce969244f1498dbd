//! Digest (RFC 7616; RFC 2617 for servers without `qop`): the parameters of a challenge, and the
//! credentials that answer it.
//!
//! The password is never sent, only a hash that proves knowledge of it. Random numbers and counters
//! are arguments.

use std::fmt;

use http::HeaderValue;
use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};

use super::challenge::Challenge;
use super::scheme::AuthRequest;
use super::spaces::SpaceAnswer;

/// The maximum total size of a challenge's parameters, in bytes. A longer one is not answered.
const MAX_CHALLENGE_BYTES: usize = 4096;

/// A hash algorithm, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512Trunc256,
}

/// The quality of protection (`qop`) that the client chose from those offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    /// None was offered (RFC 2069): there is neither a client nonce nor a counter.
    Legacy,
    /// `auth`: covers the method and request target.
    Auth,
    /// `auth-int`: also covers the body.
    AuthInt,
}

/// A challenge that this client can answer.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct DigestChallenge {
    algorithm: Algorithm,
    /// Whether the hash of the password contains the nonces (`-sess`).
    session: bool,
    /// The name of the algorithm as the server wrote it; `None` if it named none.
    algorithm_name: Option<Vec<u8>>,
    offers_auth: bool,
    offers_auth_int: bool,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    hides_user: bool,
    is_utf8: bool,
    domain: Option<Vec<u8>>,
    stale: bool,
}

/// The client nonce and the nonce count.
pub(super) struct Count<'a> {
    pub(super) cnonce: &'a str,
    /// How many requests have used the server's nonce, including this one.
    pub(super) nc: u32,
}

impl DigestChallenge {
    /// Reads the parameters of a challenge. Returns `None` if this client cannot answer it: a
    /// required parameter is missing, or the algorithm or every `qop` is unknown.
    pub(super) fn read(challenge: &Challenge) -> Option<DigestChallenge> {
        if challenge.scheme() != "digest" || challenge.parameter_bytes() > MAX_CHALLENGE_BYTES {
            return None;
        }
        let algorithm_name = challenge.parameter("algorithm").map(<[u8]>::to_vec);
        let (algorithm, session) = algorithm(algorithm_name.as_deref().unwrap_or(b"MD5"))?;
        let is =
            |name, value: &str| challenge.parameter(name).is_some_and(|v| v.eq_ignore_ascii_case(value.as_bytes()));
        let (mut offers_auth, mut offers_auth_int) = (false, false);
        if let Some(qop) = challenge.parameter("qop") {
            for token in qop.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                offers_auth |= token.eq_ignore_ascii_case(b"auth");
                offers_auth_int |= token.eq_ignore_ascii_case(b"auth-int");
            }
            if !offers_auth && !offers_auth_int {
                return None;
            }
        }
        Some(DigestChallenge {
            algorithm,
            session,
            algorithm_name,
            offers_auth,
            offers_auth_int,
            realm: challenge.parameter("realm")?.to_vec(),
            nonce: challenge.parameter("nonce")?.to_vec(),
            opaque: challenge.parameter("opaque").map(<[u8]>::to_vec),
            hides_user: is("userhash", "true"),
            is_utf8: is("charset", "UTF-8"),
            domain: challenge.parameter("domain").map(<[u8]>::to_vec),
            stale: is("stale", "true"),
        })
    }

    /// Whether only the nonce was wrong, and the server knows the credentials.
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether it can be answered, given whether the request's body is in memory.
    pub(super) fn fits(&self, has_body: bool) -> bool {
        has_body || self.offers_auth || !self.offers_auth_int
    }

    /// Returns the URLs of the protection space (RFC 7616 §3.3); `None` if it is the whole origin.
    pub(super) fn domain(&self) -> Option<&[u8]> {
        self.domain.as_deref().filter(|domain| !domain.trim_ascii().is_empty())
    }

    /// Whether this challenge is preferred to `other`.
    pub(super) fn is_stronger_than(&self, other: &DigestChallenge) -> bool {
        let strength = |challenge: &DigestChallenge| {
            (challenge.algorithm, challenge.offers_auth || challenge.offers_auth_int, challenge.session)
        };
        strength(self) > strength(other)
    }

    pub(super) fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// Replaces the nonce with the next one that the server announced, unless it is empty or too long.
    pub(super) fn set_nonce(&mut self, nonce: &[u8]) {
        if !nonce.is_empty() && nonce.len() <= MAX_CHALLENGE_BYTES {
            self.nonce = nonce.to_vec();
        }
    }

    /// Returns the credentials for a request. Returns `None` if the server demands protection of a
    /// body that is not in memory, or if a parameter cannot be sent back.
    pub(super) fn answer(
        &self,
        user: &str,
        password: &str,
        request: &AuthRequest<'_>,
        count: &Count<'_>,
    ) -> Option<SpaceAnswer> {
        let protection = match (self.offers_auth, self.offers_auth_int, request.body) {
            (true, ..) => Protection::Auth,
            (false, true, Some(_)) => Protection::AuthInt,
            (false, true, None) => return None,
            (false, false, _) => Protection::Legacy,
        };
        let qop = match protection {
            Protection::Legacy => "",
            Protection::Auth => "auth",
            Protection::AuthInt => "auth-int",
        };
        let nc = format!("{:08x}", count.nc);
        let mut a1 = self.hash(&[user.as_bytes(), &self.realm, password.as_bytes()]);
        if self.session {
            a1 = self.hash(&[a1.as_bytes(), &self.nonce, count.cnonce.as_bytes()]);
        }
        let response = |method: &str, body: Option<&[u8]>| {
            let (method, target) = (method.as_bytes(), request.target.as_bytes());
            let a2 = match body {
                Some(body) => self.hash(&[method, target, self.hash(&[body]).as_bytes()]),
                None => self.hash(&[method, target]),
            };
            match protection {
                Protection::Legacy => self.hash(&[a1.as_bytes(), &self.nonce, a2.as_bytes()]),
                _ => {
                    let parts = [&self.nonce, nc.as_bytes(), count.cnonce.as_bytes(), qop.as_bytes(), a2.as_bytes()];
                    let [nonce, nc, cnonce, qop, a2] = parts;
                    self.hash(&[a1.as_bytes(), nonce, nc, cnonce, qop, a2])
                }
            }
        };
        let body = request.body.filter(|_| protection == Protection::AuthInt);
        let mut field = Field(b"Digest ".to_vec());
        self.write_user(&mut field, user);
        field.quoted("realm", &self.realm);
        field.quoted("nonce", &self.nonce);
        field.quoted("uri", request.target.as_bytes());
        if protection != Protection::Legacy {
            field.quoted("cnonce", count.cnonce.as_bytes());
            field.plain("nc", nc.as_bytes());
            field.plain("qop", qop.as_bytes());
        } else if self.session {
            // The hash contains the client nonce, although RFC 2617 defines it only with `qop`.
            field.quoted("cnonce", count.cnonce.as_bytes());
        }
        field.quoted("response", response(request.method.as_str(), body).as_bytes());
        if let Some(opaque) = &self.opaque {
            field.quoted("opaque", opaque);
        }
        if let Some(name) = &self.algorithm_name {
            field.plain("algorithm", name);
        }
        if self.hides_user {
            field.plain("userhash", b"true");
        }
        let mut value = HeaderValue::from_bytes(&field.0).ok()?;
        value.set_sensitive(true);
        let rspauth = (protection != Protection::AuthInt).then(|| response("", None));
        Some(SpaceAnswer { value, rspauth })
    }

    /// Writes the user name: hashed if the server supports it; or as an extended value (RFC 8187),
    /// if it is not ASCII and the server names UTF-8; or else as a quoted string.
    fn write_user(&self, field: &mut Field, user: &str) {
        if self.hides_user {
            field.quoted("username", self.hash(&[user.as_bytes(), &self.realm]).as_bytes());
        } else if self.is_utf8 && !user.is_ascii() {
            let mut extended = b"UTF-8''".to_vec();
            for &byte in user.as_bytes() {
                if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                    extended.push(byte);
                } else {
                    extended.extend_from_slice(format!("%{byte:02X}").as_bytes());
                }
            }
            field.plain("username*", &extended);
        } else {
            field.quoted("username", user.as_bytes());
        }
    }

    /// Returns the hash, in lower-case hexadecimal digits, of these parts with colons between them.
    fn hash(&self, parts: &[&[u8]]) -> String {
        match self.algorithm {
            Algorithm::Md5 => hash::<Md5>(parts),
            Algorithm::Sha256 => hash::<Sha256>(parts),
            Algorithm::Sha512Trunc256 => hash::<Sha512_256>(parts),
        }
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hasher = D::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    hasher.finalize().iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect()
}

/// Returns the algorithm of this name, and whether it is a `-sess` variant.
fn algorithm(name: &[u8]) -> Option<(Algorithm, bool)> {
    let name = name.to_ascii_lowercase();
    let (name, session) = name.strip_suffix(b"-sess").map_or((&name[..], false), |name| (name, true));
    let algorithm = match name {
        b"md5" => Algorithm::Md5,
        b"sha-256" => Algorithm::Sha256,
        b"sha-512-256" => Algorithm::Sha512Trunc256,
        _ => return None,
    };
    Some((algorithm, session))
}

/// A field value under construction.
struct Field(Vec<u8>);

impl Field {
    fn plain(&mut self, name: &str, value: &[u8]) {
        if !self.0.ends_with(b" ") {
            self.0.extend_from_slice(b", ");
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
        self.0.extend_from_slice(value);
    }

    /// Appends a quoted string (RFC 9110 §5.6.4).
    fn quoted(&mut self, name: &str, value: &[u8]) {
        let escaped = value.iter().flat_map(|&byte| {
            let escape = matches!(byte, b'"' | b'\\').then_some(b'\\');
            escape.into_iter().chain([byte])
        });
        let quoted: Vec<u8> = [b'"'].into_iter().chain(escaped).chain([b'"']).collect();
        self.plain(name, &quoted);
    }
}

/// Omits the values, which identify the client's session with the server.
impl fmt::Debug for DigestChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestChallenge")
            .field("algorithm", &self.algorithm)
            .field("session", &self.session)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
