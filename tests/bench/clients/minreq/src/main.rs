//! minreq. It keeps neither connections nor cookies, and accepts no certificates.
#![forbid(unsafe_code)]

use minreq::{Method, Request};
use petition_bench_kit::{Job, Outcome, expect};

fn main() -> Outcome {
    let job = Job::from_args()?;
    match job.row.as_str() {
        "connect" => get(&job, &job.url("/close"), 13),
        "download" => get(&job, &job.url(&format!("/body/{}", job.x)), job.x),
        "chunked" => get(&job, &job.url(&format!("/chunked/{}", job.x)), job.x),
        "upload" => {
            let (url, data) = (job.url("/upload"), vec![b'x'; usize::try_from(job.x)?]);
            job.repeat(|| {
                let response = Request::new(Method::Post, &url).with_body(data.clone()).send()?;
                expect(response.as_bytes().len() as u64, 13)
            })
        }
        _ => job.unknown(),
    }
}

fn get(job: &Job, url: &str, expected: u64) -> Outcome {
    job.repeat(|| expect(Request::new(Method::Get, url).send()?.as_bytes().len() as u64, expected))
}
