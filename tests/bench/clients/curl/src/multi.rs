//! libcurl's multi interface: many transfers on one thread, waiting in `curl_multi_wait`.

use std::time::Duration;

use curl::easy::Easy2;
use curl::multi::{Easy2Handle, Multi};
use petition_bench_kit::{Job, MANY, Outcome, expect, raise_file_limit, resident, say_resident};

use crate::Count;

pub(crate) fn run(job: &Job) -> Outcome {
    match job.row.as_str() {
        "many" => {
            let mut multi = Multi::new();
            multi.pipelining(false, false)?;
            multi.set_max_connects(MANY)?;
            many(job, &multi, MANY)?;
            job.timed(|| many(job, &multi, job.n.max(MANY)))
        }
        "hold" => hold(job, &job.url("/")),
        "hold-tls" => hold(job, &job.tls_url("/")),
        _ => job.unknown(),
    }
}

fn add(job: &Job, multi: &Multi, url: &str, token: usize) -> Result<Easy2Handle<Count>, Box<dyn std::error::Error>> {
    let mut easy = Easy2::new(Count::default());
    easy.cainfo(job.ca.with_extension("pem"))?;
    easy.url(url)?;
    let mut handle = multi.add2(easy)?;
    handle.set_token(token)?;
    Ok(handle)
}

fn many(job: &Job, multi: &Multi, total: usize) -> Outcome {
    let url = job.url("/");
    let mut handles = Vec::new();
    for token in 0..MANY {
        handles.push(Some(add(job, multi, &url, token)?));
    }
    let (mut begun, mut done) = (MANY, 0);
    let mut finished = Vec::new();
    while done < total {
        multi.perform()?;
        multi.messages(|message| {
            if let (Some(Ok(())), Ok(token)) = (message.result(), message.token()) {
                finished.push(token);
            }
        });
        if finished.is_empty() {
            multi.wait(&mut [], Duration::from_secs(1))?;
        }
        for token in finished.drain(..) {
            let mut easy = multi.remove2(handles[token].take().ok_or("no transfer")?)?;
            expect(easy.get_ref().seen, 13)?;
            done += 1;
            if begun < total {
                // Reuses the handle.
                begun += 1;
                easy.get_mut().seen = 0;
                let mut handle = multi.add2(easy)?;
                handle.set_token(token)?;
                handles[token] = Some(handle);
            }
        }
    }
    Ok(())
}

fn hold(job: &Job, url: &str) -> Outcome {
    raise_file_limit()?;
    let multi = Multi::new();
    let url = format!("{url}hold");
    let before = resident();
    let mut handles = Vec::new();
    for token in 0..job.n {
        handles.push(add(job, &multi, &url, token)?);
        multi.perform()?;
    }
    while job.held()? < job.n {
        multi.perform()?;
        multi.wait(&mut [], Duration::from_millis(20))?;
    }
    multi.perform()?;
    say_resident(job.n, before, resident());
    // Ending each of them takes long, and is not measured.
    std::process::exit(0);
}
