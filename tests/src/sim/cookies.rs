//! The oracle for cookies: which of the cookies that servers set must, may or must not be in a
//! Cookie field.
//!
//! It follows the rules (RFC 6265bis §5.6, §5.7) for the few forms that the model servers use. A
//! cookie takes effect at some moment between its sending and the client's event for the head; a
//! request takes its cookies between its beginning and its first byte. Where the two overlap, both
//! outcomes are right.

use super::origins::Origin;
use super::plan::pick;
use crate::rng::Rng;

/// A cookie that a server sets.
#[derive(Clone, Debug)]
pub(super) struct SetCookie {
    name: String,
    value: String,
    domain: Option<String>,
    path: Option<&'static str>,
    max_age: Option<i64>,
    secure: bool,
    /// No client may store it.
    refused: bool,
    /// Its identity.
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: String,
    domain: String,
    /// The same domain with the attribute and without are two cookies (RFC 6265bis §5.7, step 23).
    host_only: bool,
    path: String,
}

impl SetCookie {
    pub(super) fn random(rng: &mut Rng, page: usize, number: usize, origin: &Origin, dir: &str) -> SetCookie {
        let mut name = format!("k{}", rng.below(5));
        let value = format!("cnrj{page}x{number}");
        let path = *pick(rng, &[None, None, Some("/"), Some("/d1"), Some("/d1/d2"), Some("/d1/")]);
        let max_age = *pick(rng, &[None, None, Some(0), Some(5), Some(3600), Some(-1)]);
        let mut secure = origin.secure && rng.one_in(2);
        let (mut domain, mut refused) = (None, false);
        match rng.below(12) {
            0 | 1 if !origin.is_literal() && origin.host.ends_with("a.test") => domain = Some("a.test".to_owned()),
            2 if !origin.is_literal() => domain = Some(format!(".{}", origin.host.to_ascii_uppercase())),
            3 => (domain, refused) = (Some("test".into()), true),
            4 => (domain, refused) = (Some("other.example".into()), true),
            5 if origin.host == "a.test" => (domain, refused) = (Some("www.a.test".into()), true),
            6 if !origin.secure => (secure, refused) = (true, true),
            7 if !origin.secure => {
                name = format!("__Secure-{name}");
                refused = true;
            }
            _ => {}
        }
        let default = match dir.trim_end_matches('/') {
            "" => "/",
            dir => dir,
        };
        let host = domain.as_ref().map_or(origin.host.to_owned(), |d| d.trim_start_matches('.').to_ascii_lowercase());
        let key =
            Key { name: name.clone(), domain: host, host_only: domain.is_none(), path: path.unwrap_or(default).into() };
        SetCookie { name, value, domain, path, max_age, secure, refused, key }
    }

    pub(super) fn line(&self) -> String {
        let mut line = format!("{}={}", self.name, self.value);
        if let Some(domain) = &self.domain {
            line += &format!("; Domain={domain}");
        }
        if let Some(path) = self.path {
            line += &format!("; path={path}");
        }
        if let Some(age) = self.max_age {
            line += &format!("; Max-Age={age}");
        }
        if self.secure {
            line += "; SECURE";
        }
        line
    }
}

/// The earliest and latest time of an event: the driver's step and the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// The steps.
    pub(super) steps: (u64, u64),
    /// The wall clock in between.
    pub(super) wall: (u64, u64),
}

struct Version {
    key: Key,
    value: String,
    /// The steps at which it may have taken effect; the last is unknown until the client reports
    /// the head.
    from: u64,
    until: Option<u64>,
    max_age: Option<i64>,
    /// The wall clock when it was sent, and when the client reported the head.
    sent: u64,
    input: Option<u64>,
    secure: bool,
    page: usize,
}

/// All cookies that were set.
#[derive(Default)]
pub(super) struct Model {
    versions: Vec<Version>,
    /// Records a jump of the wall clock, which makes expiry uncertain.
    stepped: bool,
}

impl Model {
    pub(super) fn new(stepped: bool) -> Model {
        Model { stepped, ..Model::default() }
    }

    /// Records cookies that a server sends.
    pub(super) fn sent(&mut self, page: usize, cookies: &[SetCookie], step: u64, wall: u64) {
        for cookie in cookies.iter().filter(|cookie| !cookie.refused) {
            self.versions.push(Version {
                key: cookie.key.clone(),
                value: cookie.value.clone(),
                from: step,
                until: None,
                max_age: cookie.max_age,
                sent: wall,
                input: None,
                secure: cookie.secure,
                page,
            });
        }
    }

