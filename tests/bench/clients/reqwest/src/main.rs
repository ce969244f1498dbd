//! reqwest: `reqwest` uses its blocking interface, `reqwest-async` the asynchronous one on a
//! runtime with one thread.
#![forbid(unsafe_code)]

mod asynchronous;

use petition_bench_kit::{DEFAULT_FIELDS, Job, LARGE, Outcome, drain, expect};
use reqwest::blocking::{Body, Client};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

fn main() -> Outcome {
    let job = Job::from_args()?;
    if job.client == "reqwest-async" {
        return asynchronous::run(&job);
    }
    let mut builder = Client::builder().tls_backend_preconfigured(job.rustls()?);
    if job.row == "session" {
        builder = builder.cookie_store(true).default_headers(fields()?);
    }
    let client = builder.build()?;
    match job.row.as_str() {
        "get" => get(&job, &client, &job.url("/")),
        "get-tls" => get(&job, &client, &job.tls_url("/")),
        "connect" => get(&job, &client, &job.url("/close")),
        "resume" => get(&job, &client, &job.tls_url("/close")),
        "session" => {
            drain(client.get(job.url("/set")).send()?, &mut [0; 64])?;
            get(&job, &client, &job.url("/redirect"))
        }
        "download" => body(&job, &client, &job.url(&format!("/body/{}", job.x))),
        "chunked" => body(&job, &client, &job.url(&format!("/chunked/{}", job.x))),
        "download-tls" => body(&job, &client, &job.tls_url(&format!("/body/{}", job.x))),
        "upload" => {
            let data: &'static [u8] = vec![b'x'; usize::try_from(job.x)?].leak();
            let (url, mut space) = (job.url("/upload"), [0; 1024]);
            job.repeat(|| expect(drain(client.post(&url).body(Body::from(data)).send()?, &mut space)?, 13))
        }
        _ => job.unknown(),
    }
}

pub(crate) fn fields() -> Result<HeaderMap, Box<dyn std::error::Error>> {
    let mut fields = HeaderMap::new();
    for (name, value) in DEFAULT_FIELDS {
        fields.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(fields)
}

fn get(job: &Job, client: &Client, url: &str) -> Outcome {
    let mut space = [0; 1024];
    job.repeat(|| expect(drain(client.get(url).send()?, &mut space)?, 13))
}

fn body(job: &Job, client: &Client, url: &str) -> Outcome {
    let mut space = vec![0; LARGE];
    job.repeat(|| expect(drain(client.get(url).send()?, &mut space)?, job.x))
}
