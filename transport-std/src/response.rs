//! The response: its head at once, its body as it is read.

use std::fmt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use petition_core::content::text::Text;
use petition_core::http1::{Fields, LeniencySet, ResponseHead, Version};
use petition_core::limits::LimitExceeded;
use petition_core::transfer::Hop;
use petition_core::{Error, ErrorKind, Input, Unavailable};
use url::Url;

use crate::drive::{Call, LARGE, Stop};

/// A piece of a body that is shorter than this is not handed out alone, if more can be had at once.
const SHORT: usize = 64;

/// The final response to a request.
///
/// It is a [`Read`]: the body is taken from the connection as it is read, content codings removed. [`Response::content`], [`Response::text`]
/// and `json` collect it, and keep it, up to [`Limits::body_bytes`](petition_core::Limits::body_bytes) (64 MiB).
///
/// When the body has been read to its end, the connection goes back to the session, or is closed, and its slot is free, though the response is
/// kept. A response that is dropped before that closes its connection,
/// unless the rest is known to be short ([`Limits::drain_bytes`](petition_core::Limits::drain_bytes), 64 KiB): it is then read, for at most
/// [`Limits::drain_time`](petition_core::Limits::drain_time) (250 ms).
///
/// In a child process of the one that sent the request, no more of the body can be read: see [fork](crate#fork).
pub struct Response {
    head: ResponseHead,
    body: Body,
    call: Box<Call>,
}

enum Body {
    /// In the call's hands.
    Streaming,
    /// Read to its end by the caller.
    Ended,
    Collected(Bytes),
    /// Told at every read from then on.
    Failed(Error),
}

impl Response {
    pub(crate) fn new(mut call: Box<Call>, head: ResponseHead) -> Response {
        let body = match call.settle() {
            Stop::Done => Body::Ended,
            Stop::Failed(error) => Body::Failed(error),
            Stop::Head(_) | Stop::Body | Stop::Waits => Body::Streaming,
        };
        Response { head, body, call }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// Whether the status is 2xx.
    pub fn ok(&self) -> bool {
        self.status().is_success()
    }

    /// The reason phrase as it was received; often empty, and of no meaning (RFC 9112 §4).
    pub fn reason(&self) -> &[u8] {
        self.head.reason()
    }

    /// The HTTP version of the response.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// The URL that answered, the last of all redirects; without userinfo.
    pub fn url(&self) -> &Url {
        self.call.transfer.url()
    }

    /// The first value of a field as text, the name in any case; `None` when there is none or it is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.head.get(name)?).ok()
    }

    /// All fields, made into a map at each call. The order and the case of names are on [`Response::head`].
    pub fn headers(&self) -> HeaderMap {
        self.head.to_header_map()
    }

