//! Tests in memory: transfers, scripted peers and virtual time, without a socket.
#![forbid(unsafe_code)]

mod accessors;
mod addresses;
mod bodies;
mod body_copies;
mod by_hand;
mod deadlines;
mod decoder_memory;
mod errors;
mod extreme_limits;
mod limits;
mod memory_use;
mod misuse;
mod names;
mod nested_tls;
mod processed;
mod proxies;
mod proxy_rules;
mod random_runs;
mod redaction;
mod redirects;
mod requests;
mod reuse;
mod secrets;
mod socks;
mod stale;
mod targets;
mod transcripts;
mod transfer_codings;
mod uploads;
