//! petition-mio.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use petition_bench_kit::{DEFAULT_FIELDS, Job, MANY, Outcome, expect, raise_file_limit, resident, say_resident};
use petition_core::route::pool::PoolLimits;
use petition_core::tls::TlsConfig;
use petition_mio::{Client, DriverConfig, Error, EventLoop, Flow, Handler, ResponseInfo, Method, Request};

pub(crate) fn run(job: &Job) -> Outcome {
    let connections = if job.row == "grow-connections" { usize::try_from(job.x)? } else { MANY };
    let mut config = DriverConfig::default();
    if job.row == "grow-connections" {
        config.pool = config.pool.idle_total(connections).idle_per_key(connections);
        raise_file_limit()?;
    }
    let mut event_loop = EventLoop::with(config)?;
    let client = event_loop.client();
    if job.row.ends_with("tls") || job.row == "resume" {
        let tls = TlsConfig::from_rustls(Arc::new(job.rustls()?));
        client.configure(|options| {
            options.tls(tls);
        });
    }
    if matches!(job.row.as_str(), "hold" | "hold-tls" | "grow-connections") {
        patient(&client);
    }
    match job.row.as_str() {
        "get" => one_by_one(job, &mut event_loop, &job.url("/")),
        "get-tls" => one_by_one(job, &mut event_loop, &job.tls_url("/")),
        "connect" => one_by_one(job, &mut event_loop, &job.url("/close")),
        "resume" => one_by_one(job, &mut event_loop, &job.tls_url("/close")),
        "session" => {
            client.set_headers(DEFAULT_FIELDS)?;
            client.get(job.url("/set")).send(|result| drop(result.expect("an answer")));
            finish(&mut event_loop)?;
            one_by_one(job, &mut event_loop, &job.url("/redirect"))
        }
        "download" => stream(job, &mut event_loop, &job.url(&format!("/body/{}", job.x))),
        "chunked" => stream(job, &mut event_loop, &job.url(&format!("/chunked/{}", job.x))),
        "download-tls" => stream(job, &mut event_loop, &job.tls_url(&format!("/body/{}", job.x))),
        "upload" => upload(job, &mut event_loop),
        "many" | "grow-connections" => {
            spin(job, &mut event_loop, connections, connections)?;
            job.timed(|| spin(job, &mut event_loop, connections, job.n.max(connections)))
        }
        "hold" => hold(job, &mut event_loop, &job.url("/")),
        "hold-tls" => hold(job, &mut event_loop, &job.tls_url("/")),
        _ => job.unknown(),
    }
}

/// Disables the default deadlines, which would end deliberately slow requests.
fn patient(client: &Client) {
    client.configure(|options| {
        let long = Duration::from_secs(600);
        options.idle_timeout(long).connect_timeout(long).handshake_timeout(long);
    });
}

fn finish(event_loop: &mut EventLoop) -> Outcome {
    while !event_loop.driver().is_empty() {
        event_loop.turn(None)?;
    }
    Ok(())
}

/// Sends one request after the other.
fn one_by_one(job: &Job, event_loop: &mut EventLoop, url: &str) -> Outcome {
    let client = event_loop.client();
    job.repeat(|| {
        client.get(url).send(|result| assert_eq!(result.expect("an answer").bytes().len(), 13));
        finish(event_loop)
    })
}

/// Sends requests that start the next one in their callbacks.
struct Spin {
    client: Client,
    url: String,
    begun: AtomicUsize,
    total: usize,
}

fn again(spin: &Arc<Spin>) {
    if spin.begun.fetch_add(1, Ordering::Relaxed) < spin.total {
        let next = spin.clone();
        spin.client.get(&spin.url).send(move |result| {
            assert_eq!(result.expect("an answer").bytes().len(), 13);
            again(&next);
        });
    }
}

/// Sends `total` requests with a fixed number at a time.
fn spin(job: &Job, event_loop: &mut EventLoop, at_a_time: usize, total: usize) -> Outcome {
    let spin = Spin { client: event_loop.client(), url: job.url("/"), begun: AtomicUsize::new(0), total };
    let spin = Arc::new(spin);
    for _ in 0..at_a_time {
        again(&spin);
    }
    finish(event_loop)
}

/// Counts the bytes of a body.
struct Count {
    expected: u64,
    seen: u64,
}

impl Handler for Count {
    fn head(&mut self, _head: ResponseInfo) {}

    fn data(&mut self, piece: &[u8]) -> Flow {
        self.seen += piece.len() as u64;
        Flow::Continue
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        result.expect("a whole body");
        expect(self.seen, self.expected).expect("the whole body");
    }
}

fn stream(job: &Job, event_loop: &mut EventLoop, url: &str) -> Outcome {
    let client = event_loop.client();
    job.repeat(|| {
        client.get(url).stream(Count { expected: job.x, seen: 0 });
        finish(event_loop)
    })
}

fn upload(job: &Job, event_loop: &mut EventLoop) -> Outcome {
    let client = event_loop.client();
    let mut request = Request::new(Method::POST, job.url("/upload"));
    request.set_data(vec![b'x'; usize::try_from(job.x)?]);
    job.repeat(|| {
        client.request_from(request.clone()).send(|result| assert_eq!(result.expect("an answer").bytes().len(), 13));
        finish(event_loop)
    })
}

/// Measures the memory of each of `n` unanswered requests.
fn hold(job: &Job, event_loop: &mut EventLoop, url: &str) -> Outcome {
    raise_file_limit()?;
    let client = event_loop.client();
    // One-time costs: buffers, the loop.
    client.get(format!("{url}close")).send(|result| drop(result.expect("an answer")));
    finish(event_loop)?;
    let before = resident();
    let url = format!("{url}hold");
    for _ in 0..job.n {
        client.get(&url).send(|result| assert!(result.is_err()));
    }
    while job.held()? < job.n {
        event_loop.turn(Some(Duration::from_millis(20)))?;
    }
    // Session tickets.
    event_loop.turn(Some(Duration::from_millis(50)))?;
    say_resident(job.n, before, resident());
    expect(event_loop.driver().len() as u64, job.n as u64)
}
