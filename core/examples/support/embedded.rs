//! Shared by the examples: clocks, and servers to use if no URL is given.

use std::error::Error;
use std::sync::OnceLock;
use std::time::{Instant as StdInstant, SystemTime};

use petition_core::tls::TlsConfig;
use petition_core::{Instant, Now, Session, UnixTime};
use petition_tests::httpbin::Httpbin;
use petition_tests::tls::{Authority, Endpoint};

/// Returns both clocks in core's types.
pub(crate) fn now() -> Now {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Now::new(Instant::from_origin(ORIGIN.get_or_init(StdInstant::now).elapsed()), UnixTime(unix))
}

/// Servers, a session that trusts them, and URLs.
type Given = (Vec<Httpbin>, Session, Vec<String>);

/// Returns the given URLs, or URLs of an embedded plain and TLS server, with a session that trusts
/// them. The servers run until the returned value is dropped.
pub(crate) fn servers_or(urls: impl Iterator<Item = String>) -> Result<Given, Box<dyn Error>> {
    let (mut session, mut urls): (_, Vec<String>) = (Session::new(), urls.collect());
    let mut servers = Vec::new();
    if urls.is_empty() {
        let authority = Authority::new();
        servers.push(Httpbin::start_plain()?);
        servers.push(Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost()))?);
        let tls = TlsConfig::builder().root(authority.der()).build()?;
        session.configure(|options| {
            options.tls(tls);
        });
        let paths = ["/get", "/redirect/2", "/bytes/100000", "/gzip"];
        urls.extend(servers.iter().flat_map(|server| paths.map(|path| server.url(path))));
    }
    Ok((servers, session, urls))
}
