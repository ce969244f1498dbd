//! Opening the layers of a link, one after the other.
//!
//! Decides: a layer is started when all below are open; bytes that follow its handshake at once belong to the layer above
//! only if this one stays in place, since nobody above has said anything yet; an end within a handshake
//! is an error.

use super::error::LinkError;
use super::layer::Received;
use super::stack::{Stack, Step};
use crate::Now;

impl Stack {
    /// Establishes the layers, as far as the bytes received allow. Whether all are open.
    pub(super) fn open(&mut self, now: Now) -> Result<bool, LinkError> {
        while let Some(level) = self.levels.get(self.opening) {
            let kind = level.layer.kind();
            if !self.open_one(self.opening, now)? {
                return Ok(false);
            }
            self.started = false;
            if self.levels.get(self.opening).is_some_and(|level| level.layer.is_transparent()) {
                if !self.input_of(self.opening).is_empty() {
                    return Err(LinkError::EarlyBytes(kind));
                }
                self.levels.remove(self.opening);
            } else {
                self.opening += 1;
            }
        }
        Ok(true)
    }

    fn open_one(&mut self, i: usize, now: Now) -> Result<bool, LinkError> {
        if !self.started {
            let (level, _, out) = self.level(i);
            level.layer.start(now, out.end())?;
            self.started = true;
        }
        loop {
            if self.levels.get(i).is_none_or(|level| level.layer.is_open()) {
                return Ok(true);
            }
            match self.step(i, now)? {
                Step::Plain(got) => self.early(i, got)?,
                Step::Progress => {}
                Step::Starved if self.feed(i, now)? => {}
                Step::Starved if self.ended_below(i)?.is_none() => return Ok(false),
                Step::Starved => {
                    let (level, ..) = self.level(i);
                    level.layer.receive_eof()?;
                    return Err(LinkError::Closed(level.layer.kind()));
                }
            }
        }
    }

    /// Plain bytes came up with the last bytes of the handshake.
    fn early(&mut self, i: usize, got: Received) -> Result<(), LinkError> {
        let top = i + 1 == self.levels.len();
        let (level, input, _) = self.level(i);
        if !level.layer.is_open() || level.layer.is_transparent() {
            return Err(LinkError::EarlyBytes(level.layer.kind()));
        }
        if top {
            self.top = got;
        } else {
            // The level above has a buffer of its own, and starts with these bytes.
            let bytes = input.unread().get(got.plain).unwrap_or_default();
            level.above.extend(bytes);
            input.consume(got.discard);
        }
        Ok(())
    }
}
