//! Petition over blocking std sockets.
#![forbid(unsafe_code)]
