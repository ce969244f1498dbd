//! How the cost of a request grows with unrelated state.

use std::net::Ipv4Addr;

use petition_bench_kit::{Job, Outcome, drain, expect};
use petition_core::cookie::SiteContext;
use petition_core::http1::{Config, Connection, Event, RequestHead};
use petition_core::route::pool::PoolLimits;
use petition_core::{Method, Request, UnixTime};
use petition_std::Session;

use crate::blocking::get;

pub(crate) fn run(job: &Job) -> Outcome {
    match job.row.as_str() {
        "grow-cookies" => cookies(job),
        "grow-hosts" => hosts(job),
        "grow-body" => body(job),
        "grow-head" => head(job),
        _ => job.unknown(),
    }
}

/// Returns one of the many loopback addresses.
fn neighbour(i: u64) -> Ipv4Addr {
    let [.., third, fourth] = (i + 256).to_be_bytes();
    Ipv4Addr::new(127, 0, third, fourth)
}

/// Puts `x` cookies of other hosts into the jar, and three of this one.
fn cookies(job: &Job) -> Outcome {
    let session = Session::new();
    session.cookies(|jar| -> Outcome {
        let now = UnixTime(1_750_000_000);
        for i in 0..job.x + 3 {
            let host = if i < job.x { format!("host{i}.example{}.net", i % 500) } else { "127.0.0.1".to_owned() };
            let request = Request::new(Method::GET, format!("http://{host}/"));
            let url = request.url().ok_or("no URL")?;
            let field = format!("name{i}=value-of-cookie-{i}; Path=/");
            jar.receive(url, field.as_bytes(), now, SiteContext::SameSite)?;
        }
        expect(jar.len() as u64, job.x + 3)
    })?;
    get(job, &session, &job.url("/"))
}

/// Keeps idle connections to `x` hosts in the pool.
fn hosts(job: &Job) -> Outcome {
    petition_bench_kit::raise_file_limit()?;
    let limits = PoolLimits::DEFAULT.idle_total(2000).idle_time(std::time::Duration::from_secs(600));
    let session = Session::builder().pool(limits).build();
    let port = job.plain.port();
    for i in 1..job.x {
        drain(session.get(format!("http://{}:{port}/", neighbour(i))).send()?, &mut [0; 64])?;
    }
    get(job, &session, &job.url("/"))?;
    expect(session.statistics().idle as u64, job.x)
}

/// Reads bodies of `x` bytes.
fn body(job: &Job) -> Outcome {
    crate::blocking::body(job, &Session::new(), &job.url(&format!("/body/{}", job.x)))
}

/// Feeds a head of `x` fields, one byte at a time.
fn head(job: &Job) -> Outcome {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_vec();
    for i in 0..job.x {
        bytes.extend_from_slice(format!("X-Field-{i:04}: the value of this field\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    println!("bytes {}", bytes.len());
    let request = RequestHead::new("GET", "/");
    let mut connection = Connection::new(Config::default());
    job.repeat(|| {
        connection.send_head(&request, [("host", &b"x"[..])])?;
        let sent = connection.outgoing().len();
        connection.wrote(sent);
        let mut ended = false;
        for byte in bytes.chunks(1) {
            let received = connection.receive(byte)?;
            ended = matches!(received.event, Event::Head(_));
        }
        if !ended || !matches!(connection.receive(b"")?.event, Event::End) {
            return Err("the head did not end where it should".into());
        }
        Ok(connection.reuse()?)
    })
}
