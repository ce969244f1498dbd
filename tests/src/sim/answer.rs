//! The model servers' responses, and their bytes.

use std::io::Write;
use std::time::Duration;

use super::challenges::Asks;
use super::cookies::SetCookie;
use super::hostile;
use super::origins::Origin;
use super::plan::{LONGEST_THOUGHT, pattern, pick};
use super::stale::{self, Stale};
use crate::memory::ms;
use crate::rng::Rng;

/// How the body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Content-Length.
    Length,
    /// Chunked, with the largest chunk size; with or without a trailer and extensions.
    Chunked(usize, bool),
    /// Ended by the connection's end.
    Close,
}

/// The content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Without coding.
    None,
    /// gzip.
    Gzip,
    /// deflate, with the zlib wrapper.
    Deflate,
}

/// The server's statement about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing.
    Silent,
    /// `Connection: close`.
    Close,
    /// `Connection: keep-alive`, with its timeout in seconds.
    For(u64),
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The number of the page.
    pub(super) page: usize,
    /// The status.
    pub(super) status: u16,
    /// The Location, unmodified.
    pub(super) location: Option<String>,
    /// Cookies.
    pub(super) cookies: Vec<SetCookie>,
    /// The values of Strict-Transport-Security.
    pub(super) hsts: Vec<&'static str>,
    /// Asks for credentials first.
    pub(super) asks: Option<Asks>,
    /// Asks for credentials that the client does not have, for an origin or for a proxy.
    pub(super) bait: Option<u16>,
    /// The number of preceding 103 responses.
    pub(super) hints: usize,
    /// How the body is delimited.
    pub(super) framing: Framing,
    /// Its content coding.
    pub(super) coding: Coding,
    /// The content's length, before coding.
    pub(super) length: usize,
    /// Answers as an HTTP/1.0 server.
    pub(super) old: bool,
    /// The statement about the connection.
    pub(super) keep: Keep,
    /// The delay.
    pub(super) thought: Duration,
    /// Answers before the request's body has arrived.
    pub(super) early: bool,
    /// Content-Length beside Transfer-Encoding.
    pub(super) both: bool,
    /// Unsolicited bytes after the response.
    pub(super) extra: bool,
    /// Sends unsolicited bytes this much later.
    pub(super) late: Option<(Duration, Stale)>,
    /// For `Expect: 100-continue`: 0 sends 100, 1 sends nothing, 2 refuses once with 417.
    pub(super) at_expect: u8,
    /// Ends the connection after this many thousandths of the response.
    pub(super) cut: Option<usize>,
    /// Sends this hostile answer instead.
    pub(super) hostile: Option<usize>,
}

/// The bytes of a response.
#[derive(Clone, Debug, Default)]
pub(super) struct Rendered {
    /// The whole response.
    pub(super) bytes: Vec<u8>,
    /// The start of the final head.
    pub(super) head_start: usize,
    /// Its end.
    pub(super) head_end: usize,
    /// The content that a client delivers.
    pub(super) content: Vec<u8>,
    /// Whether the client may use the connection again.
    pub(super) reusable: bool,
    /// Whether the body ends with the connection.
    pub(super) until_close: bool,
    /// After this many seconds it may not.
    pub(super) lasts: Option<u64>,
}

