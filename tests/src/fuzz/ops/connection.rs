//! One connection of HTTP/1.1 under any calls in any order, misuse included.
//!
//! Checks: nothing panics; a rejected call changes nothing; an error and an end persist; limits
//! hold; the work is linear in the bytes; accessors called in between change nothing that follows.

use std::sync::Arc;

use arbitrary::Unstructured;
use petition_core::http1::{
    BodyLength, Config, Connection, Eof, Event, Leniencies, Misuse, ProtocolError, RequestHead, SendError,
};

use super::super::exchange::SMALL;
use super::generators::{answer, count};

/// Runs a program for one connection.
pub fn connection_ops(data: &[u8]) {
    let asked = Run::new(data, true);
    assert_eq!(asked, Run::new(data, false), "an accessor decides nothing, and the same program gives the same run");
}

/// The settings that change between exchanges.
fn configs() -> [Arc<Config>; 2] {
    [
        Arc::new(Config { limits: petition_core::Limits::DEFAULT, leniencies: Leniencies::COMPAT }),
        Arc::new(Config { limits: SMALL, leniencies: Leniencies::STRICT }),
    ]
}

struct Run<'a> {
    u: Unstructured<'a>,
    connection: Connection,
    configs: [Arc<Config>; 2],
    /// Whether accessors are called.
    asks: bool,
    incoming: Vec<u8>,
    /// The interim heads of this exchange, and the content of all exchanges.
    interim: usize,
    content: u64,
    failed: Option<ProtocolError>,
    shown: Vec<String>,
}

