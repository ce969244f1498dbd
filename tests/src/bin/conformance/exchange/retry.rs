//! Sends an operation, and retries temporary failures: a loop around the library, as a program
//! would write it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use petition_core::http1::ResponseHead;

use super::answer::Outcome;
use super::op::{Op, Retry};
use super::request;
use super::transport::Client;

/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// Performs the operation, as often as allowed.
pub(super) fn send(op: &Op, client: &dyn Client) -> Outcome {
    let began = Instant::now();
    let mut pause = PAUSE;
    let mut left = op.retry.times;
    loop {
        let outcome = match request::build(op) {
            Ok((request, stream)) => Outcome::of(op, client.send(request, stream)),
            Err(words) => Outcome::unsent("bad-request", words),
        };
        if left == 0 || !may_pass(&op.retry, &outcome) {
            return outcome;
        }
        left -= 1;
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
        let asked = outcome.head.as_ref().and_then(retry_after);
        let wait = asked.or(op.retry.delay.and_then(seconds)).unwrap_or(pause);
        // A time of zero means no limit.
        let most = op.retry.max_time.and_then(seconds).filter(|most| !most.is_zero());
        if most.is_some_and(|most| began.elapsed().saturating_add(wait) > most) {
            return outcome;
        }
        sleep(wait);
        pause *= 2;
    }
}

fn may_pass(retry: &Retry, outcome: &Outcome) -> bool {
    let status = outcome.head.as_ref().map_or(0, |head| head.status().as_u16());
    match &outcome.error {
        Some(("timeout" | "resolve", _)) => true,
        Some(("connect", _)) if retry.connect_refused => true,
        Some((class, _)) if retry.all_errors && *class != "bad-request" => true,
        _ => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
    }
}

/// Returns `Retry-After` in seconds (RFC 9110 §10.2.3).
fn retry_after(head: &ResponseHead) -> Option<Duration> {
    let seconds = std::str::from_utf8(head.get("retry-after")?).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|wait| !wait.is_zero())
}