impl Answer {
    pub(super) fn random(rng: &mut Rng, page: usize, origin: &Origin, dir: &str, faulty: bool) -> Answer {
        let framing = match rng.below(8) {
            0 => Framing::Chunked(1 + rng.below(900), false),
            1 => Framing::Chunked(60 + rng.below(900), rng.one_in(2)),
            2 => Framing::Close,
            _ => Framing::Length,
        };
        let length = match rng.below(16) {
            0 => 0,
            1 => 1,
            2 => 10_000 + rng.below(30_000),
            3 if rng.one_in(3) => 60_000 + rng.below(60_000),
            _ => rng.below(700),
        };
        let old = rng.one_in(12);
        let mut cookies = Vec::new();
        if rng.one_in(3) {
            for number in 0..1 + rng.below(3) {
                cookies.push(SetCookie::random(rng, page, number, origin, dir));
            }
        }
        Answer {
            page,
            status: *pick(rng, &[200, 200, 200, 200, 201, 204, 304, 400, 404, 500]),
            location: None,
            cookies,
            hsts: Vec::new(),
            asks: None,
            bait: None,
            hints: if rng.one_in(10) { 1 + rng.below(3) } else { 0 },
            framing: if old && matches!(framing, Framing::Chunked(..)) { Framing::Close } else { framing },
            coding: match rng.below(10) {
                0 => Coding::Gzip,
                1 => Coding::Deflate,
                _ => Coding::None,
            },
            length,
            old,
            keep: match rng.below(9) {
                0 => Keep::Close,
                1 | 2 => Keep::For(1 + rng.next_u64() % 12),
                _ => Keep::Silent,
            },
            thought: match rng.below(6) {
                0 => ms(rng.next_u64() % LONGEST_THOUGHT.as_millis() as u64),
                1 => ms(rng.next_u64() % 50),
                2 if faulty && rng.one_in(20) => ms(29_000 + rng.next_u64() % 2_000),
                _ => Duration::ZERO,
            },
            early: false,
            both: matches!(framing, Framing::Chunked(..)) && !old && rng.one_in(12),
            extra: faulty && rng.one_in(16),
            late: if faulty { stale::late(page, length) } else { None },
            at_expect: rng.below(3) as u8,
            cut: None,
            hostile: None,
        }
    }

    pub(super) fn redirect(
        &mut self,
        rng: &mut Rng,
        status: u16,
        (from, dir): (&Origin, &str),
        (to, to_dir): (&Origin, &str),
        path: &str,
    ) {
        let full = |userinfo: &str| format!("{}://{userinfo}{}{path}", scheme(to), to.authority());
        self.status = status;
        self.location = Some(match rng.below(7) {
            0 if from.secure == to.secure => format!("//{}{path}", to.authority()),
            1 => full("cnru:cnrv@"),
            2 if from == to && dir == to_dir => path[dir.len()..].to_owned(),
            3 if from == to => format!("{dir}x/../..{}", &"/../".repeat(3)) + &path[1..],
            4 => full("") + "#there",
            5 if !to.is_literal() => full("").replacen(to.host, &to.host.to_ascii_uppercase(), 1),
            _ if from == to => path.to_owned(),
            _ => full(""),
        });
    }

    /// Asks for credentials for the origin (401) or for a proxy (407) that the client does not have.
    pub(super) fn tempt(&mut self, status: u16) {
        (self.status, self.bait) = (status, Some(status));
    }

    /// Returns true if this many bytes at the end may be missing: those after the last chunk's line
    /// (T44). Trailers may be missing only as a whole, when nothing announces them.
    pub(super) fn may_lack(&self, missing: usize) -> bool {
        match self.framing {
            Framing::Chunked(_, false) => missing <= 2,
            Framing::Chunked(_, true) => missing == 0 || missing == TRAILERS.len(),
            _ => missing == 0,
        }
    }

    /// Returns true if no more was cut off than may be missing.
    pub(super) fn is_nearly_whole(&self, served: &Rendered, method: &str, http10: bool) -> bool {
        let whole = Answer { cut: None, ..self.clone() }.render(method, http10).bytes;
        (whole.ends_with(b"0\r\n\r\n") || whole.ends_with(TRAILERS)) && self.may_lack(whole.len() - served.bytes.len())
    }

