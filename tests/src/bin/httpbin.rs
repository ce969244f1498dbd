//! The kit's httpbin-like server, for manual use.
//!
//!     cargo run -p petition-tests --bin httpbin -- [--tls] [--port N] [--seconds N]
//!
//! Prints its URL, and under TLS also the file of the certificate to trust. Serves until it is
//! killed, or until the seconds have passed. It does not read its standard input.
#![forbid(unsafe_code)]

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use petition_tests::httpbin::Httpbin;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::tls::{Authority, Endpoint};

const USAGE: &str = "usage: httpbin [--tls] [--port N] [--seconds N]";

struct Choices {
    tls: bool,
    port: u16,
    seconds: Option<u64>,
}

fn choices(arguments: impl Iterator<Item = String>) -> Result<Choices, Box<dyn Error>> {
    let mut out = Choices { tls: false, port: 0, seconds: None };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a number\n{USAGE}"));
        match argument.as_str() {
            "--tls" => out.tls = true,
            "--port" => out.port = value()?.parse()?,
            "--seconds" => out.seconds = Some(value()?.parse()?),
            _ => return Err(format!("not known: {argument}\n{USAGE}").into()),
        }
    }
    Ok(out)
}

fn serve() -> Result<(), Box<dyn Error>> {
    let choices = choices(std::env::args().skip(1))?;
    let mut builder = Httpbin::builder().address((Ipv4Addr::LOCALHOST, choices.port).into());
    // Keeps the certificate's file for as long as the server runs.
    let mut directory = None;
    if choices.tls {
        let authority = Authority::new();
        builder = builder.tls(&Endpoint::new(&authority.issue_localhost()));
        let made = TempDir::new()?;
        println!("trust {}", made.write("root.pem", authority.pem())?.display());
        directory = Some(made);
    }
    let server = builder.start()?;
    println!("{}", server.base());
    // Nothing is ever sent: only the wait matters.
    let (_sender, forever) = mpsc::channel::<()>();
    match choices.seconds {
        Some(seconds) => drop(forever.recv_timeout(Duration::from_secs(seconds))),
        None => drop(forever.recv()),
    }
    drop(server);
    drop(directory);
    Ok(())
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
