//! Parses a transcript, and replays it to a new engine.

use petition_core::route::pool::PoolLimits;
use petition_core::{Instant, Now, Session, UnixTime};

use super::inputs::DriverInput;
use super::recorder::{BY_HAND, Recorder, TITLE};

pub(super) fn write_limits(limits: &PoolLimits) -> String {
    let most = |limit: Option<usize>| limit.map_or("-".into(), |n| n.to_string());
    format!(
        "pool idle_total={} idle_per_key={} idle_time={} age={} open_total={} open_per_key={}",
        limits.idle_total,
        limits.idle_per_key,
        limits.idle_time.as_secs(),
        limits.age.as_secs(),
        most(limits.open_total),
        most(limits.open_per_key)
    )
}

fn read_limits(line: &str) -> Result<PoolLimits, String> {
    let mut limits = PoolLimits::default();
    let rest = line.strip_prefix("pool").ok_or("expected the line `pool …`")?;
    for pair in rest.split_whitespace() {
        let (name, value) = pair.split_once('=').ok_or("expected name=value")?;
        let number = value.parse::<usize>().ok();
        let needed = || number.ok_or(format!("expected a number: {pair}"));
        let seconds = || needed().map(|n| std::time::Duration::from_secs(n as u64));
        match name {
            "idle_total" => limits.idle_total = needed()?,
            "idle_per_key" => limits.idle_per_key = needed()?,
            "idle_time" => limits.idle_time = seconds()?,
            "age" => limits.age = seconds()?,
            "open_total" => limits.open_total = number,
            "open_per_key" => limits.open_per_key = number,
            other => return Err(format!("unknown limit: {other}")),
        }
    }
    Ok(limits)
}

/// Feeds the inputs of a transcript to a new engine and compares its outputs with the transcript.
///
/// # Errors
/// The number of the line that differs or cannot be parsed, and the fault.
pub fn replay(transcript: &str) -> Result<Recorder, String> {
    let mut lines = transcript.lines().enumerate().map(|(at, line)| (at + 1, line)).peekable();
    let Some((_, TITLE)) = lines.next() else { return Err(format!("line 1: expected {TITLE:?}")) };
    let (_, first) = lines.next().ok_or("line 2: expected the limits")?;
    let by_hand = first.strip_prefix(BY_HAND);
    let limits = read_limits(by_hand.unwrap_or(first)).map_err(|e| format!("line 2: {e}"))?;
    let mut recorder = match by_hand {
        Some(_) => Recorder::by_hand(limits, Session::new(), true),
        None => Recorder::new(limits, Session::new(), true),
    };
    let mut now = Now::default();
    while let Some((at, line)) = lines.next() {
        let wrong = |words: String| format!("line {at}: {words}");
        if line.trim().is_empty() {
            continue;
        }
        if let Some(words) = line.strip_prefix("# ") {
            recorder.remark(words);
        } else if let Some(time) = line.strip_prefix("at ") {
            now = read_time(time).ok_or_else(|| wrong("expected `at seconds.micros unix`".into()))?;
        } else if line.starts_with("> ") {
            let (output, _) = recorder.poll();
            let output = output.write();
            if output != line {
                return Err(wrong(format!("expected {line:?}, the engine says {output:?}")));
            }
        } else {
            let mut input = DriverInput::parse(line).map_err(wrong)?;
            if let DriverInput::Start(_, spec) = &mut input {
                while let Some((_, more)) = lines.next_if(|(_, line)| line.starts_with("    ")) {
                    spec.line(more).map_err(wrong)?;
                }
            }
            if let Err(words) = recorder.handle(now, &input)
                && lines.next_if(|(_, line)| line.strip_prefix("! ") == Some(&words)).is_none()
            {
                return Err(wrong(words));
            }
        }
    }
    Ok(recorder)
}

fn read_time(text: &str) -> Option<Now> {
    let (instant, unix) = text.split_once(' ')?;
    let (seconds, micros) = instant.split_once('.')?;
    let micros = seconds.parse::<u64>().ok()? * 1_000_000 + micros.parse::<u64>().ok()?;
    let instant = Instant::from_origin(std::time::Duration::from_micros(micros));
    Some(Now::new(instant, UnixTime(unix.parse().ok()?)))
}
