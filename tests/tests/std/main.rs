//! petition-std over real sockets.
#![forbid(unsafe_code)]

mod bodies;
mod connections;
mod deadlines;
mod faults;
mod guide;
mod kept;
mod peers;
mod proxies;
mod requests;
mod responses;
mod slots;
mod stale;
mod straight;
mod streams;
mod syscalls;
mod tls;
mod uploads;
