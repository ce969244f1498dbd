//! The parts of a network in memory that the scripted world ([`memory`](crate::memory)) and the
//! random one ([`sim`](crate::sim)) share: virtual time, the wire, and transfers that are driven by
//! hand.

mod clock;
mod event_queue;
mod manual_transfer;
mod wire;

pub(crate) use clock::Clock;
pub(crate) use event_queue::EventQueue;
pub(crate) use manual_transfer::ManualTransfer;
pub(crate) use wire::{End, Read, Wire};
