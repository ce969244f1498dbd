//! Awaits requests in tokio tasks. The requests run on petition's own thread, so tokio needs
//! neither its I/O driver nor a second thread.
//!
//! `cargo run -p petition-mio --example await_tokio` or `… -- URL…`; `-- --times 100 URL` sends
//! each request 100 times

use std::error::Error;
use std::time::Duration;

use petition_mio::{Client, LoopThread};

#[path = "support/embedded.rs"]
mod embedded;

/// Cancels the request by dropping it when tokio's timeout fires.
async fn fetch(client: Client, url: String) -> String {
    match tokio::time::timeout(Duration::from_secs(60), client.get(&url).join()).await {
        Ok(Ok(response)) => format!("{url}: {}, {} bytes", response.status(), response.bytes().len()),
        Ok(Err(error)) => format!("{url}: {error}"),
        Err(late) => format!("{url}: {late}"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let client = LoopThread::spawn(Default::default())?;
    let (_servers, urls) = embedded::servers_or(&client, std::env::args().skip(1).collect())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let tasks: Vec<_> = urls.into_iter().map(|url| tokio::spawn(fetch(client.client().clone(), url))).collect();
        for task in tasks {
            println!("{}", task.await?);
        }
        Ok(())
    })
}