    /// The head as it was received.
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// The cookies that this response set, as it spelled them. Those that the session took are in its jar.
    pub fn cookies(&self) -> Vec<cookie::Cookie<'static>> {
        let fields = self.head.get_all("set-cookie").filter_map(|field| std::str::from_utf8(field).ok());
        fields.filter_map(|field| cookie::Cookie::parse(field.to_owned()).ok()).collect()
    }

    /// The responses that were not the final one, the oldest first: each redirect that was followed, and a 417 after which the
    /// request was sent without `Expect`.
    pub fn history(&self) -> &[Hop] {
        self.call.transfer.history()
    }

    /// The trailer fields, once the body has been read to its end. `None` when the response has no trailer section.
    /// Fields that may not be trailers are left out (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.call.transfer.trailers()
    }

    /// The time from sending the request to the head of this response, redirects included.
    pub fn elapsed(&self) -> Duration {
        self.call.transfer.elapsed().unwrap_or_default()
    }

    /// What was tolerated in this response so far: departures from the grammar; a TLS connection that ended without saying so, so that a body without
    /// a length may have been cut (RFC 9112 §9.8).
    pub fn tolerated(&self) -> LeniencySet {
        self.call.transfer.tolerated()
    }

    /// The address that answered.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.call.transfer.peer()
    }

    /// Whether the connection had been used for an earlier request.
    pub fn reused(&self) -> bool {
        self.call.transfer.reused()
    }

    /// The whole body; kept, so that it can be asked for again. What was [read](Read) before is not part of it.
    ///
    /// # Errors
    /// Once a body has failed, every later call and read returns the same error.
    ///
    /// The body ends early, its coding is corrupt, a limit is met (`body_bytes`, `decode_ratio`), a deadline fires, or the
    /// connection fails.
    pub fn content(&mut self) -> Result<Bytes, Error> {
        match &self.body {
            Body::Collected(bytes) => return Ok(bytes.clone()),
            Body::Ended => return Ok(Bytes::new()),
            Body::Failed(error) => return Err(error.clone()),
            Body::Streaming => {}
        }
        let limit = self.call.transfer.request().settings().limits.body_bytes;
        let mut collected = Vec::new();
        self.refuse_in_child()?;
        self.call.come_back();
        while let Some(bytes) = self.next_piece()? {
            let n = bytes.len();
            if (collected.len() + n) as u64 > limit {
                // As far as the first byte too many.
                self.call.consumed(usize::try_from(limit).unwrap_or(usize::MAX) - collected.len() + 1);
                let exceeded = LimitExceeded { name: "body_bytes", limit, seen: limit.saturating_add(1) };
                let error = self.call.transfer.error(ErrorKind::Limit(exceeded));
                self.give_up(error.clone());
                return Err(error);
            }
            collected.extend_from_slice(bytes);
            self.call.consumed(n);
        }
        let bytes = Bytes::from(collected);
        self.body = Body::Collected(bytes.clone());
        Ok(bytes)
    }

    /// The whole body, where nothing else is wanted of the response.
    ///
    /// # Errors
    /// As [`Response::content`].
    pub fn bytes(mut self) -> Result<Bytes, Error> {
        self.content()
    }

    /// The whole body as text: by its byte order mark, else the charset of Content-Type, else UTF-8; never guessed (T63). A charset that is
    /// not known leaves UTF-8.
    ///
    /// # Errors
    /// As [`Response::content`]; a content coding that is still on the body; without the leniency `unknown_charset`, an unknown charset.
    pub fn text(&mut self) -> Result<String, Error> {
        Ok(self.decoded_text()?.text)
    }

    /// As [`Response::text`], with the charset that was used, a label that is not known, and the number of characters that had to be replaced.
    ///
    /// # Errors
    /// As [`Response::text`].
    pub fn decoded_text(&mut self) -> Result<Text, Error> {
        let bytes = self.content()?;
        self.call.transfer.text(&self.head, bytes.into())
    }

    /// The whole body as JSON: UTF-8, a byte order mark dropped, at most 128 levels deep (T64); of repeated names in a map the last one counts.
    ///
    /// # Errors
    /// As [`Response::content`]; the body is no JSON, or not of this type; a content coding that is still on the body.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Error> {
        let bytes = self.content()?;
        self.call.transfer.json(&bytes)
    }

    /// The response itself if its status is below 400.
    ///
    /// # Errors
    /// [`StatusError`] with the response in it, body and all.
    pub fn error_for_status(self) -> Result<Response, StatusError> {
        let status = self.status();
        if status.is_client_error() || status.is_server_error() {
            return Err(StatusError(Box::new(self)));
        }
        Ok(self)
    }

    /// Behind the last byte the connection is let go, although the caller has not asked for more (T88). `here`: what comes next may be here
    /// already; after a read straight to the caller it is so only where the response is known to be over.
    fn finish_early(&mut self, here: bool) {
        if !self.call.transfer.body().is_empty() || !(here || self.call.transfer.is_received()) {
            return;
        }
        self.call.go_on();
        match self.call.settle() {
            Stop::Done => self.body = Body::Ended,
            Stop::Failed(error) => self.body = Body::Failed(error),
            Stop::Head(_) | Stop::Body | Stop::Waits => {}
        }
    }

    /// Closes the connection over a body that is not wanted.
    fn give_up(&mut self, error: Error) {
        self.body = Body::Failed(error);
        self.call.tell(Input::Cancel);
        let _closed = self.call.settle();
    }

    /// In a child process, the rest of the body is the parent's to read.
    fn refuse_in_child(&mut self) -> Result<(), Error> {
        if self.call.is_here() {
            return Ok(());
        }
        let error = self.call.transfer.error(ErrorKind::Unavailable(Unavailable::ParentProcess));
        self.body = Body::Failed(error.clone());
        Err(error)
    }

    /// The bytes at hand, waiting for some if there are none; `None` at the end.
    fn next_piece(&mut self) -> Result<Option<&[u8]>, Error> {
        if let Body::Failed(error) = &self.body {
            return Err(error.clone());
        }
        self.call.go_on();
        // What came with the head is here already.
        let stop = if self.call.transfer.body().is_empty() { self.call.run() } else { Stop::Body };
        match stop {
            Stop::Body => Ok(Some(self.call.transfer.body())),
            Stop::Failed(error) => {
                self.body = Body::Failed(error.clone());
                Err(error)
            }
            Stop::Head(_) | Stop::Waits | Stop::Done => {
                self.body = Body::Ended;
                Ok(None)
            }
        }
    }
}

impl Read for Response {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        match &mut self.body {
            Body::Ended => return Ok(0),
            Body::Collected(bytes) => {
                let piece = bytes.split_to(out.len().min(bytes.len()));
                out.iter_mut().zip(&piece).for_each(|(to, from)| *to = *from);
                return Ok(piece.len());
            }
            Body::Failed(error) => return Err(into_io(error.clone())),
            Body::Streaming => {}
        }
        self.refuse_in_child().map_err(into_io)?;
        if out.len() < LARGE {
            self.call.come_back();
        } else if let Some(n) = self.call.read_large(out) {
            self.finish_early(false);
            return Ok(n);
        }
        let Some(bytes) = self.next_piece().map_err(into_io)? else { return Ok(0) };
        let n = bytes.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.call.consumed(n);
        self.call.saw(n);
        if n < SHORT && out.len() >= LARGE {
            // The first bytes of a chunk: the others may go straight to where they are wanted.
            let more = self.call.read_straight(out, n);
            self.finish_early(more.is_none());
            return Ok(n + more.unwrap_or(0));
        }
        self.finish_early(true);
        Ok(n)
    }
}

/// The kind that a reader expects, with the whole error inside.
fn into_io(error: Error) -> io::Error {
    let kind = if error.is_timeout() {
        io::ErrorKind::TimedOut
    } else if error.is_truncated() {
        io::ErrorKind::UnexpectedEof
    } else {
        match error.kind() {
            ErrorKind::Io(failure) => failure.kind,
            _ => io::ErrorKind::InvalidData,
        }
    };
    io::Error::new(kind, error)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("head", &self.head)
            .field("hops", &self.history().len())
            .finish_non_exhaustive()
    }
}

/// A response with a status of 400 or more, as an error. Its Debug output is its words, as that of [`Error`].
pub struct StatusError(Box<Response>);

impl StatusError {
    /// The response, whose body can still be read.
    pub fn into_response(self) -> Response {
        *self.0
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = petition_core::url::redacted(self.0.url(), petition_core::url::QueryShown::NamesOnly);
        write!(f, "{url}: expected a status below 400, saw {}", self.0.status().as_u16())
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for StatusError {}
