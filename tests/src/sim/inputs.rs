//! Every input of an engine as plain data, with a line of text for each.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::SocketAddr;

use petition_core::Side;

use super::request_spec::Asked;
use super::text_format;

/// The number of a transfer in a transcript, from 1 in the order in which they began.
pub type TransferNumber = u32;
/// The number of a socket in a transcript, from 1 in the order in which they were opened.
pub type SocketNumber = u32;

/// What an engine is told.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Told<'a> {
    Start(TransferNumber, Box<Asked>),
    SessionField(String, String, bool),
    BaseUrl(String),
    Connected(SocketNumber),
    ConnectFailed(SocketNumber, ErrorKind),
    /// The bytes are those that lay in `outgoing`.
    Wrote(SocketNumber, Cow<'a, [u8]>),
    /// Read into the machine's own space.
    Filled(SocketNumber, Cow<'a, [u8]>),
    /// Handed in as a slice.
    Received(SocketNumber, Cow<'a, [u8]>),
    /// Read straight to the caller, as far as body bytes were due, and used; what is behind them into the machine's own space.
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
    /// The bytes are those that lay in `body`.
    Consumed(TransferNumber, Cow<'a, [u8]>),
    Discard(TransferNumber),
    Cancel(TransferNumber),
    Pause(TransferNumber),
    Resume(TransferNumber),
    Tick,
    /// A poll of all sockets begins.
    BeginPoll,
    /// That poll is over, and all that it found is told.
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

impl Told<'_> {
    /// Its line, or lines, with a line end.
    pub fn write(&self) -> String {
        let with = |word: &str, name: char, number: u32, rest: &str| format!("{word} {name}{number} {rest}");
        let bytes = |word: &str, name: char, number: u32, bytes: &[u8]| {
            format!("{word} {name}{number} {} {}", bytes.len(), text_format::write(bytes))
        };
        let line = match self {
            Told::Start(t, asked) => return format!("start t{t} {}", asked.write()),
            Told::BaseUrl(url) => format!("base_url {url}"),
            Told::SessionField(name, value, sensitive) => {
                format!("session_{} {name} {value}", if *sensitive { "sensitive" } else { "field" })
            }
            Told::Connected(s) => with("connected", 's', *s, ""),
            Told::ConnectFailed(s, kind) => with("connect_failed", 's', *s, &format!("{kind:?}")),
            Told::Wrote(s, data) => bytes("wrote", 's', *s, data),
            Told::Filled(s, data) => bytes("filled", 's', *s, data),
            Told::Received(s, data) => bytes("received", 's', *s, data),
            Told::ReadDirect(s, data) => bytes("bypassed", 's', *s, data),
            Told::Eof(s) => with("eof", 's', *s, ""),
            Told::Failed(s, side, kind) => with("failed", 's', *s, &format!("{} {kind:?}", side_word(*side))),
            Told::Blocked(s, side) => with("blocked", 's', *s, side_word(*side)),
            Told::Ready(s, side) => with("ready", 's', *s, side_word(*side)),
            Told::Checked(s, true) => with("alive", 's', *s, ""),
            Told::Checked(s, false) => with("dead", 's', *s, ""),
            Told::Resolved(t, addresses) => {
                let addresses: Vec<String> = addresses.iter().map(|address| address.to_string()).collect();
                with("resolved", 't', *t, &addresses.join(" "))
            }
            Told::ResolveFailed(t, kind) => with("resolve_failed", 't', *t, &format!("{kind:?}")),
            Told::Pushed(t, data) => bytes("pushed", 't', *t, data),
            Told::BodyEnd(t) => with("body_end", 't', *t, ""),
            Told::BodyFailed(t) => with("body_failed", 't', *t, ""),
            Told::BodyBlocked(t) => with("body_blocked", 't', *t, ""),
            Told::BodyReady(t) => with("body_ready", 't', *t, ""),
            Told::Rewound(t, true) => with("rewound", 't', *t, ""),
            Told::Rewound(t, false) => with("not_rewound", 't', *t, ""),
            Told::Consumed(t, data) => bytes("consumed", 't', *t, data),
            Told::Discard(t) => with("discard", 't', *t, ""),
            Told::Cancel(t) => with("cancel", 't', *t, ""),
            Told::Pause(t) => with("pause", 't', *t, ""),
            Told::Resume(t) => with("resume", 't', *t, ""),
            Told::Tick => "tick".into(),
            Told::BeginPoll => "begin_poll".into(),
            Told::MarkPolled => "mark_polled".into(),
            Told::CancelAll => "cancel_all".into(),
            Told::CloseIdle => "close_idle".into(),
        };
        format!("{}\n", line.trim_end())
    }

    /// The input of a line; the indented lines of a `start` come later, one by one, to [`Asked::line`].
    ///
    /// # Errors
    /// In words.
    pub fn parse(line: &str) -> Result<Told<'static>, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "tick" => return Ok(Told::Tick),
            "begin_poll" => return Ok(Told::BeginPoll),
            "mark_polled" => return Ok(Told::MarkPolled),
            "cancel_all" => return Ok(Told::CancelAll),
            "close_idle" => return Ok(Told::CloseIdle),
            "base_url" => return Ok(Told::BaseUrl(rest.into())),
            "session_field" | "session_sensitive" => {
                let (name, value) = rest.split_once(' ').ok_or("expected a name and a value")?;
                return Ok(Told::SessionField(name.into(), value.into(), word == "session_sensitive"));
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
                let asked = Asked { method: method.into(), url: url.into(), ..Asked::default() };
                Told::Start(number('t')?, Box::new(asked))
            }
            "connected" => Told::Connected(number('s')?),
            "connect_failed" => Told::ConnectFailed(number('s')?, kind_of(rest)?),
            "wrote" => Told::Wrote(number('s')?, bytes()?),
            "filled" => Told::Filled(number('s')?, bytes()?),
            "received" => Told::Received(number('s')?, bytes()?),
            "bypassed" => Told::ReadDirect(number('s')?, bytes()?),
            "eof" => Told::Eof(number('s')?),
            "failed" => {
                let (side, kind) = rest.split_once(' ').ok_or("expected a side and a kind")?;
                Told::Failed(number('s')?, side_of(side)?, kind_of(kind)?)
            }
            "blocked" => Told::Blocked(number('s')?, side_of(rest)?),
            "ready" => Told::Ready(number('s')?, side_of(rest)?),
            "alive" => Told::Checked(number('s')?, true),
            "dead" => Told::Checked(number('s')?, false),
            "resolved" => {
                let addresses: Result<Vec<SocketAddr>, _> = rest.split_whitespace().map(str::parse).collect();
                Told::Resolved(number('t')?, addresses.map_err(|e| e.to_string())?)
            }
            "resolve_failed" => Told::ResolveFailed(number('t')?, kind_of(rest)?),
            "pushed" => Told::Pushed(number('t')?, bytes()?),
            "body_end" => Told::BodyEnd(number('t')?),
            "body_failed" => Told::BodyFailed(number('t')?),
            "body_blocked" => Told::BodyBlocked(number('t')?),
            "body_ready" => Told::BodyReady(number('t')?),
            "rewound" => Told::Rewound(number('t')?, true),
            "not_rewound" => Told::Rewound(number('t')?, false),
            "consumed" => Told::Consumed(number('t')?, bytes()?),
            "discard" => Told::Discard(number('t')?),
            "cancel" => Told::Cancel(number('t')?),
            "pause" => Told::Pause(number('t')?),
            "resume" => Told::Resume(number('t')?),
            other => return Err(format!("unknown input: {other}")),
        })
    }
}
