//! The layers of a link, one upon the other, and the bytes between them.
//!
//! Decides the order of things: a layer is started when the one below is open; bytes are pulled up only when the one
//! above has used what it had, so that each buffer holds at most what its reader needs for one step; bytes on their
//! way down wait in a bounded queue; a layer that only passes bytes through is dropped once it is open.
//!
//! Knows nothing of HTTP. With no layer left there is nothing to do here: the plain bytes are those received.

use super::error::LinkError;
use super::layer::{Layer, LayerEof, LayerKind, Received};
use super::send_buffer::Outbox;
use crate::Now;
use crate::buffer::{Buffer, Retained};
use std::ops::Range;

/// Bytes that may wait below a layer before it takes more from above.
const HIGH_MARK: usize = 64 * 1024;
/// Storage for one read: the longest record of TLS 1.3 and its header fit (RFC 8446 §5.2).
const READ_SIZE: usize = 17 * 1024;
/// Room below which a partly filled buffer is moved or grown before a read.
const MIN_READ: usize = 2 * 1024;

pub(super) struct Level {
    pub(super) layer: Box<dyn Layer>,
    /// Plain bytes of this layer for the layer above, which needs them in a place of its own.
    pub(super) above: Buffer,
    /// Bytes from the layer above that are to be sent through this layer.
    pub(super) below: Outbox,
}

/// What there is only with layers.
#[derive(Default)]
pub(super) struct Layered {
    /// Bottom first.
    pub(super) levels: Vec<Level>,
    /// The level being established; all below are open. As many as there are levels: all are open.
    pub(super) opening: usize,
    pub(super) started: bool,
    /// Bytes for the wire.
    out: Outbox,
    /// What the top layer brought and was not used yet, within its input.
    pub(super) top: Received,
}

/// What one call of a layer brought.
pub(super) enum Step {
    Plain(Received),
    Progress,
    Starved,
}

pub(super) struct Stack {
    /// Of a plain connection: nothing.
    pub(super) layered: Option<Box<Layered>>,
    eof: bool,
    lent: bool,
    /// Bytes from the wire.
    input: Buffer,
    received: u64,
    sent: u64,
    plain: u64,
}

impl Stack {
    pub(super) fn new(layers: Vec<Box<dyn Layer>>) -> Self {
        let level = |layer| Level { layer, above: Buffer::new(), below: Outbox::default() };
        let levels: Vec<_> = layers.into_iter().map(level).collect();
        let layered = (!levels.is_empty()).then(|| Box::new(Layered { levels, ..Layered::default() }));
        Stack { layered, eof: false, lent: false, input: Buffer::new(), received: 0, sent: 0, plain: 0 }
    }

    /// Whether no layer is left between HTTP and the wire.
    pub(super) fn is_plain(&self) -> bool {
        self.levels().is_empty()
    }

    pub(super) fn levels(&self) -> &[Level] {
        self.layered.as_ref().map_or(&[], |layered| &layered.levels)
    }

    /// The level being established; as many as there are levels: all are open.
    pub(super) fn opening_at(&self) -> usize {
        self.layered.as_ref().map_or(0, |layered| layered.opening)
    }

    pub(super) fn opening(&self) -> Option<LayerKind> {
        self.levels().get(self.opening_at()).map(|level| level.layer.kind())
    }

    pub(super) fn layers(&self) -> impl DoubleEndedIterator<Item = &dyn Layer> {
        self.levels().iter().map(|level| &*level.layer)
    }

    // The wire side.

    pub(super) fn space(&mut self) -> &mut [u8] {
        // A small buffer has kept what was left in storage that was lent.
        let small = self.input.capacity() < READ_SIZE;
        let min = if small { READ_SIZE.saturating_sub(self.input.len()).max(MIN_READ) } else { MIN_READ };
        self.input.space(min)
    }

