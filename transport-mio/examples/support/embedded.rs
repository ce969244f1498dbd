//! The servers that the examples use.

use std::error::Error;

use petition_mio::{Client, TlsConfig};
use petition_tests::httpbin::Httpbin;
use petition_tests::tls::{Authority, Endpoint};

/// Returns the URLs among the arguments, each N times after `--times N`. Without URLs, starts a
/// plain and a TLS server, makes the client trust them, and returns URLs of both.
pub(crate) fn servers_or(
    client: &Client,
    mut arguments: Vec<String>,
) -> Result<(Vec<Httpbin>, Vec<String>), Box<dyn Error>> {
    let mut times = 1;
    if let [first, n, ..] = &arguments[..]
        && first == "--times"
    {
        times = n.parse()?;
        arguments.drain(..2);
    }
    if !arguments.is_empty() {
        return Ok((Vec::new(), std::iter::repeat_n(arguments, times).flatten().collect()));
    }
    let authority = Authority::new();
    let servers = vec![Httpbin::start_plain()?, Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost()))?];
    let tls = TlsConfig::builder().root(authority.der()).build()?;
    client.configure(|options| {
        options.tls(tls);
    });
    let paths = ["/get", "/redirect/2", "/bytes/100000", "/delay/1"];
    let urls = servers.iter().flat_map(|server| paths.map(|path| server.url(path))).collect();
    Ok((servers, urls))
}
