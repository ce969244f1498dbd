//! A custom layer: a handshake of one byte each way, then frames.
//!
//! A frame is its length (1 to 250) and that many masked bytes. Length 0 ends the direction, 251 is
//! an empty frame, 252 requests a reply, and anything above is a fault.

use petition_core::Now;
use petition_core::link::{Layer, LayerEof, LayerError, LayerKind, Received};

const MASK: u8 = 0x20;

#[derive(Default)]
pub(in crate::fuzz) struct Frames {
    open: bool,
    ended: bool,
}

impl Frames {
    /// Returns the frames for these bytes.
    pub(in crate::fuzz) fn framed(bytes: &[u8]) -> Vec<u8> {
        let frame = |part: &[u8]| {
            let length = u8::try_from(part.len()).expect("at most 250");
            [length].into_iter().chain(part.iter().map(|byte| byte ^ MASK)).collect::<Vec<u8>>()
        };
        bytes.chunks(250).flat_map(frame).collect()
    }
}

impl Layer for Frames {
    fn kind(&self) -> LayerKind {
        LayerKind::Other
    }

    fn start(&mut self, _: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        down.push(b'F');
        Ok(())
    }

    fn receive(&mut self, _: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError> {
        if !self.open {
            self.open = wire.first() == Some(&b'f');
            return if self.open { Ok(Received::used(1)) } else { Err(LayerError::Other("no handshake".into())) };
        }
        if self.ended {
            return Ok(Received::used(wire.len()));
        }
        match wire {
            [0, ..] => {
                self.ended = true;
                Ok(Received::used(1))
            }
            [251, ..] => Ok(Received::used(1)),
            [252, ..] => {
                down.push(252);
                Ok(Received::used(1))
            }
            [253..=255, ..] => Err(LayerError::Other("no such frame".into())),
            [length, frame @ ..] => {
                let length = usize::from(*length);
                let Some(frame) = frame.get_mut(..length) else { return Ok(Received::NEED_MORE) };
                frame.iter_mut().for_each(|byte| *byte ^= MASK);
                Ok(Received { discard: length + 1, plain: 1..length + 1 })
            }
            [] => Ok(Received::NEED_MORE),
        }
    }

    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        Ok(if self.ended { LayerEof::Clean } else { LayerEof::Truncated })
    }

    fn peer_closed(&self) -> bool {
        self.ended
    }

    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        let taken = plain.get(..250).unwrap_or(plain);
        down.push(u8::try_from(taken.len()).expect("at most 250"));
        down.extend(taken.iter().map(|byte| byte ^ MASK));
        Ok(taken.len())
    }

    fn close(&mut self, down: &mut Vec<u8>) {
        down.push(0);
    }

    fn is_open(&self) -> bool {
        self.open
    }
}
