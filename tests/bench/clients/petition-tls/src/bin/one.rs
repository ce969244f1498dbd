//! A process that makes one GET, with TLS and no other feature.
#![forbid(unsafe_code)]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: one URL")?;
    let response = petition_std::get(url).send()?;
    if response.ok() && response.bytes()?.len() == 13 { Ok(()) } else { Err("no answer".into()) }
}
