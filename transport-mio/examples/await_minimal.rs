//! Awaits requests on a thirty-line executor; the loop's thread wakes the tasks.
//!
//! `cargo run -p petition-mio --example await_minimal` or `… -- URL…`; `-- --times 100 URL` sends
//! each request 100 times

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use petition_mio::LoopThread;

#[path = "support/embedded.rs"]
mod embedded;

/// Wakes the thread that runs the tasks.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a task to completion on this thread, which sleeps while the task waits.
fn block_on<F: Future>(task: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let (mut task, mut context) = (pin!(task), Context::from_waker(&waker));
    loop {
        if let Poll::Ready(output) = task.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

/// A task that runs several tasks concurrently.
async fn all<T>(mut tasks: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Vec<T> {
    let mut outputs = Vec::new();
    std::future::poll_fn(move |context| {
        tasks.retain_mut(|task| match task.as_mut().poll(context) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        if tasks.is_empty() { Poll::Ready(std::mem::take(&mut outputs)) } else { Poll::Pending }
    })
    .await
}

async fn fetch(client: &LoopThread, url: String) -> String {
    match client.get(&url).await {
        Ok(response) => format!("{url}: {}, {} bytes", response.status(), response.bytes().len()),
        Err(error) => format!("{url}: {error}"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let client = LoopThread::spawn(Default::default())?;
    let (_servers, urls) = embedded::servers_or(&client, std::env::args().skip(1).collect())?;
    let tasks = urls.into_iter().map(|url| Box::pin(fetch(&client, url)) as Pin<Box<dyn Future<Output = _>>>);
    for line in block_on(all(tasks.collect())) {
        println!("{line}");
    }
    Ok(())
}
