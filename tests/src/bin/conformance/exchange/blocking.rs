//! Over the blocking sockets of [`petition_std`].

use std::io::{Cursor, Read};

use petition_core::Request;
use petition_std::Session;

use super::names::Names;
use super::transport::{Client, Exchanged, State, Transport};

/// The blocking transport.
pub(crate) struct Std;

impl Transport for Std {
    fn open(&self, state: &State, names: &Names) -> Box<dyn Client> {
        Box::new(Session::builder().state(state.clone()).resolver(names.clone()).build())
    }
}

impl Client for Session {
    fn send(&self, request: Request, stream: Option<Vec<u8>>) -> Exchanged {
        let mut sendable = self.request_from(request);
        if let Some(bytes) = stream {
            sendable = sendable.stream(Cursor::new(bytes), None);
        }
        let mut response = match sendable.send() {
            Ok(response) => response,
            Err(error) => return Exchanged { head: None, body: Vec::new(), error: Some(error) },
        };
        let head = response.head().clone();
        let mut body = Vec::new();
        let error = match response.read_to_end(&mut body) {
            Ok(_) => None,
            Err(error) => error.into_inner().and_then(|error| error.downcast().ok()).map(|error| *error),
        };
        Exchanged { head: Some(head), body, error }
    }
}
