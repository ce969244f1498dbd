//! Challenges of WWW-Authenticate and Proxy-Authenticate fields (RFC 9110 §11.3, §11.6.1).
//!
//! A field may contain several challenges, separated by the same commas as their parameters. The
//! parser reads each byte at most three times, and keeps a limited number of challenges and
//! parameters. It does not guess: a malformed byte invalidates its challenge and the rest of the
//! field.

use std::fmt;

use crate::http1::is_token_byte;

/// How many challenges of one response are kept. Later ones are ignored.
pub const MAX_CHALLENGES: usize = 16;

/// How many parameters a challenge may have. With more, it and the rest of the field are ignored.
pub const MAX_PARAMETERS: usize = 32;

/// A challenge: a scheme with a token68 or parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: Box<str>,
    token68: Option<Box<str>>,
    parameters: Vec<(Box<str>, Vec<u8>)>,
}

impl Challenge {
    /// Returns the name of the scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the token68, which some schemes send instead of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    /// Iterates over the parameters. Names are in lower case; values have no quotes or escapes.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parameters.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the total size of all parameters, in bytes.
    #[cfg(feature = "digest")]
    pub(super) fn parameter_bytes(&self) -> usize {
        self.parameters.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Returns the value of a parameter, without quotes and escapes. `name` is in lower case.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }
}

/// Omits the values: a token68 or a nonce may be secret.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({}", self.scheme)?;
        if self.token68.is_some() {
            f.write_str(" ***")?;
        }
        for (name, _) in &self.parameters {
            write!(f, " {name}=***")?;
        }
        f.write_str(")")
    }
}

/// Returns the challenges of these fields, in order. A challenge never spans two fields.
pub fn parse<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for field in fields {
        let mut cursor = Cursor { rest: field };
        while challenges.len() < MAX_CHALLENGES {
            let Some(challenge) = cursor.challenge() else { break };
            challenges.push(challenge);
        }
    }
    challenges
}

/// Whether these fields name `scheme` in a part that [`parse`] ignores, since it is malformed or
/// beyond the limits.
pub(super) fn may_hide<'a>(fields: impl IntoIterator<Item = &'a [u8]>, scheme: &str) -> bool {
    let mut count = 0;
    fields.into_iter().any(|field| {
        let mut cursor = Cursor { rest: field };
        let mut ignored = field;
        while count < MAX_CHALLENGES && cursor.challenge().is_some() {
            count += 1;
            ignored = cursor.rest;
        }
        ignored.windows(scheme.len()).any(|part| part.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

/// Returns the parameters of a field without a scheme, such as Authentication-Info (RFC 7615 §3).
/// Returns none if the field is malformed.
pub(super) fn parameters(field: &[u8]) -> Vec<(Box<str>, Vec<u8>)> {
    let start = Challenge { scheme: "".into(), token68: None, parameters: Vec::new() };
    Cursor { rest: field }.parameters(start).map(|challenge| challenge.parameters).unwrap_or_default()
}

/// The unread part of a field.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Reads the next challenge. `None` at the end of the field, or if the challenge is malformed.
    fn challenge(&mut self) -> Option<Challenge> {
        self.skip(|byte| is_space(byte) || byte == b',');
        let scheme = lower(self.token()?);
        let mut challenge = Challenge { scheme, token68: None, parameters: Vec::new() };
        if self.rest.first().is_some_and(|&byte| !is_space(byte) && byte != b',') {
            return None;
        }
        self.skip(is_space);
        if let Some(token68) = self.token68() {
            challenge.token68 = Some(token68);
            return Some(challenge);
        }
        self.parameters(challenge)
    }

    /// Reads the parameters of a challenge. The first follows the scheme's space, each further one a
    /// comma.
    fn parameters(&mut self, mut challenge: Challenge) -> Option<Challenge> {
        let mut separated = true;
        loop {
            let mut ahead = *self;
            let comma = ahead.skip(|byte| is_space(byte) || byte == b',').contains(&b',');
            if ahead.rest.is_empty() {
                *self = ahead;
                return Some(challenge);
            }
            if !separated && !comma {
                return None;
            }
            let next = ahead;
            let name = ahead.token()?;
            ahead.skip(is_space);
            if ahead.rest.first() != Some(&b'=') {
                // A token without a value is the scheme of the next challenge.
                *self = next;
                return comma.then_some(challenge);
            }
            ahead.rest = &ahead.rest[1..];
            ahead.skip(is_space);
            let value = ahead.value()?;
            let name = lower(name);
            if challenge.parameters.len() == MAX_PARAMETERS || challenge.parameter(&name).is_some() {
                return None;
            }
            challenge.parameters.push((name, value));
            *self = ahead;
            separated = false;
        }
    }

    /// Reads a token68 if nothing else remains of the challenge.
    fn token68(&mut self) -> Option<Box<str>> {
        let mut ahead = *self;
        let token = ahead.skip(is_token68_byte).len();
        let length = token + ahead.skip(|byte| byte == b'=').len();
        ahead.skip(is_space);
        if token == 0 || ahead.rest.first().is_some_and(|&byte| byte != b',') {
            return None;
        }
        let text = std::str::from_utf8(&self.rest[..length]).ok()?.into();
        *self = ahead;
        Some(text)
    }

    /// Reads the value of a parameter. An unquoted value may contain the characters of a token68,
    /// since servers send Base64 without quotes.
    fn value(&mut self) -> Option<Vec<u8>> {
        if self.rest.first() != Some(&b'"') {
            let value = self.skip(|byte| is_token_byte(byte) || is_token68_byte(byte) || byte == b'=');
            return (!value.is_empty()).then(|| value.to_vec());
        }
        let mut value = Vec::new();
        let mut bytes = self.rest[1..].iter();
        loop {
            let byte = match *bytes.next()? {
                b'"' => break,
                b'\\' => *bytes.next()?,
                byte => byte,
            };
            if byte != b'\t' && byte.is_ascii_control() {
                return None;
            }
            value.push(byte);
        }
        self.rest = bytes.as_slice();
        Some(value)
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let token = self.skip(is_token_byte);
        (!token.is_empty()).then_some(token)
    }

    /// Skips the bytes that `skipped` accepts, and returns them.
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().position(|&byte| !skipped(byte)).unwrap_or(self.rest.len());
        let (skipped, rest) = self.rest.split_at(length);
        self.rest = rest;
        skipped
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_token68_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// Returns a token in lower case; tokens are ASCII.
fn lower(token: &[u8]) -> Box<str> {
    token.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect::<String>().into()
}

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