    /// Returns the bytes of the answer to this method.
    pub(super) fn render(&self, method: &str, http10: bool) -> Rendered {
        if let Some(number) = self.hostile {
            return hostile::render(number, self.page, method);
        }
        let bodiless = method == "HEAD" || matches!(self.status, 204 | 304);
        let content = if bodiless { Vec::new() } else { pattern('p', self.page, self.length) };
        let coded = self.coded(&content);
        let framing = match self.framing {
            Framing::Chunked(..) if http10 => Framing::Close,
            framing => framing,
        };
        let mut out = Vec::new();
        if !http10 {
            for hint in 0..self.hints {
                let _ = write!(out, "HTTP/1.1 103 Early Hints\r\nLink: </{hint}?token=cnrh>\r\n\r\n");
            }
        }
        let head_start = out.len();
        let version = if self.old { "1.0" } else { "1.1" };
        let _ = write!(out, "HTTP/{version} {} Reason {}\r\nX-Page: {}\r\n", self.status, self.page, self.page);
        if self.page.is_multiple_of(4) {
            // A secret in a field that is unknown to clients.
            out.extend_from_slice(b"X-Otp: cnrh\r\n");
        }
        if let Some(location) = &self.location {
            let _ = write!(out, "Location: {location}\r\n");
        }
        for value in &self.hsts {
            let _ = write!(out, "Strict-Transport-Security: {value}\r\n");
        }
        if let Some(status) = self.bait {
            let field = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
            let _ = write!(out, "{field}: Basic realm=bait, Digest realm=bait, nonce=bait, qop=auth\r\n");
        }
        for cookie in &self.cookies {
            let _ = write!(out, "Set-Cookie: {}\r\n", cookie.line());
        }
        match self.coding {
            _ if bodiless => {}
            Coding::None => {}
            Coding::Gzip => out.extend_from_slice(b"Content-Encoding: gzip\r\n"),
            Coding::Deflate => out.extend_from_slice(b"Content-encoding:deflate \r\n"),
        }
        let mut persistent = !self.old;
        let mut lasts = None;
        match self.keep {
            Keep::Close => {
                out.extend_from_slice(b"Connection: x, Close\r\n");
                persistent = false;
            }
            Keep::For(seconds) => {
                let _ = write!(out, "Connection: keep-alive\r\nKeep-Alive: timeout={seconds}\r\n");
                (persistent, lasts) = (true, Some(seconds));
            }
            Keep::Silent => {}
        }
        let content_length = if bodiless && self.status != 204 { self.length } else { coded.len() };
        match framing {
            _ if self.status == 204 => {}
            Framing::Length => drop(write!(out, "Content-Length: {content_length}\r\n")),
            Framing::Chunked(..) => {
                if self.both {
                    out.extend_from_slice(b"Content-Length: 3\r\n");
                    // Irrelevant without a body.
                    persistent &= bodiless;
                }
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
            }
            Framing::Close => {}
        }
        out.extend_from_slice(b"\r\n");
        let head_end = out.len();
        if !bodiless {
            match framing {
                Framing::Length => out.extend_from_slice(&coded),
                Framing::Chunked(piece, trailers) => chunked(&mut out, &coded, piece, trailers),
                Framing::Close => {
                    out.extend_from_slice(&coded);
                    persistent = false;
                }
            }
        }
        let until_close = framing == Framing::Close && !bodiless;
        if self.extra && !until_close {
            out.extend_from_slice(b"\0junk");
            persistent = false;
        }
        if let Some(share) = self.cut {
            out.truncate(out.len() * share / 1000);
            persistent = false;
        }
        Rendered {
            head_end: head_end.min(out.len()),
            bytes: out,
            head_start,
            content,
            reusable: persistent,
            until_close,
            lasts,
        }
    }

    fn coded(&self, content: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::fast();
        match self.coding {
            Coding::None => content.to_vec(),
            Coding::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), level);
                let _ = out.write_all(content);
                out.finish().unwrap_or_default()
            }
            Coding::Deflate => {
                let mut out = flate2::write::ZlibEncoder::new(Vec::new(), level);
                let _ = out.write_all(content);
                out.finish().unwrap_or_default()
            }
        }
    }
}

/// The trailers, if there are any.
const TRAILERS: &[u8] = b"X-Sum: 1\r\nX-Other: 2\r\n\r\n";

fn scheme(origin: &Origin) -> &'static str {
    if origin.secure { "https" } else { "http" }
}

pub(super) fn chunked(out: &mut Vec<u8>, content: &[u8], piece: usize, more: bool) {
    for (at, chunk) in content.chunks(piece).enumerate() {
        let extension = if more && at % 7 == 0 { " ; x=\"y;z\"" } else { "" };
        let zeros = if more { "000" } else { "" };
        let _ = write!(out, "{zeros}{:X}{extension}\r\n", chunk.len());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(if more { b"00\r\n" } else { b"0\r\n" });
    out.extend_from_slice(if more { TRAILERS } else { b"\r\n" });
}
