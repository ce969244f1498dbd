//! Locates the plaintext within a record after rustls has decrypted it.
//!
//! rustls decrypts each record inside the buffer it is given, but its unbuffered API hands out a
//! copy. To pass the plaintext up without another copy, the layer must know its offset within the
//! record. The offset depends on the cipher suite and its implementation, so it is the same for
//! every record of a connection. The first record of sufficient length reveals it by comparison
//! with the copy; later records are checked at both ends. If an implementation moves the plaintext
//! elsewhere, the layer uses the copy.

use std::ops::Range;

/// The number of bytes compared at either end of a record.
const ENDS: usize = 16;

/// The known offset of this connection's plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InPlace {
    /// No record of sufficient length has arrived.
    Unknown,
    /// The plaintext starts at this offset in the record.
    At(usize),
    /// The plaintext is not in the record.
    Elsewhere,
}

/// The part of a record's plaintext copy that is needed to locate it.
pub(crate) enum Witness {
    Whole(Vec<u8>),
    Ends { len: usize, head: [u8; ENDS], tail: [u8; ENDS] },
}

impl InPlace {
    /// Returns the part of the copy to keep; the copy is gone when the record can be inspected.
    pub(crate) fn witness(self, plain: &[u8]) -> Witness {
        if let InPlace::At(_) = self
            && let (Some(&head), Some(&tail)) = (plain.first_chunk(), plain.last_chunk())
        {
            return Witness::Ends { len: plain.len(), head, tail };
        }
        Witness::Whole(plain.to_vec())
    }

    /// Returns the range of the plaintext in `record`, after copying it there if necessary. Returns
    /// `None` if the plaintext is lost. No cipher suite whose first record matched can cause that.
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
                // A few bytes could match at a wrong offset by chance.
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
    fn first_record_gives_the_offset_of_later_ones() {
        let mut known = InPlace::Unknown;
        let plain = b"the quick brown fox jumps over the lazy dog";
        let mut record = [b"12345", &plain[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, plain).unwrap(), plain);
        assert_eq!(known, InPlace::At(5));
        let other = b"pack my box with five dozen liquor jugs";
        let mut record = [b"12345", &other[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, other).unwrap(), other);
        // Displaced bytes are reported, not passed on.
        let mut record = [b"1234567", &other[..], b"tag"].concat();
        assert_eq!(run(&mut known, &mut record, other), None);
    }

    #[test]
    fn displaced_plaintext_is_copied() {
        let mut known = InPlace::Unknown;
        for _ in 0..3 {
            let mut record = vec![0; 60];
            assert_eq!(run(&mut known, &mut record, b"plain bytes that are long enough").unwrap().len(), 32);
            assert_eq!(known, InPlace::Elsewhere);
        }
    }

    #[test]
    fn short_records_are_always_correct() {
        let mut known = InPlace::Unknown;
        assert_eq!(run(&mut known, &mut b"zzzabcttt".to_vec(), b"abc").unwrap(), b"abc");
        assert_eq!(known, InPlace::Unknown);
        let mut known = InPlace::At(5);
        let mut record = vec![0; 9];
        assert_eq!(run(&mut known, &mut record, b"abc").unwrap(), b"abc");
        assert_eq!(run(&mut known, &mut record, b"abcde"), None);
    }
}
