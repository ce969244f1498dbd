//! ureq with an agent.
#![forbid(unsafe_code)]

use petition_bench_kit::{DEFAULT_FIELDS, Job, LARGE, Outcome, drain, expect};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

fn main() -> Outcome {
    let job = Job::from_args()?;
    match job.row.as_str() {
        "get" => get(&job, &agent(&job)?, &job.url("/")),
        "get-tls" => get(&job, &agent(&job)?, &job.tls_url("/")),
        "connect" => get(&job, &agent(&job)?, &job.url("/close")),
        "resume" => get(&job, &agent(&job)?, &job.tls_url("/close")),
        "session" => {
            let agent = agent(&job)?;
            drain(agent.get(job.url("/set")).call()?.body_mut().as_reader(), &mut [0; 64])?;
            let url = job.url("/redirect");
            let mut space = [0; 1024];
            job.repeat(|| {
                // An agent has no default fields.
                let mut request = agent.get(&url);
                for (name, value) in DEFAULT_FIELDS {
                    request = request.header(name, value);
                }
                expect(drain(request.call()?.body_mut().as_reader(), &mut space)?, 13)
            })
        }
        "download" => body(&job, &job.url(&format!("/body/{}", job.x))),
        "chunked" => body(&job, &job.url(&format!("/chunked/{}", job.x))),
        "download-tls" => body(&job, &job.tls_url(&format!("/body/{}", job.x))),
        "upload" => {
            let (agent, url) = (agent(&job)?, job.url("/upload"));
            let data = vec![b'x'; usize::try_from(job.x)?];
            let mut space = [0; 1024];
            job.repeat(|| expect(drain(agent.post(&url).send(&data[..])?.body_mut().as_reader(), &mut space)?, 13))
        }
        _ => job.unknown(),
    }
}

fn agent(job: &Job) -> Result<Agent, Box<dyn std::error::Error>> {
    let roots = RootCerts::new_with_certs(&[Certificate::from_der(&job.root()?).to_owned()]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    Ok(Agent::config_builder().tls_config(tls).build().new_agent())
}

fn get(job: &Job, agent: &Agent, url: &str) -> Outcome {
    let mut space = [0; 1024];
    job.repeat(|| expect(drain(agent.get(url).call()?.body_mut().as_reader(), &mut space)?, 13))
}

fn body(job: &Job, url: &str) -> Outcome {
    let agent = agent(job)?;
    let mut space = vec![0; LARGE];
    job.repeat(|| expect(drain(agent.get(url).call()?.body_mut().as_reader(), &mut space)?, job.x))
}
