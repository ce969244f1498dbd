//! Sends several GET requests for a URL in one session, and reads every response body.
//!
//! `cargo run --example get_many -- URL COUNT [CERTIFICATES.pem]`: the file contains additional
//! root certificates.

use std::io::Read;

use petition_std::{Session, TlsConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: get_many URL COUNT [CERTIFICATES.pem]".into());
    };
    let session = Session::new();
    if let Some(file) = arguments.next() {
        let tls = TlsConfig::builder().roots_pem(&std::fs::read(file)?)?.build()?;
        session.configure(|options| {
            options.tls(tls);
        });
    }
    let mut total = 0;
    let mut space = vec![0; 64 * 1024];
    for _ in 0..count.parse()? {
        let mut response = session.get(&url).send()?.error_for_status()?;
        loop {
            match response.read(&mut space)? {
                0 => break,
                n => total += n,
            }
        }
    }
    println!("{total} bytes, {:?}", session.statistics());
    Ok(())
}
