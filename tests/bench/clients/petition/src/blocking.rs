//! petition-std.

use std::sync::Arc;

use petition_bench_kit::{DEFAULT_FIELDS, Job, LARGE, Outcome, drain, expect};
use petition_std::{Session, TlsConfig};

pub(crate) fn run(job: &Job) -> Outcome {
    let session = Session::new();
    match job.row.as_str() {
        "get" => get(job, &session, &job.url("/")),
        "connect" => get(job, &session, &job.url("/close")),
        "session" => {
            session.set_headers(DEFAULT_FIELDS)?;
            drain(session.get(job.url("/set")).send()?, &mut [0; 64])?;
            get(job, &session, &job.url("/redirect"))
        }
        "get-tls" => get(job, &trusting(job, session)?, &job.tls_url("/")),
        "resume" => get(job, &trusting(job, session)?, &job.tls_url("/close")),
        "download" => body(job, &session, &job.url(&format!("/body/{}", job.x))),
        "chunked" => body(job, &session, &job.url(&format!("/chunked/{}", job.x))),
        "download-tls" => body(job, &trusting(job, session)?, &job.tls_url(&format!("/body/{}", job.x))),
        "upload" => upload(job, &session),
        _ => job.unknown(),
    }
}

/// Sets the TLS configuration that all clients use.
fn trusting(job: &Job, session: Session) -> Result<Session, Box<dyn std::error::Error>> {
    let tls = TlsConfig::from_rustls(Arc::new(job.rustls()?));
    session.configure(|options| {
        options.tls(tls);
    });
    Ok(session)
}

pub(crate) fn get(job: &Job, session: &Session, url: &str) -> Outcome {
    let mut space = [0; 1024];
    job.repeat(|| expect(drain(session.get(url).send()?, &mut space)?, 13))
}

pub(crate) fn body(job: &Job, session: &Session, url: &str) -> Outcome {
    let mut space = vec![0; LARGE];
    job.repeat(|| expect(drain(session.get(url).send()?, &mut space)?, job.x))
}

fn upload(job: &Job, session: &Session) -> Outcome {
    let url = job.url("/upload");
    // Converted once; each request shares it.
    let mut request = session.post(&url).data(vec![b'x'; usize::try_from(job.x)?]);
    let mut space = [0; 1024];
    job.repeat(|| expect(drain(request.send()?, &mut space)?, 13))
}