    /// Records that the client has reported the head of this page.
    pub(super) fn observe(&mut self, page: usize, step: u64, wall: u64) {
        for version in self.versions.iter_mut().filter(|v| v.page == page && v.until.is_none()) {
            version.until = Some(step);
            version.input = Some(wall);
        }
    }

    /// Checks the pairs of a Cookie field, without the request's own.
    ///
    /// # Errors
    /// Names the pair that is wrong or missing.
    pub(super) fn judge(
        &self,
        pairs: &[(String, String)],
        origin: &Origin,
        path: &str,
        own: &[(String, String)],
        when: Span,
    ) -> Result<(), String> {
        let path = path.split('?').next().unwrap_or(path);
        let mut last_length = usize::MAX;
        for (at, (name, value)) in pairs.iter().enumerate() {
            let version = self.versions.iter().rfind(|v| v.key.name == *name && v.value == *value);
            let Some(version) = version else { return Err(format!("nobody set {name}={value}")) };
            let problem = if !applies(version, origin, path) {
                format!("of {:?} is not for {}{path}", version.key, origin.url())
            } else if pairs[..at].contains(&pairs[at]) {
                "stands there twice".into()
            } else if version.key.path.len() > last_length {
                "has a longer path than the one before".into()
            } else if own.iter().any(|(own, _)| own == name) {
                "stands beside the request's own".into()
            } else if self.is_gone(version, when.wall.0) {
                "has expired".into()
            } else if let Some(newer) = self.versions.iter().find(|newer| self.replaces(newer, version, when.steps.0)) {
                format!("was replaced by {}", newer.value)
            } else {
                last_length = version.key.path.len();
                continue;
            };
            return Err(format!("{name}={value} {problem}"));
        }
        for version in self.versions.iter().filter(|v| applies(v, origin, path)) {
            let settled = version.until.is_some_and(|until| until < when.steps.0);
            let hidden = own.iter().any(|(name, _)| *name == version.key.name);
            let there = pairs.iter().any(|(name, value)| *name == version.key.name && *value == version.value);
            if settled && !hidden && !there && self.lives(version, when.wall.1) && !self.disturbed(version, when) {
                return Err(format!("{}={} of {:?} is missing", version.key.name, version.value, version.key));
            }
        }
        Ok(())
    }

    /// Returns true if it has certainly expired by then.
    fn is_gone(&self, version: &Version, wall: u64) -> bool {
        match (version.max_age, version.input) {
            (Some(age), _) if age <= 0 => true,
            (Some(age), Some(input)) => !self.stepped && input + age.unsigned_abs() < wall,
            _ => false,
        }
    }

    /// Returns true if it has certainly not expired by then.
    fn lives(&self, version: &Version, wall: u64) -> bool {
        match version.max_age {
            Some(age) => age > 0 && !self.stepped && version.sent + age.unsigned_abs() > wall,
            None => true,
        }
    }

    /// Returns true if `newer` has certainly replaced `older`.
    fn replaces(&self, newer: &Version, older: &Version, step: u64) -> bool {
        let later =
            older.until.is_some_and(|until| newer.from > until) || newer.page == older.page && after(newer, older);
        newer.key == older.key
            && later
            && newer.until.is_some_and(|until| until < step)
            && !self.guarded(&newer.key.name, newer.secure)
    }

    /// Returns true if another cookie may have replaced it.
    fn disturbed(&self, version: &Version, when: Span) -> bool {
        self.guarded(&version.key.name, version.secure)
            || self.versions.iter().any(|other| {
                let before = other.until.is_some_and(|until| until < version.from)
                    || other.page == version.page && after(version, other);
                other.key == version.key && !std::ptr::eq(other, version) && other.from <= when.steps.1 && !before
            })
    }

    /// Returns true if a Secure cookie of that name may block one set over http (RFC 6265bis §5.7).
    fn guarded(&self, name: &str, secure: bool) -> bool {
        !secure && self.versions.iter().any(|other| other.secure && other.key.name == name)
    }
}

/// Returns true for the later field of one response: the values count up.
fn after(newer: &Version, older: &Version) -> bool {
    newer.value > older.value
}

/// Returns whether the cookie applies to this URL.
fn applies(version: &Version, origin: &Origin, path: &str) -> bool {
    let domain = &version.key.domain;
    let host = match version.key.host_only {
        true => origin.host == domain,
        false => origin.host == domain || origin.host.ends_with(&format!(".{domain}")),
    };
    let cookie_path = &version.key.path;
    let below = path.strip_prefix(cookie_path.as_str());
    let path = below.is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'));
    host && path && (!version.secure || origin.secure)
}
