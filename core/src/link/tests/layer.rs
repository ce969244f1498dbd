//! A custom layer, to show that the trait can be implemented outside the crate.

use super::drive::{Request, everywhere, get};
use super::peer::{Peer, Script, hello};
use crate::Now;
use crate::http1::Config;
use crate::link::{Layer, LayerEof, LayerError, LayerFailure, LayerKind, Link, LinkError, Received};

/// One key byte in each direction, then frames of at most 200 bytes: a length, and bytes XORed with
/// the key. A frame of length 0 is the end.
#[derive(Default)]
struct Xor {
    key: Option<u8>,
    closed: bool,
}

const OUR_KEY: u8 = 0x5a;

impl Layer for Xor {
    fn kind(&self) -> LayerKind {
        LayerKind::Other
    }
    fn start(&mut self, _: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        down.push(OUR_KEY);
        Ok(())
    }
    fn receive(&mut self, _: Now, wire: &mut [u8], _: &mut Vec<u8>) -> Result<Received, LayerError> {
        let Some(key) = self.key else {
            self.key = Some(wire[0]);
            return if wire[0] == 0 { Err(LayerError::Other("no key".into())) } else { Ok(Received::used(1)) };
        };
        match *wire {
            _ if self.closed => Ok(Received::used(wire.len())),
            [0, ..] => {
                self.closed = true;
                Ok(Received::used(1))
            }
            [len, ref mut frame @ ..] if frame.len() >= len as usize => {
                let end = len as usize;
                frame[..end].iter_mut().for_each(|byte| *byte ^= key);
                Ok(Received { discard: end + 1, plain: 1..end + 1 })
            }
            _ => Ok(Received::NEED_MORE),
        }
    }
    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        Ok(LayerEof::Truncated)
    }
    fn peer_closed(&self) -> bool {
        self.closed
    }
    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        let taken = plain.len().min(200);
        down.push(taken as u8);
        down.extend(plain[..taken].iter().map(|byte| byte ^ OUR_KEY));
        Ok(taken)
    }
    fn close(&mut self, down: &mut Vec<u8>) {
        down.push(0);
    }
    fn is_open(&self) -> bool {
        self.key.is_some()
    }
}

/// The peer's side of it.
struct XorPeer<P> {
    inner: P,
    key: Option<u8>,
    pending: Vec<u8>,
    out: Vec<u8>,
    said_end: bool,
    says_end: bool,
}

impl<P> XorPeer<P> {
    fn new(inner: P, says_end: bool) -> Self {
        XorPeer { inner, key: None, pending: Vec::new(), out: Vec::new(), said_end: false, says_end }
    }
}

impl<P: Peer> Peer for XorPeer<P> {
    fn receive(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if self.key.is_none() && !self.pending.is_empty() {
            self.key = Some(self.pending.remove(0));
            self.out.push(0x33);
        }
        while let (Some(key), Some(&len)) = (self.key, self.pending.first()) {
            let end = 1 + len as usize;
            if self.pending.len() < end {
                break;
            }
            let frame: Vec<u8> = self.pending.drain(..end).skip(1).map(|byte| byte ^ key).collect();
            self.inner.receive(&frame);
        }
        for frame in self.inner.take().chunks(150) {
            self.out.push(frame.len() as u8);
            self.out.extend(frame.iter().map(|byte| byte ^ 0x33));
        }
        if self.inner.closed() && self.says_end && !self.said_end {
            self.said_end = true;
            self.out.push(0);
        }
    }
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
    fn closed(&self) -> bool {
        self.inner.closed() && self.out.is_empty()
    }
    fn seen(&self) -> &[u8] {
        self.inner.seen()
    }
}

fn xor(layers: usize) -> Link {
    let layers = (0..layers).map(|_| Box::new(Xor::default()) as Box<dyn Layer>).collect();
    Link::new(layers, Config::default())
}

#[test]
fn custom_layer_carries_requests() {
    everywhere(
        &[get(), get()],
        || (xor(1), XorPeer::new(hello(2), false)),
        |_, seen| {
            assert_eq!(seen.events, ["established", "head 200", "end", "reusable", "head 200", "end", "reusable"]);
            assert_eq!(seen.body, b"hellohello");
        },
    );
}

#[test]
fn three_layers_carry_large_bodies_both_ways() {
    let up: Vec<u8> = (0..150_000u32).map(|i| (i % 253) as u8).collect();
    let request = Request { method: "PUT", body: up.clone(), ..Request::default() };
    let mut expected = b"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 150000\r\n\r\n".to_vec();
    expected.extend_from_slice(&up);
    let mut answer = b"HTTP/1.1 200 \r\n\r\n".to_vec();
    answer.extend_from_slice(&up);
    everywhere(
        &[request],
        || {
            let peer = Script::new([(&expected, &answer)]).then_closes();
            (xor(3), XorPeer::new(XorPeer::new(XorPeer::new(peer, true), false), false))
        },
        |_, seen| {
            assert!(seen.body == up);
            // The innermost layer announced its end, so the end is clean although the others were
            // cut off.
            assert!(seen.last().ends_with("extended to the end of the connection"), "{:?}", seen.events);
        },
    );
}

#[test]
fn layer_truncation_is_reported() {
    for (says_end, tolerated) in [(true, false), (false, true)] {
        let (mut link, peer) = (xor(1), Script::new([(super::peer::GET, "HTTP/1.1 200 \r\n\r\nx")]).then_closes());
        super::drive::drive(&mut link, &mut XorPeer::new(peer, says_end), super::drive::WHOLE, &[get()]);
        let used = link.http().leniencies_used();
        assert_eq!(used.contains(crate::http1::Leniency::UncleanTlsClose), tolerated);
    }
}

#[test]
fn custom_errors_and_lost_handshakes_are_reported() {
    let now = super::drive::TODAY;
    let mut link = xor(1);
    link.poll(now).unwrap();
    link.received(&[0]);
    assert!(
        matches!(link.poll(now), Err(LinkError::Layer(LayerFailure::Failed(error))) if error.to_string() == "no key")
    );

    let mut link = xor(1);
    link.poll(now).unwrap();
    link.receive_eof();
    assert!(matches!(link.poll(now), Err(LinkError::Layer(LayerFailure::Closed))));
}

#[test]
fn close_ends_every_layer() {
    let mut link = xor(2);
    let mut peer = XorPeer::new(XorPeer::new(hello(1), false), false);
    super::drive::drive(&mut link, &mut peer, super::drive::WHOLE, &[get()]);
    assert!(link.outgoing().is_empty());
    link.close();
    // A frame of the outer layer that contains the inner layer's end, then the outer layer's own
    // end.
    assert_eq!(link.outgoing(), [1, OUR_KEY, 0]);
    link.close();
    assert_eq!(link.outgoing(), [1, OUR_KEY, 0, 0][..3].to_vec());
}
