//! hyper without a client: connections kept by handwritten code, on a runtime with one thread.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use petition_bench_kit::{Job, MANY, Outcome, expect, raise_file_limit, resident, say_resident};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio_rustls::TlsConnector;

type Sender = SendRequest<Full<Bytes>>;

fn main() -> Outcome {
    let job = Job::from_args()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let config = Arc::new(job.rustls()?);
    let tls = (job.row.ends_with("tls") || job.row == "resume").then_some(&config);
    match job.row.as_str() {
        "get" | "get-tls" => keep(&job, &runtime, tls, "/", 13),
        "download" | "download-tls" => keep(&job, &runtime, tls, &format!("/body/{}", job.x), job.x),
        "chunked" => keep(&job, &runtime, tls, &format!("/chunked/{}", job.x), job.x),
        "connect" | "resume" => job.repeat(|| {
            runtime.block_on(async {
                let mut sender = connect(&job, tls).await?;
                get(&job, &mut sender, "/close", 13).await
            })
        }),
        "upload" => {
            let data = Bytes::from(vec![b'x'; usize::try_from(job.x)?]);
            let mut sender = runtime.block_on(connect(&job, None))?;
            job.repeat(|| {
                runtime.block_on(async {
                    let request = Request::builder().method(Method::POST).uri("/upload").header("host", host(&job));
                    exchange(&mut sender, request.body(Full::new(data.clone()))?, 13).await
                })
            })
        }
        "many" => {
            let mut senders = Vec::new();
            for _ in 0..MANY {
                senders.push(Some(runtime.block_on(connect(&job, None))?));
            }
            many(&job, &runtime, &mut senders, MANY)?;
            job.timed(|| many(&job, &runtime, &mut senders, job.n.max(MANY)))
        }
        "hold" | "hold-tls" => hold(&job, &runtime, tls),
        _ => job.unknown(),
    }
}

fn host(job: &Job) -> String {
    job.plain.to_string()
}

async fn connect(job: &Job, tls: Option<&Arc<ClientConfig>>) -> Result<Sender, Box<dyn Error>> {
    let stream = TcpStream::connect(if tls.is_some() { job.tls } else { job.plain }).await?;
    stream.set_nodelay(true)?;
    let Some(config) = tls else {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        return Ok(sender);
    };
    let stream = TlsConnector::from(config.clone()).connect(job.tls.ip().into(), stream).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn get(job: &Job, sender: &mut Sender, path: &str, expected: u64) -> Outcome {
    let request = Request::builder().uri(path).header("host", host(job)).header("accept", "*/*");
    exchange(sender, request.body(Full::default())?, expected).await
}

async fn exchange(sender: &mut Sender, request: Request<Full<Bytes>>, expected: u64) -> Outcome {
    sender.ready().await?;
    let mut response = sender.send_request(request).await?;
    let mut total = 0;
    while let Some(frame) = response.frame().await {
        total += frame?.data_ref().map_or(0, Bytes::len) as u64;
    }
    expect(total, expected)
}

fn keep(job: &Job, runtime: &Runtime, tls: Option<&Arc<ClientConfig>>, path: &str, expected: u64) -> Outcome {
    let mut sender = runtime.block_on(connect(job, tls))?;
    job.repeat(|| runtime.block_on(get(job, &mut sender, path, expected)))
}

fn many(job: &Job, runtime: &Runtime, senders: &mut [Option<Sender>], total: usize) -> Outcome {
    let begun = Rc::new(Cell::new(0));
    let tasks = LocalSet::new();
    let mut running = Vec::new();
    for sender in senders.iter_mut() {
        let (begun, mut sender, job) = (begun.clone(), sender.take().ok_or("no connection")?, job.clone());
        running.push(tasks.spawn_local(async move {
            while begun.get() < total {
                begun.set(begun.get() + 1);
                get(&job, &mut sender, "/", 13).await.expect("an answer");
            }
            sender
        }));
    }
    runtime.block_on(tasks.run_until(async {
        for (sender, running) in senders.iter_mut().zip(running) {
            *sender = Some(running.await?);
        }
        Ok(())
    }))
}

fn hold(job: &Job, runtime: &Runtime, tls: Option<&Arc<ClientConfig>>) -> Outcome {
    raise_file_limit()?;
    runtime.block_on(async {
        get(job, &mut connect(job, tls).await?, "/close", 13).await?;
        let before = resident();
        for _ in 0..job.n {
            let mut sender = connect(job, tls).await?;
            let job = job.clone();
            let host = host(&job);
            tokio::spawn(async move {
                let request = Request::builder().uri("/hold").header("host", host);
                let request = request.body(Full::default()).expect("a request");
                let answer = sender.send_request(request).await;
                drop((answer, sender));
            });
        }
        while job.held()? < job.n {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        say_resident(job.n, before, resident());
        Ok(())
    })
}