    pub(super) fn filled(&mut self, n: usize) {
        let before = self.input.len();
        self.input.filled(n);
        self.received = self.received.saturating_add(self.input.len().saturating_sub(before) as u64);
    }

    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        self.received = self.received.saturating_add(bytes.len() as u64);
    }

    pub(super) fn receive_eof(&mut self) {
        self.eof = true;
    }

    pub(super) fn at_eof(&self) -> bool {
        self.eof
    }

    pub(super) fn give_read_buffer(&mut self, storage: Vec<u8>) -> Result<(), Vec<u8>> {
        if self.lent || self.input.len() > storage.capacity() / 2 {
            return Err(storage);
        }
        let mut input = Buffer::from_vec(storage);
        if !self.input.is_empty() {
            input.extend(self.input.unread());
        }
        self.input = input;
        self.lent = true;
        Ok(())
    }

    pub(super) fn take_read_buffer(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.lent) {
            return None;
        }
        let mut own = Buffer::new();
        if !self.input.is_empty() {
            own.extend(self.input.unread());
        }
        Some(std::mem::replace(&mut self.input, own).into_vec())
    }

    /// Gives back the storage of buffers that have nothing in them, unless it is lent.
    pub(super) fn release(&mut self) {
        if self.input.is_empty() && !self.lent {
            self.input.release();
        }
        for level in self.layered.iter_mut().flat_map(|layered| &mut layered.levels) {
            if level.above.is_empty() {
                level.above.release();
            }
        }
    }

    pub(super) fn outgoing(&self) -> &[u8] {
        self.layered.as_ref().map_or(&[], |layered| layered.out.unsent())
    }

    pub(super) fn wrote(&mut self, n: usize) {
        if let Some(layered) = &mut self.layered {
            layered.out.sent(n);
        }
    }

    pub(super) fn count_sent(&mut self, n: usize) {
        self.sent = self.sent.saturating_add(n as u64);
    }

    pub(super) fn count_bypassed(&mut self, n: u64) {
        self.received = self.received.saturating_add(n);
        self.plain = self.plain.saturating_add(n);
    }

    /// Bytes from the wire, to the wire, and plain bytes that were used.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.received, self.sent, self.plain)
    }

    // The upper side.

    /// Plain bytes that came up and were not used.
    #[inline]
    pub(super) fn plain(&self) -> &[u8] {
        match &self.layered {
            None => self.input.unread(),
            Some(layered) => self.plain_of(layered),
        }
    }

    fn plain_of<'a>(&'a self, layered: &'a Layered) -> &'a [u8] {
        let input = match &*layered.levels {
            [.., below, _] => &below.above,
            [_] => &self.input,
            [] => return self.input.unread(),
        };
        input.unread().get(layered.top.plain.clone()).unwrap_or_default()
    }

    /// The first `n` of them are used.
    pub(super) fn consume(&mut self, n: usize) {
        let Some(layered) = self.layered.as_mut().filter(|layered| !layered.levels.is_empty()) else {
            self.plain = self.plain.saturating_add(n.min(self.input.len()) as u64);
            self.input.consume(n);
            return;
        };
        let top = &mut layered.top;
        let n = n.min(top.plain.len());
        self.plain = self.plain.saturating_add(n as u64);
        top.plain.start += n;
        if top.plain.is_empty() {
            let used = std::mem::take(top).discard;
            self.top_input_mut().consume(used);
        }
    }

    /// Brings up more plain bytes, when there are none left. Whether there were any.
    pub(super) fn more(&mut self, now: Now) -> Result<bool, LinkError> {
        let Some(layered) = &self.layered else { return Ok(false) };
        let Some(top) = layered.levels.len().checked_sub(1) else { return Ok(false) };
        if !layered.top.plain.is_empty() {
            return Ok(true);
        }
        loop {
            match self.step(top, now)? {
                Step::Plain(got) => {
                    self.set_top(got);
                    return Ok(true);
                }
                Step::Progress => {}
                Step::Starved if self.feed(top, now)? => {}
                Step::Starved => return Ok(false),
            }
        }
    }

    /// Whether bytes lie in any buffer.
    #[inline]
    pub(super) fn has_unread(&self) -> bool {
        !self.input.is_empty() || self.levels().iter().any(|level| !level.above.is_empty())
    }

    /// The storage held for bytes, empty or not.
    pub(super) fn retained(&self) -> Retained {
        let outgoing = self.layered.as_ref().map_or(0, |layered| layered.out.capacity());
        let levels = self.levels().iter().map(|level| {
            let between = Retained { received: level.above.capacity(), outgoing: level.below.capacity() };
            between + level.layer.retained()
        });
        Retained { received: self.input.capacity(), outgoing } + levels.sum()
    }

    /// How the plain bytes ended, if they did and all of them were used.
    pub(super) fn ended(&mut self) -> Result<Option<LayerEof>, LinkError> {
        self.ended_below(self.levels().len())
    }

    /// Whether bytes that the upper layers want sent wait between the layers.
    pub(super) fn has_unsent(&self) -> bool {
        self.levels().iter().any(|level| !level.below.unsent().is_empty())
    }

    /// Takes bytes to be sent through the top layer. How many were taken; none when enough wait below.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let Some(top) = self.levels().len().checked_sub(1) else {
            // Bytes of another protocol: HTTP's own need no place here without layers.
            let out = &mut self.layered.get_or_insert_default().out;
            let room = HIGH_MARK.saturating_sub(out.unsent().len());
            let taken = bytes.get(..room).unwrap_or(bytes);
            if !taken.is_empty() {
                out.end().extend_from_slice(taken);
            }
            return Ok(taken.len());
        };
        if self.opening_at() < self.levels().len() {
            return Ok(0);
        }
        let (level, _, out) = self.level(top);
        let room = HIGH_MARK.saturating_sub(out.unsent().len());
        let bytes = bytes.get(..room).unwrap_or(bytes);
        if bytes.is_empty() || !level.layer.is_open() {
            return Ok(0);
        }
        Ok(level.layer.send(bytes, out.end())?.min(bytes.len()))
    }

    /// Moves what waits between the layers down to the wire.
    pub(super) fn flush(&mut self) -> Result<(), LinkError> {
        for i in (0..self.levels().len().saturating_sub(1)).rev() {
            self.flush_one(i)?;
        }
        Ok(())
    }

    fn flush_one(&mut self, i: usize) -> Result<(), LinkError> {
        let (level, _, out) = self.level(i);
        while level.layer.is_open() && !level.below.unsent().is_empty() && out.unsent().len() < HIGH_MARK {
            let sent = level.layer.send(level.below.unsent(), out.end())?;
            if sent == 0 {
                break;
            }
            level.below.sent(sent);
        }
        Ok(())
    }

    /// Each layer's good-bye, from the top; then there are no layers any more.
    pub(super) fn close(&mut self) {
        let (opening, started) = self.layered.as_ref().map_or((0, false), |layered| (layered.opening, layered.started));
        for i in (0..self.levels().len()).rev() {
            // A layer that cannot send any more has no good-bye either.
            let _ = self.flush_one(i);
            if i < opening || (i == opening && started) {
                let (level, _, out) = self.level(i);
                level.layer.close(out.end());
            }
        }
        if let Some(layered) = &mut self.layered {
            layered.levels = Vec::new();
            layered.top = Received::NEED_MORE;
        }
        self.input.consume(usize::MAX);
        self.release();
    }

    // The levels.

    pub(super) fn set_top(&mut self, got: Received) {
        if let Some(layered) = &mut self.layered {
            layered.top = got;
        }
    }

    /// One level, its input, and where its output goes. `i` is that of a level.
    pub(super) fn level(&mut self, i: usize) -> (&mut Level, &mut Buffer, &mut Outbox) {
        let Layered { levels, out, .. } = &mut **self.layered.get_or_insert_default();
        let (lower, upper) = levels.split_at_mut(i);
        let (input, out) = match lower.last_mut() {
            Some(level) => (&mut level.above, &mut level.below),
            None => (&mut self.input, out),
        };
        (&mut upper[0], input, out)
    }

    pub(super) fn input_of(&self, i: usize) -> &Buffer {
        i.checked_sub(1).and_then(|below| self.levels().get(below)).map_or(&self.input, |level| &level.above)
    }

    fn top_input_mut(&mut self) -> &mut Buffer {
        match self.layered.as_mut().map(|layered| layered.levels.as_mut_slice()) {
            Some([.., below, _]) => &mut below.above,
            _ => &mut self.input,
        }
    }

    /// Lets level `i` look at its input once.
    pub(super) fn step(&mut self, i: usize, now: Now) -> Result<Step, LinkError> {
        let (level, input, out) = self.level(i);
        if input.is_empty() {
            return Ok(Step::Starved);
        }
        let got = level.layer.receive(now, input.unread_mut(), out.end())?;
        // Whatever a layer says, nothing lies outside of what it was given.
        let discard = got.discard.min(input.len());
        let plain: Range<usize> = got.plain.start.min(discard)..got.plain.end.min(discard);
        if !plain.is_empty() {
            return Ok(Step::Plain(Received { discard, plain }));
        }
        input.consume(discard);
        Ok(if discard > 0 { Step::Progress } else { Step::Starved })
    }

    /// Brings more bytes into the input of level `i` from the level below. Whether there were any.
    pub(super) fn feed(&mut self, i: usize, now: Now) -> Result<bool, LinkError> {
        let Some(below) = i.checked_sub(1) else { return Ok(false) };
        // What comes behind the end is nobody's, be it there already or not.
        if self.levels().get(i).is_some_and(|level| level.layer.peer_closed()) {
            return Ok(false);
        }
        loop {
            match self.step(below, now)? {
                Step::Plain(got) => {
                    let (level, input, _) = self.level(below);
                    level.above.extend(input.unread().get(got.plain).unwrap_or_default());
                    input.consume(got.discard);
                    return Ok(true);
                }
                Step::Progress => {}
                Step::Starved if self.feed(below, now)? => {}
                Step::Starved => return Ok(false),
            }
        }
    }

    /// How what comes up to level `i` ended, if it did. Asked only when there is nothing left below.
    pub(super) fn ended_below(&mut self, i: usize) -> Result<Option<LayerEof>, LinkError> {
        let Some(below) = i.checked_sub(1) else { return Ok(self.eof.then_some(LayerEof::Clean)) };
        if self.levels().get(below).is_some_and(|level| level.layer.peer_closed()) {
            return Ok(Some(LayerEof::Clean));
        }
        if self.ended_below(below)?.is_none() {
            return Ok(None);
        }
        let (level, ..) = self.level(below);
        Ok(Some(level.layer.receive_eof()?))
    }
}
