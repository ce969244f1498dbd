//! Every output of an engine, under the numbers of a transcript, with a line of text for each.

use std::net::SocketAddr;

use petition_core::{Error, Event, Transfer, Why};

use super::inputs::{SocketNumber, TransferNumber};

/// What an engine says.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Said {
    /// With the name and the port.
    Resolve(TransferNumber, String, u16),
    Connect(SocketNumber, SocketAddr),
    /// With the number of bytes that are outgoing.
    Transmit(SocketNumber, usize),
    Read(SocketNumber),
    Probe(SocketNumber),
    Close(SocketNumber),
    NeedBody(TransferNumber),
    Rewind(TransferNumber),
    /// With the number of bytes at hand.
    Body(TransferNumber, usize),
    Event(TransferNumber, Event),
    Ended(TransferNumber, Box<Transfer>, Option<Error>),
    Wait,
}

impl Said {
    /// Its line, without the line end.
    pub fn write(&self) -> String {
        match self {
            Said::Resolve(t, name, port) => format!("> resolve t{t} {name}:{port}"),
            Said::Connect(s, address) => format!("> connect s{s} {address}"),
            Said::Transmit(s, n) => format!("> transmit s{s} {n}"),
            Said::Read(s) => format!("> read s{s}"),
            Said::Probe(s) => format!("> check s{s}"),
            Said::Close(s) => format!("> close s{s}"),
            Said::NeedBody(t) => format!("> need_body t{t}"),
            Said::Rewind(t) => format!("> rewind t{t}"),
            Said::Body(t, n) => format!("> body t{t} {n}"),
            Said::Event(t, Event::Informational(head)) => format!("> informational t{t} {}", head.status().as_u16()),
            Said::Event(t, Event::Head(head)) => format!("> head t{t} {}", head.status().as_u16()),
            Said::Event(t, Event::Again(Why::Redirect)) => format!("> redirected t{t}"),
            Said::Event(t, Event::Again(Why::ExpectationFailed)) => format!("> expect refused t{t}"),
            Said::Event(t, Event::Again(Why::ConnectionLost)) => format!("> retried t{t}"),
            Said::Event(t, event) => format!("> event t{t} {event:?}"),
            Said::Ended(t, _, None) => format!("> done t{t}"),
            Said::Ended(t, _, Some(error)) => format!("> failed t{t} {error}"),
            Said::Wait => "> wait".into(),
        }
    }
}
