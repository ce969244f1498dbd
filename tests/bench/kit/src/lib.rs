//! Shared by the measured programs: their job, one TLS configuration, and their reports.
//!
//! A measured program is called as `worker-NAME CLIENT ROW N PLAIN TLS CA X`, and does the row's
//! work `N` times. Everything else is the same for all `N`, so that it cancels in the difference of
//! two runs.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Instant;

use cpu_time::ProcessTime;
use rustix::process::{Resource, getrlimit, setrlimit};
#[cfg(feature = "tls")]
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};

/// The result of a program.
pub type Outcome = Result<(), Box<dyn Error>>;

/// The body of the ordinary response.
pub const BODY: &[u8] = b"Hello, world!";

/// Default fields of a session, besides those that a client sends by itself.
pub const DEFAULT_FIELDS: [(&str, &str); 3] =
    [("accept-language", "en, de;q=0.5"), ("x-client", "bench"), ("x-trace", "0af7651916cd43dd8448eb211c80319c")];

/// Connections of the row `many`.
pub const MANY: usize = 64;

/// The size of the caller's buffer for large reads.
pub const LARGE: usize = 256 * 1024;

/// The work, its number of repetitions, and the server.
#[derive(Clone, Debug)]
pub struct Job {
    /// The client, where one program has several.
    pub client: String,
    /// The row's name.
    pub row: String,
    /// The number of repetitions.
    pub n: usize,
    /// The server's plain address.
    pub plain: SocketAddr,
    /// The server's TLS address.
    pub tls: SocketAddr,
    /// The file with the root certificate (DER); the file of the same name with the extension `pem`
    /// has it as PEM.
    pub ca: PathBuf,
    /// The size of a body, or of whatever grows.
    pub x: u64,
}

impl Job {
    /// Returns the job of this process.
    ///
    /// # Errors
    /// When an argument is missing or invalid.
    pub fn from_args() -> Result<Job, Box<dyn Error>> {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().ok_or("usage: CLIENT ROW N PLAIN TLS CA X");
        Ok(Job {
            client: next()?,
            row: next()?,
            n: next()?.parse()?,
            plain: next()?.parse()?,
            tls: next()?.parse()?,
            ca: next()?.into(),
            x: next()?.parse()?,
        })
    }

    /// Returns a plain URL on the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.plain)
    }

    /// Returns a TLS URL on the server.
    pub fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.tls)
    }

    /// Returns the root certificate (DER).
    ///
    /// # Errors
    /// When the file cannot be read.
    #[cfg(feature = "tls")]
    pub fn root(&self) -> Result<CertificateDer<'static>, Box<dyn Error>> {
        Ok(std::fs::read(&self.ca)?.into())
    }

    /// Returns the TLS configuration of all clients that use rustls: ring, its default versions and
    /// suites, the server's root.
    ///
    /// # Errors
    /// When the root cannot be read.
    #[cfg(feature = "tls")]
    pub fn rustls(&self) -> Result<ClientConfig, Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root()?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Does `work` once to warm up and then `n` times, and reports the duration of the latter.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn repeat(&self, mut work: impl FnMut() -> Outcome) -> Outcome {
        work()?;
        self.timed(|| (0..self.n).try_for_each(|_| work()))
    }

    /// Does `work` and reports its duration.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn timed(&self, work: impl FnOnce() -> Outcome) -> Outcome {
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        work()?;
        println!("cpu {}\nwall {}", cpu.elapsed().as_nanos(), wall.elapsed().as_nanos());
        Ok(())
    }

    /// Returns how many requests the server holds back, without using the client.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn held(&self) -> Result<usize, Box<dyn Error>> {
        let mut stream = TcpStream::connect(self.plain)?;
        stream.write_all(b"GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 1024];
        let mut length = 0;
        loop {
            match stream.read(&mut answer[length..])? {
                0 => break,
                n => length += n,
            }
        }
        let text = std::str::from_utf8(&answer[..length])?;
        Ok(text.rsplit('\n').next().unwrap_or_default().trim().parse()?)
    }

    /// Returns the error that this client has no such row.
    ///
    /// # Errors
    /// Always.
    pub fn unknown(&self) -> Outcome {
        Err(format!("{} does not do {}", self.client, self.row).into())
    }
}

/// Checks the number of bytes.
///
/// # Errors
/// When the numbers differ.
pub fn expect(what: u64, expected: u64) -> Outcome {
    if what == expected { Ok(()) } else { Err(format!("expected {expected} bytes, saw {what}").into()) }
}

/// Returns the resident bytes of this process.
pub fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size()
}

/// Reports the memory of each of `n` waiting connections.
pub fn say_resident(n: usize, before: usize, after: usize) {
    println!("resident {}", after.saturating_sub(before) / n.max(1));
}

/// Raises the limit on open files to its maximum.
///
/// # Errors
/// When the system refuses.
pub fn raise_file_limit() -> Outcome {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Reads to the end through one buffer, and returns the number of bytes.
///
/// # Errors
/// Those of the reader.
pub fn drain(mut reader: impl Read, space: &mut [u8]) -> Result<u64, std::io::Error> {
    let mut total = 0;
    loop {
        match reader.read(space)? {
            0 => return Ok(total),
            n => total += n as u64,
        }
    }
}
