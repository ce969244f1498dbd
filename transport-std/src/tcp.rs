//! How TCP sockets are opened: local address, keep-alive, Nagle's algorithm, and a hook before the
//! connect.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::sys;

type Hook = Arc<dyn Fn(&TcpStream, SocketAddr) -> io::Result<()> + Send + Sync>;

/// The settings of a session's TCP sockets. Cloning is cheap.
///
/// ```
/// use petition_std::{Session, TcpSettings};
/// use std::time::Duration;
///
/// let tcp = TcpSettings::new().bind("127.0.0.1".parse()?).keep_alive(Duration::from_secs(60));
/// let session = Session::builder().tcp(tcp).build();
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct TcpSettings {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    keep_alive: Option<Duration>,
    delay: bool,
    before_connect: Option<Hook>,
}

impl TcpSettings {
    /// Creates the default settings: any local address, no keep-alive, no Nagle's algorithm.
    pub fn new() -> TcpSettings {
        TcpSettings::default()
    }

    /// Connects from this local address. It can be set once for IPv4 and once for IPv6.
    ///
    /// If only one family has a local address, attempts to connect to the other one fail.
    #[must_use]
    pub fn bind(mut self, address: IpAddr) -> TcpSettings {
        match address {
            IpAddr::V4(address) => self.v4 = Some(address),
            IpAddr::V6(address) => self.v6 = Some(address),
        }
        self
    }

    /// Makes the system probe the peer after this time without traffic (`SO_KEEPALIVE`). Default:
    /// no probes. Full seconds count; OpenBSD uses its own time.
    #[must_use]
    pub fn keep_alive(mut self, after: Duration) -> TcpSettings {
        self.keep_alive = Some(after);
        self
    }

    /// Sends small writes at once (`TCP_NODELAY`). Default: `true`.
    #[must_use]
    pub fn no_delay(mut self, no_delay: bool) -> TcpSettings {
        self.delay = !no_delay;
        self
    }

    /// Calls `hook` with each socket after all other settings and before it connects to the address.
    /// For options such as `SO_MARK` or `SO_BINDTODEVICE`, with a package such as `socket2`.
    ///
    /// The socket is non-blocking and must stay so. If the hook fails, so does this attempt to
    /// connect; the request's error shows the text.
    #[must_use]
    pub fn before_connect(
        mut self,
        hook: impl Fn(&TcpStream, SocketAddr) -> io::Result<()> + Send + Sync + 'static,
    ) -> TcpSettings {
        self.before_connect = Some(Arc::new(hook));
        self
    }

    /// Opens a socket with these settings and starts connecting it.
    pub(crate) fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = sys::open(address)?;
        if let Some(local) = self.local(address)? {
            sys::bind(&stream, local)?;
        }
        if let Some(after) = self.keep_alive {
            sys::set_keep_alive(&stream, after)?;
        }
        if let Some(hook) = &self.before_connect {
            hook(&stream, address)?;
        }
        sys::connect(&stream, address)?;
        Ok(stream)
    }

    /// Applies the settings of a connected socket.
    pub(crate) fn connected(&self, stream: &TcpStream) -> io::Result<()> {
        if self.delay { Ok(()) } else { stream.set_nodelay(true) }
    }

    /// Returns the address to bind to, if there is one.
    fn local(&self, address: SocketAddr) -> io::Result<Option<SocketAddr>> {
        let local = match address {
            SocketAddr::V4(_) => self.v4.map(IpAddr::V4),
            SocketAddr::V6(_) => self.v6.map(IpAddr::V6),
        };
        if local.is_none() && (self.v4.is_some() || self.v6.is_some()) {
            let text = "the only local address that is set belongs to the other IP version";
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
        }
        Ok(local.map(|local| SocketAddr::new(local, 0)))
    }
}

impl fmt::Debug for TcpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSettings")
            .field("v4", &self.v4)
            .field("v6", &self.v6)
            .field("keep_alive", &self.keep_alive)
            .field("no_delay", &!self.delay)
            .finish_non_exhaustive()
    }
}
