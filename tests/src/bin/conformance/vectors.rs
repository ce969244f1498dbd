//! Test vectors for single functions: cookie dates, HTTP dates, public suffixes. Each kind in the
//! file is counted separately.

use std::error::Error;

use petition_core::UnixTime;
use petition_core::cookie::{PublicSuffixes, format_date, parse_date};
use petition_core::http_date::parse_http_date;
use serde_json::Value;

use crate::latin1;

/// The year by which two-digit years are judged: 2026.
const NOW: UnixTime = UnixTime(1_790_000_000);

struct Tally<'a> {
    kind: &'a str,
    passed: usize,
    all: usize,
}

impl Tally<'_> {
    fn count(&mut self, passed: bool, case: &Value, got: impl std::fmt::Debug) {
        self.all += 1;
        self.passed += usize::from(passed);
        if !passed {
            println!("FAIL {} {case} got {got:?}", self.kind);
        }
    }
}

/// Judges one case.
type Judge = fn(&Value, &mut Tally<'_>);

/// Prints the failures, and how many of each kind passed.
pub(crate) fn run(text: &str) -> Result<(), Box<dyn Error>> {
    let vectors: Value = serde_json::from_str(text)?;
    let kinds: [(&str, Judge); 4] =
        [("dates", date), ("cookie_dates", cookie_date), ("http_dates", http_date), ("psl", suffix)];
    for (kind, judge) in kinds {
        let Some(cases) = vectors[kind].as_array() else { continue };
        let mut tally = Tally { kind, passed: 0, all: 0 };
        cases.iter().for_each(|case| judge(case, &mut tally));
        println!("{kind}: {} passed, {} failed", tally.passed, tally.all - tally.passed);
    }
    Ok(())
}

/// A cookie date and its full form; null if it is invalid.
fn date(case: &Value, tally: &mut Tally<'_>) {
    let got = latin1::bytes(&case["date"]).and_then(|text| parse_date(&text)).map(format_date);
    tally.count(got.as_deref() == case["expected"].as_str(), case, got);
}

/// A cookie date and its seconds since 1970, or only whether it is valid.
fn cookie_date(case: &Value, tally: &mut Tally<'_>) {
    let got = latin1::bytes(&case[0]).and_then(|text| parse_date(&text));
    let passed = match &case[1] {
        Value::Null => got.is_none(),
        Value::Bool(valid) => got.is_some() == *valid,
        seconds => got.map(|time| time.0) == seconds.as_u64(),
    };
    tally.count(passed, case, got);
}

/// An HTTP date and its seconds since 1970. [`UnixTime`] cannot represent earlier times, which
/// become 0.
fn http_date(case: &Value, tally: &mut Tally<'_>) {
    let got = latin1::bytes(&case[0]).and_then(|text| parse_http_date(&text, NOW));
    let want = case[1].as_i64().map(|seconds| u64::try_from(seconds).unwrap_or(0));
    tally.count(got.map(|time| time.0) == want, case, got);
}

/// A name and its registrable domain. A name with a leading dot is not a host.
fn suffix(case: &Value, tally: &mut Tally<'_>) {
    let canonical = |name: &str| url::Host::parse(name).ok().map(|host| host.to_string());
    let host = case[0].as_str().filter(|name| !name.starts_with('.')).and_then(canonical);
    let list = PublicSuffixes::default();
    let got = host.as_deref().and_then(|host| list.registrable_domain(host));
    tally.count(got == case[1].as_str().and_then(canonical).as_deref(), case, got);
}
