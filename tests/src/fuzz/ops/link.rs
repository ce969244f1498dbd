//! A link under any calls in any order, misuse included: plain, or with tunnels and a custom layer
//! in between.
//!
//! Checks: nothing panics; an error is final; events follow the order of an exchange; the link
//! comes to rest after work that is linear in the bytes; its storage is bounded; accessors and lent
//! storage, at any time, change nothing that follows.

use std::sync::Arc;

use arbitrary::Unstructured;
use petition_core::http1::{BodyLength, Config, Leniencies, RequestHead};
use petition_core::link::{Layer, Link, LinkEvent, Tunnel};
use petition_core::{Limits, Now};

use super::super::exchange::SMALL;
use super::super::layers::Frames;
use super::generators::{answer, count};
use crate::memory::invariants::{SLICE, memory_is_bounded};

/// A program for one link.
pub fn link_ops(data: &[u8]) {
    let asked = Run::new(data, true);
    assert_eq!(asked, Run::new(data, false), "an accessor decides nothing, and the same program gives the same run");
}

struct Run<'a> {
    u: Unstructured<'a>,
    link: Link,
    configs: [Arc<Config>; 2],
    /// Whether accessors are called.
    asks: bool,
    /// The bytes given to it.
    given: usize,
    over: bool,
    shown: Vec<String>,
}

