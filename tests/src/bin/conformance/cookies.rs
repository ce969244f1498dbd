//! Cookies: what one jar sends at each step, with a stopped clock.

use petition_core::UnixTime;
use petition_core::cookie::{Jar, SiteContext, parse_date};
use serde_json::{Value, json};
use url::Url;

use crate::latin1;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Answers one question.
pub(crate) fn answer(question: &Value) -> Value {
    let id = &question["id"];
    match sent(question) {
        Some(sent) => json!({"id": id, "sent": sent}),
        None => json!({"id": id, "skip": "the question is not understood"}),
    }
}

fn sent(question: &Value) -> Option<Vec<Value>> {
    let now = time(question["now"].as_str()?)?;
    let mut jar = Jar::new();
    let mut answers = Vec::new();
    for step in question["steps"].as_array()? {
        let url = Url::parse(step["url"].as_str()?).ok()?;
        let mut out = Vec::new();
        jar.append_header(&url, now, SiteContext::SameSite, &mut out);
        answers.push(if out.is_empty() { Value::Null } else { latin1::string(&out).into() });
        let fields: Option<Vec<_>> = step["set_cookie"].as_array().into_iter().flatten().map(latin1::bytes).collect();
        jar.receive_all(&url, fields?.iter().map(Vec::as_slice), now, SiteContext::SameSite, |_, _| {});
    }
    Some(answers)
}

/// `2012-01-01T00:00:00Z`, in a form that the cookie-date algorithm can parse.
fn time(text: &str) -> Option<UnixTime> {
    let month: usize = text.get(5..7)?.parse().ok()?;
    let month = MONTHS.get(month.checked_sub(1)?)?;
    parse_date(format!("{} {month} {} {}", text.get(8..10)?, text.get(..4)?, text.get(11..19)?).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_returned_until_it_expires() {
        let set = |field: &str| json!({"url": "http://a.example/", "set_cookie": [field]});
        let question = json!({"id": "x", "now": "2012-01-01T00:00:00Z", "steps": [
            set("a=b; Expires=Sun, 01 Jan 2012 00:00:01 GMT"),
            set("a=b; Expires=Sun, 01 Jan 2012 00:00:00 GMT"),
            set(""),
        ]});
        assert_eq!(answer(&question), json!({"id": "x", "sent": [null, "a=b", null]}));
    }
}
