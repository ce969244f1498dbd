//! What the examples send requests to.

use std::error::Error;

use petition_mio::{Client, TlsConfig};
use petition_tests::httpbin::Httpbin;
use petition_tests::tls::{Authority, Endpoint};

/// The URLs among the arguments, after `--times N` each so many times; where there are none, some of a plain and a TLS server, which the client
/// then trusts.
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
