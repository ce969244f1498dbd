//! The bytes of one connection under way in both directions, with latency and bandwidth.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::Duration;

/// How many bytes fit on the way in either direction.
const WINDOW: usize = 64 * 1024;

/// How the server's direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Fin,
    Reset,
}

/// The result of a read.
pub(crate) enum Read {
    Bytes(Vec<u8>),
    Nothing,
    End(End),
}

/// A connection between a client and a server.
#[derive(Default)]
pub(crate) struct Wire {
    latency: Duration,
    /// Bytes a second; 0 for no limit.
    bandwidth: u64,
    down: VecDeque<(Duration, Vec<u8>)>,
    queued: usize,
    /// When the last byte for the client arrives.
    down_last: Duration,
    end: Option<(Duration, End)>,
    up: VecDeque<(Duration, usize)>,
    up_last: Duration,
    /// Everything that the client wrote.
    pub(crate) sent: Vec<u8>,
    /// How many bytes of the client the server has.
    pub(crate) arrived: usize,
    /// How many of them no longer count against the window.
    taken: usize,
    /// From when on the client's writes fail.
    refuses_writes: Option<Duration>,
    /// How many bytes the client has read.
    pub(crate) read: usize,
}

impl Wire {
    pub(crate) fn new(latency: Duration, bandwidth: u64) -> Wire {
        Wire { latency, bandwidth, ..Wire::default() }
    }

    fn arrival(&self, now: Duration, bytes: usize, last: Duration) -> Duration {
        let time = (now + self.latency).max(last);
        match self.bandwidth {
            0 => time,
            bandwidth => time + Duration::from_micros(bytes as u64 * 1_000_000 / bandwidth),
        }
    }

    /// How many bytes for the client fit now.
    pub(crate) fn room_to_client(&self) -> usize {
        WINDOW.saturating_sub(self.queued)
    }

    /// Sends a segment to the client: one read brings no bytes of two. Returns when it arrives.
    pub(crate) fn push(&mut self, now: Duration, segment: Vec<u8>) -> Duration {
        self.down_last = self.arrival(now, segment.len(), self.down_last);
        self.queued += segment.len();
        self.down.push_back((self.down_last, segment));
        self.down_last
    }

    /// Sends a segment that is there at once, or with what is under way. Returns when that is.
    pub(crate) fn push_at_once(&mut self, now: Duration, segment: Vec<u8>) -> Duration {
        self.down_last = self.down_last.max(now);
        self.queued += segment.len();
        self.down.push_back((self.down_last, segment));
        self.down_last
    }

    /// Ends the server's direction behind what is under way; `both`: the client's writes fail from
    /// then on. Returns when the end arrives.
    pub(crate) fn finish(&mut self, now: Duration, end: End, both: bool) -> Duration {
        self.down_last = self.arrival(now, 0, self.down_last);
        self.end = Some((self.down_last, end));
        if both {
            self.refuse_writes(self.down_last);
        }
        self.down_last
    }

    /// The client's writes fail from this time on.
    pub(crate) fn refuse_writes(&mut self, from: Duration) {
        self.refuses_writes = Some(from);
    }

    /// Loses what is under way to the client.
    pub(crate) fn lose(&mut self) {
        self.down.clear();
        self.queued = 0;
    }

    /// Whether the server's direction has an end.
    pub(crate) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// When the last byte, or the end, arrives at the client.
    pub(crate) fn last_arrival(&self) -> Duration {
        self.down_last
    }

    /// Whether a read would give something now.
    pub(crate) fn readable(&self, now: Duration) -> bool {
        match (self.down.front(), self.end) {
            (Some((at, _)), _) => *at <= now,
            (None, Some((at, _))) => at <= now,
            (None, None) => false,
        }
    }

    /// Reads at most `most` bytes of one segment.
    pub(crate) fn read(&mut self, now: Duration, most: usize) -> Read {
        match self.down.front_mut() {
            Some((at, _)) if *at > now => Read::Nothing,
            Some((_, bytes)) => {
                let rest = bytes.split_off(most.min(bytes.len()));
                let piece = std::mem::replace(bytes, rest);
                if bytes.is_empty() {
                    self.down.pop_front();
                }
                self.queued -= piece.len();
                self.read += piece.len();
                Read::Bytes(piece)
            }
            None => match self.end {
                Some((at, end)) if at <= now => Read::End(end),
                _ => Read::Nothing,
            },
        }
    }

    /// Returns how much the client can write now.
    ///
    /// # Errors
    /// When writing fails.
    pub(crate) fn room(&self, now: Duration) -> Result<usize, ErrorKind> {
        if self.refuses_writes.is_some_and(|at| at <= now) {
            return Err(ErrorKind::BrokenPipe);
        }
        Ok(WINDOW.saturating_sub(self.sent.len() - self.taken))
    }

    /// Bytes of the client leave. Returns when they arrive.
    pub(crate) fn write(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        self.sent.extend_from_slice(bytes);
        self.up_last = self.arrival(now, bytes.len(), self.up_last);
        self.up.push_back((self.up_last, self.sent.len()));
        self.up_last
    }

    /// Returns up to which byte the next write that has reached the server goes, and forgets that
    /// write.
    pub(crate) fn next_arrived(&mut self, now: Duration) -> Option<usize> {
        let (at, offset) = *self.up.front()?;
        if at > now {
            return None;
        }
        self.up.pop_front();
        Some(offset)
    }

    /// The server takes the client's bytes up to this one.
    pub(crate) fn take(&mut self, offset: usize) {
        self.arrived = offset;
        self.taken = offset;
    }
}
