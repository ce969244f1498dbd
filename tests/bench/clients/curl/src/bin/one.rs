//! A process that makes one GET.
#![forbid(unsafe_code)]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: one URL")?;
    let mut easy = curl::easy::Easy::new();
    easy.url(&url)?;
    let mut length = 0;
    let mut transfer = easy.transfer();
    transfer.write_function(|data| {
        length += data.len();
        Ok(data.len())
    })?;
    transfer.perform()?;
    drop(transfer);
    if length == 13 { Ok(()) } else { Err("no answer".into()) }
}
