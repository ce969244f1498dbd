//! What holds for both transports alike.
#![forbid(unsafe_code)]

mod caller_code;
mod examples;
mod forked;
mod origins;
mod redaction;
mod secrets;
