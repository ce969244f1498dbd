//! Tests in memory: transfers, scripted peers and virtual time, without a socket.
#![forbid(unsafe_code)]

mod accessors;
mod bodies;
mod by_hand;
mod codecs;
mod codings;
mod deadlines;
mod errors;
mod extremes;
mod limits;
mod memory;
mod misuse;
mod nested_tls;
mod processed;
mod proxies;
mod redaction;
mod redirects;
mod requests;
mod reuse;
mod secrets;
mod stale;
mod storm;
mod straight;
mod targets;
mod transcripts;
mod uploads;
