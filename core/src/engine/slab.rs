//! A slab: items by small, reusable indexes. A use count in each key keeps an outdated key from
//! naming a newer item.

/// The key of an item: its index, and how often the index was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    index: u32,
    uses: u32,
}

impl Key {
    /// The least key.
    pub(super) const FIRST: Key = Key { index: 0, uses: 0 };

    pub(super) const fn index(self) -> usize {
        self.index as usize
    }
}

#[derive(Debug)]
struct Entry<T> {
    uses: u32,
    item: Option<T>,
}

/// A growing vector that reuses its entries, the last freed first.
#[derive(Debug)]
pub(super) struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { entries: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, item: T) -> Key {
        if let Some(index) = self.free.pop()
            && let Some(entry) = self.entries.get_mut(index as usize)
        {
            entry.item = Some(item);
            return Key { index, uses: entry.uses };
        }
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { uses: 0, item: Some(item) });
        Key { index, uses: 0 }
    }

    pub(super) fn get(&self, key: Key) -> Option<&T> {
        self.entries.get(key.index()).filter(|entry| entry.uses == key.uses)?.item.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.entries.get_mut(key.index()).filter(|entry| entry.uses == key.uses)?.item.as_mut()
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entries.get_mut(key.index()).filter(|entry| entry.uses == key.uses)?;
        let item = entry.item.take()?;
        entry.uses = entry.uses.wrapping_add(1);
        self.free.push(key.index);
        Some(item)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.entries
            .iter()
            .zip(0..)
            .filter(|(entry, _)| entry.item.is_some())
            .map(|(entry, index)| Key { index, uses: entry.uses })
    }

    /// Returns the current key with this index.
    pub(super) fn key_at(&self, index: usize) -> Option<Key> {
        let entry = self.entries.get(index).filter(|entry| entry.item.is_some())?;
        Some(Key { index: u32::try_from(index).ok()?, uses: entry.uses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_entry_is_reused_under_another_key() {
        let mut slab = Slab::new();
        let (a, b) = (slab.insert('a'), slab.insert('b'));
        assert_eq!(slab.remove(a), Some('a'));
        assert_eq!((slab.remove(a), slab.get(a)), (None, None));
        let c = slab.insert('c');
        assert_eq!(c.index(), a.index());
        assert_ne!(c, a);
        assert_eq!((slab.get(a), slab.get(c), slab.get(b)), (None, Some(&'c'), Some(&'b')));
        assert_eq!(slab.keys().collect::<Vec<_>>(), [c, b]);
        assert_eq!((slab.len(), slab.key_at(0), slab.key_at(9)), (2, Some(c), None));
    }
}
