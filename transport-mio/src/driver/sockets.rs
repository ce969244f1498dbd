//! The connections of a driver: opening, readiness, reads and writes, and the liveness probe.

use std::io::{self, ErrorKind as Io};

use mio::Token;
use mio::event::Event;
use mio::net::TcpStream;
use petition_core::engine::SocketId;
use petition_core::route::address::Address;
use petition_core::{Input, IoFailure, Side};

use super::stream::{Channel, Progress, called, connect_unix};
use super::{Driver, told};
use crate::clock;
use crate::connector::Target;

/// An open or connecting connection.
pub(super) struct Conn {
    id: SocketId,
    channel: Channel,
    connecting: bool,
    writable: bool,
    /// Whether the peer has closed its side: the remaining bytes and the end can be read at any
    /// time.
    read_closed: bool,
}

impl Driver {
    /// Records an event of the caller's poll; [`Driver::turn`] acts on it. Returns false if its
    /// token is outside this driver's range.
    pub fn ready(&mut self, event: &Event) -> bool {
        let Token(token) = event.token();
        if !self.tokens.contains(&token) {
            return false;
        }
        if !self.is_here() {
            return true;
        }
        let Some(index) = (token - self.tokens.start).checked_sub(1) else { return true };
        let Some(Some(conn)) = self.sockets.get_mut(index) else { return true };
        let (id, now) = (conn.id, self.now);
        if conn.connecting {
            self.connect_ready(index, id, event.is_readable());
            return true;
        }
        conn.read_closed |= event.is_read_closed() || event.is_error();
        if event.is_readable() || conn.read_closed {
            told(self.engine.socket_input(now, id, Input::Ready(Side::Read)));
        }
        // An event for one side also reports the state of the other.
        if !conn.writable && (event.is_writable() || event.is_write_closed() || event.is_error()) {
            conn.writable = true;
            told(self.engine.socket_input(now, id, Input::Ready(Side::Write)));
        }
        true
    }

    /// Asks the streams that no poll reports whether they are ready. Idle ones among them are probed
    /// individually before reuse: only a blocked read lets a poll count as the probe.
    #[inline(never)]
    pub(super) fn ask_unpolled(&mut self) {
        if self.unpolled.is_empty() {
            return;
        }
        // A stream that fails to connect leaves the list.
        for id in self.unpolled.clone() {
            let Some(Some(conn)) = self.sockets.get_mut(id.index()) else { continue };
            if conn.connecting {
                self.connect_ready(id.index(), id, true);
                continue;
            }
            if !conn.channel.is_quiet() {
                told(self.engine.socket_input(self.now, id, Input::Ready(Side::Read)));
            }
            if !std::mem::replace(&mut conn.writable, true) {
                told(self.engine.socket_input(self.now, id, Input::Ready(Side::Write)));
            }
        }
    }

    #[cold]
    fn connect_ready(&mut self, index: usize, id: SocketId, readable: bool) {
        let Some(Some(conn)) = self.sockets.get_mut(index) else { return };
        let failed = match conn.channel.progress() {
            Progress::Pending => return,
            Progress::Connected => None,
            Progress::Failed(error) => Some(error),
        };
        conn.connecting = false;
        conn.writable = true;
        self.now = clock::now();
        match failed {
            None => self.connected(id, readable),
            Some(error) => {
                self.close(id);
                told(self.engine.connect_failed(self.now, id, IoFailure::from(&error)));
            }
        }
    }

    fn connected(&mut self, id: SocketId, readable: bool) {
        if !readable {
            told(self.engine.socket_input(self.now, id, Input::Blocked(Side::Read)));
        }
        told(self.engine.connected(self.now, id));
    }

