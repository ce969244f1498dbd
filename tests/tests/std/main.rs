//! petition-std over real sockets.
#![forbid(unsafe_code)]

mod bodies;
mod connections;
mod deadlines;
mod direct_reads;
mod faults;
mod foreign_servers;
mod guide;
mod idle_connections;
mod proxies;
mod requests;
mod responses;
mod slots;
mod stale;
mod streams;
mod syscalls;
mod tcp_settings;
mod tls;
mod uploads;
