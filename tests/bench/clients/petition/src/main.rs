//! Petition with its default features and options, except for the server's root and the subject of
//! a row.
#![forbid(unsafe_code)]

mod blocking;
mod event_loop;
mod growth;

use petition_bench_kit::{Job, Outcome};

fn main() -> Outcome {
    let job = Job::from_args()?;
    match (job.client.as_str(), job.row.as_str()) {
        (
            "petition-mio",
            "get" | "get-tls" | "session" | "connect" | "resume" | "download" | "chunked" | "download-tls" | "upload",
        )
        | (_, "many" | "hold" | "hold-tls" | "grow-connections") => event_loop::run(&job),
        (_, row) if row.starts_with("grow-") => growth::run(&job),
        _ => blocking::run(&job),
    }
}
