//! How a dial failed, address by address.

use std::fmt;
use std::io;

use crate::route::address::Address;

/// Why no connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// There was no address to try: the name has none, or the limit `addresses` is 0.
    NoAddresses,
    /// Connecting to each of these addresses failed.
    AllFailed(Vec<FailedAddress>),
}

/// An address that was not connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAddress {
    /// The address.
    pub address: Address,
    /// Why not.
    pub reason: FailReason,
}

/// Why an address was not connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// The attempt failed.
    Failed {
        /// The error kind that the transport reported.
        kind: io::ErrorKind,
        /// The error text that the transport reported.
        text: Box<str>,
    },
    /// The attempt was pending when the dial ended.
    Aborted,
    /// The address was not tried.
    NotTried,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::NoAddresses => f.write_str("the name has no address"),
            DialError::AllFailed(failed) => {
                f.write_str("could not connect to any address: ")?;
                for (index, FailedAddress { address, reason }) in failed.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    match reason {
                        FailReason::Failed { text, .. } => write!(f, "{separator}{address}: {text}")?,
                        FailReason::Aborted => write!(f, "{separator}{address}: aborted")?,
                        FailReason::NotTried => write!(f, "{separator}{address}: not tried")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for DialError {}
