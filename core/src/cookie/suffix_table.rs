//! The compiled-in public suffix list, as one table of bytes that is read in place.
//!
//! The test `suffix_table` of this workspace generates `suffix_table.bin` from Mozilla's list
//! (publicsuffix.org) in the package `psl`. It fails when the list has changed. The package
//! compiles to 700 KB of code. The table has 80 KB, needs no initialization, and a lookup is one
//! pass over the host's last labels.
//!
//! The table is an automaton over the bytes of a name from end to start. The first byte of a node
//! has two parts. Its three high bits give the rules that end there: 1 the name itself, 2 every
//! name with one more label, 4 an exception. The other bits give the contents that follow:
//!
//! ```text
//! 0..=29   the number of edges
//! 30       a byte with the number of edges
//! 31       a byte with a count, that many bytes that must all match, and the next node
//! ```
//!
//! An edge is a byte and the offset of its node (three bytes, little-endian). Rules of one label
//! are omitted, since a name without a matching rule has its last label as public suffix.

/// The table described above.
static TABLE: &[u8] = include_bytes!("suffix_table.bin");

const EXACT: u8 = 1;
const WILDCARD: u8 = 2;
const EXCEPTION: u8 = 4;

/// Returns the length of the public suffix of `host` (lower case, A-labels, no trailing dot); 0 if
/// it is the last label.
pub(super) fn suffix_len(host: &str) -> usize {
    walk(TABLE, host.as_bytes()).unwrap_or(0)
}

/// Returns `None` if the table is malformed or no rule matches.
fn walk(table: &[u8], host: &[u8]) -> Option<usize> {
    let mut found = None;
    let mut node = table;
    // The part of the host not yet visited.
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
    fn no_host_or_table_causes_a_panic() {
        for host in
            ["", ".", "..", "uk", "co.uk", "a.co.uk", "a..co.uk", ".co.uk", "ck", ".ck", "a.ck", "www.ck", "\u{e9}.uk"]
        {
            assert!(suffix_len(host) <= host.len(), "{host}");
            for cut in (0..TABLE.len()).step_by(997) {
                // A malformed table may give any result, but no panic.
                let _ = walk(&TABLE[..cut], host.as_bytes());
                let _ = walk(&TABLE[cut..], host.as_bytes());
            }
        }
    }

    #[test]
    fn wildcard_rule_excludes_its_own_domain() {
        // `*.ck` and `*.compute.amazonaws.com` are rules; `ck` and `compute.amazonaws.com` are not.
        for (host, length) in [("ck", 0), ("a.ck", 4), ("compute.amazonaws.com", 0), ("a.compute.amazonaws.com", 23)] {
            assert_eq!(suffix_len(host), length, "{host}");
        }
    }

    #[test]
    fn longest_rule_counts_and_exceptions_precede() {
        for (host, length) in
            [("a.co.uk", 5), ("uk", 0), ("b.a.ck", 4), ("www.ck", 2), ("x.www.ck", 2), ("co.uk", 5), ("xco.uk", 0)]
        {
            assert_eq!(suffix_len(host), length, "{host}");
        }
    }
}
