//! Request bodies of handlers: many small pieces, and false reports.

use std::sync::Arc;

use petition_mio::{Body, Error, ErrorKind, Flow, Handler, LoopThread, Method, Request, ResponseInfo, UploadChunk};
use petition_tests::net::PATIENCE;
use petition_tests::net::watch::Watch;
use petition_tests::server::Scripted;

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A handler whose source gives one byte at a time, or reports more bytes than fit.
struct Bytewise {
    left: usize,
    lies: bool,
    over: Arc<Watch<Option<Result<(), Error>>>>,
}

impl Handler for Bytewise {
    fn head(&mut self, _head: ResponseInfo) {}

    fn data(&mut self, _piece: &[u8]) -> Flow {
        Flow::Continue
    }

    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        if self.lies {
            return Ok(UploadChunk::Bytes(space.len() + 1));
        }
        let Some(left) = self.left.checked_sub(1) else { return Ok(UploadChunk::End) };
        (self.left, space[0]) = (left, b'x');
        Ok(UploadChunk::Bytes(1))
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.over.update(|over| *over = Some(result));
    }
}

fn over_mio(url: String, left: usize, lies: bool) -> Result<(), Error> {
    let client = LoopThread::spawn(Default::default()).unwrap();
    let over = Arc::new(Watch::new(None));
    let request = Request::new(Method::POST, url).data(Body::Stream { length: None, rewindable: false });
    client.request_from(request).stream(Bytewise { left, lies, over: over.clone() });
    over.find(PATIENCE, Option::take).expect("the end of the request")
}

#[test]
fn bytes_of_a_handler_gather_in_few_chunks() {
    const SIZE: usize = 200_000;
    let server = Scripted::run(None, |conversation| {
        conversation.read_request()?;
        conversation.send(NO_CONTENT.as_bytes())
    })
    .unwrap();
    over_mio(server.url("/"), SIZE, false).unwrap();
    let record = server.record(0);
    assert_eq!(record.bodies, [vec![b'x'; SIZE]]);
    let framing = record.received.len() - SIZE - record.received.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    assert!(framing < 500, "{framing} bytes of framing");
}

#[test]
fn handler_that_reports_too_much_is_an_error() {
    let server = Scripted::run(None, |conversation| {
        conversation.read_request()?;
        conversation.send(NO_CONTENT.as_bytes())
    })
    .unwrap();
    let error = over_mio(server.url("/"), 0, true).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestBody(_)), "{error}");
}
