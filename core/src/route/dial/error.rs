//! How a dial failed, address by address.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why no connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// There was no address to try: the name has none, or the limit `addresses` is 0.
    NoAddresses,
    /// None of these addresses could be connected to.
    AllFailed(Vec<FailedAddress>),
}

/// One address that was not connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAddress {
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    pub reason: FailReason,
}

/// Why an address was not connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// The attempt failed.
    Failed {
        /// The kind that the transport reported.
        kind: io::ErrorKind,
        /// The text that the transport reported.
        text: Box<str>,
    },
    /// It was under way when the dialling ended.
    GivenUp,
    /// Its turn did not come.
    NotTried,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::NoAddresses => f.write_str("the name has no address"),
            DialError::AllFailed(failed) => {
                f.write_str("no address could be connected to: ")?;
                for (index, FailedAddress { address, reason }) in failed.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    match reason {
                        FailReason::Failed { text, .. } => write!(f, "{separator}{address}: {text}")?,
                        FailReason::GivenUp => write!(f, "{separator}{address}: given up")?,
                        FailReason::NotTried => write!(f, "{separator}{address}: not tried")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for DialError {}
