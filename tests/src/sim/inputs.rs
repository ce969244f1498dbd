//! Every input of an engine as plain data, with a line of text for each.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::SocketAddr;

use petition_core::Side;

use super::request_spec::RequestSpec;
use super::text_format;

/// The number of a transfer in a transcript, from 1 in order of their start.
pub type TransferNumber = u32;
/// The number of a socket in a transcript, from 1 in order of opening.
pub type SocketNumber = u32;

/// An input of an engine or of transfers driven by hand.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum DriverInput<'a> {
    Start(TransferNumber, Box<RequestSpec>),
    SessionField(String, String, bool),
    BaseUrl(String),
    /// Hosts that have asked for https: the lines of a saved store, separated by two spaces.
    Hsts(String),
    Connected(SocketNumber),
    ConnectFailed(SocketNumber, ErrorKind),
    /// The bytes are those of `outgoing`.
    Wrote(SocketNumber, Cow<'a, [u8]>),
    /// Read into the machine's own buffer.
    Filled(SocketNumber, Cow<'a, [u8]>),
    /// Passed as a slice.
    Received(SocketNumber, Cow<'a, [u8]>),
    /// Due body bytes are read directly to the caller, who uses them; the rest goes into the
    /// machine's own buffer.
    ReadDirect(SocketNumber, Cow<'a, [u8]>),
    Eof(SocketNumber),
    Failed(SocketNumber, Side, ErrorKind),
    Blocked(SocketNumber, Side),
    Ready(SocketNumber, Side),
    Checked(SocketNumber, bool),
    Resolved(TransferNumber, Vec<SocketAddr>),
    ResolveFailed(TransferNumber, ErrorKind),
    Pushed(TransferNumber, Cow<'a, [u8]>),
    BodyEnd(TransferNumber),
    BodyFailed(TransferNumber),
    BodyBlocked(TransferNumber),
    BodyReady(TransferNumber),
    Rewound(TransferNumber, bool),
    /// The bytes are those of `body`.
    Consumed(TransferNumber, Cow<'a, [u8]>),
    Discard(TransferNumber),
    Cancel(TransferNumber),
    Pause(TransferNumber),
    Resume(TransferNumber),
    Tick,
    /// A poll of all sockets begins.
    BeginPoll,
    /// That poll is over, and all its events are reported.
    MarkPolled,
    CancelAll,
    CloseIdle,
}

const KINDS: [ErrorKind; 7] = [
    ErrorKind::ConnectionRefused,
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::BrokenPipe,
    ErrorKind::TimedOut,
    ErrorKind::NotFound,
    ErrorKind::Other,
];

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Read => "read",
        Side::Write => "write",
        Side::Body => "body",
    }
}

fn side_of(word: &str) -> Result<Side, String> {
    match word {
        "read" => Ok(Side::Read),
        "write" => Ok(Side::Write),
        "body" => Ok(Side::Body),
        other => Err(format!("no side: {other}")),
    }
}

fn kind_of(word: &str) -> Result<ErrorKind, String> {
    KINDS.into_iter().find(|kind| format!("{kind:?}") == word).ok_or(format!("unknown kind of failure: {word}"))
}

impl DriverInput<'_> {
    /// Returns its line or lines, with a line end.
    pub fn write(&self) -> String {
        let with = |word: &str, name: char, number: u32, rest: &str| format!("{word} {name}{number} {rest}");
        let bytes = |word: &str, name: char, number: u32, bytes: &[u8]| {
            format!("{word} {name}{number} {} {}", bytes.len(), text_format::write(bytes))
        };
        let line = match self {
            DriverInput::Start(t, spec) => return format!("start t{t} {}", spec.write()),
            DriverInput::BaseUrl(url) => format!("base_url {url}"),
            DriverInput::Hsts(text) => format!("hsts {text}"),
            DriverInput::SessionField(name, value, sensitive) => {
                format!("session_{} {name} {value}", if *sensitive { "sensitive" } else { "field" })
            }
            DriverInput::Connected(s) => with("connected", 's', *s, ""),
            DriverInput::ConnectFailed(s, kind) => with("connect_failed", 's', *s, &format!("{kind:?}")),
            DriverInput::Wrote(s, data) => bytes("wrote", 's', *s, data),
            DriverInput::Filled(s, data) => bytes("filled", 's', *s, data),
            DriverInput::Received(s, data) => bytes("received", 's', *s, data),
            DriverInput::ReadDirect(s, data) => bytes("bypassed", 's', *s, data),
            DriverInput::Eof(s) => with("eof", 's', *s, ""),
            DriverInput::Failed(s, side, kind) => with("failed", 's', *s, &format!("{} {kind:?}", side_word(*side))),
            DriverInput::Blocked(s, side) => with("blocked", 's', *s, side_word(*side)),
            DriverInput::Ready(s, side) => with("ready", 's', *s, side_word(*side)),
            DriverInput::Checked(s, true) => with("alive", 's', *s, ""),
            DriverInput::Checked(s, false) => with("dead", 's', *s, ""),
            DriverInput::Resolved(t, addresses) => {
                let addresses: Vec<String> = addresses.iter().map(|address| address.to_string()).collect();
                with("resolved", 't', *t, &addresses.join(" "))
            }
            DriverInput::ResolveFailed(t, kind) => with("resolve_failed", 't', *t, &format!("{kind:?}")),
            DriverInput::Pushed(t, data) => bytes("pushed", 't', *t, data),
            DriverInput::BodyEnd(t) => with("body_end", 't', *t, ""),
            DriverInput::BodyFailed(t) => with("body_failed", 't', *t, ""),
            DriverInput::BodyBlocked(t) => with("body_blocked", 't', *t, ""),
            DriverInput::BodyReady(t) => with("body_ready", 't', *t, ""),
            DriverInput::Rewound(t, true) => with("rewound", 't', *t, ""),
            DriverInput::Rewound(t, false) => with("not_rewound", 't', *t, ""),
            DriverInput::Consumed(t, data) => bytes("consumed", 't', *t, data),
            DriverInput::Discard(t) => with("discard", 't', *t, ""),
            DriverInput::Cancel(t) => with("cancel", 't', *t, ""),
            DriverInput::Pause(t) => with("pause", 't', *t, ""),
            DriverInput::Resume(t) => with("resume", 't', *t, ""),
            DriverInput::Tick => "tick".into(),
            DriverInput::BeginPoll => "begin_poll".into(),
            DriverInput::MarkPolled => "mark_polled".into(),
            DriverInput::CancelAll => "cancel_all".into(),
            DriverInput::CloseIdle => "close_idle".into(),
        };
        format!("{}\n", line.trim_end())
    }

    /// Parses the input of a line; the indented lines of a `start` come later, one by one, to
    /// [`RequestSpec::line`].
    ///
    /// # Errors
    /// The fault of the line.
    pub fn parse(line: &str) -> Result<DriverInput<'static>, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "tick" => return Ok(DriverInput::Tick),
            "begin_poll" => return Ok(DriverInput::BeginPoll),
            "mark_polled" => return Ok(DriverInput::MarkPolled),
            "cancel_all" => return Ok(DriverInput::CancelAll),
            "close_idle" => return Ok(DriverInput::CloseIdle),
            "base_url" => return Ok(DriverInput::BaseUrl(rest.into())),
            "hsts" => return Ok(DriverInput::Hsts(rest.into())),
            "session_field" | "session_sensitive" => {
                let (name, value) = rest.split_once(' ').ok_or("expected a name and a value")?;
                return Ok(DriverInput::SessionField(name.into(), value.into(), word == "session_sensitive"));
            }
            _ => {}
        }
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = |kind: char| -> Result<u32, String> {
            name.strip_prefix(kind).and_then(|digits| digits.parse().ok()).ok_or(format!("expected {kind}N: {line}"))
        };
        let bytes = || -> Result<Cow<'static, [u8]>, String> {
            let (length, text) = rest.split_once(' ').ok_or("expected a length and bytes")?;
            let bytes = text_format::parse(text)?;
            match length.parse() == Ok(bytes.len()) {
                true => Ok(bytes.into()),
                false => Err(format!("{length} bytes are announced, there are {}", bytes.len())),
            }
        };
        Ok(match word {
            "start" => {
                let (method, url) = rest.split_once(' ').ok_or("expected a method and a URL")?;
                let spec = RequestSpec { method: method.into(), url: url.into(), ..RequestSpec::default() };
                DriverInput::Start(number('t')?, Box::new(spec))
            }
            "connected" => DriverInput::Connected(number('s')?),
            "connect_failed" => DriverInput::ConnectFailed(number('s')?, kind_of(rest)?),
            "wrote" => DriverInput::Wrote(number('s')?, bytes()?),
            "filled" => DriverInput::Filled(number('s')?, bytes()?),
            "received" => DriverInput::Received(number('s')?, bytes()?),
            "bypassed" => DriverInput::ReadDirect(number('s')?, bytes()?),
            "eof" => DriverInput::Eof(number('s')?),
            "failed" => {
                let (side, kind) = rest.split_once(' ').ok_or("expected a side and a kind")?;
                DriverInput::Failed(number('s')?, side_of(side)?, kind_of(kind)?)
            }
            "blocked" => DriverInput::Blocked(number('s')?, side_of(rest)?),
            "ready" => DriverInput::Ready(number('s')?, side_of(rest)?),
            "alive" => DriverInput::Checked(number('s')?, true),
            "dead" => DriverInput::Checked(number('s')?, false),
            "resolved" => {
                let addresses: Result<Vec<SocketAddr>, _> = rest.split_whitespace().map(str::parse).collect();
                DriverInput::Resolved(number('t')?, addresses.map_err(|e| e.to_string())?)
            }
            "resolve_failed" => DriverInput::ResolveFailed(number('t')?, kind_of(rest)?),
            "pushed" => DriverInput::Pushed(number('t')?, bytes()?),
            "body_end" => DriverInput::BodyEnd(number('t')?),
            "body_failed" => DriverInput::BodyFailed(number('t')?),
            "body_blocked" => DriverInput::BodyBlocked(number('t')?),
            "body_ready" => DriverInput::BodyReady(number('t')?),
            "rewound" => DriverInput::Rewound(number('t')?, true),
            "not_rewound" => DriverInput::Rewound(number('t')?, false),
            "consumed" => DriverInput::Consumed(number('t')?, bytes()?),
            "discard" => DriverInput::Discard(number('t')?),
            "cancel" => DriverInput::Cancel(number('t')?),
            "pause" => DriverInput::Pause(number('t')?),
            "resume" => DriverInput::Resume(number('t')?),
            other => return Err(format!("unknown input: {other}")),
        })
    }
}