impl Run<'_> {
    #[expect(clippy::new_ret_no_self)]
    fn new(data: &[u8], asks: bool) -> Vec<String> {
        let configs = configs();
        let mut run = Run {
            u: Unstructured::new(data),
            connection: Connection::new(configs[0].clone()),
            configs,
            asks,
            incoming: Vec::new(),
            interim: 0,
            content: 0,
            failed: None,
            shown: Vec::new(),
        };
        for _ in 0..400 {
            if run.u.is_empty() || run.op().is_err() {
                break;
            }
            run.check();
        }
        run.shown
    }

    fn op(&mut self) -> arbitrary::Result<()> {
        match self.u.int_in_range(0..=19)? {
            0..=2 => self.send_head()?,
            3 => {
                let n = count(&mut self.u, 70_000)?;
                self.tell(|connection| connection.send_body(&vec![b'x'; n.min(70_000)]));
            }
            4 => {
                let trailers = self.u.ratio(1, 3)?.then_some(("A", &b"b"[..]));
                self.told(|connection| connection.finish_body(trailers));
            }
            5 | 6 => {
                let n = if self.u.arbitrary()? { usize::MAX } else { count(&mut self.u, 40)? };
                self.connection.wrote(n);
            }
            7 => {
                let n = count(&mut self.u, 9)?;
                self.tell(|connection| connection.bypass(n));
            }
            8 => {
                let due = usize::try_from(self.connection.direct_read_limit()).unwrap_or(usize::MAX);
                let n = count(&mut self.u, due)? as u64;
                if self.tell(|connection| connection.advance_body(n)) {
                    self.content = self.content.saturating_add(n);
                }
            }
            9 => match self.u.int_in_range(0..=4)? {
                0 => self.connection.abort_body(),
                1 => self.connection.mark_leftover(),
                2 => self.connection.set_config(&self.configs[usize::from(self.u.arbitrary::<bool>()?)].clone()),
                _ => self.connection.stop_waiting(),
            },
            10 => {
                let reused = self.connection.reuse();
                self.shown.push(format!("{reused:?}"));
            }
            11 => {
                let eof = if self.u.arbitrary()? { Eof::Clean } else { Eof::Truncated };
                let result = self.connection.receive_eof(eof);
                self.stays(result.as_ref().err());
                self.shown.push(format!("{result:?}"));
            }
            12..=16 => self.receive()?,
            _ => self.ask()?,
        }
        Ok(())
    }

    fn send_head(&mut self) -> arbitrary::Result<()> {
        let method = *self.u.choose(&["GET", "HEAD", "POST", "CONNECT", "G ET"])?;
        let bits: u8 = self.u.arbitrary()?;
        let body = match bits & 7 {
            0 => BodyLength::Known(count(&mut self.u, 10)? as u64),
            1 => BodyLength::Chunked,
            2 => BodyLength::Known(u64::MAX),
            _ => BodyLength::None,
        };
        let head = RequestHead {
            body,
            expect_continue: bits & 8 != 0 && body != BodyLength::None,
            close: bits & 48 == 48,
            upgrade: (bits & 64 != 0).then_some("x"),
            te_gzip: bits & 128 != 0,
            trailers: if body == BodyLength::Chunked { &["A"] } else { &[] },
            ..RequestHead::new(method, if method == "CONNECT" { "a.test:1" } else { "/" })
        };
        if self.told(|connection| connection.send_head(&head, [("Host", &b"a.test"[..])])) {
            self.interim = 0;
            self.content = 0;
        }
        Ok(())
    }

    fn receive(&mut self) -> arbitrary::Result<()> {
        if self.u.arbitrary()? {
            self.incoming.extend_from_slice(&answer(&mut self.u)?);
        }
        let n = self.u.int_in_range(0..=self.incoming.len())?;
        let input = self.incoming[..n].to_vec();
        let result = self.connection.receive(&input);
        self.stays(result.as_ref().err());
        if let Ok(received) = &result {
            self.incoming.drain(..received.consumed);
            match &received.event {
                Event::Body(range) => {
                    assert!(!range.is_empty() && range.end == received.consumed, "{range:?}");
                    self.content = self.content.saturating_add(range.len() as u64);
                }
                Event::Informational(_) => self.interim += 1,
                Event::NeedInput => assert_eq!(received.consumed, n, "all of it was taken"),
                Event::End | Event::Switched | Event::Head(_) => {}
            }
        }
        self.shown.push(format!("{result:?}"));
        Ok(())
    }

    /// Makes a call that may be a misuse, and returns whether it was accepted.
    fn tell<T: std::fmt::Debug>(&mut self, call: impl FnOnce(&mut Connection) -> Result<T, Misuse>) -> bool {
        self.told(|connection| call(connection).map_err(SendError::Misuse))
    }

    /// Makes a call whose request may also be invalid. A rejected call changes nothing, unless it
    /// aborts the request.
    fn told<T: std::fmt::Debug>(&mut self, call: impl FnOnce(&mut Connection) -> Result<T, SendError>) -> bool {
        let before = format!("{:?}", self.connection);
        let result = call(&mut self.connection);
        match &result {
            Ok(_) | Err(SendError::Misuse(Misuse::BodyTooLong | Misuse::BodyTooShort)) => {}
            Err(error) => assert_eq!(before, format!("{:?}", self.connection), "{error:?} changed something"),
        }
        self.shown.push(format!("{result:?}"));
        result.is_ok()
    }

    /// The first error is the only one.
    fn stays(&mut self, error: Option<&ProtocolError>) {
        match (&self.failed, error) {
            (Some(first), now) => assert_eq!(Some(first), now, "an error stays"),
            (None, now) => self.failed = now.cloned(),
        }
    }

    fn check(&mut self) {
        let connection = &self.connection;
        assert!(connection.outgoing().len() <= 64 * 1024 + 1024, "{}", connection.outgoing().len());
        assert!(self.interim <= 16, "interim heads have a limit");
        assert_eq!(connection.body_received(), self.content, "what is counted is what was given");
        if connection.can_reuse().is_ok() {
            assert!(self.failed.is_none() && connection.outgoing().is_empty(), "nothing unclean is reused");
        }
        // A head or trailers, in storage that doubles.
        assert!(connection.retained().received <= 2 * 64 * 1024, "{:?}", connection.retained());
    }

    /// Calls accessors, and exchanges storage.
    fn ask(&mut self) -> arbitrary::Result<()> {
        let (which, n) = (self.u.int_in_range(0..=3)?, self.u.int_in_range(0..=5_000)?);
        if !self.asks {
            return Ok(());
        }
        let connection = &mut self.connection;
        match which {
            0 => connection.swap_write_buffer(&mut vec![b'?'; n]),
            1 => drop(connection.take_trailers()),
            2 => {
                let mut storage = Vec::with_capacity(n);
                connection.swap_write_buffer(&mut storage);
                connection.swap_write_buffer(&mut storage);
            }
            _ => {
                let _ = (connection.body_room(), connection.is_reused(), connection.response_started());
                let _ = (connection.response_received(), connection.head_sent(), connection.request_sent());
                let _ = (connection.owes_body(), connection.awaiting_continue(), connection.bytes_sent());
                let _ = (connection.bytes_received(), connection.body_framing(), connection.leniencies_used());
                let _ = (connection.trailers().is_some(), connection.keep_alive_timeout(), connection.is_idle());
            }
        }
        Ok(())
    }
}
