//! reqwest's asynchronous interface on a runtime with one thread.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use petition_bench_kit::{Job, MANY, Outcome, expect, raise_file_limit, resident, say_resident};
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

pub(crate) fn run(job: &Job) -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut builder = Client::builder().tls_backend_preconfigured(job.rustls()?);
    if job.row == "session" {
        builder = builder.cookie_store(true).default_headers(crate::fields()?);
    }
    let client = builder.build()?;
    match job.row.as_str() {
        "get" => one_by_one(job, &runtime, &client, &job.url("/"), 13),
        "get-tls" => one_by_one(job, &runtime, &client, &job.tls_url("/"), 13),
        "connect" => one_by_one(job, &runtime, &client, &job.url("/close"), 13),
        "resume" => one_by_one(job, &runtime, &client, &job.tls_url("/close"), 13),
        "session" => {
            runtime.block_on(get(&client, &job.url("/set"), 13))?;
            one_by_one(job, &runtime, &client, &job.url("/redirect"), 13)
        }
        "download" => one_by_one(job, &runtime, &client, &job.url(&format!("/body/{}", job.x)), job.x),
        "chunked" => one_by_one(job, &runtime, &client, &job.url(&format!("/chunked/{}", job.x)), job.x),
        "download-tls" => one_by_one(job, &runtime, &client, &job.tls_url(&format!("/body/{}", job.x)), job.x),
        "upload" => {
            let data: &'static [u8] = vec![b'x'; usize::try_from(job.x)?].leak();
            let url = job.url("/upload");
            job.repeat(|| {
                runtime.block_on(async {
                    let mut response = client.post(&url).body(data).send().await?;
                    while response.chunk().await?.is_some() {}
                    Ok(())
                })
            })
        }
        "many" => {
            many(job, &runtime, &client, MANY)?;
            job.timed(|| many(job, &runtime, &client, job.n.max(MANY)))
        }
        "hold" => hold(job, &runtime, &client, &job.url("/")),
        "hold-tls" => hold(job, &runtime, &client, &job.tls_url("/")),
        _ => job.unknown(),
    }
}

async fn get(client: &Client, url: &str, expected: u64) -> Outcome {
    let mut response = client.get(url).send().await?;
    let mut total = 0;
    while let Some(piece) = response.chunk().await? {
        total += piece.len() as u64;
    }
    expect(total, expected)
}

fn one_by_one(job: &Job, runtime: &Runtime, client: &Client, url: &str, expected: u64) -> Outcome {
    job.repeat(|| runtime.block_on(get(client, url, expected)))
}

fn many(job: &Job, runtime: &Runtime, client: &Client, total: usize) -> Outcome {
    let begun = Rc::new(Cell::new(0));
    let tasks = LocalSet::new();
    for _ in 0..MANY {
        let (begun, client, url) = (begun.clone(), client.clone(), job.url("/"));
        tasks.spawn_local(async move {
            while begun.get() < total {
                begun.set(begun.get() + 1);
                get(&client, &url, 13).await.expect("an answer");
            }
        });
    }
    runtime.block_on(tasks);
    Ok(())
}

fn hold(job: &Job, runtime: &Runtime, client: &Client, url: &str) -> Outcome {
    raise_file_limit()?;
    runtime.block_on(get(client, &format!("{url}close"), 13))?;
    let url = format!("{url}hold");
    let before = resident();
    runtime.block_on(async {
        for _ in 0..job.n {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move { client.get(url).send().await });
        }
        while job.held()? < job.n {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        say_resident(job.n, before, resident());
        Ok(())
    })
}
