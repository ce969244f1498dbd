//! The compiled-in list of public suffixes, as one table of bytes that is read where it lies.
//!
//! `suffix_table.bin` is made from the list that the package `psl` publishes (Mozilla's, publicsuffix.org), by the test `suffix_table` of this
//! workspace, which fails when the list has changed. The package itself is a program of 700 KB; the table has 80 KB, needs
//! nothing to be built when it is first asked, and is read in one pass over the host's last labels.
//!
//! It is an automaton over the bytes of a name from its end to its beginning. A node begins with one byte: its three high bits say which rules
//! end there (1 the name itself, 2 every name with one label more, 4 an exception), the others what follows:
//!
//! ```text
//! 0..=29   so many edges
//! 30       a byte: so many edges
//! 31       a byte: so many bytes that must all come, and after them the next node
//! ```
//!
//! An edge is a byte and the place of its node (three bytes, the lowest first). Rules of one label are left out: a name that no rule knows has its
//! last label as public suffix anyway.

/// See above.
static TABLE: &[u8] = include_bytes!("suffix_table.bin");

const EXACT: u8 = 1;
const WILDCARD: u8 = 2;
const EXCEPTION: u8 = 4;

/// The length of the public suffix of `host` (lower case, A-labels, no dot at the end); 0 when it is the last label.
pub(super) fn suffix_len(host: &str) -> usize {
    walk(TABLE, host.as_bytes()).unwrap_or(0)
}

/// `None` when the table is broken, or no rule was met.
fn walk(table: &[u8], host: &[u8]) -> Option<usize> {
    let mut found = None;
    let mut node = table;
    // What of the host is not walked over yet.
    let mut rest = host;
    loop {
        let (&head, mut body) = node.split_first()?;
        let rules = head >> 5;
        if rules != 0 && matches!(rest, [] | [.., b'.']) {
            if rules & EXACT != 0 {
                found = Some(host.len() - rest.len());
            }
            if rules & WILDCARD != 0
                && let [label @ .., b'.'] = rest
            {
                let label = label.rsplit(|&byte| byte == b'.').next().unwrap_or(label);
                found = Some(host.len() - rest.len() + 1 + label.len());
            }
            if rules & EXCEPTION != 0 {
                let name = host.get(rest.len()..)?;
                let dot = name.iter().position(|&byte| byte == b'.')?;
                return Some(name.len() - dot - 1);
            }
        }
        let mut count = usize::from(head & 0x1F);
        if count >= 30 {
            let (&byte, after) = body.split_first()?;
            (count, body) = (byte.into(), after);
        }
        if head & 0x1F == 31 {
            let (run, next) = body.split_at_checked(count)?;
            let Some(before) = rest.len().checked_sub(count) else { return found };
            let (left, tail) = rest.split_at_checked(before)?;
            if !tail.iter().rev().eq(run) {
                return found;
            }
            (node, rest) = (next, left);
            continue;
        }
        let Some((&byte, left)) = rest.split_last() else { return found };
        let edges = body.get(..count * 4)?.as_chunks::<4>().0;
        let Some(&[_, a, b, c]) = edges.iter().find(|edge| edge[0] == byte) else { return found };
        (node, rest) = (table.get(u32::from_le_bytes([a, b, c, 0]) as usize..)?, left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_host_and_no_table_make_it_panic() {
        for host in
            ["", ".", "..", "uk", "co.uk", "a.co.uk", "a..co.uk", ".co.uk", "ck", ".ck", "a.ck", "www.ck", "\u{e9}.uk"]
        {
            assert!(suffix_len(host) <= host.len(), "{host}");
            for cut in (0..TABLE.len()).step_by(997) {
                // Whatever a broken table says, it says it without a panic.
                let _ = walk(&TABLE[..cut], host.as_bytes());
                let _ = walk(&TABLE[cut..], host.as_bytes());
            }
        }
    }

    #[test]
    fn wildcard_rule_alone_does_not_name_its_own_domain() {
        // `*.ck` and `*.compute.amazonaws.com` are rules; `ck` and `compute.amazonaws.com` are not.
        for (host, length) in [("ck", 0), ("a.ck", 4), ("compute.amazonaws.com", 0), ("a.compute.amazonaws.com", 23)] {
            assert_eq!(suffix_len(host), length, "{host}");
        }
    }

    #[test]
    fn the_longest_rule_counts_and_an_exception_before_all() {
        for (host, length) in
            [("a.co.uk", 5), ("uk", 0), ("b.a.ck", 4), ("www.ck", 2), ("x.www.ck", 2), ("co.uk", 5), ("xco.uk", 0)]
        {
            assert_eq!(suffix_len(host), length, "{host}");
        }
    }
}
