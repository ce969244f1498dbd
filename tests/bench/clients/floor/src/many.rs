//! Many connections on one thread, over mio.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use petition_bench_kit::{Job, MANY, Outcome, raise_file_limit, resident, say_resident};

use crate::plain::parse;
use crate::request;

struct Conn {
    stream: TcpStream,
    /// Received bytes of the response.
    received: usize,
}

fn open(job: &Job, poll: &Poll, index: usize) -> Result<Conn, std::io::Error> {
    let mut stream = TcpStream::connect(job.plain)?;
    poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
    Ok(Conn { stream, received: 0 })
}

pub(crate) fn many(job: &Job) -> Outcome {
    let request = request(job, "/");
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut conns = (0..MANY).map(|index| open(job, &poll, index)).collect::<Result<Vec<_>, _>>()?;
    let mut spaces = vec![[0; 2048]; MANY];
    let mut begun = vec![false; MANY];
    let mut run = |total: usize, begun: &mut Vec<bool>| -> Outcome {
        let (mut sent, mut done) = (0, 0);
        for (conn, begun) in conns.iter_mut().zip(begun.iter()) {
            if *begun {
                conn.stream.write_all(&request)?;
                sent += 1;
            }
        }
        while done < total {
            poll.poll(&mut events, None)?;
            for event in &events {
                let index = event.token().0;
                let (conn, space) = (&mut conns[index], &mut spaces[index]);
                if !begun[index] {
                    // Connected.
                    begun[index] = true;
                    conn.stream.write_all(&request)?;
                    sent += 1;
                    continue;
                }
                if !event.is_readable() {
                    continue;
                }
                let n = match conn.stream.read(&mut space[conn.received..]) {
                    Ok(n) => n,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error.into()),
                };
                conn.received += n;
                if let Some((head, body)) = parse(&space[..conn.received])?
                    && conn.received as u64 >= head as u64 + body
                {
                    conn.received = 0;
                    done += 1;
                    if sent < total {
                        conn.stream.write_all(&request)?;
                        sent += 1;
                    }
                }
            }
        }
        Ok(())
    };
    run(MANY, &mut begun)?;
    job.timed(|| run(job.n.max(MANY), &mut begun))
}

pub(crate) fn hold(job: &Job) -> Outcome {
    raise_file_limit()?;
    let request = request(job, "/hold");
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut held = Vec::with_capacity(job.n);
    let mut sent = 0;
    let before = resident();
    while sent < job.n {
        if held.len() < job.n {
            held.push(open(job, &poll, held.len())?);
        }
        poll.poll(&mut events, Some(Duration::from_millis(if held.len() < job.n { 0 } else { 100 })))?;
        for event in &events {
            if event.is_writable() {
                held[event.token().0].stream.write_all(&request)?;
                sent += 1;
            }
        }
    }
    while job.held()? < job.n {}
    say_resident(job.n, before, resident());
    Ok(())
}
