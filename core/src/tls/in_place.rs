//! Where in a record the plain bytes lie after rustls has decrypted it.
//!
//! rustls decrypts each record inside the buffer it is given, and its message type cannot hold plain bytes that
//! lie elsewhere. Its unbuffered face then hands out a copy. To pass the plain bytes up without a copy of our own we
//! need to know where within the record they are: a matter of the cipher suite and its implementation, and so the same
//! for every record of a connection. The first record that is long enough tells it, by comparing all of it with the copy;
//! later records are checked at both ends. If an implementation ever puts the bytes elsewhere, the copy is used.

use std::ops::Range;

/// Bytes compared at either end of a record.
const ENDS: usize = 16;

/// What is known about this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InPlace {
    /// No record long enough has been seen.
    Unknown,
    /// Plain bytes begin this far into the record.
    At(usize),
    /// They are not in the record.
    Elsewhere,
}

/// The copy of a record's plain bytes, as far as it is needed.
pub(crate) enum Witness {
    Whole(Vec<u8>),
    Ends { len: usize, head: [u8; ENDS], tail: [u8; ENDS] },
}

impl InPlace {
    /// What to keep of the copy, which will be gone when the record can be looked at.
    pub(crate) fn witness(self, plain: &[u8]) -> Witness {
        if let InPlace::At(_) = self
            && let (Some(&head), Some(&tail)) = (plain.first_chunk(), plain.last_chunk())
        {
            return Witness::Ends { len: plain.len(), head, tail };
        }
        Witness::Whole(plain.to_vec())
    }

    /// Where in `record` the plain bytes are; they are put there if they were not. `None` if they are lost, which no
    /// cipher suite that was right about its first record can cause.
    pub(crate) fn locate(&mut self, record: &mut [u8], witness: &Witness) -> Option<Range<usize>> {
        match (*self, witness) {
            (InPlace::At(at), Witness::Ends { len, head, tail }) => {
                let range = at..at.checked_add(*len)?;
                let found = record.get(range.clone())?;
                (found.starts_with(head) && found.ends_with(tail)).then_some(range)
            }
            (InPlace::At(at), Witness::Whole(plain)) => {
                let range = at..at.checked_add(plain.len())?;
                record.get_mut(range.clone())?.copy_from_slice(plain);
                Some(range)
            }
            (known, Witness::Whole(plain)) => {
                // A few bytes could be found in a place where they are by chance.
                if known == InPlace::Unknown && plain.len() >= ENDS {
                    *self = match record.windows(plain.len()).position(|window| window == plain) {
                        Some(at) => InPlace::At(at),
                        None => InPlace::Elsewhere,
                    };
                }
                let at = if let InPlace::At(at) = *self { at } else { 0 };
                let range = at..at.checked_add(plain.len())?;
                record.get_mut(range.clone())?.copy_from_slice(plain);
                Some(range)
            }
            (_, Witness::Ends { .. }) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(known: &mut InPlace, record: &mut [u8], plain: &[u8]) -> Option<Vec<u8>> {
        let witness = known.witness(plain);
        let range = known.locate(record, &witness)?;
        Some(record[range].to_vec())
    }

    #[test]
    fn the_first_record_tells_where_the_others_are() {
        let mut known = InPlace::Unknown;
        let plain = b"the quick brown fox jumps over the lazy dog";
        let mut record = [b"12345", &plain[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, plain).unwrap(), plain);
        assert_eq!(known, InPlace::At(5));
        let other = b"pack my box with five dozen liquor jugs";
        let mut record = [b"12345", &other[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, other).unwrap(), other);
        // Bytes that are not where they were: told, not passed on.
        let mut record = [b"1234567", &other[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, other), None);
    }

    #[test]
    fn bytes_that_lie_elsewhere_are_copied() {
        let mut known = InPlace::Unknown;
        for _ in 0..3 {
            let mut record = vec![0; 60];
            assert_eq!(run(&mut known, &mut record, b"plain bytes that are long enough").unwrap().len(), 32);
            assert_eq!(known, InPlace::Elsewhere);
        }
    }

    #[test]
    fn short_records_are_always_right() {
        let mut known = InPlace::Unknown;
        assert_eq!(run(&mut known, &mut b"zzzabcttt".to_vec(), b"abc").unwrap(), b"abc");
        assert_eq!(known, InPlace::Unknown);
        let mut known = InPlace::At(5);
        let mut record = vec![0; 9];
        assert_eq!(run(&mut known, &mut record, b"abc").unwrap(), b"abc");
        assert_eq!(run(&mut known, &mut record, b"abcde"), None);
    }
}
