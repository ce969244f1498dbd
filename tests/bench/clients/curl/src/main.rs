//! libcurl: `curl` uses its easy interface, `curl-multi` the multi interface.
#![forbid(unsafe_code)]

mod multi;

use curl::easy::{Easy2, Handler, List, ReadError, WriteError};
use petition_bench_kit::{DEFAULT_FIELDS, Job, Outcome, expect};

/// Counts received bytes, and supplies the bytes to send.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) seen: u64,
    upload: Vec<u8>,
    sent: usize,
}

impl Handler for Count {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.seen += data.len() as u64;
        Ok(data.len())
    }

    fn read(&mut self, space: &mut [u8]) -> Result<usize, ReadError> {
        let rest = &self.upload[self.sent..];
        let n = rest.len().min(space.len());
        space[..n].copy_from_slice(&rest[..n]);
        self.sent += n;
        Ok(n)
    }
}

fn main() -> Outcome {
    if std::env::args().nth(1).as_deref() == Some("version") {
        let version = curl::Version::get();
        println!("{}, {}", version.version(), version.ssl_version().unwrap_or("no TLS"));
        return Ok(());
    }
    let job = Job::from_args()?;
    if job.client == "curl-multi" {
        return multi::run(&job);
    }
    let mut easy = Easy2::new(Count::default());
    easy.cainfo(job.ca.with_extension("pem"))?;
    match job.row.as_str() {
        "get" => get(&job, easy, &job.url("/"), 13),
        "get-tls" => get(&job, easy, &job.tls_url("/"), 13),
        "connect" => get(&job, easy, &job.url("/close"), 13),
        "resume" => get(&job, easy, &job.tls_url("/close"), 13),
        "session" => {
            easy.cookie_file("")?;
            easy.follow_location(true)?;
            let mut fields = List::new();
            for (name, value) in DEFAULT_FIELDS {
                fields.append(&format!("{name}: {value}"))?;
            }
            easy.http_headers(fields)?;
            easy.url(&job.url("/set"))?;
            easy.perform()?;
            // The redirect has a body, too.
            get(&job, easy, &job.url("/redirect"), 13)
        }
        "download" => get(&job, easy, &job.url(&format!("/body/{}", job.x)), job.x),
        "chunked" => get(&job, easy, &job.url(&format!("/chunked/{}", job.x)), job.x),
        "download-tls" => get(&job, easy, &job.tls_url(&format!("/body/{}", job.x)), job.x),
        "upload" => {
            easy.post(true)?;
            easy.post_field_size(job.x)?;
            easy.get_mut().upload = vec![b'x'; usize::try_from(job.x)?];
            get(&job, easy, &job.url("/upload"), 13)
        }
        _ => job.unknown(),
    }
}

fn get(job: &Job, mut easy: Easy2<Count>, url: &str, expected: u64) -> Outcome {
    easy.buffer_size(512 * 1024)?;
    job.repeat(|| {
        easy.get_mut().seen = 0;
        easy.get_mut().sent = 0;
        easy.url(url)?;
        easy.perform()?;
        expect(easy.get_ref().seen, expected)
    })
}
