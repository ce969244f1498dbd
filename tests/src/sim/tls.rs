//! The server's end of TLS on a simulated connection, by rustls. The client's bytes are known only
//! when they arrive.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use petition_core::tls::TlsConfig;
use rustls::{ServerConfig, ServerConnection};

use crate::memory::{client_config, server_config};
use crate::tls::Authority;

/// Both ends' configurations, shared by all scenarios, since certificates are expensive.
pub(super) fn configurations() -> &'static (Arc<ServerConfig>, TlsConfig) {
    static BOTH: OnceLock<(Arc<ServerConfig>, TlsConfig)> = OnceLock::new();
    BOTH.get_or_init(|| {
        let authority = Authority::new();
        (server_config(&authority, &["a.test", "www.a.test"]), client_config(&authority))
    })
}

pub(super) struct TlsServer {
    connection: ServerConnection,
    /// The number of bytes that rustls has received.
    fed: usize,
    /// The start of the next or incomplete record.
    record: usize,
    /// The records with plain bytes: the start of these, and the record.
    records: Vec<(usize, usize)>,
    /// Every plain byte that arrived.
    pub(super) plain: Vec<u8>,
}

impl TlsServer {
    pub(super) fn new() -> TlsServer {
        let mut connection = ServerConnection::new(configurations().0.clone()).expect("a sound configuration");
        connection.set_buffer_limit(None);
        TlsServer { connection, fed: 0, record: 0, records: Vec::new(), plain: Vec::new() }
    }

    /// Reads what has arrived of `sent`. Returns where the new plain bytes begin.
    pub(super) fn hear(&mut self, sent: &[u8], arrived: usize) -> usize {
        let before = self.plain.len();
        while self.fed < arrived {
            // One record at a time, to know the record of each byte.
            let length = sent[self.record..arrived].get(3..5).map(|two| usize::from(two[0]) << 8 | usize::from(two[1]));
            let whole = length.map(|length| self.record + 5 + length);
            let end = whole.map_or(arrived, |end| end.min(arrived));
            let (mut piece, from) = (&sent[self.fed..end], self.plain.len());
            self.fed = end;
            while !piece.is_empty() {
                let read = self.connection.read_tls(&mut piece);
                let fine = read.is_ok() && self.connection.process_new_packets().is_ok();
                // An error says that no plain bytes are available.
                let _ = self.connection.reader().read_to_end(&mut self.plain);
                if !fine {
                    self.fed = arrived;
                    break;
                }
            }
            if self.plain.len() > from {
                self.records.push((from, self.record));
            }
            if whole == Some(self.fed) {
                self.record = self.fed;
            }
        }
        before
    }

    /// Returns the start of the record with this plain byte.
    pub(super) fn record_of(&self, plain: usize) -> usize {
        let at = self.records.partition_point(|(from, _)| *from <= plain);
        at.checked_sub(1).map_or(0, |at| self.records[at].1)
    }

    /// Returns the records for these plain bytes, and TLS's other pending bytes.
    pub(super) fn say(&mut self, plain: &[u8], last: bool) -> Vec<u8> {
        self.connection.writer().write_all(plain).expect("there is no limit");
        if last {
            self.connection.send_close_notify();
        }
        let mut out = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut out).expect("a Vec takes everything");
        }
        out
    }
}
