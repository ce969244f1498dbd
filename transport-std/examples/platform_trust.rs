//! A request that trusts what the operating system trusts.
//!
//!     cargo run -p petition-std --features platform-verifier --example platform_trust -- [URL]
#![forbid(unsafe_code)]

use petition_std::{Error, Session, TlsConfig, platform_verifier};

fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "https://httpbin.org/get".into());
    let tls = TlsConfig::builder().server_verifier(platform_verifier()?).build()?;
    let session = Session::new();
    session.configure(|options| {
        options.tls(tls);
    });
    println!("{}", session.get(url).send()?.status());
    Ok(())
}
