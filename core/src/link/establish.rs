//! Opens the layers of a link, one after the other.
//!
//! A layer starts when all below it are open. Bytes directly after its handshake are valid only if
//! the layer stays in place, since no upper layer has sent anything yet. An end within a handshake
//! is an error.

use super::error::LinkError;
use super::layer::{LayerKind, Received};
use super::stack::{Stack, Step};
use crate::Now;

impl Stack {
    /// Establishes the layers as far as the received bytes allow. Returns whether all are open.
    pub(super) fn open(&mut self, now: Now) -> Result<bool, LinkError> {
        loop {
            let at = self.opening_at();
            let Some(kind) = self.levels().get(at).map(|level| level.layer.kind()) else { return Ok(true) };
            if !self.open_one(at, now)? {
                return Ok(false);
            }
            let transparent = self.levels().get(at).is_some_and(|level| level.layer.is_transparent());
            if transparent && !self.input_of(at).is_empty() {
                return Err(LinkError::early_bytes(kind));
            }
            if let Some(layered) = &mut self.layered {
                layered.started = false;
                if transparent {
                    layered.levels.remove(at);
                } else {
                    layered.opening += 1;
                }
            }
        }
    }

    fn open_one(&mut self, i: usize, now: Now) -> Result<bool, LinkError> {
        if !self.layered.as_ref().is_some_and(|layered| layered.started) {
            let (level, _, out) = self.level(i);
            level.layer.start(now, out.end())?;
            if let Some(layered) = &mut self.layered {
                layered.started = true;
            }
        }
        loop {
            if self.levels().get(i).is_none_or(|level| level.layer.is_open()) {
                return Ok(true);
            }
            match self.step(i, now)? {
                Step::Plain(got) => self.early_plain(i, got)?,
                Step::Progress => {}
                Step::Starved if self.feed(i, now)? => {}
                Step::Starved if self.levels().get(i).is_some_and(|level| level.layer.peer_closed()) => {
                    return Err(LinkError::closed(self.opening().unwrap_or(LayerKind::Other)));
                }
                Step::Starved if self.ended_below(i)?.is_none() => return Ok(false),
                Step::Starved => {
                    let (level, ..) = self.level(i);
                    level.layer.receive_eof()?;
                    return Err(LinkError::closed(level.layer.kind()));
                }
            }
        }
    }

    /// Handles plain bytes that arrived with the last bytes of the handshake.
    fn early_plain(&mut self, i: usize, got: Received) -> Result<(), LinkError> {
        let top = i + 1 == self.levels().len();
        let (level, input, _) = self.level(i);
        if !level.layer.is_open() || level.layer.is_transparent() {
            return Err(LinkError::early_bytes(level.layer.kind()));
        }
        if top {
            self.set_top(got);
        } else {
            // The level above has its own buffer and starts with these bytes.
            let bytes = input.unread().get(got.plain).unwrap_or_default();
            level.above.extend(bytes);
            input.consume(got.discard);
        }
        Ok(())
    }
}
