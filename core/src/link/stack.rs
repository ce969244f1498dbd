//! The layers of a link and the bytes between them.
//!
//! A layer starts when the one below is open. Bytes are pulled up only when the layer above has
//! used the ones it had. Each buffer therefore holds at most what its reader needs for one step.
//! Bytes on their way down wait in a bounded queue. A layer that only passes bytes through is
//! removed once open.
//!
//! This file knows nothing of HTTP. Without layers it does nothing: the plain bytes are the
//! received bytes.

use super::error::LinkError;
use super::layer::{Layer, LayerEof, LayerKind, Received};
use super::send_buffer::SendBuffer;
use crate::Now;
use crate::buffer::{Buffer, Retained};
use std::net::SocketAddr;
use std::ops::Range;

/// The number of bytes below a layer at which it accepts no more from above.
const HIGH_MARK: usize = 64 * 1024;
/// Storage for one read: fits the longest TLS 1.3 record with its header (RFC 8446 §5.2).
const READ_SIZE: usize = 17 * 1024;
/// A partly filled buffer with less room than this is moved or grown before a read.
const MIN_READ: usize = 2 * 1024;

pub(super) struct Level {
    pub(super) layer: Box<dyn Layer>,
    /// Plain bytes for the layer above, which needs them in its own buffer.
    pub(super) above: Buffer,
    /// Bytes from the layer above, to be sent through this layer.
    pub(super) below: SendBuffer,
}

/// The state that exists only with layers.
#[derive(Default)]
pub(super) struct Layered {
    /// Bottom first.
    pub(super) levels: Vec<Level>,
    /// The level being established; all below are open. Equals the number of levels once all are
    /// open.
    pub(super) opening: usize,
    pub(super) started: bool,
    /// Bytes for the wire.
    out: SendBuffer,
    /// The unused result of the top layer, within its input.
    pub(super) top: Received,
    /// The address of the origin that was sent to a SOCKS proxy.
    pub(super) origin: Option<SocketAddr>,
}

/// The result of one call of a layer.
pub(super) enum Step {
    Plain(Received),
    Progress,
    Starved,
}

pub(super) struct Stack {
    /// `None` for a plain connection.
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
        let level = |layer| Level { layer, above: Buffer::new(), below: SendBuffer::default() };
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

    /// Returns the level being established, or the number of levels once all are open.
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
        // A small buffer holds the bytes left over from a buffer that was taken back.
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

    /// Frees the storage of empty buffers, unless it is lent.
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

    /// Returns the bytes received from the wire, sent to it, and used as plain bytes.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.received, self.sent, self.plain)
    }

    // The upper side.

    /// Returns the unused plain bytes.
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

    /// Marks the first `n` plain bytes as used.
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

    /// Brings up more plain bytes if none are left. Returns whether there are any.
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

    /// Whether any buffer holds bytes.
    #[inline]
    pub(super) fn has_unread(&self) -> bool {
        !self.input.is_empty() || self.levels().iter().any(|level| !level.above.is_empty())
    }

    /// Returns the storage held for bytes, whether empty or not.
    pub(super) fn retained(&self) -> Retained {
        let outgoing = self.layered.as_ref().map_or(0, |layered| layered.out.capacity());
        let levels = self.levels().iter().map(|level| {
            let between = Retained { received: level.above.capacity(), outgoing: level.below.capacity() };
            between + level.layer.retained()
        });
        Retained { received: self.input.capacity(), outgoing } + levels.sum()
    }

    /// Returns how the plain bytes ended, once all of them are used.
    pub(super) fn ended(&mut self) -> Result<Option<LayerEof>, LinkError> {
        self.ended_below(self.levels().len())
    }

    /// Whether output of the upper layers waits between the layers.
    pub(super) fn has_unsent(&self) -> bool {
        self.levels().iter().any(|level| !level.below.unsent().is_empty())
    }

    /// Sends bytes through the top layer. Returns how many were accepted; none if enough wait
    /// below.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let Some(top) = self.levels().len().checked_sub(1) else {
            // Bytes of another protocol; without layers HTTP's own output does not pass here.
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

    /// Moves bytes that wait between the layers down to the wire.
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

    /// Closes each layer from the top, then removes them.
    pub(super) fn close(&mut self) {
        let (opening, started) = self.layered.as_ref().map_or((0, false), |layered| (layered.opening, layered.started));
        for i in (0..self.levels().len()).rev() {
            // A layer that can no longer send has no closing bytes either.
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

    /// Returns one level, its input, and the buffer for its output. `i` must be the index of a
    /// level.
    pub(super) fn level(&mut self, i: usize) -> (&mut Level, &mut Buffer, &mut SendBuffer) {
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

    /// Lets level `i` process its input once.
    pub(super) fn step(&mut self, i: usize, now: Now) -> Result<Step, LinkError> {
        let (level, input, out) = self.level(i);
        if input.is_empty() {
            return Ok(Step::Starved);
        }
        let got = level.layer.receive(now, input.unread_mut(), out.end())?;
        // Clamp the layer's ranges to its input.
        let discard = got.discard.min(input.len());
        let plain: Range<usize> = got.plain.start.min(discard)..got.plain.end.min(discard);
        if !plain.is_empty() {
            return Ok(Step::Plain(Received { discard, plain }));
        }
        input.consume(discard);
        Ok(if discard > 0 { Step::Progress } else { Step::Starved })
    }

    /// Brings more bytes from the level below into the input of level `i`. Returns whether there
    /// were any.
    pub(super) fn feed(&mut self, i: usize, now: Now) -> Result<bool, LinkError> {
        let Some(below) = i.checked_sub(1) else { return Ok(false) };
        // Bytes after the end are ignored, whether or not they have arrived.
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

    /// Returns how the input of level `i` ended, if it did. Called only when nothing is left below.
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
