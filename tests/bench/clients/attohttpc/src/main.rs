//! attohttpc. It keeps neither connections nor cookies.
#![forbid(unsafe_code)]

use attohttpc::Session;
use petition_bench_kit::{Job, LARGE, Outcome, drain, expect};

fn main() -> Outcome {
    let job = Job::from_args()?;
    let mut session = Session::new();
    match job.row.as_str() {
        "connect" => get(&job, &session, &job.url("/close"), 13),
        "resume" => {
            trust(&job, &mut session)?;
            get(&job, &session, &job.tls_url("/close"), 13)
        }
        "download" => get(&job, &session, &job.url(&format!("/body/{}", job.x)), job.x),
        "chunked" => get(&job, &session, &job.url(&format!("/chunked/{}", job.x)), job.x),
        "download-tls" => {
            trust(&job, &mut session)?;
            get(&job, &session, &job.tls_url(&format!("/body/{}", job.x)), job.x)
        }
        "upload" => {
            let (url, data) = (job.url("/upload"), vec![b'x'; usize::try_from(job.x)?]);
            let mut space = [0; 1024];
            job.repeat(|| expect(drain(session.post(&url).bytes(&data).send()?.split().2, &mut space)?, 13))
        }
        _ => job.unknown(),
    }
}

fn trust(job: &Job, session: &mut Session) -> Outcome {
    session.add_root_certificate(job.root()?);
    Ok(())
}

fn get(job: &Job, session: &Session, url: &str, expected: u64) -> Outcome {
    let mut space = vec![0; LARGE];
    job.repeat(|| expect(drain(session.get(url).send()?.split().2, &mut space)?, expected))
}