impl Run<'_> {
    #[expect(clippy::new_ret_no_self)]
    fn new(data: &[u8], asks: bool) -> Vec<String> {
        let mut u = Unstructured::new(data);
        let configs = [
            Arc::new(Config { limits: Limits::DEFAULT, leniencies: Leniencies::COMPAT }),
            Arc::new(Config { limits: SMALL, leniencies: Leniencies::STRICT }),
        ];
        let tunnel = || -> Box<dyn Layer> {
            Box::new(Tunnel::new(configs[0].clone(), "a.test:1", [("X", &b"y"[..])]).expect("a tunnel"))
        };
        let layers: Vec<Box<dyn Layer>> = match u.int_in_range(0..=5).unwrap_or_default() {
            0 => vec![tunnel()],
            1 => vec![Box::new(Frames::default()), tunnel()],
            2 => vec![Box::new(Frames::default())],
            _ => Vec::new(),
        };
        let link = Link::new(layers, configs[0].clone());
        let mut run = Run { u, link, configs, asks, given: 0, over: false, shown: Vec::new() };
        for _ in 0..400 {
            if run.u.is_empty() || run.op().is_err() {
                break;
            }
            memory_is_bounded(run.link.retained(), 1, 0, true, 2 * run.given, &Limits::DEFAULT);
        }
        run.rest();
        run.shown
    }

    fn op(&mut self) -> arbitrary::Result<()> {
        match self.u.int_in_range(0..=23)? {
            0..=3 => drop(self.poll()),
            4 | 5 => self.send_head()?,
            6 => {
                let bytes = vec![b'x'; count(&mut self.u, 70_000)?.min(70_000)];
                self.show(|link| link.send_body(&bytes));
            }
            7 => self.show(|link| link.finish_body(None)),
            8..=10 => {
                let n = if self.u.arbitrary()? { usize::MAX } else { count(&mut self.u, 40)? };
                self.link.wrote(n);
            }
            11..=14 => self.receive()?,
            15 => match self.u.int_in_range(0..=9)? {
                0 => self.link.receive_eof(),
                1 => self.link.abort_body(),
                2 => self.link.close(),
                3 => self.link.configure(&self.configs[usize::from(self.u.arbitrary::<bool>()?)].clone()),
                4 => self.link.consume_framing(),
                5 => self.show(|link| link.send_raw(b"raw")),
                6 => {
                    let n = count(&mut self.u, 9)?;
                    self.show(|link| link.bypass(n));
                }
                7 => {
                    let due = usize::try_from(self.link.direct_read_limit()).unwrap_or(usize::MAX);
                    let n = count(&mut self.u, due)? as u64;
                    self.show(|link| link.advance_body(n));
                }
                _ => self.link.stop_waiting(),
            },
            16 => self.show(|link| link.reuse(Now::default())),
            17 | 18 => {
                let n = count(&mut self.u, self.link.body().len())?;
                let body = self.link.body().escape_ascii().to_string();
                self.shown.push(format!("{n} of {body}"));
                self.link.consume(n);
            }
            19 => self.rest(),
            _ => self.ask()?,
        }
        Ok(())
    }

    fn show<T: std::fmt::Debug>(&mut self, call: impl FnOnce(&mut Link) -> T) {
        let result = call(&mut self.link);
        self.shown.push(format!("{result:?}"));
    }

    fn poll(&mut self) -> Option<LinkEvent> {
        let result = self.link.poll(Now::default());
        assert!(!self.over || result.is_err(), "an error is the last word: {result:?}");
        self.over = result.is_err();
        self.shown.push(format!("{result:?} {}", self.link.outgoing().escape_ascii()));
        result.ok()
    }

    fn send_head(&mut self) -> arbitrary::Result<()> {
        let method = *self.u.choose(&["GET", "HEAD", "POST"])?;
        let body = match self.u.int_in_range(0..=3)? {
            0 => BodyLength::Known(count(&mut self.u, 10)? as u64),
            1 => BodyLength::Chunked,
            _ => BodyLength::None,
        };
        let expect_continue = body != BodyLength::None && self.u.arbitrary()?;
        let upgrade = self.u.ratio(1, 4)?.then_some("x");
        let head = RequestHead { body, expect_continue, upgrade, ..RequestHead::new(method, "/") };
        self.show(|link| link.send_head(&head, [("Host", &b"a.test"[..])]));
        Ok(())
    }

    /// Delivers bytes in either way; some suit the custom layer.
    fn receive(&mut self) -> arbitrary::Result<()> {
        let mut bytes = answer(&mut self.u)?;
        bytes.truncate(1024);
        match self.u.int_in_range(0..=5)? {
            0 => bytes = b"f".to_vec(),
            1 => bytes = Frames::framed(&bytes),
            _ => {}
        }
        self.given += bytes.len();
        if self.u.arbitrary()? {
            self.link.received(&bytes);
        } else {
            let space = self.link.space();
            assert!(space.len() >= 2048, "there is room: {}", space.len());
            space[..bytes.len()].copy_from_slice(&bytes);
            self.link.filled(bytes.len());
        }
        Ok(())
    }

    /// Polls until nothing more can happen, and consumes everything shown.
    fn rest(&mut self) {
        // Each byte is at most one event, and a chunk of one byte is six.
        for _ in 0..4 * self.given + SLICE / 1024 + 16 {
            match self.poll() {
                Some(LinkEvent::NeedInput | LinkEvent::End) | None => return,
                Some(LinkEvent::Body) => self.link.consume(usize::MAX),
                Some(_) => {}
            }
        }
        panic!("it does not come to rest: {:?}", self.shown.iter().rev().take(5).collect::<Vec<_>>());
    }

    fn ask(&mut self) -> arbitrary::Result<()> {
        let (which, n) = (self.u.int_in_range(0..=5)?, self.u.int_in_range(0..=40_000)?);
        if !self.asks {
            return Ok(());
        }
        let link = &mut self.link;
        match which {
            0 => drop(link.space()),
            1 => drop(link.give_read_buffer(vec![b'?'; n])),
            2 => drop(link.take_read_buffer()),
            3 => link.swap_write_buffer(&mut vec![b'?'; n]),
            4 => link.filled(0),
            _ => {
                let _ = (link.wants_read(), link.is_established(), link.is_plain(), link.phase(), link.counters());
                let _ =
                    (link.tls_info().is_some(), link.http().can_reuse(), link.direct_read_limit(), link.body_room());
                let _ = (format!("{link:?}"), link.body().len(), link.outgoing().len());
            }
        }
        Ok(())
    }
}
