//! Over the event loop of [`petition_mio`], on its own thread.

use std::sync::mpsc;

use petition_core::http1::ResponseHead;
use petition_core::{Error, Request};
use petition_mio::{DriverConfig, Flow, Handler, LoopThread, ResponseInfo, UploadChunk};

use super::names::Names;
use super::transport::{Client, Exchanged, State, Transport};

/// The event loop.
pub(crate) struct Mio;

impl Transport for Mio {
    fn open(&self, state: &State, names: &Names) -> Box<dyn Client> {
        let options =
            DriverConfig { resolver: Box::new(names.clone()), session: state.clone(), ..DriverConfig::default() };
        // Nothing works without a loop.
        Box::new(LoopThread::spawn(options).unwrap_or_else(|error| panic!("no event loop: {error}")))
    }
}

impl Client for LoopThread {
    fn send(&self, request: Request, stream: Option<Vec<u8>>) -> Exchanged {
        let (tell, told) = mpsc::sync_channel(1);
        let collector = Collector { tell, head: None, body: Vec::new(), upload: stream.unwrap_or_default(), sent: 0 };
        self.request_from(request).stream(collector);
        told.recv().unwrap_or_else(|_| panic!("a handler was not told of its end"))
    }
}

/// Collects the response, and supplies a body of unknown length.
struct Collector {
    tell: mpsc::SyncSender<Exchanged>,
    head: Option<ResponseHead>,
    body: Vec<u8>,
    upload: Vec<u8>,
    sent: usize,
}

impl Handler for Collector {
    fn head(&mut self, head: ResponseInfo) {
        self.head = Some(head.into_head());
    }

    fn data(&mut self, piece: &[u8]) -> Flow {
        self.body.extend_from_slice(piece);
        Flow::Continue
    }

    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        let rest = self.upload.get(self.sent..).unwrap_or_default();
        let n = rest.len().min(space.len());
        if n == 0 {
            return Ok(UploadChunk::End);
        }
        space[..n].copy_from_slice(&rest[..n]);
        self.sent += n;
        Ok(UploadChunk::Bytes(n))
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        let Collector { tell, head, body, .. } = *self;
        // The receiver waits for it.
        let _ = tell.send(Exchanged { head, body, error: result.err() });
    }
}
