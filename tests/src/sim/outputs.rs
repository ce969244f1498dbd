//! Every output of an engine, under the numbers of a transcript, with a line of text for each.

use petition_core::route::address::Address;
use petition_core::{Error, Event, Transfer, Why};

use super::inputs::{SocketNumber, TransferNumber};

/// An output of an engine or of transfers driven by hand.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum DriverOutput {
    /// With the name and the port.
    Resolve(TransferNumber, String, u16),
    Connect(SocketNumber, Address),
    /// With the number of outgoing bytes.
    Transmit(SocketNumber, usize),
    Read(SocketNumber),
    Probe(SocketNumber),
    Close(SocketNumber),
    NeedBody(TransferNumber),
    Rewind(TransferNumber),
    /// With the number of body bytes at hand.
    Body(TransferNumber, usize),
    Event(TransferNumber, Event),
    Ended(TransferNumber, Box<Transfer>, Option<Error>),
    Wait,
}

impl DriverOutput {
    /// Returns its line, without the line end.
    pub fn write(&self) -> String {
        match self {
            DriverOutput::Resolve(t, name, port) => format!("> resolve t{t} {name}:{port}"),
            DriverOutput::Connect(s, address) => format!("> connect s{s} {address}"),
            DriverOutput::Transmit(s, n) => format!("> transmit s{s} {n}"),
            DriverOutput::Read(s) => format!("> read s{s}"),
            DriverOutput::Probe(s) => format!("> check s{s}"),
            DriverOutput::Close(s) => format!("> close s{s}"),
            DriverOutput::NeedBody(t) => format!("> need_body t{t}"),
            DriverOutput::Rewind(t) => format!("> rewind t{t}"),
            DriverOutput::Body(t, n) => format!("> body t{t} {n}"),
            DriverOutput::Event(t, Event::Informational(head)) => {
                format!("> informational t{t} {}", head.status().as_u16())
            }
            DriverOutput::Event(t, Event::Head(head)) => format!("> head t{t} {}", head.status().as_u16()),
            DriverOutput::Event(t, Event::Again(Why::Redirect)) => format!("> redirected t{t}"),
            DriverOutput::Event(t, Event::Again(Why::ExpectationFailed)) => format!("> expect refused t{t}"),
            DriverOutput::Event(t, Event::Again(Why::Challenged)) => format!("> challenged t{t}"),
            DriverOutput::Event(t, Event::Again(Why::ConnectionLost)) => format!("> retried t{t}"),
            DriverOutput::Event(t, event) => format!("> event t{t} {event:?}"),
            DriverOutput::Ended(t, _, None) => format!("> done t{t}"),
            DriverOutput::Ended(t, _, Some(error)) => format!("> failed t{t} {error}"),
            DriverOutput::Wait => "> wait".into(),
        }
    }
}
