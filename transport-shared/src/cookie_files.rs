//! Saves and loads the cookies of a session.
//!
//! A file holds credentials, so on Unix only its owner can read it. It is replaced atomically.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use petition_core::UnixTime;
use petition_core::cookie::{Loaded, SaveSessions};

use crate::SharedSession;

impl SharedSession {
    /// Saves the cookies to a file, including session cookies, in the lossless format of
    /// [`Jar::save`](petition_core::cookie::Jar::save).
    ///
    /// The file appears as a whole or not at all: it is written beside `path`, then renamed over it.
    /// On Unix, only its owner can read it (mode 0600).
    ///
    /// # Errors
    /// The file cannot be written. An existing file is then unchanged.
    ///
    /// # Panics
    /// As [`SharedSession::with`].
    pub fn save_cookies(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let text = self.with(|session| session.jar().save(SaveSessions::Keep));
        replace(path.as_ref(), text.as_bytes())
    }

    /// Adds the cookies of a file to those of the session. The file comes from
    /// [`SharedSession::save_cookies`], or is a Netscape cookie file (`cookies.txt`) as written by
    /// curl, wget, Python and browser extensions.
    ///
    /// If the session and a saved file have the same cookie, the value stored later stays. A
    /// Netscape file has no such times, so its cookies replace those of the session. Expired
    /// cookies, and those that the jar's policy does not allow, are skipped and counted.
    ///
    /// # Errors
    /// The file cannot be read. [`InvalidData`](Io::InvalidData) if it is truncated or damaged, or
    /// contains no cookie and is not empty. The jar is then unchanged.
    ///
    /// # Panics
    /// As [`SharedSession::with`].
    pub fn load_cookies(&self, path: impl AsRef<Path>) -> io::Result<Loaded> {
        let bytes = fs::read(path)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = UnixTime(now.as_secs());
        if bytes.starts_with(b"petition-cookies") {
            let text = String::from_utf8(bytes).map_err(|error| io::Error::new(Io::InvalidData, error.utf8_error()))?;
            let loaded = self.with(|session| session.cookies(|jar| jar.load(&text, now)));
            return loaded.map_err(|error| io::Error::new(Io::InvalidData, error));
        }
        let imported = self.with(|session| session.cookies(|jar| jar.import_netscape(&bytes, now)));
        let titled = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).starts_with(b"#");
        if imported.taken == 0 && imported.skipped > 0 && !titled {
            return Err(io::Error::new(Io::InvalidData, "expected a cookie file, found no cookie"));
        }
        Ok(Loaded { taken: imported.taken, kept: 0, skipped: imported.skipped })
    }
}

/// Writes a file beside `path`, and renames it over `path`.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (beside, mut file) = create_beside(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        // The first error counts.
        let _ = fs::remove_file(&beside);
    })
}

/// Creates a private file in the directory of `path`.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::new(Io::InvalidInput, "expected the path of a file"))?;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}-{number}", std::process::id()));
        let beside = path.with_file_name(beside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&beside) {
            Ok(file) => return Ok((beside, file)),
            // A killed process left this file.
            Err(error) if error.kind() == Io::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
