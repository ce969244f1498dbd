//! The floor: the cost of a handwritten loop for the single purpose. A prepared request, one write,
//! one read into a reused buffer, httparse, no stored fields.
#![forbid(unsafe_code)]

mod many;
mod plain;
mod session;
mod tls;

use petition_bench_kit::{Job, Outcome};

fn main() -> Outcome {
    let job = Job::from_args()?;
    match job.row.as_str() {
        "get" => plain::get(&job),
        "connect" => plain::connect(&job),
        "download" => plain::download(&job, &format!("/body/{}", job.x)),
        "chunked" => plain::chunked(&job),
        "upload" => plain::upload(&job),
        "session" => session::session(&job),
        "get-tls" => tls::get(&job),
        "resume" => tls::resume(&job),
        "download-tls" => tls::download(&job),
        "many" => many::many(&job),
        "hold" => many::hold(&job),
        "hold-tls" => tls::hold(&job),
        _ => job.unknown(),
    }
}

/// A prepared GET request.
fn request(job: &Job, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: floor\r\nAccept: */*\r\n\r\n", job.plain).into_bytes()
}
