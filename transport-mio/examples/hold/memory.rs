//! The memory of this process, and the kernel's for sockets, as the operating system reports it.

use std::error::Error;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Sizes in bytes.
pub(crate) struct Memory {
    resident: usize,
    kernel: usize,
}

pub(crate) fn now() -> Memory {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    Memory { resident: pages * rustix::param::page_size(), kernel: kernel_pages() * rustix::param::page_size() }
}

/// Returns the pages of TCP buffers on the whole machine, both ends of each connection.
fn kernel_pages() -> usize {
    let text = std::fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    line.rsplit(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

pub(crate) fn report(what: &str, n: usize, before: &Memory, after: &Memory) {
    let each = after.resident.saturating_sub(before.resident) / n;
    let kernel = after.kernel.saturating_sub(before.kernel) / n;
    println!("{what}: {each} resident bytes for each, without the kernel's ({kernel} of socket buffers, both ends)");
}

/// Raises the limit on open files to its maximum.
pub(crate) fn raise_file_limit() -> Result<(), Box<dyn Error>> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
