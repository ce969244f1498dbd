//! What holds for both transports alike.
#![forbid(unsafe_code)]

mod examples;
mod forked;
mod origins;
mod own_code;
mod redaction;
mod secrets;
