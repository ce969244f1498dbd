//! A minimal client for the tests of the kit itself: sends bytes, reads one response.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::net::PATIENCE;

/// One response, its body without framing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The statuses of the preceding interim responses.
    pub interim: Vec<u16>,
    /// The status.
    pub status: u16,
    /// The fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers, names in lower case.
    pub trailers: Vec<(String, String)>,
}

impl Response {
    /// Returns the value of the first field `name`, or an empty text.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// When the body is not JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body.escape_ascii()))
    }
}

/// A connection.
#[derive(Debug)]
pub struct Raw<S: Read + Write> {
    stream: BufReader<S>,
}

impl Raw<TcpStream> {
    /// Connects. Each read waits at most [`PATIENCE`].
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }
}

impl<S: Read + Write> Raw<StreamOwned<ClientConnection, S>> {
    /// Starts TLS over `stream`, for the name `localhost`. The handshake happens with the first
    /// bytes.
    ///
    /// # Errors
    /// When rustls rejects the configuration.
    pub fn secure(config: &Arc<ClientConfig>, stream: S) -> io::Result<Self> {
        let name = "localhost".try_into().map_err(io::Error::other)?;
        let state = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self { stream: BufReader::new(StreamOwned::new(state, stream)) })
    }
}

impl<S: Read + Write> Raw<S> {
    /// Returns the underlying stream.
    pub fn stream(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    /// Returns the underlying stream, and drops buffered bytes.
    pub fn into_stream(self) -> S {
        self.stream.into_inner()
    }

    /// Sends bytes unmodified.
    ///
    /// # Errors
    /// When the server has closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream().write_all(bytes.as_ref())?;
        self.stream().flush()
    }

    /// Sends a request without a body, and reads its response.
    ///
    /// # Errors
    /// When the server closes, or the response is malformed.
    pub fn ask(&mut self, method: &str, target: &str, fields: &[&str]) -> io::Result<Response> {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
        fields.iter().for_each(|field| request += &format!("{field}\r\n"));
        self.send(request + "\r\n")?;
        self.response(method)
    }

    /// Reads the response to a request with this method.
    ///
    /// # Errors
    /// Those of [`Raw::ask`].
    pub fn response(&mut self, method: &str) -> io::Result<Response> {
        let mut out = Response::default();
        loop {
            (out.status, out.fields) = self.head()?;
            if out.status >= 200 {
                break;
            }
            out.interim.push(out.status);
        }
        if method == "HEAD" || matches!(out.status, 204 | 304) || (method == "CONNECT" && out.status < 300) {
            return Ok(out);
        }
        if out.field("transfer-encoding") == "chunked" {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
                if size == 0 {
                    out.trailers = self.fields()?;
                    return Ok(out);
                }
                self.exactly(size, &mut out.body)?;
                self.line()?;
            }
        }
        match out.field("content-length").parse() {
            Ok(length) => self.exactly(length, &mut out.body)?,
            Err(_) => drop(self.stream.read_to_end(&mut out.body)?),
        }
        Ok(out)
    }

    /// Reads one line, without its CRLF.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the stream ends first.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => String::from_utf8(line.to_vec()).map_err(io::Error::other),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("no line: {}", line.escape_ascii()))),
        }
    }

    /// Reads until the stream ends.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        self.stream.read_to_end(&mut out)?;
        Ok(out)
    }

    fn exactly(&mut self, n: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let start = out.len();
        out.resize(start + n, 0);
        self.stream.read_exact(out.get_mut(start..).unwrap_or_default())
    }

    fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let line = self.line()?;
        let status = line.get(9..12).and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("not a status line: {line}")))?;
        Ok((status, self.fields()?))
    }

    fn fields(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut out = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(out);
            }
            let (name, value) =
                line.split_once(": ").ok_or_else(|| io::Error::other(format!("not a field: {line}")))?;
            out.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
}
