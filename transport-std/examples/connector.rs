//! Two connectors: a test double in memory, and a proxy's own protocol in front of each connection.
//!
//! `cargo run --example connector`

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use petition_std::connector::{self, Stream, Target};
use petition_std::{Address, ConnectTo, Session};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Every origin leads to the connector: no name is looked up here.
    let everything = |identity: &str| ConnectTo::new().every_origin(Address::custom(identity));

    let double = Session::builder().connector(double).build();
    double.configure(|options| {
        options.connect_to(everything("double"));
    });
    println!("{}", double.get("http://api.example/items?page=2").send()?.text()?);

    let relay = relay()?;
    let tunnelled = Session::builder()
        .connector(move |target: &Target<'_>, left: Option<Duration>| {
            let Address::Custom(_) = target.address() else { return None };
            Some(tunnel(relay, target, left))
        })
        .build();
    tunnelled.configure(|options| {
        options.connect_to(everything("relay"));
    });
    println!("{}", tunnelled.get("http://hidden.example/").send()?.text()?);
    Ok(())
}

/// Opens a connection in memory whose far end answers with the request line.
fn double(_: &Target<'_>, _: Option<Duration>) -> Option<io::Result<Box<dyn Stream>>> {
    let (near, far) = connector::pair();
    thread::spawn(move || answer(far));
    Some(Ok(Box::new(near)))
}

/// Answers one request with its first line.
fn answer(far: impl Read + Write) -> io::Result<()> {
    let mut far = BufReader::new(far);
    let (mut first, mut line) = (String::new(), String::new());
    far.read_line(&mut first)?;
    while far.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = first.trim_end();
    write!(far.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Opens a connection through a relay, which expects the host in its first line.
fn tunnel(relay: std::net::SocketAddr, target: &Target<'_>, left: Option<Duration>) -> io::Result<Box<dyn Stream>> {
    let mut stream = TcpStream::connect_timeout(&relay, left.unwrap_or(Duration::from_secs(30)))?;
    writeln!(stream, "to {}:{}", target.host(), target.port())?;
    stream.set_nonblocking(true)?;
    Ok(Box::new(stream))
}

/// Starts a relay that answers for every host itself, and returns its address.
fn relay() -> io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        while stream.read_line(&mut String::new())? > 2 {}
        write!(stream.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{line}", line.len())
    });
    Ok(address)
}
