//! A process that makes one GET.
#![forbid(unsafe_code)]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: one URL")?;
    let response = minreq::get(url).send()?;
    if response.as_bytes().len() == 13 { Ok(()) } else { Err("no answer".into()) }
}