    #[inline(never)]
    pub(super) fn connect(&mut self, socket: SocketId) -> io::Result<()> {
        let token = self.tokens.start.saturating_add(1 + socket.index());
        if !self.tokens.contains(&token) {
            return Err(io::Error::other("no token is left for another socket"));
        }
        // A Unix socket connects at once.
        let (mut channel, mut connecting) = match (self.connect_by_connector(socket), self.engine.address(socket)) {
            (Some(channel), _) => (channel?, true),
            (None, Some(Address::Tcp(address))) => (Channel::Os(TcpStream::connect(*address)?), true),
            (None, Some(Address::Unix(path))) => (Channel::Os(connect_unix(path)?), false),
            (None, Some(Address::Custom(_)) | None) => {
                return Err(io::Error::new(Io::Unsupported, "no connector serves this address"));
            }
        };
        if !channel.register(&self.registry, Token(token))? {
            self.unpolled.push(socket);
        }
        if let Channel::Custom(_) = channel {
            match channel.progress() {
                Progress::Pending => {}
                Progress::Connected => connecting = false,
                Progress::Failed(error) => {
                    self.forget_unpolled(socket);
                    return Err(error);
                }
            }
        }
        // A stream may have something to read before it reports anything.
        let readable = matches!(channel, Channel::Custom(_));
        if self.sockets.len() <= socket.index() {
            self.sockets.resize_with(socket.index() + 1, || None);
        }
        let conn = Conn { id: socket, channel, connecting, writable: !connecting, read_closed: false };
        if let Some(place) = self.sockets.get_mut(socket.index()) {
            *place = Some(conn);
        }
        if !connecting {
            self.connected(socket, readable);
        }
        Ok(())
    }

    /// Connects by the connector, if there is one and it takes this address.
    fn connect_by_connector(&mut self, socket: SocketId) -> Option<io::Result<Channel>> {
        let connector = self.connector.as_mut()?;
        let (address, (host, port)) = (self.engine.address(socket)?, self.engine.connects_to(socket)?);
        let target = Target::new(address, host, port);
        let readiness = &self.readiness;
        called(|| connector.connect(&target, readiness).transpose())
            .transpose()
            .map(|stream| stream.map(Channel::Custom))
    }

    pub(super) fn close(&mut self, socket: SocketId) {
        if let Some(mut conn) = self.sockets.get_mut(socket.index()).and_then(Option::take) {
            conn.channel.deregister(&self.registry);
            self.forget_unpolled(socket);
        }
    }

    fn forget_unpolled(&mut self, socket: SocketId) {
        if !self.unpolled.is_empty() {
            self.unpolled.retain(|known| *known != socket);
        }
    }

    pub(super) fn transmit(&mut self, socket: SocketId) {
        let outgoing = self.engine.outgoing(socket);
        let Some(Some(conn)) = self.sockets.get_mut(socket.index()) else { return };
        let result = if conn.writable { conn.channel.write(outgoing) } else { Err(Io::WouldBlock.into()) };
        let input = match result {
            Ok(0) => Input::Failed(Side::Write, IoFailure::new(Io::WriteZero)),
            Ok(n) => {
                conn.writable = n == outgoing.len() || !conn.channel.blocks_after_less();
                Input::Wrote(n)
            }
            Err(error) if error.kind() == Io::WouldBlock => {
                conn.writable = false;
                Input::Blocked(Side::Write)
            }
            Err(error) if error.kind() == Io::Interrupted => return,
            Err(error) => Input::Failed(Side::Write, IoFailure::from(&error)),
        };
        told(self.engine.socket_input(self.now, socket, input));
    }

    pub(super) fn read(&mut self, socket: SocketId) {
        let space = self.engine.space(socket);
        let Some(Some(conn)) = self.sockets.get_mut(socket.index()) else { return };
        let input = match conn.channel.read(space) {
            Ok(0) => Input::Eof,
            Ok(n) => {
                // A short read: nothing more is available. A reported end can be read at any time.
                if n < space.len() && !conn.read_closed && conn.channel.blocks_after_less() {
                    told(self.engine.socket_input(self.now, socket, Input::Blocked(Side::Read)));
                }
                Input::Filled(n)
            }
            Err(error) if error.kind() == Io::WouldBlock => Input::Blocked(Side::Read),
            Err(error) if error.kind() == Io::Interrupted => return,
            Err(error) => Input::Failed(Side::Read, IoFailure::from(&error)),
        };
        told(self.engine.socket_input(self.now, socket, input));
    }

    /// Probes an idle connection: its last read filled the buffer, or there was no complete poll.
    pub(super) fn check(&mut self, socket: SocketId) {
        let alive = match self.sockets.get_mut(socket.index()) {
            Some(Some(conn)) => !conn.read_closed && conn.channel.is_quiet(),
            _ => false,
        };
        told(self.engine.socket_input(self.now, socket, if alive { Input::Alive } else { Input::Dead }));
    }
}
